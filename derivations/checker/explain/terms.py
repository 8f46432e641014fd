"""Predictions of a term, with a constant to be found, that was added to the gradient or has another weight.

Also of buffers that still hold a term of another example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.explain import mistakes
from derivations.checker.explain.graph import Computation, Edge, Graph, Node, Step
from derivations.checker.explain.mistakes import Mistake
from derivations.checker.explain.observations import Observation
from derivations.checker.explain.predictions import Gradient, Prediction

Value = Callable[[Computation], Any]
"""A term at a computation."""


def term_predictions(graph: Graph, name: str) -> Iterator[Prediction]:
    """Yield all of them for the gradient of one argument."""
    argument = graph[name]
    for node in graph.nodes[:-1]:
        if node.number == argument.number:
            yield _added(mistakes.OWN_TERM, node.name, partial(applied, np.positive, node.number))
            yield _added(
                mistakes.OWN_TERM, f"sign({node.name})", partial(applied, np.sign, node.number), 0.4
            )
        elif node.real and node.shape == argument.shape:
            yield _added(mistakes.EXTRA_TERM, node.name, partial(applied, np.positive, node.number))
    yield _added(mistakes.EXTRA_TERM, "1", partial(applied, np.ones_like, argument.number), 0.2)
    for other, source in graph.arguments.items():
        if graph.nodes[source].real and graph.nodes[source].shape and other != name:
            yield from _updated(graph, other, source, argument.number)
    for node in graph.first_of_each():
        if argument.number in graph.above[node.number] and len(node.shape) > 1 and node.real:
            yield from _stale(graph, node, argument.number) if node != argument else ()


def applied(function: Callable[[Any], Any], number: int, computation: Computation) -> Any:
    """Return a function of the value of a node."""
    return function(np.asarray(computation.values[number]))


def product_text(constant: str, text: str) -> str:
    """Return a product as text: ``2 * W``, ``-W``, or ``W`` for a constant of 1."""
    if text == "1":
        return constant
    return {"1": text, "-1": f"-{text}"}.get(constant, f"{constant} * {text}")


def _added(row: Mistake, text: str, value: Value, cost: float = 0) -> Prediction:
    def words(constant: str) -> tuple[str, str, str]:
        term = product_text(constant, text)
        return row.kind, row.sentence.format(term=term), term

    gradient: Gradient = lambda one, name: value(one.computation)  # noqa: E731
    subject = ("term", text)
    return Prediction(row.kind, "", gradient, row.cost + cost, added=True, words=words, subject=subject)


def _updated(graph: Graph, other: str, source: int, target: int) -> Iterator[Prediction]:
    """Yield an argument moved along its own gradient before the backward pass used it."""
    row = mistakes.UPDATED
    edges = [
        (node, position)
        for node in graph.nodes
        for position, number in enumerate(node.inputs)
        if source in node.inputs and number != source and target in graph.above[number]
        if graph.nodes[number].real
    ]

    def gradient(one: Observation, name: str) -> Any:
        computation = one.computation
        moved = {source: computation.values[source] + computation.signals[source]}
        changes: dict[int | Edge, Any] = {
            (node.number, position): partial(_at_moved, computation, node, position, moved)
            for node, position in edges
        }
        return computation.sweep(changes)[target] - computation.signals[target]

    def words(constant: str) -> tuple[str, str, str]:
        sign, size = ("-", constant[1:]) if constant.startswith("-") else ("+", constant)
        updated = f"{other} {sign} {product_text(size, f'd{other}')}"
        return row.kind, row.sentence.format(other=other, updated=updated), other

    if edges:
        subject = ("updated", other)
        yield Prediction(row.kind, "", gradient, row.cost, added=True, words=words, subject=subject)


def _at_moved(
    computation: Computation, node: Node, position: int, moved: dict[int, Any], signal: Any
) -> Any:
    return np.ravel(signal) @ computation.jacobian_at(node, position, moved)


def _stale(graph: Graph, node: Node, target: int) -> Iterator[Prediction]:
    """Yield error signals with the contribution of one edge to the row before, for all edges of a fork."""
    for other in graph.nodes:
        if node.number in graph.above[other.number] and len(graph.users[other.number]) > 1:
            for user, position in graph.users[other.number]:
                yield _stale_path(graph, node, target, user, position)


def _stale_path(graph: Graph, node: Node, target: int, user: int, position: int) -> Prediction:
    row = mistakes.STALE_PATH

    def gradient(one: Observation, name: str) -> Any:
        step = Step(one.computation, user, position)
        flow = step.back(one.computation.signals[user])
        signal = one.computation.push(step.node.inputs[position], flow).get(node.number)
        if signal is None:
            return one.right[name]
        return one.right[name] + one.computation.push(node.number, row.change(signal))[target]

    says = row.sentence.format(node=node.name, user=graph.nodes[user].name)
    return Prediction(row.kind, says, gradient, row.cost, node.name, subject=("stale", node.site, user))
