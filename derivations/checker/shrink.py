"""The smallest case on which a gradient fails: first the shape, then the values.

As for the errata (``referee.counterexamples``): shapes are tried with the fewest entries first, then
Hypothesis looks for whole numbers and moves them towards zero. What is kept is the same failure of the
same argument; and when the time is up, the smallest case so far will do.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np
from hypothesis import find
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException, NonInteractiveExampleWarning

from derivations.checker.shapes import WORDS, Argument, Description, draw, unnested
from derivations.notation import size_of
from derivations.oracle.cases import Instance, frozen
from derivations.oracle.counterexamples import SEARCH, TRIES, ascending, small_values

Fails = Callable[[Instance], bool]

SECONDS = 1.0
"""For the shape, and again for the values."""


def smallest_failing(description: Description, failing: list[Instance], fails: Fails) -> Instance:
    """The smallest instance that fails in the same way as those that are known to."""
    smallest = min(failing, key=extent)
    if description.given:
        return smallest
    smaller = smaller_sizes(description, smallest, fails)
    return smallest_values(description, smaller, fails)


def extent(instance: Instance) -> tuple[int, bool]:
    """How large an instance is; of equals, an ordinary one comes first."""
    return sum(instance.sizes.values()), instance.scale != "ordinary"


def smaller_sizes(description: Description, known: Instance, fails: Fails) -> Instance:
    """A failing instance of the smallest sizes that were found in time."""
    end = time.perf_counter() + SECONDS
    for sizes in ascending(description.letters, {}):
        if sum(sizes.values()) >= sum(known.sizes.values()) or time.perf_counter() > end:
            break
        for seed in range(TRIES):
            instance = draw(description, sizes, known.scale, seed)
            if fails(instance):
                return instance
    return known


def smallest_values(description: Description, known: Instance, fails: Fails) -> Instance:
    """The simplest whole numbers of the same sizes on which it still fails, if there are any."""
    end, best = time.perf_counter() + SECONDS, [known]

    def fails_in_time(instance: Instance) -> bool:
        found = time.perf_counter() < end and fails(instance)
        if found:
            best.append(instance)
        return found

    with warnings.catch_warnings(), contextlib.suppress(HypothesisException):
        warnings.simplefilter("ignore", NonInteractiveExampleWarning)
        strategy = small_instances(description, known.sizes)
        return unnested(lambda: find(strategy, fails_in_time, settings=SEARCH, random=Random(0)))
    return best[-1]


@st.composite
def small_instances(choose: Any, description: Description, sizes: Mapping[str, int]) -> Instance:
    """Instances of given sizes with small whole numbers for values."""
    rows = description.arguments
    inputs = {row.name: frozen(choose(_values(row, sizes), label=row.name)) for row in rows}
    return Instance(dict(sizes), "small", 0, inputs)


def _values(row: Argument, sizes: Mapping[str, int]) -> Any:
    shape = row.sizes(sizes)
    if row.drawn != WORDS:
        return small_values(row.drawn, shape)
    count = int(np.prod(shape))
    words = st.lists(st.integers(0, size_of(row.words_of, sizes) - 1), min_size=count, max_size=count)
    return words.map(lambda chosen: np.array(chosen, dtype=np.int64).reshape(shape) if shape else chosen[0])
