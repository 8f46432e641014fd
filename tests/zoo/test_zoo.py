"""Every listed mistake has a specimen; every specimen differs in one line, and is recognised."""

from __future__ import annotations

import inspect
import time
import warnings
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest

from derivations.checker.calls import Hand
from derivations.checker.findings import Report
from derivations.checker.losses import Loss
from derivations.checker.shapes import Description, describe, random_instance, some_instances
from derivations.checker.trial import Trial
from derivations.checker.verdict import report_on
from derivations.oracle.cases import Instance
from derivations.zoo import EXHIBITS, ZOO, Exhibit, Specimen, find
from derivations.zoo.checking import check, recognised
from derivations.zoo.specimen import with_line

MISTAKES = {
    "wrong sign": "wrong-sign wrong-sign-of-the-bias",
    "factor 2": "forgot-the-half",
    "factor 1/2": "a-half-that-is-not-there",
    "factor C": "mean-not-divided",
    "factor 1/C": "mean-over-the-contexts sum-divided",
    "factor of the batch size": "forgot-to-divide-by-the-batch",
    "inverse of the batch size": "mean-for-the-bias",
    "divided twice": "divided-by-the-batch-twice mean-of-what-was-divided",
    "transposed": "outer-product-turned recurrent-matrix-turned back-through-the-same-side",
    "rows permuted": "steps-left-in-reverse",
    "columns permuted": "filter-not-turned",
    "input and output matrices exchanged": "returned-in-the-other-order input-and-output-swapped",
    "missing factor": "no-hidden-slope no-output-slope every-row-learns forgot-the-temperature",
    "extra factor": "slope-of-no-sigmoid slope-that-cancels",
    "wrong factor": "slope-with-the-target slope-from-what-entered"
    " tanh-slope-from-what-entered sigmoid-slope-for-tanh",
    "σ' of the already activated value": "slope-of-the-activated",
    "sum over an axis missing": "sum-over-the-outputs-lost bias-for-each-example",
    "mean instead of a sum": "mean-over-the-contexts mean-for-the-bias",
    "bias gradient summed to one number": "one-bias-for-all bias-as-one-number",
    "only one of several contexts": "only-the-last-context only-the-first-context",
    "y counted once for C contexts": "prediction-counted-once",
    "repeated indices overwritten": "repeated-words-overwritten repeated-context-overwritten"
    " repeated-draws-overwritten",
    "one row, column or entry": "last-row-left-out word-of-padding one-cell-copied-wrong",
    "stale buffer": "stale-context-row not-cleared rest-of-a-larger-batch",
    "updated too early": "updated-too-early step-inside-the-gradient",
    "diagonal of the softmax's Jacobian": "softmax-as-if-elementwise jacobian-without-the-rest",
    "softmax over the wrong axis": "softmax-over-the-batch",
    "eps inside the log": "eps-in-the-log eps-before-the-softmax",
    "regulariser missing or doubled": "regulariser-forgotten regulariser-doubled",
    "regulariser on the bias": "regulariser-on-the-bias",
    "ReLU's mask missing": "no-mask",
    "ReLU's mask on the gradient": "mask-on-the-gradient",
    "an array shared or modified": "two-names-for-one-array centred-in-place returns-its-argument",
    "float32 in the middle": "float32-in-the-middle",
    "all zeros": "back-through-the-weights added-to-a-copy",
    "a path or term missing": "target-forgotten first-step-forgotten mean-taken-for-a-constant"
    " shortcut-forgotten",
    "return values and arithmetic": "nothing-returned bias-not-returned whole-numbers-only"
    " softmax-that-overflows",
}

SATURATED = 1e-13
"""Differences below this are roundings of y - t where y is almost t."""

RIGHT_NUMBERS = ("mutates-argument", "returns-view")
"""Findings about gradients whose numbers are all right."""

FAST = ("no-hidden-slope", "forgot-the-half", "outer-product-turned", "centred-in-place", "eps-in-the-log")
CASES, ENOUGH = 100, 0.95

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


# --- the contents of the zoo ----------------------------------------------------------------------------


def test_every_listed_mistake_has_a_specimen_and_every_specimen_is_listed() -> None:
    listed = {name for names in MISTAKES.values() for name in names.split()}
    assert listed == {specimen.name for specimen in ZOO}
    assert len(ZOO) == 71


def test_names_are_unique() -> None:
    for names in ([specimen.name for specimen in ZOO], [exhibit.name for exhibit in EXHIBITS]):
        assert len(names) == len(set(names))


def test_every_exhibit_has_a_specimen() -> None:
    assert {id(specimen.exhibit) for specimen in ZOO} == {id(exhibit) for exhibit in EXHIBITS}


@by_name
def test_a_specimen_is_described_and_differs_in_one_line(specimen: Specimen) -> None:
    signs = [line[0] for line in specimen.diff]
    assert signs in (["-", "+"], ["-"], ["+"]), specimen.diff
    exhibit = specimen.exhibit
    parameters = [
        list(inspect.signature(one).parameters) for one in (exhibit.loss, exhibit.right, specimen.wrong)
    ]
    assert parameters[0] == parameters[1] == parameters[2]
    for text in (specimen.mistake, specimen.symptom, specimen.missed):
        assert text.endswith("."), text
        assert "\n" not in text
    assert specimen.seen
    assert specimen.expected


