#!/usr/bin/env bash
# msgspec rounds a time's digits beyond microseconds; the other parsers of the field cut them off.
#
# msgspec 0.22.0, pendulum 3.3.0, pydantic 2.14.3, python-dateutil 4.0.0, Python's own fromisoformat. The last tenth of
# a microsecond of a day is the next day for msgspec, and the next month where it is a month's last.
#
# Why it matters: services that write nanoseconds or .NET's seven digits are common. A program that reads one field
# with msgspec and another with something else sees two times where there is one: an event before its cause, or two
# that should be equal and are not. Use one parser for both, or compare with a tolerance.
. "$(dirname "$0")/_lib.sh"
install_python msgspec==0.22.0 pendulum==3.3.0 pydantic==2.14.3 python-dateutil==4.0.0

cat >"$work/parse.py" <<'PY'
from datetime import datetime

import dateutil.parser
import msgspec
import pendulum
import pydantic

parsers = {
    "msgspec": lambda text: msgspec.convert(text, datetime),
    "fromisoformat": lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")),
    "pendulum": pendulum.parse,
    "pydantic": pydantic.TypeAdapter(datetime).validate_python,
    "dateutil": dateutil.parser.isoparse,
}
for text in ("2026-11-30T23:59:59.9999999Z", "2026-11-30T12:00:00.1234567Z"):
    print(text)
    for name, parse in parsers.items():
        print(f"  {name}: {parse(text)}")
PY
python "$work/parse.py" | tee "$work/seen"

expect <<'SEEN'
2026-11-30T23:59:59.9999999Z
  msgspec: 2026-12-01 00:00:00+00:00
  fromisoformat: 2026-11-30 23:59:59.999999+00:00
  pendulum: 2026-11-30 23:59:59.999999+00:00
  pydantic: 2026-11-30 23:59:59.999999+00:00
  dateutil: 2026-11-30 23:59:59.999999+00:00
2026-11-30T12:00:00.1234567Z
  msgspec: 2026-11-30 12:00:00.123457+00:00
  fromisoformat: 2026-11-30 12:00:00.123456+00:00
  pendulum: 2026-11-30 12:00:00.123456+00:00
  pydantic: 2026-11-30 12:00:00.123456+00:00
  dateutil: 2026-11-30 12:00:00.123456+00:00
SEEN
