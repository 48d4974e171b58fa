"""A workspace checked once, as Markdown: the goals' figures, and the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.bench.workspace import KINDS, Checked

HEAD = (
    "webhooks | answers after, ms | what | wall, s | CPU, s | to by hand with verdict: wall, CPU | requests | "
    "memory of a webhook, kB"
)


def figures(checked: Sequence[Checked]) -> Iterator[tuple[str, str, bool]]:
    """Each goal, what was measured, and whether it was met."""
    ours = [one for one in checked if one.kind == "ours"]
    yield (
        "a workspace of N webhooks checked once: N + 1 requests",
        ", ".join(f"{one.requests:,} for {one.number:,}" for one in ours if not one.latency),
        all(one.requests == one.number + 1 for one in ours),
    )
    yield _ratio("the same without latency: at most 1.5 × by hand, wall time", checked, 0, "wall", 1.5)
    yield _ratio("the same, CPU", checked, 0, "cpu", 1.5)
    yield _ratio("with answers after 20 ms: at most 1.15 × by hand, wall time", checked, 20, "wall", 1.15)
    memory = max(one.memory for one in ours)
    yield "memory of a webhook: at most 4 kB", f"{memory / 1024:.1f} kB", memory <= 4 * 1024
    walls = {one.number: one.cpu for one in ours if not one.latency}
    if {1000, 3000} <= {*walls}:
        times = walls[3000] / walls[1000]
        yield "CPU of 3,000 webhooks: 3 × that of 1,000, ± 10 %", f"{times:.2f} ×", 2.7 <= times <= 3.3
    for before in (one for one in checked if one.kind == "before"):
        times = before.wall / _find(checked, "ours", before.number, 0).wall
        yield "at least 80 × faster than webhook by webhook", f"{times:.0f} ×", times >= 80


def _ratio(text: str, checked: Sequence[Checked], latency: int, what: str, most: float) -> tuple[str, str, bool]:
    """Two loops by hand are compared with: one that judges as well, for which the goal is, and one that does not."""
    said, met = [], True
    for ours in (one for one in checked if (one.kind, one.latency) == ("ours", latency)):
        by_hand = {kind: getattr(_find(checked, kind, ours.number, latency), what) for kind in ("judged", "plain")}
        judged, plain = (getattr(ours, what) / by_hand[kind] for kind in ("judged", "plain"))
        said.append(f"{judged:.2f} ({plain:.2f} × JSON and times) with {ours.number:,}")
        met = met and judged <= most
    return text, ", ".join(said), met


def rows(checked: Sequence[Checked]) -> Iterator[tuple[str, ...]]:
    """The table's rows."""
    for one in checked:
        by_hand = _find(checked, "judged", one.number, one.latency)
        yield (
            f"{one.number:,}",
            str(one.latency),
            KINDS[one.kind],
            f"{one.wall:.2f}",
            f"{one.cpu:.2f}",
            f"{one.wall / by_hand.wall:.2f}, {one.cpu / by_hand.cpu:.2f}",
            f"{one.requests:,}",
            f"{one.memory / 1024:.1f}",
        )


def _find(checked: Sequence[Checked], kind: str, number: int, latency: int) -> Checked:
    return next(one for one in checked if (one.kind, one.number, one.latency) == (kind, number, latency))
