"""What several test files need: instances from Hypothesis, and failures that say everything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from derivations.latex import to_text
from derivations.ledger import Entry, Model, ledger
from derivations.oracle.cases import SCALES, Instance, draw, letters_of
from derivations.oracle.records import show_line
from derivations.oracle.verdicts import Verdict

LEDGER = ledger()
ERRATA = [entry for entry in LEDGER if entry.misprint]
DERIVATIVES = sorted(
    {(entry.model, *pair) for entry in LEDGER if isinstance(entry.lhs, tuple) for pair in entry.lhs},
    key=lambda row: (row[0].name, *row[1:]),
)


def title(entry: Entry) -> str:
    """A test's name, so that a run reads as the paper's table of contents."""
    return f"§{entry.section} p.{entry.page} {entry.label}"


@st.composite
def instances(draw_: Any, entry: Entry, largest: int = 7) -> Instance:
    """Any instance of an entry: sizes from one up, equal or not, every scale, any seed."""
    sizes = {letter: draw_(st.integers(1, largest), label=letter) for letter in letters_of(entry.model)}
    scale = draw_(st.sampled_from(list(SCALES)), label="scale")
    seed = draw_(st.integers(0, 2**31), label="seed")
    return draw(entry.model, {**sizes, **entry.sizes}, scale, seed)


def explained(verdict: Verdict) -> str:
    """A failure in full: equation, quantity, shapes, worst index, both values, seed, a line to paste."""
    entry = verdict.entry
    return "\n".join(
        [
            f"{entry.label} (§{entry.section}, p. {entry.page}) does not deserve {entry.status!r}",
            f"  equation  {to_text(entry.corrected_latex or entry.latex)}",
            f"  finding   {verdict.reason}",
            f"  again     {show_line(verdict)}",
        ]
    )


def with_hand(entry: Entry, rhs: Any) -> Entry:
    """The entry with another right side in the place of the hand-written one."""
    return replace(entry, rhs=rhs)


def model_named(name: str) -> Model:
    """The ledger's model of this name."""
    return next(entry.model for entry in LEDGER if entry.model.name == name)
