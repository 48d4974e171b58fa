from __future__ import annotations

import re

from scripts.matrix import ROWS
from tests.docs.pages import DOCS

PAGE = (DOCS / "airflow-versions.md").read_text(encoding="utf-8")


def test_the_tested_versions_are_the_rows_of_the_matrix() -> None:
    table = PAGE.partition("## Tested versions")[2].partition("## ")[0]
    told = re.findall(r"^\| (floor|\d+\.\d+)[^|]* \| (\d+\.\d+) \|$", table, re.MULTILINE)

    assert told == [(row.name.removeprefix("airflow-"), row.python) for row in ROWS]


def test_the_floor_is_the_airflow_it_says() -> None:
    [floor] = re.findall(r"^\| floor \((\S+),", PAGE, re.MULTILINE)

    assert floor == next(row.airflow for row in ROWS if row.name == "floor")
