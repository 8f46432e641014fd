"""Gradients of the wrong shape, and gradients that depend on the calls before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.cases import Case
from derivations.checker.findings import Explanation
from derivations.checker.losses import Loss
from derivations.checker.shapes import draw, varied
from derivations.oracle.cases import Instance
from derivations.oracle.tolerance import EXPLAINED

Call = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def _same(a: Any, b: Any) -> bool:
    if np.shape(a) != np.shape(b):
        return False
    a, b = np.asarray(a, float), np.asarray(b, float)
    there = np.isfinite(b)
    if not np.array_equal(a[~there], b[~there], equal_nan=True):
        return False
    scale = max(float(np.max(np.abs(b[there]), initial=0.0)), 1e-300)
    return bool(np.all(np.abs(a[there] - b[there]) <= EXPLAINED * scale))


# --- the wrong shape --------------------------------------------------------------------------------


def misshapen(name: str, cases: Sequence[Case]) -> Iterator[Explanation]:
    """What was returned in the place of a gradient, where its shape is not that of the argument."""
    odd = [
        case for case in cases if name in case.hand and case.hand[name].shape != case.automatic[name].shape
    ]
    if not odd or any(not np.isfinite(case.hand[name]).all() for case in odd):
        return
    for kind, says, matches in _shapes(name, cases):
        if all(matches(case.hand[name], case.automatic) for case in odd):
            number = len(odd)
            evidence = f"on {number} of {number} instances where that can be seen"
            yield Explanation(kind, name, f"your d{name} {says}", evidence)
            return


def _shapes(name: str, cases: Sequence[Case]) -> Iterator[tuple[str, str, Callable[[Any, Any], bool]]]:
    yield "transposed", "is transposed", lambda hand, right: hand.ndim > 1 and _same(hand.T, right[name])
    yield (
        "transposed",
        "is transposed, and has the wrong sign",
        (lambda hand, right: hand.ndim > 1 and _same(-hand.T, right[name])),
    )
    yield (
        "reshaped",
        "has the right numbers in another shape",
        (
            lambda hand, right: (
                hand.size == right[name].size and _same(hand.reshape(right[name].shape), right[name])
            )
        ),
    )
    for other in cases[0].automatic:
        if other != name:
            yield (
                "swapped",
                f"is the gradient of {other}: the two were exchanged",
                (partial(_is_gradient_of, other)),
            )
            yield (
                "swapped",
                f"is the gradient of {other}, transposed",
                (partial(_is_transpose_of, other)),
            )
    says = "still has one axis too many, that of the batch: its rows were not added up (a lost sum)"
    yield (
        "lost-sum",
        says,
        lambda hand, right: hand.ndim > right[name].ndim and _same(hand.sum(0), right[name]),
    )
    yield (
        "lost-sum",
        says,
        lambda hand, right: hand.ndim > right[name].ndim and _same(hand.mean(0), right[name]),
    )
    yield (
        "summed-too-far",
        "is summed to one number",
        (lambda hand, right: hand.size == 1 and _same(hand.ravel()[0], np.sum(right[name]))),
    )
    yield (
        "summed-too-far",
        "is averaged to one number",
        (lambda hand, right: hand.size == 1 and _same(hand.ravel()[0], np.mean(right[name]))),
    )
    for axis in range(3):
        yield "summed-too-far", f"was summed over axis {axis}", partial(_is_sum_over, name, axis)


def _is_gradient_of(other: str, hand: Any, right: Any) -> bool:
    return _same(hand, right[other])


def _is_transpose_of(other: str, hand: Any, right: Any) -> bool:
    return hand.ndim > 1 and _same(hand.T, right[other])


def _is_sum_over(name: str, axis: int, hand: Any, right: Any) -> bool:
    if right[name].ndim <= axis:
        return False
    expected = right[name].sum(axis=axis)
    return hand.size == expected.size and _same(hand.ravel(), expected.ravel())


# --- what is left from the call before -----------------------------------------------------------------


def kept_from_call_to_call(loss: Loss, cases: Sequence[Case], gradient: Call) -> Iterator[Explanation]:
    """Gradients that depend on the call before: a buffer that is not cleared, or keeps the last example."""
    calm = [case for case in cases if case.instance.scale not in ("saturated", "plain")][:6]
    for name in loss.wrt:
        trials = [_twice(loss, case, name, gradient) for case in calm]
        seen = [trial for trial in trials if trial]
        if not seen or any(trial == "" for trial in seen):
            continue
        says = {
            "grows": "grows by the right gradient with every call: an array that is kept is not set to 0",
            "previous": "is the right gradient of the call before: what is kept is returned too late",
            "mixed": "depends on the call before: something of the previous example is left in a buffer",
        }[seen[0] if len(set(seen)) == 1 else "mixed"]
        yield Explanation(
            "stale", name, f"your d{name} {says}", f"on {len(seen)} of {len(calm)} pairs of calls"
        )


def _twice(loss: Loss, case: Case, name: str, gradient: Call) -> str:
    """How one example's gradient differs after another example: in which way, or "" if it does not."""
    other = _another(loss, case.instance)
    larger = _another(loss, case.instance, larger=True)
    first, second = (gradient(case.instance.inputs).get(name) for _ in range(2))
    gradient(larger.inputs)
    gradient(other.inputs)
    after = gradient(case.instance.inputs).get(name)
    if (
        first is None
        or second is None
        or after is None
        or np.shape(after) != np.shape(case.automatic[name])
    ):
        return ""
    if _same(second, first) and _same(after, second):
        return ""
    right = case.automatic[name]
    if _same(second - first, right):
        return "grows"
    judged = loss.judge(other)
    if judged.sound and _same(after, judged.automatic[name]):
        return "previous"
    return "mixed"


def _another(loss: Loss, instance: Instance, *, larger: bool = False) -> Instance:
    """Another example of the same shape, or of a larger one."""
    if loss.description.given:
        return varied(loss.description, 77)
    sizes = {letter: size + 2 * larger for letter, size in instance.sizes.items()}
    return draw(loss.description, sizes, "ordinary", instance.seed + 77)
