"""Numbers as words and tables, for the page that training_speed.py writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, median, stdev
from typing import Any, NamedTuple

Part = Mapping[str, Any]
"""What was measured of a part, as it is in the JSON."""


class Goal(NamedTuple):
    """What was aimed at, what was measured, and whether that is enough; None if it cannot be said."""

    aim: str
    measured: str
    met: bool | None


def plural(cores: str) -> str:
    """How many cores, in words."""
    return "1 core" if cores == "1" else f"{cores} cores"


def described(part: Part) -> str:
    """When, where, on what, by which command."""
    where = part["measured"]
    versions = ", ".join(f"{name} {number}" for name, number in sorted(where["versions"].items()))
    read = ""
    if text := where.get("text"):
        read = (
            f" The text: {text['corpus']}, {text['words']:,} words in {text['lines']:,} lines to train on,"
            f" V = {text['vocabulary']:,}."
        )
    cores = plural(str(where["cores"]))
    machine = f"{where['processor']}, {cores}, load {where['load']} at the start, {versions}"
    return f"Measured {where['date']}: {machine}.{read}\n\n    {where['command']}\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table, whose first columns are words and the others numbers."""
    rules = ["---" if number < left else "---:" for number in range(len(heads))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, rules, *rows))


def ratios(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """How many times as much, round by round."""
    return [a / b for a, b in zip(one, other, strict=True)]


def spread(values: Sequence[float]) -> str:
    """``median (least..most)`` in three figures."""
    if len(values) == 1:
        return figures(values[0])
    return f"{figures(median(values))} ({figures(min(values))}..{figures(max(values))})"


def figures(value: float) -> str:
    """A number in three significant figures, without an exponent."""
    places = next(places for places in range(5) if abs(value) * 10**places >= 100 or places == 4)
    return f"{value:,.{places}f}"


def mean_and_spread(values: Sequence[float]) -> str:
    """``mean ± standard deviation``; of one value, the value."""
    return f"{fmean(values):.4f}" + (f" ± {stdev(values):.4f}" if len(values) > 1 else "")
