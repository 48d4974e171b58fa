"""Pages of the documentation that a command writes part of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class MadePage:
    """
    A page with a part that a command makes, between two marks.

    :param place: Its file, from the root.
    :param command: The command.
    """

    place: str
    command: str

    def write(self, text: str) -> None:
        """
        Put the text between the two marks.

        :param text: What the command made.
        """
        path = ROOT / self.place
        begin = f"<!-- What follows is made by `{self.command}`. -->"
        end = f"<!-- The end of what `{self.command}` makes. -->"
        page = path.read_text(encoding="utf-8")
        path.write_text(f"{page.split(begin)[0]}{begin}\n\n{text}\n\n{end}{page.split(end)[1]}", encoding="utf-8")