@pytest.mark.parametrize(("line", "times"), [("y = no_such(x)", 0), ("return E", 2)])
def test_a_line_that_is_not_there_exactly_once_is_refused(line: str, times: int) -> None:
    def twice(x: float) -> float:
        E = x
        if x < 0:
            return E
        return E

    with pytest.raises(ValueError, match=rf"twice has the line .* {times} times, not once"):
        with_line(twice, "wrong", "", line, "")


def test_an_unknown_name_is_answered_with_similar_names() -> None:
    assert find("no-mask").name == "no-mask"
    with pytest.raises(KeyError, match="did you mean stale-context-row"):
        find("stale-context-rows")
    with pytest.raises(KeyError, match="there are wrong-sign, "):
        find("zzz")


# --- right and wrong gradients --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exhibit",
    [
        pytest.param(one, id=one.name, marks=() if one.name == "unit" else pytest.mark.slow)
        for one in EXHIBITS
    ],
)
def test_the_right_gradient_equals_jax(exhibit: Exhibit) -> None:
    names = list(inspect.signature(exhibit.loss).parameters)
    automatic = jax.grad(exhibit.loss, argnums=[names.index(name) for name in exhibit.wrt.split()])
    for seed in range(3):
        case = random_instance(described(exhibit), seed)
        with jax.enable_x64(True):
            expected = automatic(*case.inputs.values())
        for found, right in zip(returned(exhibit.right, case.inputs), expected, strict=True):
            np.testing.assert_allclose(found, right, rtol=1e-10, atol=1e-12, err_msg=str(case))


@by_name
def test_the_mistake_makes_a_difference(specimen: Specimen) -> None:
    """Where a size is one, or no word occurs twice, many a mistake makes none: that is why it is missed."""
    if any(kind in RIGHT_NUMBERS for kind, _ in specimen.expected):
        return
    cases = some_instances(described(specimen.exhibit), 40, 0, scales=["ordinary"])
    assert sum(not same(specimen, case.inputs) for case in cases) >= len(cases) / 4


def same(specimen: Specimen, inputs: Any) -> bool:
    """Whether a specimen happens to return the right gradient."""
    right, wrong = (returned(one, inputs) for one in (specimen.exhibit.right, specimen.wrong))
    if len(right) != len(wrong) or any(one is None for one in wrong):
        return False
    return all(
        np.shape(r) == np.shape(w) and np.allclose(w, r, rtol=1e-12, atol=SATURATED)
        for r, w in zip(right, wrong, strict=True)
    )


# --- the checker on the zoo -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAST)
def test_a_specimen_is_recognised(name: str) -> None:
    report = check(find(name), examples=30)
    assert recognised(find(name), report), report


@cache
def loss_of(exhibit: Exhibit) -> Loss:
    """The loss of an exhibit, traced once for all of its specimens."""
    return Loss(exhibit.loss, described(exhibit), exhibit.wrt.split())


def checked(exhibit: Exhibit, gradient: Any, cases: list[Instance]) -> tuple[Trial, Report]:
    """A gradient compared with that of an exhibit's loss on these test cases, and the report on it."""
    loss = loss_of(exhibit)
    trial = Trial(loss, Hand(gradient, loss.names, loss.wrt))
    trial.judge_all(cases, time.perf_counter() + 600)
    return trial, report_on(trial)


def ordinary(exhibit: Exhibit, seed: int = 1) -> list[Instance]:
    loss = loss_of(exhibit)
    return some_instances(loss.description, CASES, seed, shapes=loss.few_shapes, scales=["ordinary"])


@pytest.mark.slow
@by_name
def test_a_specimen_is_caught_and_recognised_on_a_hundred_cases(specimen: Specimen) -> None:
    """Caught: wrong on each case on which the mistake makes a difference. Recognised: on all together."""
    cases = ordinary(specimen.exhibit)
    trial, report = checked(specimen.exhibit, specimen.wrong, cases)
    caught = {id(case.instance) for case in trial.cases if not case.holds}
    caught |= {id(case) for case, finding in trial.found if finding.fatal}
    if {kind for kind, _ in specimen.expected} & {"stale", "differs-between-calls", *RIGHT_NUMBERS}:
        assert len(caught) > 0.7 * CASES  # nothing shows in a first call, or where the step is 0
    else:
        compared = {id(case.instance) for case in trial.cases}
        differ = [one for one in cases if id(one) in compared and not same(specimen, one.inputs)]
        assert sum(id(one) in caught for one in differ) >= ENOUGH * len(differ) > 10
    assert recognised(specimen, report), report
    assert not report.unexplained, report


@pytest.mark.slow
@by_exhibit
def test_a_right_gradient_passes_on_all_cases(exhibit: Exhibit) -> None:
    loss = loss_of(exhibit)
    everything = some_instances(loss.description, CASES, 2, shapes=loss.few_shapes)
    trial, report = checked(exhibit, exhibit.right, everything + ordinary(exhibit))
    assert report.right, report
    assert all(case.holds for case in trial.cases)
    assert len(trial.cases) > 0.8 * 2 * CASES
