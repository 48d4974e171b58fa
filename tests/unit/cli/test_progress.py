from __future__ import annotations

import io

import pytest

from airflow_provider_reach.cli.progress import progress_on


class Terminal(io.StringIO):
    """A terminal, and what it shows: written over, not appended, after a carriage return."""

    def isatty(self) -> bool:
        return True

    @property
    def shows(self) -> str:
        line = ""
        for text in self.getvalue().split("\r"):
            line = text + line[len(text) :]
        return line.rstrip()


def test_a_look_that_is_quick_says_nothing() -> None:
    terminal, times = Terminal(), iter([0.0, 0.5, 0.99])
    with progress_on(terminal, lambda: next(times)) as progress:
        assert progress
        progress(1, 2)
        progress(2, 2)
    assert terminal.getvalue() == ""


def test_a_long_one_says_how_far_it_has_come_and_leaves_nothing() -> None:
    terminal, times = Terminal(), iter([0.0, 0.99, 1.0, 1.05, 1.2])
    with progress_on(terminal, lambda: next(times)) as progress:
        assert progress
        shown = [progress(done, 2000) or terminal.shows for done in (1, 1000, 1001, 3)]
        assert shown == ["", *["Looked at 1,000 of 2,000 webhooks …"] * 2, "Looked at 3 of 2,000 webhooks …"]
        assert terminal.getvalue().endswith("\r"), "what is logged now is written over it"
    assert terminal.shows == ""


def test_it_is_blanked_when_the_look_is_broken_off() -> None:
    terminal, times = Terminal(), iter([0.0, 2.0])

    def look() -> None:
        with progress_on(terminal, lambda: next(times)) as progress:
            assert progress
            progress(1, 2)
            assert terminal.shows
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look()
    assert terminal.shows == ""


def test_without_a_terminal_nobody_watches() -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (io.StringIO(), closed, None):
        with progress_on(stream) as progress:
            assert progress is None


def test_a_terminal_that_has_gone_ends_no_look() -> None:
    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise OSError("gone")

    times = iter([0.0, 2.0])
    with progress_on(Gone(), lambda: next(times)) as progress:
        assert progress
        progress(1, 2)
