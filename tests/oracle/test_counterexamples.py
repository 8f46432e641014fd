"""Each erratum comes with its smallest counterexample, and it is one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from derivations.ledger import Entry, find
from derivations.oracle.cases import Instance, draw, letters_of
from derivations.oracle.counterexamples import counterexample, failure_on
from tests.support import ERRATA, title


def instance_of(entry: Entry, found: dict) -> Instance:
    inputs = {name: np.array(value, dtype=float) for name, value in found["inputs"].items()}
    return Instance(found["sizes"], "small", 0, inputs)


@pytest.mark.parametrize("entry", ERRATA, ids=title)
def test_counterexample_makes_the_print_fail(entry: Entry) -> None:
    found = counterexample(entry)
    assert found is not None
    failure = failure_on(entry, instance_of(entry, found))
    assert failure is not None
    assert (failure.hand, failure.found) == (found["printed"], found["true"])
    if found["printed"] is not None:
        assert abs(found["printed"] - found["true"]) > 1e-6


@pytest.mark.parametrize("entry", ERRATA, ids=title)
def test_no_smaller_shape_has_one_of_its_kind(entry: Entry) -> None:
    found = counterexample(entry)
    assert found is not None
    free = [letter for letter in letters_of(entry.model) if letter not in entry.sizes]
    total = sum(found["sizes"][letter] for letter in free)
    smaller = [s for s in product(range(1, total + 1), repeat=len(free)) if sum(s) < total]
    for sizes in smaller:
        chosen = {**dict(zip(free, sizes, strict=True)), **entry.sizes}
        failures = [failure_on(entry, draw(entry.model, chosen, "ordinary", seed)) for seed in range(3)]
        refused = {failure.judge == "print" for failure in failures if failure}
        numbers = {failure.hand is not None for failure in failures if failure}
        same_kind = True in numbers if found["printed"] is not None else True in refused
        assert not same_kind, chosen


def test_a_misprint_that_is_true_has_no_counterexample() -> None:
    entry = find("mlp.dy_du_prime")
    assert entry.misprint is not None
    true = replace(entry, misprint=replace(entry.misprint, computes=entry.rhs))
    assert counterexample(true) is None


def test_slope_misprint_fails_on_one_unit_with_round_numbers() -> None:
    found = counterexample(find("mlp.dy_du_prime"))
    assert found is not None
    assert found["sizes"] == {"K": 1, "N": 1, "M": 1}
    assert set(np.ravel(list(map(np.ravel, found["inputs"].values())))) <= {-1.0, 0.0, 1.0}
