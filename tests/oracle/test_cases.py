"""Instances are random, repeatable, and not degenerate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations.ledger import Model, find
from derivations.oracle.cases import (
    LARGEST_PRODUCT,
    check_sizes,
    draw,
    from_file,
    letters_of,
    parse,
    random_instance,
    within_reach,
)
from derivations.paper.softmax_cross_entropy import softmax
from tests.support import LEDGER, model_named

MODELS = sorted({entry.model for entry in LEDGER}, key=lambda model: model.name)
MLP, SKIPGRAM = model_named("mlp"), model_named("skipgram")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@given(seed=st.integers(0, 2**40))
def test_the_same_name_is_the_same_instance_bit_for_bit(model: Model, seed: int) -> None:
    instance = random_instance(model, seed, {})
    again = parse(model, str(instance))
    assert again.sizes == instance.sizes
    for name, value in instance.inputs.items():
        np.testing.assert_array_equal(again.inputs[name], value)


@given(sizes=st.lists(st.integers(1, 40), min_size=5, max_size=5), first=st.integers(1, 40))
def test_drawn_sizes_are_ones_that_a_name_may_have(sizes: list[int], first: int) -> None:
    drawn = dict(zip("VCNKD", sizes, strict=True))
    reached = within_reach(drawn, {"V": first})
    check_sizes(reached)
    assert reached["V"] == first
    assert all(1 <= reached[letter] <= drawn[letter] for letter in "CNKD")
    if np.prod(sizes[1:]) * first <= LARGEST_PRODUCT:
        assert reached == drawn | {"V": first}


def test_sizes_that_a_run_would_draw_too_large_are_halved() -> None:
    too_large = {"V": 6, "C": 6, "N": 10, "K": 10, "D": 6}  # 21,600: refused by name, once
    with pytest.raises(ValueError, match="too large"):
        check_sizes(too_large)
    assert within_reach(too_large, {}) == too_large | {"N": 5}


@given(seed=st.integers(0, 2**40), scale=st.sampled_from(["ordinary", "saturated", "large"]))
def test_values_are_distinct_and_not_zero(seed: int, scale: str) -> None:
    instance = draw(MLP, {"K": 5, "N": 4, "M": 3}, scale, seed)
    for value in instance.inputs.values():
        assert len(np.unique(value)) == value.size
        assert np.all(value != 0)
        assert value.dtype == np.float64
        assert not value.flags.writeable


def test_plain_values_are_whole_numbers_with_zeros_and_ties() -> None:
    W = draw(MLP, {"K": 5, "N": 4, "M": 3}, "plain", 1).inputs["W"]
    assert set(np.unique(W)) == {-2.0, -1.0, 0.0, 1.0, 2.0}
    assert W.dtype == np.float64


def test_one_size_is_huge_now_and_then() -> None:
    assert max(max(shape.values()) for shape in shapes(MLP, 2000)) > 30


def shapes(model: Model, count: int = 400) -> list[dict[str, int]]:
    return [dict(random_instance(model, seed, {}).sizes) for seed in range(count)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_size_is_one_sometimes_and_large_sometimes(model: Model) -> None:
    for letter in letters_of(model):
        sizes = {shape[letter] for shape in shapes(model)}
        assert 1 in sizes
        assert max(sizes) > 6


def test_sizes_are_mostly_unequal_and_sometimes_equal() -> None:
    unequal = sum(len(set(shape.values())) == 3 for shape in shapes(MLP))
    equal = sum(shape["K"] == shape["M"] for shape in shapes(MLP))
    assert unequal > 150
    assert equal > 20


def test_vocabulary_and_hidden_size_are_rarely_equal() -> None:
    assert sum(shape["V"] == shape["N"] for shape in shapes(SKIPGRAM)) < 120


def test_targets_are_one_hot_repeated_and_soft() -> None:
    targets = [
        draw(SKIPGRAM, {"V": 5, "N": 3, "C": 4}, "ordinary", seed).inputs["t"] for seed in range(200)
    ]
    one_hot = [t for t in targets if set(np.unique(t)) == {0.0, 1.0}]
    soft = [t for t in targets if ((t > 0) & (t < 1)).any()]
    repeated = [t for t in one_hot if len(np.unique(t, axis=0)) == 1]
    different = [t for t in one_hot if len(np.unique(t, axis=0)) > 2]
    assert min(len(one_hot), len(soft)) > 50
    assert min(len(repeated), len(different)) > 10
    for t in targets:
        np.testing.assert_array_equal(t.sum(axis=1), 1.0)


def test_inputs_are_one_hot_and_dense() -> None:
    inputs = [draw(SKIPGRAM, {"V": 5, "N": 3, "C": 1}, "ordinary", seed).inputs["x"] for seed in range(99)]
    assert 20 < sum(set(np.unique(x)) == {0.0, 1.0} for x in inputs) < 80


def test_large_scores_reach_1e4_and_their_softmax_is_finite() -> None:
    model = model_named("softmax_cross_entropy")
    scores = [draw(model, {"M": 6}, "large", seed).inputs["u"] for seed in range(50)]
    assert 9e3 < max(np.abs(u).max() for u in scores) <= 1e4 + 1e-6
    for u in scores:
        assert np.isfinite(softmax(u)).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("K=3 N=2 M=2.5", "M=2.5 is not a whole number"),
        ("K=3 N=2 M=2 M=5", "must be one name=value"),
        ("K=3 N=2", "must give the sizes K M N"),
        ("K=3 N=2 M=0", "M=0 is not a whole number from 1"),
        ("K=3 N=2 M=x", "M=x is not a whole number"),
        ("K=3 N=2 M=4 V=5", "must give the sizes K M N"),
        ("K=3 N=2 M=4 scale=huge", "scale=huge is not known: give one of ordinary"),
    ],
)
def test_a_name_that_is_no_instance_is_refused_with_the_repair(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(MLP, text)


def test_own_values_are_read_and_held_against_the_notation(tmp_path: Path) -> None:
    arrays = dict(draw(MLP, {"K": 2, "N": 3, "M": 4}, "ordinary", 1).inputs)
    np.savez(tmp_path / "mine.npz", **arrays)
    assert from_file(MLP, tmp_path / "mine.npz").sizes == {"K": 2, "N": 3, "M": 4}
    del arrays["W"]
    np.savez(tmp_path / "less.npz", **arrays)
    with pytest.raises(ValueError, match="has no array W: save it with"):
        from_file(MLP, tmp_path / "less.npz")
    (tmp_path / "text.npz").write_text("no arrays")
    with pytest.raises(ValueError, match=r"is no \.npz of plain arrays"):
        from_file(MLP, tmp_path / "text.npz")


def test_fixed_sizes_are_kept() -> None:
    entry = find("mlp_figure.W_cells")
    assert random_instance(entry.model, 3, dict(entry.sizes)).sizes == {"K": 5, "M": 5, "N": 3}
