"""Do two judges agree, is there a kink, is anything finite at all: the answers in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from derivations.checker.differences import Difference, Sides
from derivations.oracle.tolerance import ESTIMATED

Arrays = Mapping[str, Any]


def sensible(bound: Any, value: Any) -> Any:
    """A bound of full shape; where infinities made it meaningless, ``ESTIMATED`` of the largest entry."""
    full = np.broadcast_to(bound, np.shape(value))
    largest = ESTIMATED * np.max(np.abs(value), initial=0.0)
    return np.where(np.isfinite(full), full, largest)


def not_finite(value: float, gradient: Arrays) -> str:
    """Where the loss or its automatic gradient is not finite, in words; empty if nowhere."""
    if not np.isfinite(value):
        return f"the loss is {value}"
    for name, array in gradient.items():
        where = np.argwhere(~np.isfinite(array))
        if len(where):
            return f"the automatic gradient is {array[tuple(where[0])]} at {place(name, where[0])}"
    return ""


def place(name: str, index: Any) -> str:
    """``W[0, 1]``; a number has no index."""
    return f"{name}[{', '.join(str(int(n)) for n in index)}]" if len(index) else name


def differing(one: str, ours: Arrays, other: str, theirs: Arrays, allowed: Arrays) -> str:
    """Where two judges differ by more than is allowed, in words; empty if nowhere."""
    for name, array in theirs.items():
        apart = np.asarray(~(np.abs(ours[name] - array) <= allowed[name]))
        if apart.any():
            where = tuple(np.argwhere(apart)[0])
            return (
                f"for {place(name, where)} {one} finds {float(ours[name][where]):.9g}, "
                f"{other} {float(array[where]):.9g}"
            )
    return ""


def kinked(name: str, sides: Sides, margin: Any) -> str:
    """Where the derivative differs from side to side, in words; empty if nowhere."""
    apart = np.asarray(np.abs(sides.right - sides.left) > 2 * margin)
    if not apart.any():
        return ""
    where = tuple(np.argwhere(apart)[0])
    left, right = float(sides.left[where]), float(sides.right[where])
    return (
        f"at {place(name, where)} the loss has a kink: its slope is {left:.6g} below and {right:.6g} above"
    )


def central(found: Difference) -> Sides:
    """Both sides of a difference as they are where there is a kink, else the central value twice."""
    sides = one_sided(found)
    apart = np.abs(sides.right - sides.left) > 0
    return Sides(np.where(apart, sides.right, found.value), np.where(apart, sides.left, found.value))


def one_sided(found: Difference) -> Sides:
    """The sides where they differ by more than a small step explains; else the central value twice."""
    right, left = found.sides
    size = np.maximum(np.maximum(np.abs(right), np.abs(left)), 1.0)
    apart = np.abs(right - left) > 1e-3 * size
    return Sides(np.where(apart, right, found.value), np.where(apart, left, found.value))
