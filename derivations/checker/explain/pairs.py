"""Two mistakes in one gradient, and several paths with weights of their own.

Two mistakes may be made one on top of the other (transposed, and a factor missing), at two steps of the
backward pass, or one together with a term too many. There are tens of thousands of pairs, so each is first
tried on a single observation, up to a constant; the few that agree are matched on all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from derivations.checker.explain.backward import weight_text
from derivations.checker.explain.constants import fit_constants
from derivations.checker.explain.graph import Changes, Graph
from derivations.checker.explain.observations import Observation
from derivations.checker.explain.predictions import Gradient, Prediction, moved_by, right_gradient, swept
from derivations.checker.explain.search import Match, match

LIKELY, LIKELY_TOGETHER = 2.5, 4.4
"""The highest cost of either of two mistakes, and of both together."""

MOST = 160
"""The number of changes of a sweep that are tried in pairs, those of lowest cost."""


def fitted_paths(graph: Graph, name: str, observations: Sequence[Observation]) -> Iterator[Match]:
    """Yield the paths by which an argument enters the loss, each with a weight of its own."""
    edges = graph.users[graph.arguments[name]]
    if not 2 <= len(edges) <= 4:
        return
    systems = ((one, [_flow(one, edge) for edge in edges], one.candidate[name]) for one in observations)
    constants = fit_constants(systems, lambda one, made: one.explained_by(name, made))
    if constants is not None:
        told = [(edge, c.text) for edge, c in zip(edges, constants, strict=True) if c.text != "1"]
        paths = [(f"the path through {graph.nodes[number].name}", text) for (number, _), text in told]
        says = "; and it ".join(weight_text(path, text) for path, text in paths)
        cost = 2.0 + sum(c.cost for c in constants)
        subject = ("paths", tuple(text for _, text in told))
        found = Prediction("constant-factor", says, right_gradient, cost, says, subject=subject)
        yield Match(found, observations=tuple(observations))


def _flow(one: Observation, edge: tuple[int, int]) -> Any:
    return one.computation.flow(*edge, one.computation.signals[edge[0]])


def two_at_a_time(
    predictions: Sequence[Prediction], name: str, observations: Sequence[Observation]
) -> Iterator[Match]:
    """Yield all pairs of likely mistakes that together give the candidate."""
    likely = sorted((one for one in predictions if one.cost <= LIKELY), key=lambda one: one.cost)
    first = observations[0]
    with np.errstate(all="ignore"):
        whole = _distinct([one for one in likely if not one.added], name, first)
        for pair in (*_on_top_of_each_other(whole, name, first), *_at_two_steps(whole, name, first)):
            found = match(pair, name, observations)
            if found is not None:
                yield found
        for added in (one for one in likely if one.added and not one.weight):
            for base in _with_term(added, whole, name, first):
                found = match(added, name, observations, base)
                if found is not None:
                    yield found


def _together(one: Prediction, other: Prediction, gradient: Gradient) -> Prediction:
    return replace(
        one,
        says=f"{one.says}; and it {other.says}",
        kind=f"{one.kind} + {other.kind}",
        detail="; ".join(detail for detail in (one.detail, other.detail) if detail),
        cost=one.cost + other.cost + 1,
        gradient=gradient,
        subject=(one.subject or one.says, other.subject or other.says),
        edits=None,
        change=None,
    )


# --- one together with a term too many ------------------------------------------------------------------


def _with_term(
    added: Prediction, predictions: Sequence[Prediction], name: str, first: Observation
) -> Iterator[Prediction]:
    """Yield the mistakes from which the candidate differs by a multiple of this term."""
    term = added.at(first, name)
    if term is None or np.shape(term) != np.shape(first.candidate[name]):
        return
    for base in predictions:
        start = _at(base, first, name)
        fits = start is not None and np.shape(start) == np.shape(term)
        if fits and _proportional(np.subtract(first.candidate[name], start), term):
            yield base


# --- one on top of the other ----------------------------------------------------------------------------


def _proportional(candidate: Any, made: Any) -> bool:
    """Return whether two arrays are equal up to a constant."""
    if made is None or np.shape(made) != np.shape(candidate):
        return False
    product = float(np.vdot(candidate, made))
    sizes = float(np.vdot(candidate, candidate)) * float(np.vdot(made, made))
    return sizes > 0 and product * product >= sizes * (1 - 1e-7)


def _at(prediction: Prediction, one: Observation, name: str) -> Any:
    """Return a predicted gradient, computed once."""
    key = ("predicted", id(prediction), name)
    if key not in one.cache:
        one.cache[key] = prediction.at(one, name)
    return one.cache[key]


def _distinct(predictions: Sequence[Prediction], name: str, first: Observation) -> list[Prediction]:
    """Return one prediction of each gradient, without the right gradient and those that are not finite."""
    right = first.right[name]
    size = float(np.max(np.abs(right), initial=0.0)) or 1.0
    kept: dict[Any, Prediction] = {}
    for prediction in predictions:
        made = _at(prediction, first, name)
        if made is not None and np.shape(made) == np.shape(right) and np.isfinite(made).all():
            kept.setdefault(np.round(made / size, 9).tobytes(), prediction)
    kept.pop(np.round(right / size, 9).tobytes(), None)
    return list(kept.values())


def _on_top_of_each_other(
    predictions: Sequence[Prediction], name: str, first: Observation
) -> Iterator[Prediction]:
    """Yield a change of the whole gradient, made to what another mistake gives."""
    candidate = first.candidate[name]
    for below in predictions:
        made = _at(below, first, name)
        if made is None or np.shape(made) != np.shape(candidate):
            continue
        for change in predictions:
            if change.change is None or change is below or change.cost + below.cost > LIKELY_TOGETHER:
                continue
            if _proportional(candidate, change.change(made)):
                yield _together(below, change, _changed(below, change.change))


def _changed(below: Prediction, change: Callable[[Any], Any]) -> Gradient:
    def gradient(one: Observation, name: str) -> Any:
        made = _at(below, one, name)
        return None if made is None else change(made)

    return gradient


# --- at two steps of the backward pass ------------------------------------------------------------------


def _at_two_steps(predictions: Sequence[Prediction], name: str, first: Observation) -> Iterator[Prediction]:
    """Yield two changes of one sweep: the first is done in full, the second adds to it linearly."""
    edited = [one for one in predictions if one.edits is not None][:MOST]
    if not edited:
        return
    computation, candidate = first.computation, np.ravel(first.candidate[name])
    target = computation.graph.arguments[name]
    totals = computation.totals(target)
    changes = [one.edits(computation) for one in edited if one.edits]
    for one, ours in zip(edited, changes, strict=True):
        signals = computation.sweep(ours)
        if not np.isfinite(signals[target]).all():
            continue
        for other, theirs in zip(edited, changes, strict=True):
            if other is one or one.cost + other.cost > LIKELY_TOGETHER or ours.keys() & theirs.keys():
                continue
            moved = _moved(computation, signals, theirs, totals)
            if moved is not None and _proportional(candidate, np.ravel(signals[target]) + moved):
                yield _both(one, other)


def _moved(computation: Any, signals: Mapping[int, Any], changes: Changes, totals: Any) -> Any:
    """Return what these changes add to the gradient, given the signals before them, or None."""
    moved = 0.0
    for key, change in changes.items():
        at, added = moved_by(computation, signals, key, change)
        if at not in totals:
            return None
        moved = moved + added @ totals[at]
    return moved


def _both(one: Prediction, other: Prediction) -> Prediction:
    first, second = one.edits, other.edits
    assert first is not None
    assert second is not None
    return _together(one, other, swept(lambda computation: {**first(computation), **second(computation)}))
