"""The zoo: every mistake that is known has a specimen, and every specimen is one line from the truth."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest

from derivations.checker.shapes import Description, describe, random_instance, some_instances
from derivations.zoo import EXHIBITS, ZOO, Exhibit, Specimen, find

MISTAKES = {  # the list of issue 4, and who stands for what on it
    "wrong sign": "wrong-sign wrong-sign-of-the-bias",
    "factor 2": "forgot-the-half",
    "factor 1/2": "a-half-that-is-not-there",
    "factor C": "mean-not-divided",
    "factor 1/C": "mean-over-the-contexts sum-divided",
    "batch size": "forgot-to-divide-by-the-batch",
    "inverse of the batch size": "mean-for-the-bias",
    "applied twice": "divided-by-the-batch-twice mean-of-what-was-divided",
    "transposed": "outer-product-turned recurrent-matrix-turned back-through-the-same-side",
    "rows permuted": "steps-left-in-reverse",
    "columns permuted": "filter-not-turned",
    "input and output matrices swapped": "returned-in-the-other-order input-and-output-swapped",
    "missing factor": "no-hidden-slope no-output-slope every-row-learns forgot-the-temperature",
    "extra factor": "slope-of-no-sigmoid slope-that-cancels",
    "factor in the place of another": "slope-with-the-target slope-from-what-entered"
    " tanh-slope-from-what-entered sigmoid-slope-for-tanh",
    "σ' of the already activated value": "slope-of-the-activated",
    "lost sum over an axis": "sum-over-the-outputs-lost bias-for-each-example",
    "a mean where a sum belongs": "mean-over-the-contexts mean-for-the-bias",
    "bias gradient summed to one scalar": "one-bias-for-all bias-as-one-number",
    "only the last of several contexts": "only-the-last-context only-the-first-context",
    "y counted once for C contexts": "prediction-counted-once",
    "repeated indices overwritten": "repeated-words-overwritten repeated-context-overwritten"
    " repeated-draws-overwritten",
    "one row or one cell wrong": "last-row-left-out word-of-padding one-cell-copied-wrong",
    "stale buffer": "stale-context-row not-cleared rest-of-a-larger-batch",
    "updated too early": "updated-too-early step-inside-the-gradient",
    "softmax's Jacobian as if diagonal": "softmax-as-if-elementwise jacobian-without-the-rest",
    "softmax over the wrong axis": "softmax-over-the-batch",
    "eps inside the log": "eps-in-the-log eps-before-the-softmax",
    "regulariser forgotten": "regulariser-forgotten regulariser-doubled",
    "regulariser on the bias": "regulariser-on-the-bias",
    "ReLU's mask missing": "no-mask",
    "ReLU's mask on the gradient": "mask-on-the-gradient",
    "the same array in place": "two-names-for-one-array centred-in-place returns-its-argument",
    "float32 in the middle": "float32-in-the-middle",
    "all zeros": "back-through-the-weights added-to-a-copy",
    "beside the list": "target-forgotten first-step-forgotten mean-taken-for-a-constant shortcut-forgotten"
    " nothing-returned bias-not-returned whole-numbers-only softmax-that-overflows",
}

SATURATED = 1e-13
"""Below this, what is left of y - t where y is t is a matter of rounding."""

RIGHT_NUMBERS = ("mutates-argument", "returns-view")
"""Findings about a gradient whose numbers are all right."""

by_name = pytest.mark.parametrize("specimen", ZOO, ids=lambda specimen: specimen.name)
by_exhibit = pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)


def described(exhibit: Exhibit) -> Description:
    return describe(exhibit.shapes, list(inspect.signature(exhibit.loss).parameters))


def returned(gradient: Any, inputs: Any) -> list[Any]:
    """What a gradient returns for copies of these inputs, as a list."""
    copies = [value.copy() if isinstance(value, np.ndarray) else value for value in inputs.values()]
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        result = gradient(*copies)
    return list(result) if isinstance(result, tuple) else [result]


# --- what stands in the zoo -----------------------------------------------------------------------------


def test_every_mistake_of_the_list_has_a_specimen_and_every_specimen_its_place() -> None:
    listed = {name for names in MISTAKES.values() for name in names.split()}
    assert listed == {specimen.name for specimen in ZOO}


def test_names_are_unique() -> None:
    for names in ([specimen.name for specimen in ZOO], [exhibit.name for exhibit in EXHIBITS]):
        assert len(names) == len(set(names))


def test_every_exhibit_has_a_specimen() -> None:
    assert {id(specimen.exhibit) for specimen in ZOO} == {id(exhibit) for exhibit in EXHIBITS}


@by_name
def test_a_specimen_is_one_line_from_the_right_gradient(specimen: Specimen) -> None:
    signs = [line[0] for line in specimen.diff]
    assert signs in (["-", "+"], ["-"], ["+"]), specimen.diff


@by_name
def test_a_specimen_takes_what_its_loss_takes(specimen: Specimen) -> None:
    exhibit = specimen.exhibit
    takes = [
        list(inspect.signature(one).parameters) for one in (exhibit.loss, exhibit.right, specimen.wrong)
    ]
    assert takes[0] == takes[1] == takes[2]


@by_name
def test_the_story_of_a_specimen_is_told_in_sentences(specimen: Specimen) -> None:
    for text in (specimen.says, specimen.symptom, specimen.missed):
        assert text.endswith("."), text
        assert "\n" not in text
    assert specimen.seen
    assert specimen.named


def test_a_name_that_is_not_there_is_answered_with_the_nearest() -> None:
    assert find("no-mask").name == "no-mask"
    with pytest.raises(KeyError, match="did you mean stale-context-row"):
        find("stale-context-rows")
    with pytest.raises(KeyError, match="there are wrong-sign, "):
        find("zzz")


# --- right and wrong ------------------------------------------------------------------------------------


@by_exhibit
def test_the_right_gradient_is_the_one_that_jax_finds(exhibit: Exhibit) -> None:
    import jax

    names = list(inspect.signature(exhibit.loss).parameters)
    automatic = jax.grad(exhibit.loss, argnums=[names.index(name) for name in exhibit.wrt.split()])
    for seed in range(3):
        instance = random_instance(described(exhibit), seed)
        with jax.enable_x64(True):
            expected = automatic(*instance.inputs.values())
        for hand, right in zip(returned(exhibit.right, instance.inputs), expected, strict=True):
            np.testing.assert_allclose(hand, right, rtol=1e-10, atol=1e-12, err_msg=str(instance))


@by_name
def test_the_mistake_makes_a_difference(specimen: Specimen) -> None:
    """Where a size is one, or no word comes twice, many a mistake is none: that is why it is missed."""
    if any(kind in RIGHT_NUMBERS for kind, _ in specimen.named):
        return
    instances = some_instances(described(specimen.exhibit), 40, 0, scales=["ordinary"])
    differs = sum(not same(specimen, instance.inputs) for instance in instances)
    assert differs >= len(instances) / 4


def same(specimen: Specimen, inputs: Any) -> bool:
    """Whether a specimen happens to return what is right."""
    right, wrong = (returned(one, inputs) for one in (specimen.exhibit.right, specimen.wrong))
    if len(right) != len(wrong) or any(one is None for one in wrong):
        return False
    pairs = list(zip(right, wrong, strict=True))
    return all(
        np.shape(r) == np.shape(w) and np.allclose(w, r, rtol=1e-12, atol=SATURATED) for r, w in pairs
    )
