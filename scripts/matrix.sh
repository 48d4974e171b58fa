#!/usr/bin/env bash
# Run the tests on the oldest and the newest of what the package supports, each in an environment of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=()

# tests NAME VERSION...: run them with requirements/NAME.txt on the first of these Pythons that is there
tests() {
    local name=$1 version python
    shift
    for version in "$@"; do
        if python="$(sh scripts/find-python.sh "$version" 2>/dev/null)"; then
            printf '\n== %s on Python %s\n' "$name" "$version"
            "$python" -I scripts/in_venv.py --venv ".venvs/$name-python-$version" \
                --requirements "requirements/$name.txt" -- -m pytest -n 2 || failed+=("$name")
            return
        fi
    done
    printf '\n== %s: SKIPPED, none of these Pythons is on this machine: %s\n' "$name" "$*"
}

tests floor 3.10
tests airflow-2.11 3.10 3.11 3.12
tests airflow-3.3 3.13 3.12

if [ ${#failed[@]} -gt 0 ]; then
    printf '\nThe tests failed on: %s\n' "${failed[*]}" >&2
    exit 1
fi
