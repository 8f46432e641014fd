"""The smallest counterexample to a printed form: shape and values shrunk.

First the shape: all small sizes are tried, fewest entries first, until the print fails on one. Then the
values: Hypothesis looks for whole numbers on which it fails, and moves them towards zero until nothing
more can be taken away.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NonInteractiveExampleWarning, NoSuchExample

from derivations.ledger import Entry, Model
from derivations.oracle.cases import Instance, draw, letters_of
from derivations.oracle.judges import Bench
from derivations.oracle.verdicts import Failure, misprint_failure

LARGEST = 4
TRIES = 4
"""How many random values a shape gets before it counts as one where the print holds."""

SEARCH = settings(
    max_examples=200,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def counterexample(entry: Entry) -> dict[str, Any] | None:
    """The smallest instance on which the printed form of an erratum fails; None if there is none.

    Looked for in this order, since each says more than the next: the print gives other numbers, NumPy
    refuses to compute it, its shape is wrong. The result is ready for JSON: ``sizes``, ``inputs``,
    ``quantity``, ``index`` (from one, as on paper), ``printed``, ``true`` and ``message``.
    """
    for wanted in (_gives_other_numbers, _is_refused, _fails):
        sizes = smallest_sizes(entry, wanted)
        if sizes is not None:
            instance = smallest_values(entry, sizes, wanted)
            failure = failure_on(entry, instance)
            assert failure is not None
            return {
                "sizes": dict(sizes),
                "inputs": {name: np.asarray(v).tolist() for name, v in instance.inputs.items()},
                "quantity": failure.quantity,
                "index": failure.index and [number + 1 for number in failure.index],
                "printed": failure.hand,
                "true": failure.found,
                "message": failure.message,
            }
    return None


Wanted = Callable[[Failure | None], bool]


def smallest_sizes(entry: Entry, wanted: Wanted) -> Mapping[str, int] | None:
    """The first sizes, in order of their sum, on which the printed form fails as wanted."""
    for sizes in ascending(letters_of(entry.model), entry.sizes):
        tries = (draw(entry.model, sizes, "ordinary", seed) for seed in range(TRIES))
        if any(wanted(failure_on(entry, instance)) for instance in tries):
            return sizes
    return None


def ascending(letters: Sequence[str], fixed: Mapping[str, int]) -> Iterator[Mapping[str, int]]:
    """All small sizes, those with the smallest sum first."""
    free = [letter for letter in letters if letter not in fixed]
    for sizes in sorted(product(range(1, LARGEST + 1), repeat=len(free)), key=sum):
        yield {**dict(zip(free, sizes, strict=True)), **fixed}


def smallest_values(entry: Entry, sizes: Mapping[str, int], wanted: Wanted) -> Instance:
    """The simplest whole numbers of these sizes on which the printed form fails as wanted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonInteractiveExampleWarning)
        try:
            return find(
                small_instances(entry.model, sizes),
                lambda instance: wanted(failure_on(entry, instance)),
                settings=SEARCH,
                random=Random(0),
            )
        except NoSuchExample:  # no whole numbers: the random ones that were found will do
            tries = (draw(entry.model, sizes, "ordinary", seed) for seed in range(TRIES))
            return next(instance for instance in tries if wanted(failure_on(entry, instance)))


def failure_on(entry: Entry, instance: Instance) -> Failure | None:
    """How the printed form fails on an instance."""
    assert entry.misprint is not None
    with np.errstate(all="ignore"):
        return misprint_failure(entry, entry.misprint, Bench(entry.model, instance))


def _gives_other_numbers(failure: Failure | None) -> bool:
    return failure is not None and failure.hand is not None


def _is_refused(failure: Failure | None) -> bool:
    return failure is not None and failure.judge == "print"


def _fails(failure: Failure | None) -> bool:
    return failure is not None


# --- whole numbers ----------------------------------------------------------------------------------


@st.composite
def small_instances(draw: Any, model: Model, sizes: Mapping[str, int]) -> Instance:
    """Instances of a model, of given sizes, with small whole numbers for values."""
    rows = [model.notation[name] for name in model.inputs]
    inputs = {row.name: draw(small_values(row.drawn, row.sizes(sizes)), label=row.name) for row in rows}
    return Instance(sizes, "small", 0, inputs)


def small_values(drawn: str, shape: tuple[int, ...]) -> Any:
    """A strategy for values of a kind that are as simple as they can be."""
    if drawn in ("one-hot", "input", "target"):
        rows = int(np.prod(shape[:-1]))
        words = st.lists(st.integers(0, shape[-1] - 1), min_size=rows, max_size=rows)
        return words.map(lambda chosen: np.eye(shape[-1])[chosen].reshape(shape))
    size = int(np.prod(shape))
    low, high = {"positive": (1, 3), "fraction": (1, 1), "answers": (0, 1)}.get(drawn, (-3, 3))
    numbers = st.lists(st.integers(low, high), min_size=size, max_size=size)
    return numbers.map(lambda chosen: _array(chosen, shape, drawn))


def _array(numbers: list[int], shape: tuple[int, ...], drawn: str) -> Any:
    array = np.array(numbers, dtype=float).reshape(shape)
    return array / array.sum() if drawn == "positive" else array if shape else float(array)
