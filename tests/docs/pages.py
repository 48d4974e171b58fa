"""The pages, and their blocks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README, DOCS, SNIPPETS, EXAMPLES = ROOT / "README.md", ROOT / "docs", ROOT / "docs/snippets", ROOT / "example_dags"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$(\n*)", re.MULTILINE)


@dataclass
class Block:
    """
    A fenced block.

    :param kind: The word after its fence.
    :param text: Its content.
    :param follows: The kind of the block directly before it, with nothing between them.
    """

    kind: str
    text: str
    follows: str


@dataclass
class Command:
    """
    A command that a page tells its reader to type.

    :param text: As it stands there, perhaps over several lines.
    :param status: The exit status that the page says it has.
    :param output: What the page says it prints; each part is there, in this order.
    """

    text: str
    status: int = 0
    output: tuple[str, ...] = ()


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[Block]:
    """Every fenced block of a page."""
    before, ended_at = "", -1
    for found in _FENCE.finditer(page.read_text(encoding="utf-8")):
        kind = found[1].strip()
        yield Block(kind, found[2], before if found.start() == ended_at else "")
        before, ended_at = kind, found.end()


def commands(page: Path) -> list[Command]:
    """The commands of a page's ``sh`` blocks; a block without a kind right after them is what the last one prints."""
    found: list[Command] = []
    for block in blocks(page):
        if block.kind == "sh":
            found += map(_command, _split(block.text))
        elif not block.kind and block.follows == "sh":
            found[-1].output = tuple(part for part in block.text.split("…") if part.strip())
    return found


def _command(text: str) -> Command:
    says = re.search(r"#.*exit status (\d+)$", text.rstrip())
    return Command(text.rstrip(), int(says[1]) if says else 0)


def _split(block: str) -> Iterator[str]:
    """The commands of a block: a line, and the next ones as long as a quote is open."""
    command = ""
    for line in block.splitlines(keepends=True):
        command += line
        try:
            shlex.split(command, comments=True)
        except ValueError:
            continue
        yield command
        command = ""
    assert not command, f"a quote is left open: {command}"
