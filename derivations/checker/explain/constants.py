"""The names of constants, such as 2, -1/2, C or 1/B, found from their values on several test cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain.observations import Observation

CLOSE = 1e-6
"""The largest relative difference between a factor and the named constant."""

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
UNNAMED = 3.2
"""The cost of a number that is the same everywhere and has no simpler name than its digits."""


class Constant(NamedTuple):
    """The name of a constant, and its cost: how far-fetched it is."""

    text: str
    cost: float


ONE = Constant("1", 0)


def name_constant(factors: Sequence[float], observations: Sequence[Observation]) -> Constant | None:
    """Return the simplest constant that has these values on these observations, or None.

    Candidates are numbers, sizes and scalar arguments of the loss, their inverses, products and ratios,
    and last any number that is the same everywhere.
    """
    found = np.array(factors)
    if np.all(np.abs(found) < CLOSE):
        return Constant("0", 0)
    for number, text, cost in NUMBERS:
        if _close(found, np.full(len(found), number)):
            return Constant(text, cost)
    with np.errstate(divide="ignore", invalid="ignore"):
        for values, text, cost in _measures(observations):
            if _close(found, values) and len(set(np.round(values, 12))) > 1:
                return Constant(text, cost)
    if _close(found, np.full(len(found), found[0])) and len(found) > 2:
        return Constant(f"{float(found[0]):.6g}", UNNAMED)
    return None


def _close(found: Any, values: Any) -> bool:
    return bool(np.all(np.abs(found - values) <= CLOSE * np.abs(values) + 1e-10))


def _measures(observations: Sequence[Observation]) -> Iterator[tuple[Any, str, float]]:
    """Yield sizes and scalars with the numbers and powers that go with them, simplest first."""
    named = list(_quantities(observations))
    for name, values in named:
        yield values, name, 1.0
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
    for name, values in named:
        for other, others in named:
            if name < other:
                yield values * others, f"{name}*{other}", 2.6
                yield 1 / (values * others), f"1/({name}*{other})", 2.6
            if name != other:
                yield values / others, f"{name}/{other}", 2.6
                yield -values / others, f"-{name}/{other}", 3


def _quantities(observations: Sequence[Observation]) -> Iterator[tuple[str, Any]]:
    """Yield the sizes by letter, then the arguments that are single numbers."""
    for letter in observations[0].sizes:
        yield letter, np.array([float(one.sizes[letter]) for one in observations])
    for name, value in observations[0].inputs.items():
        if not np.shape(value):
            yield name, np.array([float(one.inputs[name]) for one in observations])


def _times(number: str, name: str) -> str:
    return {"-1": f"-{name}", "1/2": f"{name}/2", "-1/2": f"-{name}/2"}.get(number, f"{number}*{name}")


def _over(number: str, name: str) -> str:
    ready = {"-1": f"-1/{name}", "1/2": f"1/(2*{name})", "-1/2": f"-1/(2*{name})"}
    return ready.get(number, f"{number}/{name}")


# --- several constants at once --------------------------------------------------------------------------

System = tuple[Observation, Sequence[Any], Any]
"""An observation, the terms of a sum there, and what the sum should be."""


def fit_constants(
    systems: Iterable[System], accepted: Callable[[Observation, Any], bool]
) -> list[Constant] | None:
    """Return the named constants with which the terms make each sum, or None.

    ``accepted`` says whether a fitted sum is close enough; constants are taken from at least three
    observations that determine them.
    """
    factors, used = [], []
    for observation, terms, total in systems:
        if not terms or any(np.shape(term) != np.shape(total) for term in terms):
            return None
        matrix = np.stack([np.ravel(term) for term in terms], axis=1)
        if not np.isfinite(matrix).all():
            return None
        solution, _, rank, _ = np.linalg.lstsq(matrix, np.ravel(total), rcond=1e-10)
        if not accepted(observation, (matrix @ solution).reshape(np.shape(total))):
            return None
        if rank == len(terms):
            factors.append(solution)
            used.append(observation)
    if len(used) < 3:
        return None
    named = [name_constant(row.tolist(), used) for row in np.array(factors).T]
    found = [constant for constant in named if constant is not None]
    return found if len(found) == len(named) else None
