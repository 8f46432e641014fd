"""Right, but for roundings: is a tiny difference gone when the hand calculates with more digits?

A right formula can lose digits that another keeps: σ(u) as (1 + tanh(u/2))/2 is rounded to 1e-17, which is
much for a σ of 1e-4. A mistake stays what it is in any precision, a rounding does not: so the gradient
is called once more with ``np.longdouble``, which has eleven bits more where the machine has it, and where
the difference has shrunk by as much, it was one of rounding.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np

from derivations.checker.calls import Called, Hand
from derivations.checker.cases import Case, excess
from derivations.checker.returned import as_arrays

NOTE = "the formula is right, but loses digits: its error shrinks with the precision it is computed in"
TINY, GAINED = 1e-3, 128.0
"""How large an error may be that is looked at, of the largest entry, and by how much it has to shrink."""


def only_rounding(hand: Hand, case: Case) -> bool:
    """Whether all that is wrong in a case is tiny, and right when computed in extended precision."""
    names = list(case.automatic)
    if hand.misfit or any(name not in case.hand or not _tiny(case, name) for name in names):
        return False
    finer = _values(hand, case.instance.inputs)
    return all(name in finer and _shrinks(case, name, finer[name]) for name in names)


def _shrinks(case: Case, name: str, finer: Any) -> bool:
    """Whether each entry is right in extended precision, or nearer to it by most of the bits gained."""
    hand, automatic = case.hand[name], case.automatic[name]
    if finer.shape != automatic.shape:
        return False
    right = excess(finer, automatic, case.permitted[name]) <= 1
    return bool(np.all(right | (np.abs(finer - automatic) <= np.abs(hand - automatic) / GAINED)))


def _tiny(case: Case, name: str) -> bool:
    """Whether a gradient is as good as right, seen from its largest entry."""
    hand, automatic = case.hand[name], case.automatic[name]
    if hand.shape != automatic.shape or not np.isfinite(hand).all():
        return False
    apart = np.max(np.abs(hand - automatic), initial=0.0)
    return bool(apart <= TINY * np.max(np.abs(automatic), initial=0.0))


def _values(hand: Hand, inputs: Any) -> dict[str, Any]:
    """What the gradient returns for inputs in extended precision, rounded to float64 at the end."""
    given = [_extended(inputs[name]) for name in hand.order]
    try:
        with (
            np.errstate(all="ignore"),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            return as_arrays(Called(), hand.gradient(*given), inputs, hand.wrt)[1]
    except (Exception, SystemExit):  # then nothing is known, and the difference stands
        return {}


def _extended(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(np.longdouble) if value.dtype.kind == "f" else value.copy()
    return np.longdouble(value) if isinstance(value, float) else value
