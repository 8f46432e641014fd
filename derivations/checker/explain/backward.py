"""Mistakes on the way back: a sweep over the graph with one thing done wrong.

For every quantity between the argument and the loss, and every edge there, what people do: leave a slope
out, take it twice or at the wrong place, forget a path, keep the last of a sum, use one quantity in the
place of another, take a Jacobian for its diagonal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.explain.edits import on_edge
from derivations.checker.explain.factors import factors, products, slope_text
from derivations.checker.explain.guesses import Guess
from derivations.checker.explain.paths import all_paths_meet, path, weighted
from derivations.checker.explain.scenes import Scene
from derivations.checker.explain.signals import at_node
from derivations.checker.explain.substitutions import overwritten, substituted
from derivations.checker.graph import Computation, Graph, Node


def backward_guesses(graph: Graph, name: str, scenes: Sequence[Scene]) -> Iterator[Guess]:
    """All of them, for the gradient of one argument."""
    target = graph.arguments[name]
    between = [node for node in graph.nodes if target in graph.above[node.number]]
    seen = set()
    for node in reversed(between):  # of a loop the last pass, which all the others lead to
        if node.site in seen:
            continue
        seen.add(node.site)
        if node.number != len(graph.nodes) - 1:
            if not all_paths_meet(graph, target, node.number):
                yield weighted(graph, node, scenes[0])
            yield from at_node(graph, node, node.number == target)
        for position, number in enumerate(node.inputs):
            if target in graph.above[number] and graph.nodes[number].real:
                yield from at_edge(graph, node, position, scenes)


# --- at an edge ---------------------------------------------------------------------------------------


def at_edge(graph: Graph, node: Node, position: int, scenes: Sequence[Scene]) -> Iterator[Guess]:
    """Mistakes in one step of the chain rule, from a node back to one of its inputs."""
    given = graph.nodes[node.inputs[position]]
    step = f"on the way from {node.name} back to {given.name}"
    jacobians = [scene.computation.jacobian(node.number, position) for scene in scenes[:3]]
    if len(graph.users[given.number]) > 1:
        yield path(graph, node, position, scenes[0])
        yield on_edge(
            "missing-path",
            f"leaves out the path through {node.name}",
            node,
            position,
            _dropped,
            1.15,
            node.name,
        )
    if given.shape == node.shape and all(_is_diagonal(jacobian) for jacobian in jacobians):
        divided = node.shape and len(node.inputs) > 1  # by a number that has a name, perhaps
        if divided or not _is_unit(jacobians):
            slope = slope_text(node, position, scenes)
            alone = sum(graph.nodes[number].real for number in node.inputs) == 1
            is_mask = alone and all(np.isin(np.diagonal(j), (0, 1)).all() for j in jacobians)
            yield from _slope(graph, node, position, slope, step, is_mask)
    elif given.shape == node.shape and given.shape:
        says = f"takes the Jacobian of {node.text} for its diagonal, {step}"
        yield on_edge("diagonal-jacobian", says, node, position, _diagonal, 1.6, node.text)
        says = f"leaves out the Jacobian of {node.text} {step}"
        yield on_edge("missing-factor", says, node, position, _pass, 1.7, f"∂{node.name}/∂{given.name}")
    if any(np.any(np.count_nonzero(jacobian, axis=0) > 1) for jacobian in jacobians):
        counts = [np.count_nonzero(jacobian, axis=0) for jacobian in jacobians]
        selects = any(not graph.nodes[number].real for number in node.inputs)
        selects = selects or any(len(np.unique(count[count > 0])) > 1 for count in counts)
        yield from overwritten(node, position, given, selects)
    if len(node.shape) == 2 and node.shape[0] == node.shape[1]:
        says = f"takes the error of {node.name} transposed, {step}"
        yield on_edge("transposed", says, node, position, _turned, 1.9, node.name)
    if given.shape == node.shape[::-1] and len(given.shape) == 2:
        says = f"lacks a transposition {step}"
        yield on_edge("transposed", says, node, position, _pass, 2.0, node.text)
    yield from substituted(graph, node, position, scenes)


def _slope(
    graph: Graph, node: Node, position: int, slope: str, step: str, is_mask: bool
) -> Iterator[Guess]:
    """Mistakes with the slope of an elementwise operation."""
    missing = "mask-missing" if is_mask else "missing-factor"
    called = f"the mask {slope}" if is_mask else f"the factor {slope}"
    yield on_edge(missing, f"lacks {called}, {step}", node, position, _pass, 1.2, slope)
    if is_mask:
        says = f"masks by the sign of the gradient in the place of {slope}, {step}"
        yield on_edge("mask-on-gradient", says, node, position, _gradient_mask, 1.3, slope)
        says = f"masks by the sign of the gradient as well as by {slope}, {step}"
        yield on_edge("mask-on-gradient", says, node, position, _both_masks, 1.5, slope)
        says = f"has {called} inverted, {step}"
        yield on_edge("wrong-factor", says, node, position, _inverted, 1.5, slope)
    else:
        says = f"has {called} twice, {step}"
        yield on_edge("extra-factor", says, node, position, _twice, 1.4, slope)
        says = f"divides by {slope} where it should multiply, {step}"
        yield on_edge("wrong-factor", says, node, position, _divided, 1.8, slope)
    for text, value, cost, number in (
        *factors(graph, node, {node.number, node.inputs[position]}),
        *products(graph, node),
    ):
        if text != slope:
            says = f"has the factor {text} in the place of {slope}, {step}"
            used = _overwritten_quantity(graph, number, text, slope)
            kind = "aliased" if used else "wrong-factor"
            says += f": {used.name} was overwritten in place?" if used else ""
            wrong = partial(_instead, value)
            yield on_edge(kind, says, node, position, wrong, 1.9 + cost, f"{text} for {slope}")


def _overwritten_quantity(graph: Graph, number: int, text: str, slope: str) -> Node | None:
    """The quantity that ``slope`` needs, if ``text`` is the same with what was made of it by arithmetic."""
    other = graph.nodes[number]
    arrays = [n for n in other.inputs if graph.nodes[n].shape == other.shape]
    if other.operation is None or other.text.endswith(")") or len(arrays) < 2:
        return None
    for used in (graph.nodes[n] for n in other.inputs):
        if text.replace(other.quantity, used.quantity) == slope:
            return used
    return None


def _pass(computation: Computation, number: int, position: int, signal: Any) -> Any:
    return signal if np.ndim(signal) != 2 else _fitting(computation, number, position, signal)


def _fitting(computation: Computation, number: int, position: int, signal: Any) -> Any:
    shape = np.shape(computation.values[computation.graph.nodes[number].inputs[position]])
    return signal if signal.shape == shape else signal.T


def _diagonal(computation: Computation, number: int, position: int, signal: Any) -> Any:
    return signal * np.diagonal(computation.jacobian(number, position)).reshape(np.shape(signal))


def _twice(computation: Computation, number: int, position: int, signal: Any) -> Any:
    return _diagonal(computation, number, position, _diagonal(computation, number, position, signal))


def _divided(computation: Computation, number: int, position: int, signal: Any) -> Any:
    return signal / np.diagonal(computation.jacobian(number, position)).reshape(np.shape(signal))


def _turned(computation: Computation, number: int, position: int, signal: Any) -> Any:
    return computation.flow(number, position, signal.T, {})


def _dropped(computation: Computation, number: int, position: int, signal: Any) -> Any:
    return np.zeros(np.shape(computation.values[computation.graph.nodes[number].inputs[position]]))


def _inverted(computation: Computation, number: int, position: int, signal: Any) -> Any:
    return signal - _diagonal(computation, number, position, signal)


def _gradient_mask(_: Computation, number: int, position: int, signal: Any) -> Any:
    return signal * (signal > 0)


def _both_masks(computation: Computation, number: int, position: int, signal: Any) -> Any:
    return _diagonal(computation, number, position, signal * (signal > 0))


def _instead(value: Any, computation: Computation, number: int, position: int, signal: Any) -> Any:
    return signal * value(computation, number)


def _is_diagonal(jacobian: Any) -> bool:
    return bool(np.all(jacobian == np.diag(np.diagonal(jacobian))))


def _is_unit(jacobians: Sequence[Any]) -> bool:
    """Whether every slope is the same number on all scenes: then leaving it out is a constant factor."""
    slopes = np.concatenate([np.diagonal(jacobian) for jacobian in jacobians])
    return bool(np.all(slopes == slopes[:1]))
