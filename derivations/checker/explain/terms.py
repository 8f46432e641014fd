"""A term too many in the gradient, and an argument that was updated before it was used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.explain.guesses import Guess
from derivations.checker.explain.scenes import Scene
from derivations.checker.graph import Computation, Graph, Node

Value = Callable[[Computation], Any]


def term_guesses(graph: Graph, name: str) -> Iterator[Guess]:
    """Terms that were added to the gradient of an argument."""
    argument = graph[name]
    for node in graph.nodes[:-1]:
        if node.real and node.shape == argument.shape:
            own = node.number == argument.number
            yield _added(node.name, partial(value_of, node.number), 2.0 if own else 2.6, own)
            if own:
                yield _added(f"sign({node.name})", partial(_sign, node.number), 2.4, own=True)
    yield _added("1", partial(ones_like, argument.number), 2.8, own=False)
    yield from _updated(graph, name)


def _added(text: str, value: Value, cost: float, own: bool) -> Guess:
    def words(constant: str) -> tuple[str, str, str]:
        term = constant if text == "1" else text if constant == "1" else f"{constant} * {text}"
        term = f"-{text}" if constant == "-1" else term
        if own:
            return (
                "regulariser",
                f"has the term {term} of a regulariser added, which the loss does not have",
                term,
            )
        return "extra-term", f"has the term {term} added", term

    predict = _of_computation(value)
    return Guess("extra-term", "", predict, cost, added=True, words=words, subject=("term", text))


def _of_computation(value: Value) -> Callable[[Scene, str], Any]:
    return lambda scene, name: value(scene.computation)


def value_of(number: int, computation: Computation) -> Any:
    """The value of a node."""
    return np.asarray(computation.values[number])


def _sign(number: int, computation: Computation) -> Any:
    return np.sign(computation.values[number])


def ones_like(number: int, computation: Computation) -> Any:
    """Ones of the shape of a node."""
    return np.ones(np.shape(computation.values[number]))


def _updated(graph: Graph, name: str) -> Iterator[Guess]:
    """An argument that had been moved against its own gradient before it was used on the way back."""
    target = graph.arguments[name]
    for other, source in graph.arguments.items():
        if not graph.nodes[source].real or not graph.nodes[source].shape or source == target:
            continue
        edges = [
            (node, position)
            for node in graph.nodes
            for position, number in enumerate(node.inputs)
            if source in node.inputs and number != source and target in graph.above[number]
            if graph.nodes[number].real
        ]
        if edges:
            yield _too_early(graph, other, source, edges)


def _too_early(graph: Graph, other: str, source: int, edges: list[tuple[Node, int]]) -> Guess:
    def predict(scene: Scene, name: str) -> Any:
        computation = scene.computation
        moved = {source: computation.values[source] + computation.signals[source]}
        changes = {
            (node.number, position): partial(_at, computation, node, position, moved)
            for node, position in edges
        }
        swept = computation.sweep(changes)[graph.arguments[name]]
        return swept - computation.signals[graph.arguments[name]]

    def words(constant: str) -> tuple[str, str, str]:
        says = f"was computed with {other} after its update, {_plus(other, constant)}: the error has to go"
        return "updated-too-early", f"{says} back through the old {other}", other

    return Guess("updated-too-early", "", predict, 2.0, added=True, words=words, subject=("updated", other))


def _plus(other: str, constant: str) -> str:
    sign, size = ("-", constant[1:]) if constant.startswith("-") else ("+", constant)
    return f"{other} {sign} {f'{size} * ' if size != '1' else ''}d{other}"


def _at(computation: Computation, node: Node, position: int, moved: dict[int, Any], signal: Any) -> Any:
    return np.ravel(signal) @ computation.jacobian_at(node, position, moved)
