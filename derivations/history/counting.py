"""Count the operations of a forward pass by running it on traced numbers.

    >>> w, x = numbers(np.array([0.3, 0.7]), "weight"), numbers(np.array([1.0, 5.0]))
    >>> work(w @ x)
    Work(accessed=2, multiplied=1, divided=0, evaluated=0)

A :class:`Number` stores the operation and the operands that produced it. Arrays of them are passed to the
functions of the section modules, unchanged; :func:`work` then walks from the result back to the inputs and
counts the operations. It does not count

- operations on inputs only, which can be computed in advance, and products and sums with an input that
  is 0, so a one-hot word times a matrix counts as a lookup of one row;
- the product of a weight and an input that is 1: the weight is accessed, not multiplied;
- operations on which the result does not depend, such as the predictions computed beside the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Work:
    """The number of operations that a result needs.

    ``accessed`` counts each use of a weight: a lookup, a product with a non-zero number, a sum.
    ``multiplied`` and ``divided`` count products and quotients, except by an input that is 0, 1 or -1.
    ``evaluated`` counts exponentials, logarithms and hyperbolic tangents.
    """

    accessed: int
    multiplied: int
    divided: int
    evaluated: int


class Number:
    """A traced real number.

    Its value, its operation ``how`` (``"weight"`` for a parameter) and its operands.
    """

    __slots__ = ("how", "parents", "value")

    def __init__(self, value: float, how: str = "given", *parents: Number) -> None:
        self.value, self.how, self.parents = value, how, parents

    def is_given(self, value: float) -> bool:
        """Return whether this is an input (not computed) with the given value."""
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
        """Return e^x; called by ``np.exp``."""
        return made(float(np.exp(self.value)), "evaluated", self)

    def log(self) -> Number:
        """Return log x; called by ``np.log``."""
        return made(float(np.log(self.value)), "evaluated", self)

    def log1p(self) -> Number:
        """Return log(1 + x); called by ``np.log1p``."""
        return made(float(np.log1p(self.value)), "evaluated", self)

    def tanh(self) -> Number:
        """Return tanh x; called by ``np.tanh``."""
        return made(float(np.tanh(self.value)), "evaluated", self)


def number(value: Any) -> Number:
    """Convert a value to a :class:`Number`."""
    return value if isinstance(value, Number) else Number(float(value))


def made(value: float, how: str, *parents: Number) -> Number:
    """Return the result of an operation; the result of an operation on inputs only is an input."""
    if all(parent.how == "given" for parent in parents):
        return Number(value)
    return Number(value, how, *parents)


def numbers(array: Any, how: str = "given") -> Any:
    """Convert an array to traced numbers of the same shape, inputs (``"given"``) or weights."""
    result = np.empty(np.shape(array), dtype=object)
    for place, value in np.ndenumerate(array):
        result[place] = Number(float(value), how)
    return result


def work(results: Any) -> Work:
    """Count the operations that produced these numbers; a shared intermediate result is counted once."""
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
    """Run a forward pass on named arrays and count the operations of one result, by default the last."""
    arrays = {name: numbers(array) for name, array in given.items()}
    arrays |= {name: numbers(array, "weight") for name, array in weights.items()}
    return work(forward(**arrays)[result])
