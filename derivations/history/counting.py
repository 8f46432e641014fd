"""Counting what a forward pass does, by running it: numbers that remember how they were made.

    >>> w, x = numbers(np.array([0.3, 0.7]), "weight"), numbers(np.array([1.0, 5.0]))
    >>> work(w @ x)
    Work(accessed=2, multiplied=1, divided=0, evaluated=0)

Arrays of :class:`Number` go through the very functions that the referee judges, which never notice.
Afterwards :func:`work` walks back from the result and counts what it took. What only looks like work is
not counted:

- what is given is known beforehand: a given 0 times anything is nothing, a given 0 added changes nothing,
  so a one-hot word times a matrix leaves out all rows but one; given numbers among themselves are free;
- a weight times a given 1 is that weight, looked up: accessed, not multiplied;
- what the result does not need, such as the predictions beside the loss, is not on the way back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Work:
    """What a result took.

    ``accessed``: weights that were looked up, multiplied by something that is not 0, or added, each time
    it happened; ``multiplied`` and ``divided``: products and quotients, without those by a given 0, 1
    or -1; ``evaluated``: exponentials, logarithms and hyperbolic tangents.
    """

    accessed: int
    multiplied: int
    divided: int
    evaluated: int


class Number:
    """A real number, how it was made and of what; ``how`` is ``"weight"`` for a parameter."""

    __slots__ = ("how", "parents", "value")

    def __init__(self, value: float, how: str = "given", *parents: Number) -> None:
        self.value, self.how, self.parents = value, how, parents

    def is_given(self, value: float) -> bool:
        """Whether it is this constant, and was not computed."""
        return self.how == "given" and self.value == value

    def __repr__(self) -> str:
        return f"Number({self.value!r}, {self.how!r})"

    def __add__(self, other: Any) -> Number:
        other = number(other)
        if self.is_given(0) or other.is_given(0):
            return other if self.is_given(0) else self
        return made(self.value + other.value, "added", self, other)

    def __neg__(self) -> Number:
        return self * -1.0

    def __sub__(self, other: Any) -> Number:
        return self + -number(other)

    def __rsub__(self, other: Any) -> Number:
        return number(other) + -self

    def __mul__(self, other: Any) -> Number:
        other = number(other)
        if self.is_given(0) or other.is_given(0):
            return Number(0.0)
        for one, rest in ((self, other), (other, self)):
            if one.is_given(1) or one.is_given(-1):
                how = "looked up" if rest.how == "weight" else "copied"
                return made(one.value * rest.value, how, rest)
        return made(self.value * other.value, "multiplied", self, other)

    def __truediv__(self, other: Any) -> Number:
        other = number(other)
        return self * other if other.is_given(1) else made(self.value / other.value, "divided", self, other)

    def __rtruediv__(self, other: Any) -> Number:
        return number(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < number(other).value)

    def __le__(self, other: Any) -> bool:
        return bool(self.value <= number(other).value)

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > number(other).value)

    def __ge__(self, other: Any) -> bool:
        return bool(self.value >= number(other).value)

    def exp(self) -> Number:
        """What ``np.exp`` calls."""
        return made(float(np.exp(self.value)), "evaluated", self)

    def log(self) -> Number:
        """What ``np.log`` calls."""
        return made(float(np.log(self.value)), "evaluated", self)

    def log1p(self) -> Number:
        """What ``np.log1p`` calls."""
        return made(float(np.log1p(self.value)), "evaluated", self)

    def tanh(self) -> Number:
        """What ``np.tanh`` calls."""
        return made(float(np.tanh(self.value)), "evaluated", self)


def number(value: Any) -> Number:
    """A number as a :class:`Number`."""
    return value if isinstance(value, Number) else Number(float(value))


def made(value: float, how: str, *parents: Number) -> Number:
    """A number made of others; of given ones alone, it is given too."""
    if all(parent.how == "given" for parent in parents):
        return Number(value)
    return Number(value, how, *parents)


def numbers(array: Any, how: str = "given") -> Any:
    """An array of numbers that remember, of the same shape: given ones, or weights."""
    result = np.empty(np.shape(array), dtype=object)
    for place, value in np.ndenumerate(array):
        result[place] = Number(float(value), how)
    return result


def work(results: Any) -> Work:
    """What it took to make these numbers; work that serves several is counted once."""
    seen: dict[int, Number] = {}
    waiting = [number(result) for result in np.ravel(results)]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen[id(one)] = one
            waiting += one.parents
    made = list(seen.values())
    accessed = sum(parent.how == "weight" for one in made for parent in one.parents)
    times = {how: sum(one.how == how for one in made) for how in ("multiplied", "divided", "evaluated")}
    return Work(accessed, **times)


def count(
    forward: Callable[..., Any], given: Mapping[str, Any], weights: Mapping[str, Any], result: int = -1
) -> Work:
    """Run a forward pass on these arrays, by name, and count the work in one of its results: the last."""
    arrays = {name: numbers(array) for name, array in given.items()}
    arrays |= {name: numbers(array, "weight") for name, array in weights.items()}
    return work(forward(**arrays)[result])
