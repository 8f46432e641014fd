"""The language of shapes: what is written is what is drawn, and what is wrong is said with its repair."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.checker.shapes import (
    Description,
    as_given,
    describe,
    draw,
    from_arrays,
    instances,
    parse,
    random_instance,
    some_instances,
    varied,
)

FOUR = describe("x: V one-hot, C V target, V N, W_prime: N V", ["x", "t", "W", "W_prime"])
WORDS = describe("B words of V, V N, () fraction", ["words", "W", "rate"])


def test_an_entry_gives_name_sizes_and_kind() -> None:
    rows = [(row.name, row.shape, row.drawn, row.words_of) for row in (*FOUR.arguments, *WORDS.arguments)]
    assert rows == [
        ("x", ("V",), "one-hot", ""),
        ("t", ("C", "V"), "target", ""),
        ("W", ("V", "N"), "real", ""),
        ("W_prime", ("N", "V"), "real", ""),
        ("words", ("B",), "words", "V"),
        ("W", ("V", "N"), "real", ""),
        ("rate", (), "fraction", ""),
    ]
    assert FOUR.letters == ("V", "C", "N")


def test_a_description_is_printed_as_it_is_read() -> None:
    for description in (FOUR, WORDS):
        assert describe(str(description), description.names) == description


@pytest.mark.parametrize(
    ("text", "says"),
    {
        "V N": "has 1 entry, the loss takes 2 arguments .x, W.: give one for each",
        "V n, V": "x: 'n' in the entry 'V n' is not known; kinds are real, one-hot",
        "v n, V": "x: the entry 'v n' gives no sizes; say 'V N' for a matrix",
        ", V": "x: its entry is empty",
        "(), 3 0": "W: a size in the entry '3 0' is 0",
        "() V, V": "x: \\(\\) in the entry '\\(\\) V' is a number",
        "B words V, V": "x: the entry 'B words V' must say which words, as 'B words of V'",
        "B words of Q, V": "x: words of Q, but no argument has a size Q",
        "W: V, x: V": "the entry 'W: V' stands where the loss takes x: name it x",
    }.items(),
)
def test_a_wrong_description_is_told_with_its_repair(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        describe(text, ["x", "W"])


@given(instances(WORDS))
def test_an_instance_fits_its_description_and_its_name_draws_it_again(instance: Any) -> None:
    words, W, rate = instance.inputs.values()
    V, N, B = (instance.sizes[letter] for letter in "VNB")
    assert (words.shape, W.shape) == ((B,), (V, N))
    assert words.dtype == np.int64
    assert words.min() >= 0
    assert words.max() < V
    assert isinstance(rate, float)
    assert 0 < rate <= 1
    again = parse(WORDS, str(instance))
    assert all(np.array_equal(instance.inputs[name], again.inputs[name]) for name in WORDS.names)


def test_words_repeat_more_often_than_not() -> None:
    drawn = [draw(WORDS, {"V": 6, "N": 1, "B": 5}, "ordinary", seed).inputs["words"] for seed in range(200)]
    assert sum(len(set(words)) < 4 for words in drawn) > 100
    assert sum(len(set(words)) == 1 for words in drawn) < 60


def test_hypothesis_draws_unequal_shapes_ones_among_them_and_every_scale() -> None:
    drawn = some_instances(FOUR, 100, seed=0)
    assert len(drawn) == 100
    assert len({tuple(instance.sizes.values()) for instance in drawn}) > 60
    assert sum(len(set(instance.sizes.values())) > 1 for instance in drawn) > 80
    assert sum(1 in instance.sizes.values() for instance in drawn) > 20
    scales = Counter(instance.scale for instance in drawn)
    assert scales["ordinary"] > 50
    assert scales["saturated"] > 4
    assert scales["plain"] > 4


def test_the_seed_decides_what_is_drawn() -> None:
    first, again, other = ([str(i) for i in some_instances(FOUR, 20, seed=seed)] for seed in (3, 3, 4))
    assert first == again != other


@given(st.integers(0, 5))
@settings(max_examples=2)
def test_instances_can_be_drawn_inside_a_test_of_hypothesis(seed: int) -> None:
    assert len(some_instances(WORDS, 5, seed)) == 5


def test_few_shapes_are_few() -> None:
    drawn = some_instances(FOUR, 50, seed=0, shapes=4)
    assert len({tuple(instance.sizes.values()) for instance in drawn}) == 4


@pytest.mark.parametrize(
    ("text", "says"),
    {
        "V=3 N=2": "must give V=... C=... N=..., scale and seed",
        "V=3 C=1 N=2 scale=huge": "scale=huge is not known: give one of ordinary",
        "V=3 C=0 N=2": "C=0 is not a whole number from 1",
    }.items(),
)
def test_a_wrong_name_of_an_instance_is_told(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(FOUR, text)


# --- arrays that are handed over ----------------------------------------------------------------------

GIVEN = {"x": [0.0, 1.0, 0.0], "p": [[0.2, 0.8], [0.5, 0.5]], "w": [2, 0, 2], "W": [[-1.5, 2.0]], "b": 3.0}


def given_description() -> Description:
    return from_arrays(GIVEN, list(GIVEN))


def test_arrays_become_float64_and_int64_and_numbers_stay_numbers() -> None:
    inputs = as_given(given_description()).inputs
    assert [np.asarray(value).dtype.name for value in inputs.values()] == ["float64"] * 2 + ["int64"] + [
        "float64"
    ] * 2
    assert isinstance(inputs["b"], float)
    assert not inputs["W"].flags.writeable


def test_arrays_may_come_in_the_order_of_the_loss() -> None:
    inputs = from_arrays(list(GIVEN.values()), list(GIVEN)).given
    assert np.array_equal(inputs["W"], GIVEN["W"])


@given(st.integers(0, 1000))
def test_a_variation_keeps_kinds_shapes_and_signs(seed: int) -> None:
    inputs = varied(given_description(), seed).inputs
    assert sorted(inputs["x"]) == [0.0, 0.0, 1.0]
    assert np.allclose(np.sort(inputs["p"], axis=1), np.sort(GIVEN["p"], axis=1))
    assert set(inputs["w"]) <= {0, 1, 2}
    assert np.array_equal(np.sign(inputs["W"]), [[-1.0, 1.0]])
    assert inputs["b"] > 0


def test_variations_differ() -> None:
    rows = [random_instance(given_description(), seed).inputs["W"] for seed in range(5)]
    assert len({row.tobytes() for row in rows}) == 5


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ({"x": [1.0]}, "the instance lacks W; the loss takes x, W"),
        ({"x": [1.0], "W": [1.0], "b": 1.0}, "the instance has b; the loss takes x, W"),
        (([1.0],), "the loss takes 2 arguments .x, W., the instance gives 1"),
        ({"x": [1.0], "W": [[1.0], [2.0, 3.0]]}, "W is no array: .*; give rows of one length"),
        ({"x": [], "W": [1.0]}, "x has shape .0,., so no entries"),
        ({"x": [1.0, np.nan], "W": [1.0]}, r"x\[1\] is nan: replace it by a finite number"),
    ],
)
def test_a_wrong_instance_is_told_with_its_repair(at: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        from_arrays(at, ["x", "W"])


def test_an_instance_of_words_is_refused() -> None:
    with pytest.raises(TypeError, match="x is a list of <U3: give an array of numbers"):
        from_arrays({"x": ["one"]}, ["x"])


@pytest.mark.parametrize(
    ("value", "free", "set_of"),
    [
        ([0.0, 0.0, 0.0], True, None),
        ([0.0, 0.0, 0.0], False, {0.0, 1.0}),
        ([1.0, 1.0, 1.0], False, {0.0, 1.0}),
        ([1.0, 1.0, 1.0], True, None),
        ([0.25, 0.25, 0.25, 0.25], False, None),
        ([2, 2, 2, 2], False, {0, 1, 2}),
        (0.0, False, {0.0, 1.0}),
        (0.0, True, None),
    ],
)
def test_what_is_all_equal_is_drawn_anew(value: Any, free: bool, set_of: set[float] | None) -> None:
    described = from_arrays({"w": value}, ["w"])
    drawn = [varied(described, seed, free=["w"] if free else []).inputs["w"] for seed in range(20)]
    assert len({np.asarray(one).tobytes() for one in drawn}) > 1
    if set_of:
        assert set(np.ravel(drawn).tolist()) == set_of
    if value == [0.25] * 4:
        assert np.allclose(np.sum(drawn, axis=1), 1)


def test_rows_of_one_share_and_words_that_may_be_the_only_one_stay() -> None:
    described = from_arrays({"t": [[1.0], [1.0]], "words": [0, 0]}, ["t", "words"])
    inputs = varied(described, 3).inputs
    assert np.all(inputs["t"] == 1)
    assert np.all(inputs["words"] == 0)


def test_one_argument_is_varied_alone() -> None:
    description = given_description()
    inputs = varied(description, 5, only="W").inputs
    changed = [name for name in GIVEN if not np.array_equal(inputs[name], description.given[name])]
    assert changed == ["W"]
