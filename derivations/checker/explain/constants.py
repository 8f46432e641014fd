"""What a constant is called: 2, 1/2, -1, C, 1/B, lambda, from its values on several instances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain.scenes import Scene

CLOSE = 1e-6
"""How near the fitted factor must be to the named one, relative to it."""

NUMBERS = (
    (1.0, "1", 0),
    (-1.0, "-1", 0.5),
    (2.0, "2", 0.9),
    (0.5, "1/2", 0.9),
    (-2.0, "-2", 1.4),
    (-0.5, "-1/2", 1.4),
    (3.0, "3", 2),
    (1 / 3, "1/3", 2),
    (4.0, "4", 2),
    (0.25, "1/4", 2),
    (-3.0, "-3", 2.5),
    (-4.0, "-4", 2.5),
)


class Constant(NamedTuple):
    """A factor by name, and how far-fetched it is."""

    text: str
    cost: float


def name_constant(factors: Sequence[float], scenes: Sequence[Scene]) -> Constant | None:
    """The simplest name that gives these factors on these scenes; None if they have none.

    Numbers, sizes, their inverses, products of a size and a number, ratios and products of two sizes,
    scalar arguments of the loss, and at last any number that is the same everywhere.
    """
    found = np.array(factors)
    if np.all(np.abs(found) < CLOSE):
        return Constant("0", 0)
    for number, text, cost in NUMBERS:
        if _same(found, np.full(len(found), number)):
            return Constant(text, cost)
    for values, text, cost in _measures(scenes):
        if _same(found, values) and len(set(np.round(values, 12))) > 1:
            return Constant(text, cost)
    if _same(found, np.full(len(found), found[0])) and len(found) > 2:
        return Constant(_decimal(float(found[0])), 3.2)
    return None


def _same(found: Any, values: Any) -> bool:
    return bool(np.all(np.abs(found - values) <= CLOSE * np.abs(values) + 1e-10))


def _measures(scenes: Sequence[Scene]) -> Iterator[tuple[Any, str, float]]:
    """Sizes and scalars with the numbers and powers that go with them, simplest first."""
    for name, values in _quantities(scenes):
        yield values, name, 1.0
        with np.errstate(divide="ignore"):
            yield 1 / values, f"1/{name}", 1.0
            for number, text, cost in NUMBERS[1:6]:
                yield number * values, _times(text, name), cost + 1.2
                yield number / values, _over(text, name), cost + 1.2
            yield values**2, f"{name}**2", 1.8
            yield 1 / values**2, f"1/{name}**2", 1.8
            yield values - 1, f"({name} - 1)", 2.6
            yield values + 1, f"({name} + 1)", 2.6
            yield 1 - values, f"(1 - {name})", 2.6
            yield (values - 1) / values, f"({name} - 1)/{name}", 2.6
            yield np.sqrt(np.abs(values)), f"sqrt({name})", 2.6
            yield 1 / np.sqrt(np.abs(values)), f"1/sqrt({name})", 2.6
    named = list(_quantities(scenes))
    for name, values in named:
        for other, others in named:
            if name < other:
                yield values * others, f"{name}*{other}", 2.6
                with np.errstate(divide="ignore", invalid="ignore"):
                    yield 1 / (values * others), f"1/({name}*{other})", 2.6
            if name != other:
                with np.errstate(divide="ignore", invalid="ignore"):
                    yield values / others, f"{name}/{other}", 2.6
                    yield -values / others, f"-{name}/{other}", 3


def _quantities(scenes: Sequence[Scene]) -> Iterator[tuple[str, Any]]:
    """The sizes by letter, then the arguments that are single real numbers."""
    for letter in scenes[0].sizes:
        yield letter, np.array([float(scene.sizes[letter]) for scene in scenes])
    for name, value in scenes[0].inputs.items():
        if not np.shape(value):
            yield name, np.array([float(scene.inputs[name]) for scene in scenes])


@cache
def _times(number: str, name: str) -> str:
    return {"-1": f"-{name}", "1/2": f"{name}/2", "-1/2": f"-{name}/2"}.get(number, f"{number}*{name}")


@cache
def _over(number: str, name: str) -> str:
    return {"-1": f"-1/{name}", "1/2": f"1/(2*{name})", "-1/2": f"-1/(2*{name})"}.get(
        number, f"{number}/{name}"
    )


def _decimal(number: float) -> str:
    return f"{number:.6g}"
