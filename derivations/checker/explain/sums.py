"""Error signals with a wrong sum of terms.

An error signal often has a closed form that is a small sum, such as ``y - t``. Quantities of its shape are
tried as a term too many, or one instead of another, with a constant found by least squares. It is an
explanation if the constant has a name and every entry agrees on every observation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain import mistakes
from derivations.checker.explain.constants import Constant, fit_constants
from derivations.checker.explain.graph import Graph, Node
from derivations.checker.explain.mistakes import Mistake
from derivations.checker.explain.observations import Observation
from derivations.checker.explain.predictions import Prediction, right_gradient
from derivations.checker.explain.search import Match
from derivations.checker.explain.terms import Value, applied, product_text


class Term(NamedTuple):
    """A quantity of the shape of an error signal, by name."""

    text: str
    value: Value
    cost: float


WRONG_AXIS = " over the wrong axis"


def terms_of(graph: Graph, node: Node) -> Iterator[Term]:
    """Yield the terms that an error signal may have: quantities of its shape, and softmaxes of its own."""
    for other in graph.nodes[:-1]:
        if other.real and other.shape == node.shape and other.number != node.number:
            yield Term(other.name, partial(applied, np.positive, other.number), 0.0)
    yield Term(f"softmax({node.name})", partial(applied, _softmax, node.number), 0.0)
    if len(node.shape) == 2:
        over_columns = partial(applied, partial(_softmax, axis=0), node.number)
        yield Term(f"softmax({node.name}){WRONG_AXIS}", over_columns, 0.3)


def _softmax(q: Any, axis: int = -1) -> Any:
    e = np.exp(q - np.max(q, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def fitted_sums(graph: Graph, name: str, observations: Sequence[Observation]) -> Iterator[Match]:
    """Yield error signals with a term too many, or with one term instead of another."""
    target = graph.arguments[name]
    for node in graph.first_of_each():
        if target not in graph.above[node.number] or not node.shape or not node.real:
            continue
        columns = {term: _pushed(node, term, target, observations) for term in terms_of(graph, node)}
        usable = {term: column for term, column in columns.items() if column is not None}
        found = []
        for term, column in usable.items():
            constant = _fit(name, observations, column)
            found += [_too_many(node, term, constant)] if constant else []
        for one, other in permutations(usable, 2):
            if one.text.endswith(WRONG_AXIS) and not other.text.endswith(WRONG_AXIS):
                difference = [a - b for a, b in zip(usable[one], usable[other], strict=True)]
                constant = _fit(name, observations, difference)
                if constant and not constant.text.startswith("-"):
                    cost = one.cost + other.cost + 0.2 * constant.cost
                    names = {"term": one.text, "other": other.text}
                    found.append(_sum(mistakes.WRONG_AXIS, node, one.text, cost, **names))
        yield from (Match(prediction, observations=tuple(observations)) for prediction in found)


def _too_many(node: Node, term: Term, constant: Constant) -> Prediction:
    cost = term.cost + 0.3 * constant.cost
    counted = re.fullmatch(r"\(1 - (\w+)\)", constant.text)
    if counted:
        return _sum(mistakes.COUNTED_ONCE, node, term.text, cost, term=term.text, size=counted[1])
    text = product_text(constant.text, term.text)
    return _sum(mistakes.SIGNAL_TERM, node, text, cost, term=text)


def _sum(row: Mistake, node: Node, detail: str, cost: float, **names: str) -> Prediction:
    says = row.sentence.format(node=node.name, **names)
    subject = ("sum", node.name, detail)
    return Prediction(row.kind, says, right_gradient, row.cost + cost, detail, subject=subject)


def _pushed(node: Node, term: Term, target: int, observations: Sequence[Observation]) -> list[Any] | None:
    """Return what a term of a node's signal contributes to the gradient, or None if it is not finite."""
    columns = []
    for one in observations:
        try:
            with np.errstate(all="ignore"):
                value = term.value(one.computation)
        except ValueError:  # the two axes are not equally long
            return None
        if np.shape(value) != np.shape(one.computation.values[node.number]) or not np.isfinite(value).all():
            return None
        columns.append(one.computation.push(node.number, value)[target])
    return columns


def _fit(name: str, observations: Sequence[Observation], column: Sequence[Any]) -> Constant | None:
    """Return the constant, other than 0, with which a term was added to the right gradient."""
    systems = (
        (one, [term], one.candidate[name] - one.right[name])
        for one, term in zip(observations, column, strict=True)
    )
    found = fit_constants(systems, lambda one, made: one.explained_by(name, one.right[name] + made))
    return found[0] if found and found[0].text != "0" else None
