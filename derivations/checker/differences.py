"""Judges that differentiate without automatic differentiation: a complex step, and differences.

The complex step takes f(x + ih) and is exact to rounding, but f must take complex numbers. Where it
does not there are central differences, extrapolated to the step zero (Richardson, 1911; Ridders, 1982)
with an estimate of their own error, which sets their tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from derivations.oracle.tolerance import DIFFERENCES, STEP, UNDERFLOW, UNIT, VALUE

Loss = Callable[[Mapping[str, Any]], Any]
"""A loss as a function of its inputs by name."""

FIRST_STEP, STEPS = 2.0**-5, 6
"""The largest step, relative to an entry that is larger than 1, and how often it is halved."""

NEAR = 1e-6
"""How far a difference over one very small step is trusted."""


class Sides(NamedTuple):
    """The derivative for every entry of an array, when it grows and when it shrinks."""

    right: Any
    left: Any


def complex_steps(loss: Loss, inputs: Mapping[str, Any], name: str, *, both: bool) -> Sides:
    """The derivative with respect to ``name`` by a complex step for each entry; ``both`` ways if asked.

    The left one is the right one where only one way is gone.
    """
    value = np.asarray(inputs[name])
    sides = []
    for sign in (1.0, -1.0) if both else (1.0,):
        found = np.empty(value.shape)
        moved = value.astype(complex)
        for entry in np.ndindex(value.shape):
            moved[entry] += 1j * sign * STEP
            given = moved.copy() if value.shape else complex(moved)
            found[entry] = np.imag(loss({**inputs, name: given})) * sign / STEP
            moved[entry] = value[entry]
        sides.append(found)
    return Sides(sides[0], sides[-1])


class Difference(NamedTuple):
    """A derivative by differences, the error it may have, and both one-sided ones."""

    value: Any
    permitted: Any
    sides: Sides


def differences(loss: Loss, inputs: Mapping[str, Any], name: str) -> Difference:
    """The derivative with respect to ``name``, entry by entry, with the tolerance it deserves."""
    value = np.asarray(inputs[name], dtype=float)
    results = [np.empty(value.shape) for _ in range(4)]
    for entry in np.ndindex(value.shape):

        def along(step: float, entry: Any = entry) -> float:
            moved = value.copy()
            moved[entry] += step
            return float(np.real(loss({**inputs, name: moved if value.shape else float(moved)})))

        size = max(1.0, abs(float(value[entry])))
        for array, number in zip(results, extrapolated(along, size), strict=True):
            array[entry] = number
    return Difference(results[0], results[1], Sides(results[2], results[3]))


def extrapolated(along: Callable[[float], float], size: float) -> tuple[float, float, float, float]:
    """The derivative at 0 of a function of one number; its possible error; the right and left one.

    Steps are powers of two, so what is added to a value is added nearly exactly.
    """
    step = FIRST_STEP * 2.0 ** np.floor(np.log2(size))
    table: list[list[float]] = []
    best, error, largest = np.nan, np.inf, abs(along(0.0))
    for row in range(STEPS):
        h = step / 2.0**row
        above, below = along(h), along(-h)
        largest = max(largest, abs(above), abs(below))
        table.append([(above - below) / (2 * h)])
        for column in range(1, row + 1):
            better, coarser = table[row][column - 1], table[row - 1][column - 1]
            table[row].append(better + (better - coarser) / (4.0**column - 1))
            change = max(abs(table[row][column] - better), abs(table[row][column] - coarser))
            if change < error:
                best, error = table[row][column], change
    h, middle = step / 2.0**16, along(0.0)
    above, below = along(h), along(-h)
    noise = VALUE * UNIT * largest + DIFFERENCES * rough(along, middle, step / 2.0**26)
    possible = DIFFERENCES * error + noise / (step / 2.0 ** (STEPS - 1)) + UNDERFLOW
    near = (above - below) / (2 * h)
    doubt = NEAR * max(1.0, abs(near)) + noise / h
    if not abs(best - near) <= possible + doubt:  # a kink nearby, that the larger steps have crossed
        best, possible = near, doubt
    return best, possible, (above - middle) / h, (middle - below) / h


def rough(along: Callable[[float], float], middle: float, step: float) -> float:
    """How far the values of a function jump about, over steps so small that its curve is straight."""
    return max(abs(along(s) - 2 * middle + along(-s)) for s in (step, step / 2, step / 4))
