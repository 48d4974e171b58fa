#!/bin/sh
# Print the path of a Python to use:  find-python.sh [VERSION]
#
# With a version (3.13), a Python of that version. Without, $PYTHON if it is set, else the project's own
# environment, else the first Python 3.10 to 3.13 on PATH or under pyenv. Each candidate is run before it
# is believed: a name on PATH may be a shim with nothing behind it.

wanted=${1:-}
modules=venv
command -v uv >/dev/null 2>&1 || modules=venv,ensurepip

usable() {
    "$1" -I -c "
import sys, $modules
version = '%d.%d' % sys.version_info[:2]
sys.exit(version not in ('$wanted'.split() or '3.10 3.11 3.12 3.13'.split()) or print(sys.executable))
" 2>/dev/null </dev/null
}

if [ -n "$wanted" ]; then
    set -- "python$wanted" python3 python
elif [ -n "${PYTHON:-}" ]; then
    usable "$PYTHON" && exit
    echo "PYTHON is '$PYTHON', which is not a working Python 3.10 to 3.13 with venv and ensurepip." >&2
    exit 1
else
    set -- .venv/bin/python python3 python python3.13 python3.12 python3.11 python3.10
fi

for candidate in "$@" "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/"${wanted:-3.1}"*/bin/python; do
    usable "$candidate" && exit
done

echo "No working Python ${wanted:-3.10 to 3.13} was found (on Debian and Ubuntu it needs python3-venv, too)." >&2
echo "Install one, or say where it is: make PYTHON=/path/to/python3 ..." >&2
exit 1
