"""Predictions of mistakes in the backward pass: at every node and every edge between argument and loss."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.explain import mistakes
from derivations.checker.explain.factors import derivative_text, factors, products
from derivations.checker.explain.graph import Computation, Graph, Node, Step
from derivations.checker.explain.mistakes import Mistake
from derivations.checker.explain.observations import Observation
from derivations.checker.explain.predictions import Prediction, on_edge, on_node

EPSILONS = tuple(10.0**-n for n in range(1, 17))


def backward_predictions(
    graph: Graph, name: str, observations: Sequence[Observation]
) -> Iterator[Prediction]:
    """Yield all of them for the gradient of one argument."""
    target = graph.arguments[name]
    between = [node for node in graph.nodes if target in graph.above[node.number]]
    seen = set()
    for node in reversed(between):  # of a loop the last iteration, which depends on all the others
        if node.site in seen:
            continue
        seen.add(node.site)
        if node.number != len(graph.nodes) - 1:
            if not graph.all_paths_meet(target, node.number):
                yield path_weight(graph, node, observations[0])
            yield from at_node(graph, node, is_argument=node.number == target)
        for position, number in enumerate(node.inputs):
            if target in graph.above[number] and graph.nodes[number].real:
                yield from at_edge(graph, node, position, observations)


# --- at a node ------------------------------------------------------------------------------------------


def at_node(graph: Graph, node: Node, *, is_argument: bool) -> Iterator[Prediction]:
    """Yield mistakes in the error signal of one quantity or, of an argument, in its gradient."""
    for axis, letter in enumerate(node.shape):
        for row in (*(() if is_argument else mistakes.ONE_COUNTED), mistakes.MEAN_OF_SIGNAL):
            yield on_node(
                row, node, partial(_along, row, axis), detail=letter, letter=letter, axis=str(axis)
            )
    if len(graph.sites[node.site]) > 1:
        for row in mistakes.ONE_ITERATION:
            yield on_node(row, node, row.change)
    if not is_argument:
        yield from _overwritten_signal(graph, node)
    where = "" if is_argument else f" in the error signal of {node.name}"
    for text, value, cost, number in factors(graph, node, {node.number}):
        own = 0.8 if is_argument and number == node.number else 0
        for row in mistakes.FACTOR:
            change = partial(_with_value, row, value)
            yield on_node(row, node, change, cost + own, text, factor=text, where=where)


def _overwritten_signal(graph: Graph, node: Node) -> Iterator[Prediction]:
    row = mistakes.OVERWRITTEN_SIGNAL
    for other in graph.first_of_each():
        below = other.number in graph.above[node.number] and other.number != node.number
        if below and other.real and other.shape == node.shape and other.shape:
            change = partial(_with_value, row, partial(_signal, node.number, other.number))
            yield on_node(row, node, change, detail=other.name, other=other.name)


def _signal(node: int, other: int, step: Step) -> Any:
    computation = step.computation
    return computation.signals[computation.graph.counterpart(other, node, step.number)]


def _along(row: Mistake, axis: int, step: Step, signal: Any) -> Any:
    return row.change(signal, axis)


def _with_value(row: Mistake, value: Callable[[Step], Any], step: Step, signal: Any) -> Any:
    return row.change(signal, value(step))


# --- at an edge -----------------------------------------------------------------------------------------


def at_edge(
    graph: Graph, node: Node, position: int, observations: Sequence[Observation]
) -> Iterator[Prediction]:
    """Yield mistakes in one step of the chain rule, from a node back to one of its inputs."""
    given = graph.nodes[node.inputs[position]]
    edge = partial(on_edge, node=node, position=position, given=given)
    jacobians = [Step(one.computation, node.number, position).jacobian for one in observations[:3]]
    if len(graph.users[given.number]) > 1:
        yield edge_weight(graph, node, position, observations[0])
        yield edge(mistakes.PATH_LEFT_OUT, detail=node.name)
    if given.shape == node.shape and all(map(_is_diagonal, jacobians)):
        divided = node.shape and len(node.inputs) > 1  # by a number that may have a name
        if divided or not _is_constant(jacobians):
            yield from _elementwise(graph, node, position, observations, jacobians)
    elif given.shape == node.shape and given.shape:
        whole, factor = mistakes.JACOBIAN
        yield edge(whole, detail=node.text)
        yield edge(factor, detail=f"∂{node.name}/∂{given.name}")
    counts = [np.count_nonzero(jacobian, axis=0) for jacobian in jacobians]
    if any(np.any(count > 1) for count in counts):
        indexed = any(not graph.nodes[number].real for number in node.inputs)
        indexed = indexed or any(len(np.unique(count[count > 0])) > 1 for count in counts)
        for row in mistakes.REPEATED_INDEX if indexed else mistakes.SUM:
            yield edge(row, detail=node.name)
    if len(node.shape) == 2 and node.shape[0] == node.shape[1]:
        yield edge(mistakes.SQUARE, detail=node.name)
    if given.shape == node.shape[::-1] and len(given.shape) == 2:
        yield edge(mistakes.TRANSPOSING, detail=node.text)
    if "log" in node.text and given.shape == node.shape and len(node.inputs) == 1:
        for eps in EPSILONS:
            change = partial(mistakes.EPS.change, eps=eps)
            yield edge(mistakes.EPS, change=change, detail=f"eps = {eps:.0e}", eps=eps)
    yield from _other_operands(graph, node, position, observations[0].computation)


def _is_diagonal(jacobian: Any) -> bool:
    return bool(np.all(jacobian == np.diag(np.diagonal(jacobian))))


def _is_constant(jacobians: Sequence[Any]) -> bool:
    """Return whether all derivatives are the same number: leaving it out is then a constant factor."""
    slopes = np.concatenate([np.diagonal(jacobian) for jacobian in jacobians])
    return bool(np.all(slopes == slopes[:1]))


def _elementwise(
    graph: Graph, node: Node, position: int, observations: Sequence[Observation], jacobians: Sequence[Any]
) -> Iterator[Prediction]:
    """Yield mistakes in the derivative of an elementwise operation."""
    given = graph.nodes[node.inputs[position]]
    slope = derivative_text(node, position, observations)
    unary = sum(graph.nodes[number].real for number in node.inputs) == 1
    is_mask = unary and all(np.isin(np.diagonal(j), (0, 1)).all() for j in jacobians)
    for row in mistakes.MASK if is_mask else mistakes.SLOPE:
        yield on_edge(row, node, position, given, detail=slope, slope=slope)
    for factor in (*factors(graph, node, {node.number, given.number}), *products(graph, node)):
        if factor.text != slope:
            used = _overwritten(graph, graph.nodes[factor.node], factor.text, slope)
            row = mistakes.OVERWRITTEN_SLOPE if used else mistakes.OTHER_SLOPE
            names: dict[str, Any] = {
                "factor": factor.text,
                "slope": slope,
                "used": used.name if used else "",
            }
            change = partial(_with_value, row, factor.value)
            detail = f"{factor.text} for {slope}"
            yield on_edge(row, node, position, given, change, factor.cost, detail, **names)


def _overwritten(graph: Graph, other: Node, text: str, slope: str) -> Node | None:
    """Return the quantity that ``slope`` needs, if ``text`` has what arithmetic made of it instead."""
    arrays = [n for n in other.inputs if graph.nodes[n].shape == other.shape]
    if other.operation is None or other.text.endswith(")") or len(arrays) < 2:
        return None
    inputs = (graph.nodes[n] for n in other.inputs)
    return next((used for used in inputs if text.replace(other.quantity, used.quantity) == slope), None)


# --- another quantity in the place of one that a step reads ---------------------------------------------


def _other_operands(
    graph: Graph, node: Node, position: int, computation: Computation
) -> Iterator[Prediction]:
    for number in dict.fromkeys(node.inputs):
        used = graph.nodes[number]
        if not used.real or not used.shape or not _reads(computation, node, position, number):
            continue
        for other in graph.first_of_each():
            if other.real and other.number != number and other.shape == used.shape:
                yield _operand(graph, node, position, used, other)
        yield _operand(graph, node, position, used, used, mistakes.OPERAND_LEFT_OUT)
        for other in graph.first_of_each() if len(used.shape) == 2 else ():
            if other.real and other.shape == used.shape[::-1]:
                own = other.number == number
                row = mistakes.OWN_TRANSPOSE if own else mistakes.TRANSPOSED_OPERAND
                yield _operand(graph, node, position, used, other, row)


def _reads(computation: Computation, node: Node, position: int, number: int) -> bool:
    """Return whether the step depends on the value of this quantity."""
    moved = {number: np.asarray(computation.values[number]) * 1.5 + 0.25}
    with np.errstate(all="ignore"):
        found = computation.jacobian_at(node, position, moved)
        return not np.array_equal(found, computation.jacobian(node.number, position))


def _operand(
    graph: Graph, node: Node, position: int, used: Node, other: Node, row: Mistake | None = None
) -> Prediction:
    row = row or _operand_mistake(node, used, other)

    def step(step: Step, signal: Any) -> Any:
        value = row.change(step.value_of(other.number, node.number))
        needed = graph.counterpart(used.number, node.number, step.number)
        if value.shape != np.shape(step.computation.values[needed]):
            return np.full(np.shape(step.given), np.nan)
        return np.ravel(signal) @ step.computation.jacobian_at(step.node, position, {needed: value})

    text = f"the transpose of {other.name}" if row.change is np.transpose else other.name
    formula = re.sub(rf"\b{re.escape(used.name)}\b", other.name, node.text)
    detail = used.name if row is mistakes.OPERAND_LEFT_OUT else f"{text} for {used.name}"
    given = graph.nodes[node.inputs[position]]
    names: dict[str, Any] = {"used": used.name, "other": text, "formula": formula}
    return on_edge(row, node, position, given, step, detail=detail, **names)


def _operand_mistake(node: Node, used: Node, other: Node) -> Mistake:
    if other.number == node.number:
        return mistakes.ACTIVATED_OPERAND
    made_of_it = used.number in other.inputs and other.text[-1:] != ")"
    return mistakes.OVERWRITTEN_OPERAND if made_of_it else mistakes.OTHER_OPERAND


# --- a path with another weight than 1 ------------------------------------------------------------------


def edge_weight(graph: Graph, node: Node, position: int, first: Observation) -> Prediction:
    """Return one of several paths from a quantity to the loss, with a weight to be found."""

    def start(one: Observation) -> tuple[int, Any]:
        flow = one.computation.flow(node.number, position, one.computation.signals[node.number])
        return node.inputs[position], flow

    return _weight(graph, node, start, (node.site, position), first)


def path_weight(graph: Graph, node: Node, first: Observation) -> Prediction:
    """Return all paths through one quantity, beside which there are others, with a weight to be found."""
    start = lambda one: (node.number, one.computation.signals[node.number])  # noqa: E731
    return _weight(graph, node, start, (node.site, "weight"), first)


def _weight(
    graph: Graph,
    node: Node,
    start: Callable[[Observation], tuple[int, Any]],
    subject: Any,
    first: Observation,
) -> Prediction:
    regulariser = is_regulariser(first.computation, node)
    path = f"the regulariser {node.text}" if regulariser else f"the path through {node.name}"

    def gradient(one: Observation, name: str) -> Any:
        return one.computation.push(*start(one)).get(graph.arguments[name])

    def words(constant: str) -> tuple[str, str, str]:
        kinds = {"0": "missing-path", "-1": "wrong-sign"}
        kind = "regulariser" if regulariser else kinds.get(constant, mistakes.PATH_WEIGHT.kind)
        detail = node.name if constant in kinds else constant
        return kind, weight_text(path, constant), detail

    cost = mistakes.PATH_WEIGHT.cost
    return Prediction("path", "", gradient, cost, added=True, weight=True, words=words, subject=subject)


def weight_text(path: str, constant: str) -> str:
    """Return what a path with this weight means: ``leaves out the path through h`` for 0."""
    ready = {"0": f"leaves out {path}", "-1": f"has the wrong sign on {path}", "2": f"counts {path} twice"}
    return ready.get(constant) or mistakes.PATH_WEIGHT.sentence.format(path=path, constant=constant)


def is_regulariser(computation: Computation, node: Node) -> bool:
    """Return whether a node is on a path from one argument alone to a number that is added to the loss."""
    graph, number = computation.graph, node.number
    while len(graph.users[number]) == 1 and len(graph.array_arguments(graph.users[number][0][0])) == 1:
        number = graph.users[number][0][0]
    alone = len(graph.array_arguments(number)) == 1 and not graph.nodes[number].shape
    return alone and abs(float(computation.signals[number])) == 1
