"""The page that training_speed.py writes: what was measured as tables, beside what was aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from training_costs import (
    memory,
    memory_goals,
    no_goals,
    softmax,
    softmax_goals,
    sparse,
    startup,
    startup_goals,
)
from training_figures import Part, table
from training_trained import quality, quality_goals, speed, speed_goals

PARTS = {
    "speed": (speed, speed_goals),
    "quality": (quality, quality_goals),
    "softmax": (softmax, softmax_goals),
    "sparse": (sparse, no_goals),
    "memory": (memory, memory_goals),
    "startup": (startup, startup_goals),
}
"""The parts in the page's order: what makes a section of each, and what its goals."""

START, END = "<!-- measured: written by benchmarks/training_speed.py -->", "<!-- end of measured -->"
PAGE = f"""# How fast training is

Beside gensim, in one run, at equal quality; [how it is measured](../benchmarks/README.md).
The numbers as they came are in [`training.json`](training.json).

{START}
{END}
"""


def written_into(page: Path, measured: str) -> str:
    """The page with what was measured between its marks; what people wrote around them stays."""
    text = page.read_text(encoding="utf-8") if page.exists() else PAGE
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{page.name} has lost its marks: put back {START} and {END}")
    return f"{before}{START}\n\n{measured}\n{END}{after}"


def generated(known: Mapping[str, Part]) -> str:
    """All that was measured so far."""
    parts = [part for part in PARTS if part in known]
    goals = [goal for part in parts for goal in PARTS[part][1](known[part])]
    said = {True: "yes", False: "**no**", None: "cannot be said"}
    rows = [(goal.aim, goal.measured, said[goal.met]) for goal in goals]
    sections = [
        table(("goal", "measured", "met"), rows, left=2),
        *(PARTS[part][0](known[part]) for part in parts),
    ]
    return "\n\n".join(sections) + "\n"
