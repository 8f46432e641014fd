"""What a step is made of, for each loss: names, shapes on paper and in NumPy, equations and recipes.

The tables are ``softmax.toml``, ``negative.toml`` and ``hs.toml``, a quantity a section, in reading order.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from derivations.notation import tuple_text
from w2v.stepper.recipes import Node, parse

STAGES = ("initial", "forward", "error", "deltas", "update")

TEXTS = (
    "The word as a one-hot row, and the two matrices as they are before this step.",
    "The word picks its row of W; that times W' scores every word, and the scores become predictions.",
    "What was predicted, less what is there.",
    "The error goes back: how much each weight is to blame, and that times the learning rate.",
    "Each weight takes its step against the gradient, and the next word is read.",
)

LETTERS = {"k": "V", "i": "N", "c": "C", "d": "D", "l": "L", "m": "V"}
"""Which axis an index letter runs over; j is the output's: V, or J inner nodes of the tree."""


@dataclass(frozen=True)
class Named:
    """One quantity of a step; ``axes`` are those of the value shown, ``shape`` those of the NumPy array.

    ``stage`` is where it appears; ``line`` whose source line computed it, ``forward.h``; ``labels`` its
    equations in the ledger; ``arrows`` what it is drawn to come from, where the recipe says it otherwise;
    ``rule`` an equation of ours where the paper prints none; ``paper`` its shape there, for one
    context word.
    """

    id: str
    name: str
    latex: str
    index: str
    axes: tuple[str, ...]
    shape: tuple[str, ...]
    stage: int
    line: str = ""
    labels: tuple[str, ...] = ()
    recipe: list[Node] | None = field(default=None, hash=False)
    arrows: tuple[str, ...] = ()
    rule: str = ""
    paper: tuple[str, ...] = ()

    @property
    def on_paper(self) -> tuple[str, ...]:
        """The axes of the paper's shape; where it has none a vector is a column, ``("V", "1")``."""
        return self.paper or ((*self.axes, "1") if len(self.axes) == 1 else self.axes)

    @property
    def paper_shape(self) -> str:
        """Its shape on paper: ``(V, 1)``."""
        return tuple_text(self.on_paper)

    @property
    def numpy_shape(self) -> str:
        """Its shape in NumPy: ``(V,)``."""
        return tuple_text(self.shape)

    @cached_property
    def repeats_rows(self) -> bool:
        """Whether the array has the shown row once for every context: u and y of the softmax."""
        return len(self.shape) > len(self.axes)


@cache
def quantities_of(loss: str) -> Mapping[str, Named]:
    """The quantities of a loss by name, in reading order."""
    table = tomllib.loads(files("w2v.stepper").joinpath(f"{loss}.toml").read_text(encoding="utf-8"))
    return {name: _named(name, row) for name, row in table.items()}


def _named(name: str, row: Mapping[str, Any]) -> Named:
    return Named(
        id=name,
        name=row["name"],
        latex=row["latex"],
        index=row["index"],
        axes=tuple(row["axes"].split()),
        shape=tuple(row["numpy"].split()),
        stage=row["stage"],
        line=row.get("line", ""),
        labels=tuple(row.get("labels", ())),
        recipe=parse(row["recipe"]) if "recipe" in row else None,
        arrows=tuple(row.get("arrows", ())),
        rule=row.get("rule", ""),
        paper=tuple(row.get("paper", "").split()),
    )


def letters_of(loss: str) -> dict[str, str]:
    """Which axis each index letter runs over."""
    return {**LETTERS, "j": "J" if loss == "hs" else "V"}


def computed_at(loss: str, stage: int) -> list[str]:
    """The quantities that appear at a stage."""
    return [name for name, quantity in quantities_of(loss).items() if quantity.stage == stage]
