"""The quantities of a step for each loss: names, shapes on paper and in NumPy, equations and recipes.

The tables are ``softmax.toml``, ``negative.toml`` and ``hs.toml``; what they share is in ``common.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from derivations.notation import tuple_text
from w2v.stepper.recipes import Recipe, parse, references

STAGES = ("initial", "forward", "error", "deltas", "update")

TEXTS = (
    "The target word as a one-hot row, and the two matrices before this step.",
    "The target word selects its row of W; that times W' is the scores, and these become predictions.",
    "The predictions minus the targets.",
    "The error is propagated back: the gradient of each weight, and that times the learning rate.",
    "The gradients times the learning rate are subtracted from the weights; the next word follows.",
)

LETTERS = {"k": "V", "i": "N", "c": "C", "d": "D", "l": "L", "m": "V"}
"""The axis of each index letter; that of j is V, or J, the inner nodes of the tree."""


@dataclass(frozen=True)
class Quantity:
    """One quantity of a step; ``axes`` are those of the value shown, ``shape`` those of the NumPy array.

    ``stage`` is where it is computed; ``line`` the function whose source line computes it, ``forward.h``;
    ``labels`` its equations in the ledger; ``arrows`` the quantities that it is drawn to come from;
    ``rule`` an equation of ours where the paper prints none; ``paper`` its shape in the paper, for one
    context word.
    """

    id: str
    name: str
    latex: str
    index: str
    axes: tuple[str, ...]
    shape: tuple[str, ...]
    stage: int
    line: str
    labels: tuple[str, ...]
    recipe: Recipe = field(hash=False)
    arrows: tuple[str, ...]
    rule: str
    paper: tuple[str, ...]

    @property
    def on_paper(self) -> tuple[str, ...]:
        """The axes of the paper's shape; without one, a vector is a column, ``("V", "1")``."""
        return self.paper or ((*self.axes, "1") if len(self.axes) == 1 else self.axes)

    @property
    def paper_shape(self) -> str:
        """The shape on paper: ``(V, 1)``."""
        return tuple_text(self.on_paper)

    @property
    def numpy_shape(self) -> str:
        """The shape in NumPy: ``(V,)``."""
        return tuple_text(self.shape)

    @property
    def repeats_rows(self) -> bool:
        """Whether the array repeats the shown row for every context: u and y of the softmax."""
        return len(self.shape) > len(self.axes)


@cache
def quantities_of(loss: str) -> Mapping[str, Quantity]:
    """Return the quantities of a loss by name, in reading order."""
    shared, own = table("common"), table(loss)
    return {name: quantity(name, {**shared.get(name, {}), **row}) for name, row in own.items()}


def table(name: str) -> dict[str, dict[str, str]]:
    """Read one of the tables beside this module."""
    return tomllib.loads(files("w2v.stepper").joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def quantity(name: str, row: Mapping[str, str]) -> Quantity:
    """Return a row of the tables as a quantity."""
    axes, recipe = row.get("axes", ""), parse(row.get("recipe", ""))
    return Quantity(
        id=name,
        name=row["name"],
        latex=row["latex"],
        index=row.get("index", ""),
        axes=tuple(axes.split()),
        shape=tuple(row.get("numpy", axes).split()),
        stage=int(row["stage"]),
        line=row.get("line", ""),
        labels=tuple(row.get("labels", ())),
        recipe=recipe,
        arrows=tuple(row.get("arrows", [name for name in references(recipe) if name != "alpha"])),
        rule=row.get("rule", ""),
        paper=tuple(row.get("paper", "").split()),
    )


def letters_of(loss: str) -> dict[str, str]:
    """Return the axis of each index letter."""
    return {**LETTERS, "j": "J" if loss == "hs" else "V"}


def computed_at(loss: str, stage: int) -> list[str]:
    """Return the quantities that are computed at a stage."""
    return [name for name, quantity in quantities_of(loss).items() if quantity.stage == stage]


def labels_of(loss: str) -> list[str]:
    """Return the labels of all equations in the ledger that a loss's quantities have."""
    return list(dict.fromkeys(label for q in quantities_of(loss).values() for label in q.labels))
