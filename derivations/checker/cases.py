"""What passes between the judges, the checker and the diagnosis: one instance and what was found on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derivations.oracle.cases import Instance

Arrays = Mapping[str, Any]


@dataclass(frozen=True)
class Judgement:
    """What the judges find on one instance.

    ``automatic`` is the gradient by name, float64 arrays (of shape () for a number); ``permitted``, of the
    same shapes, how far rounding may take a float64 gradient from it. ``disagreement`` says in words
    where judges differ beyond rounding, ``kink`` where the loss has no derivative, ``trouble`` why there
    is no finite gradient at all; all are empty if all is well.
    """

    value: float
    automatic: Arrays = field(default_factory=dict)
    permitted: Arrays = field(default_factory=dict)
    disagreement: str = ""
    kink: str = ""
    trouble: str = ""

    @property
    def sound(self) -> bool:
        """Whether a gradient can be held against this: the judges found one and agree."""
        return not (self.disagreement or self.kink or self.trouble)


@dataclass(frozen=True)
class Case:
    """One instance, what the hand returned there by argument, and what the judges found.

    ``hand`` has the float64 arrays that could be read, of any shape: an argument for which nothing was
    returned is not in it. ``holds`` says whether every entry of every argument is as permitted.
    """

    instance: Instance
    hand: Arrays
    automatic: Arrays
    permitted: Arrays
    holds: bool


def excess(hand: Any, automatic: Any, permitted: Any) -> Any:
    """How far each entry is off, in permitted differences: beyond 1 it is wrong; NaN counts as infinite."""
    with np.errstate(all="ignore"):
        away = np.abs(np.subtract(hand, automatic)) / permitted
    return np.where(np.isnan(away), np.inf, away)
