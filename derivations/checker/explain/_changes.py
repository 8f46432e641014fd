"""What the mistakes of the table do to an array or to an error signal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from derivations.checker.explain.graph import Step
from derivations.oracle.tolerance import EXPLAINED

AlongAxis = Callable[[Any, int], Any]
AtStep = Callable[[Step, Any], Any]

# --- whether a candidate of another shape is this -------------------------------------------------------


def same(a: Any, b: Any) -> bool:
    """Return whether two arrays agree as closely as an explanation has to; NaN equals NaN."""
    if np.shape(a) != np.shape(b):
        return False
    a, b = np.asarray(a, float), np.asarray(b, float)
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    scale = max(float(np.max(np.abs(b[finite]), initial=0.0)), 1e-300)
    return bool(np.all(np.abs(a[finite] - b[finite]) <= EXPLAINED * scale))


def is_transpose(g: Any, right: Any) -> bool:
    return g.ndim > 1 and same(g.T, right)


def is_reshaped(g: Any, right: Any) -> bool:
    return g.size == right.size and same(g.reshape(right.shape), right)


def is_number(over: Callable[[Any], Any], g: Any, right: Any) -> bool:
    return g.size == 1 and same(g.ravel()[0], over(right))


def is_sum_over(axis: int, g: Any, right: Any) -> bool:
    return right.ndim > axis and same(g.ravel(), right.sum(axis=axis).ravel())


# --- of an array; None where it cannot be done ----------------------------------------------------------


def unchanged(value: Any) -> Any:
    return value


def transpose(g: Any) -> Any:
    return g.T if g.shape[0] == g.shape[1] else None


def float16(g: Any) -> Any:
    return g.astype(np.float16).astype(float)


def total(g: Any) -> Any:
    return np.full(g.shape, g.sum())


def times(signal: Any, value: Any) -> Any:
    return signal * value


def over(signal: Any, value: Any) -> Any:
    return signal / value


def instead(signal: Any, value: Any) -> Any:
    return value


def row_before(signal: Any) -> Any:
    """Keep only the row before the last, in the place of the last."""
    rows = np.zeros_like(signal)
    if len(signal) > 1:
        rows[-1] = signal[-2]
    return rows


# --- of an array along an axis --------------------------------------------------------------------------


def roll(by: int) -> AlongAxis:
    return lambda g, axis: np.roll(g, by, axis)


def broadcast(over: Callable[..., Any]) -> AlongAxis:
    return lambda g, axis: np.broadcast_to(over(g, axis=axis, keepdims=True), g.shape)


def exchange(a: int, b: int) -> AlongAxis:
    def change(g: Any, axis: int) -> Any:
        rows = np.moveaxis(g.copy(), axis, 0)
        if len(rows) > 1:
            rows[[a, b]] = rows[[b, a]]
        return np.moveaxis(rows, 0, axis)

    return change


def copy(to: int, source: int) -> AlongAxis:
    def change(g: Any, axis: int) -> Any:
        changed = g.copy()
        rows = np.moveaxis(changed, axis, 0)
        if len(rows) > 1:
            rows[to] = rows[source].copy()
        return changed

    return change


def scale(place: int, factor: float) -> AlongAxis:
    def change(g: Any, axis: int) -> Any:
        changed = g.copy()
        np.moveaxis(changed, axis, 0)[place] *= factor
        return changed

    return change


def only(place: int) -> AlongAxis:
    return lambda g, axis: g - scale(place, 0.0)(g, axis)


# --- of a step from a node back to an input, or at a node -----------------------------------------------


def zero(step: Step, signal: Any) -> Any:
    return np.zeros(np.shape(step.given))


def passed_on(step: Step, signal: Any) -> Any:
    """Leave the step out; a matrix is transposed where it would not fit."""
    return signal.T if np.ndim(signal) == 2 and signal.shape != np.shape(step.given) else signal


def diagonal(step: Step, signal: Any) -> Any:
    return signal * step.diagonal.reshape(np.shape(signal))


def twice(step: Step, signal: Any) -> Any:
    return diagonal(step, diagonal(step, signal))


def divided(step: Step, signal: Any) -> Any:
    return signal / step.diagonal.reshape(np.shape(signal))


def inverted(step: Step, signal: Any) -> Any:
    return signal - diagonal(step, signal)


def positive(step: Step, signal: Any) -> Any:
    return signal * (signal > 0)


def positive_and_masked(step: Step, signal: Any) -> Any:
    return diagonal(step, positive(step, signal))


def transposed(step: Step, signal: Any) -> Any:
    return step.back(signal.T)


def with_eps(step: Step, signal: Any, eps: float) -> Any:
    """Evaluate the derivative of the step at its input plus eps."""
    moved = {step.node.inputs[step.position]: step.given + eps}
    return np.ravel(signal) @ step.computation.jacobian_at(step.node, step.position, moved)


def one_term(place: int) -> AtStep:
    """Keep the first (0) or the last (-1) of the terms that are added in one entry of the input."""

    def change(step: Step, signal: Any) -> Any:
        jacobian = step.jacobian
        terms = np.ravel(signal)[:, None] * jacobian
        rows = np.arange(len(jacobian))[:, None]
        none = -1 if place else len(rows)
        kept = (np.max if place else np.min)(np.where(jacobian != 0, rows, none), axis=0)
        return np.sum(np.where(rows == kept, terms, 0.0), axis=0)

    return change


def one_iteration(place: int) -> AtStep:
    """Keep the first (0) or the last (-1) iteration of a loop."""

    def change(step: Step, signal: Any) -> Any:
        iterations = step.computation.graph.sites[step.node.site]
        return signal if step.number == iterations[place] else np.zeros_like(signal)

    return change
