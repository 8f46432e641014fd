"""Tight enough to see one entry wrong by 1e-12, wide enough for no false alarm."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from derivations.ledger import Entry, find
from derivations.oracle import tolerance
from derivations.oracle.cases import Instance, random_instance
from derivations.oracle.judges import Bench, left_sides
from derivations.oracle.verdicts import Verdict, judge, judge_once, verify
from tests.support import LEDGER, title, with_hand

GRADIENTS = [
    find(label) for label in ("mlp.gradients", "skipgram.gradients", "softmax_cross_entropy.gradient")
]


def off_by(entry: Entry, relative: float, rng: np.random.Generator) -> Any:
    """The entry's function with one random entry of one of its arrays wrong by ``relative``."""

    def faulty(*arguments: Any) -> Any:
        value = entry.rhs(*arguments)
        arrays = [np.array(array) for array in (value if isinstance(value, tuple) else (value,))]
        array = arrays[rng.integers(len(arrays))]
        array[tuple(rng.integers(size) for size in array.shape)] *= 1 + relative
        return tuple(arrays) if isinstance(value, tuple) else arrays[0]

    faulty.__signature__ = inspect.signature(entry.rhs)  # type: ignore[attr-defined]
    return faulty


def judged_gradients(entry: Entry, instance: Instance) -> list[Any]:
    bench = Bench(entry.model, instance)
    return [bench.judged(pair)["reverse"].value for pair in left_sides(entry)]


@pytest.mark.parametrize("entry", GRADIENTS, ids=title)
def test_one_random_entry_off_by_1e_12_is_caught_within_ten_instances(entry: Entry) -> None:
    rng = np.random.default_rng(0)
    for seed in range(20):
        (verdict,) = verify([with_hand(entry, off_by(entry, 1e-12, rng))], examples=10, seed=seed)
        assert not verdict.holds, f"seed {seed}"


@pytest.mark.parametrize("entry", GRADIENTS, ids=title)
def test_most_single_instances_see_one_entry_off_by_1e_12(entry: Entry) -> None:
    """Unless that entry is the sum of terms a thousand times its size."""
    rng = np.random.default_rng(1)
    faulty = with_hand(entry, off_by(entry, 1e-12, rng))
    caught, tried = 0, 0
    for seed in range(200):
        instance = random_instance(entry.model, seed, {})
        gradients = judged_gradients(entry, instance)
        if instance.scale == "ordinary" and all(np.all(gradient) for gradient in gradients):
            tried += 1
            caught += judge_once(faulty, instance).failure is not None
    assert tried >= 20
    assert caught >= 0.75 * tried


@pytest.mark.parametrize("entry", LEDGER, ids=title)
def test_the_worst_error_leaves_room_to_the_tolerance(entry: Entry) -> None:
    (verdict,) = verify([entry], examples=100, seed=6)
    assert verdict.worst_error < 0.75 * tolerance.ROUNDINGS


def test_a_zero_is_compared_exactly_enough_to_see_an_underflow_of_nothing_else() -> None:
    assert tolerance.permitted(np.zeros(2)).max() < 1e-270


def test_whole_numbers_and_truth_values_get_no_tolerance() -> None:
    assert not tolerance.observed_bound(np.array([3, 5])).any()
    assert not tolerance.observed_bound(True).any()
    assert tolerance.observed_bound(np.array([3.0, -5.0])).max() == 64.0 / tolerance.ROUNDINGS * 5.0


def test_saturated_units_and_large_logits_are_among_the_instances_and_finite() -> None:
    entry = find("skipgram.flow.e")
    seen = 0.0
    for seed in range(300):
        bench = Bench(entry.model, random_instance(entry.model, seed, {}))
        verdict = Verdict(entry)
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            judge(verdict, bench)
        assert verdict.failure is None
        assert np.isfinite(bench.hand("E"))
        seen = max(seen, float(np.abs(bench.hand("u")).max()))
    assert seen > 1e4
