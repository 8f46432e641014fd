"""The table of mistakes: what each changes in the computation, its sentence, and its cost.

Each mistake is made on purpose in the computation of the right gradient, and the result is compared with
the candidate gradient, every entry, on every test case. A sentence continues "your dW ..."; names in braces
are filled in. If several mistakes agree with the candidate, the one of lowest cost is reported, so the cost
is low for what people often do and high for what could be many things.

The sections differ in what is changed: the gradient as an array; a step of the backward pass, at an edge or
at a node of the computation graph; a term of a sum, with a constant that is found from the candidate; what
is kept between calls. The changes with a name are in ``_changes``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain import _changes as to


class Mistake(NamedTuple):
    """A row of the table; ``change`` gives what the mistake makes of an array, a signal or a value."""

    kind: str
    sentence: str
    change: Callable[..., Any]
    cost: float


ENDS = (("last", -1), ("first", 0))

# fmt: off
# --- the gradient as an array: change(gradient) ---------------------------------------------------------

ANY_GRADIENT = (
    Mistake("zeros", "is the same in every entry", np.ones_like, 3),
    Mistake("clipped", "is clipped to -1 ... 1", partial(np.clip, a_min=-1, a_max=1), 3),
    Mistake("clipped", "has its negative entries set to 0", partial(np.maximum, 0), 3),
    Mistake("rounded", "was rounded to integers", np.round, 3),
    Mistake("rounded", "was truncated to integers", np.trunc, 3),
    *(Mistake("rounded", f"is rounded to {n} decimals", partial(np.round, decimals=n), 4)
      for n in range(1, 9)),
    Mistake("float16", "was rounded to float16", to.float16, 3),
    Mistake("summed-too-far", "is one number everywhere: the sum of the right one over all entries",
            to.total, 2),
)
MATRIX = (
    Mistake("transposed", "is transposed", to.transpose, 1),
    Mistake("transposed",
            "has the entries of its transpose in the wrong order (reshape does not transpose)",
            lambda g: g.T.reshape(g.shape), 2),
)
OTHER_GRADIENT = (
    Mistake("swapped", "is the gradient of {other}: the two were exchanged", to.unchanged, 1),
    Mistake("swapped", "is the gradient of {other}, transposed: the two were exchanged", np.transpose, 2),
)

# change(gradient, axis); the rows of a vector are its entries
ALONG_AN_AXIS = (
    Mistake("{permuted}", "has its {rows} in reverse order", np.flip, 1.5),
    Mistake("{permuted}", "has its {rows} shifted by one: {row} k holds {row} k - 1", to.roll(1), 1.5),
    Mistake("{permuted}", "has its {rows} shifted by one: {row} k holds {row} k + 1", to.roll(-1), 1.5),
    Mistake("{permuted}", "has its first two {rows} exchanged", to.exchange(0, 1), 1.5),
    Mistake("{permuted}", "has its first and last {rows} exchanged", to.exchange(0, -1), 1.8),
    Mistake("{one}", "is right except for its last {row}, which is 0", to.scale(-1, 0.0), 1.5),
    Mistake("{one}", "is right except for its first {row}, which is 0", to.scale(0, 0.0), 1.5),
    Mistake("{one}", "is right except for its last {row}, which repeats the one before",
            to.copy(-1, -2), 1.8),
    Mistake("{one}", "is right except for its first {row}, which repeats the second", to.copy(0, 1), 1.8),
    Mistake("{one}", "has only its last {row}; the others are 0", to.only(-1), 2.5),
    Mistake("{one}", "has only its first {row}; the others are 0", to.only(0), 2.5),
)
MATRIX_ALONG_AN_AXIS = (
    Mistake("summed-too-far", "was summed over its {rows} ({letter}) and broadcast",
            to.broadcast(np.sum), 2.2),
    Mistake("summed-too-far", "is the mean over its {rows} ({letter}), broadcast",
            to.broadcast(np.mean), 2),
)

# change(candidate, right) for a candidate of another shape: whether it is this
WRONG_SHAPE = (
    Mistake("transposed", "is transposed", to.is_transpose, 1),
    Mistake("transposed", "is transposed, and has the wrong sign",
            lambda g, right: to.is_transpose(-g, right), 1),
    Mistake("reshaped", "has the right entries in another shape", to.is_reshaped, 1),
)
WRONG_SHAPE_OF_ANOTHER = (
    Mistake("swapped", "is the gradient of {other}: the two were exchanged", to.same, 1),
    Mistake("swapped", "is the gradient of {other}, transposed", to.is_transpose, 1),
)
NOT_SUMMED = "has one axis too many, that of the batch: it was not summed over the batch"
WRONG_SUM = (
    Mistake("lost-sum", NOT_SUMMED, lambda g, right: g.ndim > right.ndim and to.same(g.sum(0), right), 1),
    Mistake("lost-sum", NOT_SUMMED, lambda g, right: g.ndim > right.ndim and to.same(g.mean(0), right), 1),
    Mistake("summed-too-far", "is summed to one number", partial(to.is_number, np.sum), 1),
    Mistake("summed-too-far", "is averaged to one number", partial(to.is_number, np.mean), 1),
    *(Mistake("summed-too-far", f"was summed over axis {n}", partial(to.is_sum_over, n), 1)
      for n in range(3)),
)

# --- a step of the backward pass, from a node back to an input: change(step, signal) --------------------

WAY = "on the way from {node} back to {given}"
THROUGH = "in the step back through {node}"

PATH_LEFT_OUT = Mistake("missing-path", "leaves out the path through {node}", to.zero, 1.15)
SLOPE = (
    Mistake("missing-factor", f"lacks the factor {{slope}}, {WAY}", to.passed_on, 1.2),
    Mistake("extra-factor", f"has the factor {{slope}} twice, {WAY}", to.twice, 1.4),
    Mistake("wrong-factor", f"divides by {{slope}} where it should multiply, {WAY}", to.divided, 1.8),
)
MASK = (
    Mistake("mask-missing", f"lacks the mask {{slope}}, {WAY}", to.passed_on, 1.2),
    Mistake("mask-on-gradient", f"is masked by the sign of the gradient instead of {{slope}}, {WAY}",
            to.positive, 1.3),
    Mistake("mask-on-gradient", f"is masked by the sign of the gradient as well as {{slope}}, {WAY}",
            to.positive_and_masked, 1.5),
    Mistake("wrong-factor", f"has the mask {{slope}} inverted, {WAY}", to.inverted, 1.5),
)
JACOBIAN = (
    Mistake("diagonal-jacobian", f"uses only the diagonal of the Jacobian of {{text}}, {WAY}",
            to.diagonal, 1.6),
    Mistake("missing-factor", f"leaves out the Jacobian of {{text}}, {WAY}", to.passed_on, 1.7),
)
REPEATED_INDEX = tuple(
    Mistake("overwritten",
            f"keeps only the {place} of the terms that belong in one entry of {{given}}: repeated"
            f" indices are overwritten instead of accumulated, {WAY}", to.one_term(at), 1.9)
    for place, at in ENDS
)
SUM = tuple(
    Mistake("lost-sum", f"keeps only the {place} of the terms that must be added {WAY}",
            to.one_term(at), 2.6)
    for place, at in ENDS
)
SQUARE = Mistake(
    "transposed", f"uses the transpose of the error signal of {{node}}, {WAY}", to.transposed, 1.9)
TRANSPOSING = Mistake("transposed", f"lacks a transposition {WAY}", to.passed_on, 2.0)
EPS = Mistake(
    "eps-in-log", "has eps = {eps:.0e} added inside {text}, which the loss does not have", to.with_eps, 2.2)

# change(signal, factor) for a factor, whose cost is added; change(value) for a quantity that the step reads
OTHER_SLOPE = Mistake(
    "wrong-factor", f"has the factor {{factor}} instead of {{slope}}, {WAY}", to.times, 1.9)
OVERWRITTEN_SLOPE = OTHER_SLOPE._replace(
    kind="aliased", sentence=f"{OTHER_SLOPE.sentence}: {{used}} was overwritten in place?")
OPERAND_LEFT_OUT = Mistake("missing-factor", f"lacks the factor {{used}}, {THROUGH}", np.ones_like, 1.7)
OTHER_OPERAND = Mistake("wrong-factor", f"uses {{other}} instead of {{used}}, {THROUGH}", to.unchanged, 2.1)
TRANSPOSED_OPERAND = OTHER_OPERAND._replace(change=np.transpose)
OWN_TRANSPOSE = TRANSPOSED_OPERAND._replace(kind="transposed", cost=1.9)
OVERWRITTEN_OPERAND = Mistake(
    "aliased", f"uses {{other}} instead of {{used}} (overwritten in place?), {THROUGH}", to.unchanged, 1.9)
ACTIVATED_OPERAND = Mistake(
    "wrong-factor",
    f"uses the derivative of {{formula}} instead of {{text}}: {{node}} is activated already,"
    f" {THROUGH}", to.unchanged, 1.9)

# --- a step of the backward pass, at a node -------------------------------------------------------------

SIGNAL = "the error signal of {node}"
ENTRIES = "of the {letter} entries along axis {axis} of {node}"

# change(signal, axis)
ONE_COUNTED = tuple(
    row for place, at in ENDS for row in (
        Mistake("only-one-counted", f"counts only the {place} {ENTRIES}", to.only(at), 2.2),
        Mistake("lost-sum", f"leaves out the {place} {ENTRIES}", to.scale(at, 0.0), 2.8),
    )
)
MEAN_OF_SIGNAL = Mistake(
    "lost-sum", f"takes the mean over {{letter}} of {SIGNAL}", to.broadcast(np.mean), 3.2)
# change(step, signal)
ONE_ITERATION = tuple(
    Mistake("only-one-counted", f"counts only the {place} iteration of the loop through {{node}}",
            to.one_iteration(at), 2.0)
    for place, at in ENDS
)
# change(signal, value)
OVERWRITTEN_SIGNAL = Mistake(
    "aliased", f"uses the error signal of {{other}} instead of {SIGNAL} (overwritten in place?)",
    to.instead, 2.1)
FACTOR = (
    Mistake("extra-factor", "has an extra factor {factor}{where}", to.times, 1.8),
    Mistake("missing-factor", "lacks the factor {factor}{where}", to.over, 1.85),
)
# change(signal that comes over one edge)
STALE_PATH = Mistake(
    "stale",
    f"has in the last row of {SIGNAL} also what {{user}} contributes to the row before: a buffer still"
    " holds the previous example", to.row_before, 2.4)

# --- a term with a constant that is found from the candidate: change(term) ------------------------------

PATH_WEIGHT = Mistake("constant-factor", "counts {path} {constant} times", to.unchanged, 1.1)
OWN_TERM = Mistake(
    "regulariser", "has the term {term} of a regulariser that the loss does not have", to.unchanged, 2.0)
EXTRA_TERM = Mistake("extra-term", "has the extra term {term}", to.unchanged, 2.6)
UPDATED = Mistake(
    "updated-too-early",
    "was computed with {other} after its update, {updated}; the error has to be propagated"
    " through the old {other}", to.unchanged, 2.0)
COUNTED_ONCE = Mistake(
    "counted-once", f"counts {{term}} once in {SIGNAL}, where the loss counts it {{size}} times",
    to.unchanged, 2.2)
SIGNAL_TERM = Mistake("extra-term", f"has the extra term {{term}} in {SIGNAL}", to.unchanged, 3.6)
WRONG_AXIS = Mistake("wrong-axis", f"has {{term}} instead of {{other}} in {SIGNAL}", to.unchanged, 3.0)

# --- what is kept between calls, and rounding -----------------------------------------------------------

BETWEEN_CALLS = {
    "grows": "grows by the right gradient with every call: an array is kept between calls and not set to 0",
    "previous": "is the right gradient of the previous call: what is kept is returned one call too late",
    "mixed": "depends on the previous call: a buffer still holds a part of the previous example",
}
"""The sentences of the kind ``stale`` for a candidate whose calls differ."""

FLOAT32 = "is right to 7 digits only: an intermediate result is float32"
"""The sentence of the kind ``float32`` for errors of single precision that nothing else explains."""
