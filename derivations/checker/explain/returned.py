"""Explanations of a wrong shape, and of gradients that depend on previous calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from derivations.checker.cases import Case
from derivations.checker.explain import mistakes
from derivations.checker.explain._changes import same
from derivations.checker.explain.mistakes import Mistake
from derivations.checker.findings import Explanation
from derivations.checker.losses import Loss
from derivations.checker.shapes import draw, varied
from derivations.oracle.cases import Instance

Call = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""The candidate gradient, called with inputs by name."""

PAIRS = 6
"""The number of test cases on which calls are repeated."""


def wrong_shape(name: str, cases: Sequence[Case]) -> Explanation | None:
    """Explain what was returned instead of a gradient, where its shape is not that of the argument."""
    odd = [c for c in cases if name in c.hand and c.hand[name].shape != c.automatic[name].shape]
    odd = [case for case in odd if case.instance.scale != "saturated"] or odd  # there, digits are lost
    if not odd or any(not np.isfinite(case.hand[name]).all() for case in odd):
        return None
    for row, of in _shapes(name, cases[0].automatic):
        if all(row.change(case.hand[name], case.automatic[of]) for case in odd):
            says = f"your d{name} {row.sentence.format(other=of)}"
            return Explanation(
                row.kind, name, says, f"on {len(odd)} of {len(odd)} instances with that shape"
            )
    return None


def _shapes(name: str, arguments: Mapping[str, Any]) -> Iterator[tuple[Mistake, str]]:
    """Yield the mistakes with the argument whose gradient may have been returned."""
    yield from ((row, name) for row in mistakes.WRONG_SHAPE)
    others = (other for other in arguments if other != name)
    yield from ((row, other) for other in others for row in mistakes.WRONG_SHAPE_OF_ANOTHER)
    yield from ((row, name) for row in mistakes.WRONG_SUM)


def kept_between_calls(loss: Loss, cases: Sequence[Case], candidate: Call) -> Iterator[Explanation]:
    """Explain gradients that depend on the previous call."""
    ordinary = [case for case in cases if case.instance.scale not in ("saturated", "plain")][:PAIRS]
    for name in loss.wrt:
        found = [_repeated(loss, case, name, candidate) for case in ordinary]
        calls = [way for way in found if way]
        if calls:
            says = mistakes.BETWEEN_CALLS[calls[0] if len(set(calls)) == 1 else "mixed"]
            evidence = f"on {len(calls)} of {len(ordinary)} pairs of calls"
            yield Explanation("stale", name, f"your d{name} {says}", evidence)


def _repeated(loss: Loss, case: Case, name: str, candidate: Call) -> str:
    """Return in which way a gradient differs after other calls, or "" if it does not."""
    other = _another(loss, case.instance)
    larger = _another(loss, case.instance, larger=True)
    first, second = (candidate(case.instance.inputs).get(name) for _ in range(2))
    candidate(larger.inputs)
    candidate(other.inputs)
    after = candidate(case.instance.inputs).get(name)
    right = case.automatic[name]
    if first is None or second is None or after is None or np.shape(after) != np.shape(right):
        return ""
    if same(second, first) and same(after, second):
        return ""
    if same(second - first, right):
        return "grows"
    reference = loss.judge(other)
    return "previous" if reference.sound and same(after, reference.automatic[name]) else "mixed"


def _another(loss: Loss, instance: Instance, *, larger: bool = False) -> Instance:
    """Return another test case of the same shape, or of a larger one."""
    if loss.description.given:
        return varied(loss.description, 77)
    sizes = {letter: size + 2 * larger for letter, size in instance.sizes.items()}
    return draw(loss.description, sizes, "ordinary", instance.seed + 77)
