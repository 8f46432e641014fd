"""Mistakes on the way back: a sweep over the graph with one thing done wrong.

For every quantity between the argument and the loss, and every edge there, what people do: leave a slope
out, take it twice or at the wrong place, forget a path, keep the last of a sum, use one quantity in the
place of another, take a Jacobian for its diagonal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from derivations.classroom.diagnosis.factors import factors, products, slope_text
from derivations.classroom.diagnosis.guesses import Edits, Guess, swept
from derivations.classroom.diagnosis.scenes import Scene
from derivations.classroom.graph import Computation, Graph, Node

Step = Callable[[Computation, int, int, Any], Any]
"""What flows back over an edge: of a computation, node and position, given the signal of the node."""


def backward_guesses(graph: Graph, name: str, scenes: Sequence[Scene]) -> Iterator[Guess]:
    """All of them, for the gradient of one argument."""
    target = graph.arguments[name]
    between = [node for node in graph.nodes if target in graph.above[node.number]]
    seen = set()
    for node in between:
        if node.site in seen:
            continue
        seen.add(node.site)
        if node.number != len(graph.nodes) - 1:
            if not _all_paths_meet(graph, target, node.number):
                yield _weighted(graph, node)
            yield from at_node(graph, node, node.number == target)
        for position, number in enumerate(node.inputs):
            if target in graph.above[number]:
                yield from at_edge(graph, node, position, scenes)


# --- at a node ----------------------------------------------------------------------------------------


def at_node(graph: Graph, node: Node, is_argument: bool) -> Iterator[Guess]:
    """Mistakes in the error signal of one quantity (or, of an argument, in its gradient)."""
    whose = "" if is_argument else f" in the error of {node.name}"
    for axis, letter in enumerate(node.shape):
        if not is_argument:
            for place, word in ((-1, "last"), (0, "first")):
                says = f"counts only the {word} of the {letter} along axis {axis} of {node.name}"
                yield _on_node("only-one-counted", says, node, partial(_only, axis, place), 2.2, word)
                says = f"leaves out the {word} of the {letter} along axis {axis} of {node.name}"
                yield _on_node("lost-sum", says, node, partial(_all_but, axis, place), 2.8, word)
            says = f"takes the mean over {letter} of the error of {node.name}"
            yield _on_node("lost-sum", says, node, partial(_mean, axis), 3.2, letter)
    if not is_argument:
        for other in graph.nodes[:-1]:
            if other.real and other.shape == node.shape and other.shape and other.number != node.number:
                below = other.number in graph.above[node.number]
                says = f"takes the error of {other.name} for that of {node.name}"
                says += f": {node.name}'s was overwritten in place?" if below else ""
                kind, cost = ("aliased", 2.1) if below else ("wrong-error", 2.4)
                yield _on_node(kind, says, node, partial(_error_of, other.number), cost, other.name)
    for text, value, cost, number in factors(graph, node.shape, {node.number}):
        own = 0.8 if is_argument and number == node.number else 0
        at = 1.8 + cost + own
        says = f"has the factor {text} that does not belong there{whose}"
        yield _on_node("extra-factor", says, node, partial(_times, value), at, text)
        says = f"lacks the factor {text}{whose}"
        yield _on_node("missing-factor", says, node, partial(_over, value), at + 0.05, text)


def _on_node(kind: str, says: str, node: Node, change: Any, cost: float, detail: str) -> Guess:
    def edits(computation: Computation) -> dict[Any, Any]:
        numbers = computation.graph.sites.get(node.site, ())
        return {number: partial(change, computation) for number in numbers}

    return Guess(kind, says, swept(edits), cost, detail, subject=(node.site, says), edits=edits)


def _only(axis: int, place: int, _: Computation, signal: Any) -> Any:
    kept = np.zeros_like(signal)
    np.moveaxis(kept, axis, 0)[place] = np.moveaxis(signal, axis, 0)[place]
    return kept


def _all_but(axis: int, place: int, _: Computation, signal: Any) -> Any:
    return signal - _only(axis, place, _, signal)


def _mean(axis: int, _: Computation, signal: Any) -> Any:
    return np.broadcast_to(np.mean(signal, axis=axis, keepdims=True), np.shape(signal))


def _error_of(number: int, computation: Computation, signal: Any) -> Any:
    return computation.signals[number]


def _times(value: Callable[[Computation], Any], computation: Computation, signal: Any) -> Any:
    return signal * value(computation)


def _over(value: Callable[[Computation], Any], computation: Computation, signal: Any) -> Any:
    return signal / value(computation)


# --- at an edge ---------------------------------------------------------------------------------------


def at_edge(graph: Graph, node: Node, position: int, scenes: Sequence[Scene]) -> Iterator[Guess]:
    """Mistakes in one step of the chain rule, from a node back to one of its inputs."""
    given = graph.nodes[node.inputs[position]]
    step = f"on the way from {node.name} back to {given.name}"
    jacobians = [scene.computation.jacobian(node.number, position) for scene in scenes[:3]]
    if len(graph.users[given.number]) > 1:
        yield _path(graph, node, position)
    if given.shape == node.shape and all(_is_diagonal(jacobian) for jacobian in jacobians):
        if not all(_is_unit(jacobian) for jacobian in jacobians):
            slope = slope_text(node, position, scenes)
            alone = sum(graph.nodes[number].real for number in node.inputs) == 1
            is_mask = alone and all(np.isin(np.diagonal(j), (0, 1)).all() for j in jacobians)
            yield from _slope(graph, node, position, slope, step, is_mask)
    elif given.shape == node.shape and given.shape:
        says = f"takes the Jacobian of {node.text} for its diagonal, {step}"
        yield _on_edge("diagonal-jacobian", says, node, position, _diagonal, 1.6, node.text)
        says = f"leaves out the Jacobian of {node.text} {step}"
        yield _on_edge("missing-factor", says, node, position, _pass, 1.7, f"∂{node.name}/∂{given.name}")
    if any(np.any(np.count_nonzero(jacobian, axis=0) > 1) for jacobian in jacobians):
        counts = [np.count_nonzero(jacobian, axis=0) for jacobian in jacobians]
        selects = any(not graph.nodes[number].real for number in node.inputs)
        selects = selects or any(len(np.unique(count[count > 0])) > 1 for count in counts)
        yield from _overwritten(node, position, given, selects)
    if given.shape == node.shape[::-1] and len(given.shape) == 2:
        says = f"lacks a transposition {step}"
        yield _on_edge("transposed", says, node, position, _pass, 2.0, node.text)
    yield from _substituted(graph, node, position, scenes)


def _on_edge(
    kind: str, says: str, node: Node, position: int, step: Step, cost: float, detail: str
) -> Guess:
    def edits(computation: Computation) -> dict[Any, Any]:
        numbers = computation.graph.sites.get(node.site, ())
        return {(number, position): partial(step, computation, number, position) for number in numbers}

    return Guess(kind, says, swept(edits), cost, detail, subject=(node.site, position, says), edits=edits)


def _slope(
    graph: Graph, node: Node, position: int, slope: str, step: str, is_mask: bool
) -> Iterator[Guess]:
    """Mistakes with the slope of an elementwise operation."""
    missing = "mask-missing" if is_mask else "missing-factor"
    called = f"the mask {slope}" if is_mask else f"the factor {slope}"
    yield _on_edge(missing, f"lacks {called}, {step}", node, position, _pass, 1.2, slope)
    if is_mask:
        says = f"masks by the sign of the gradient in the place of {slope}, {step}"
        yield _on_edge("mask-on-gradient", says, node, position, _gradient_mask, 1.3, slope)
        says = f"masks by the sign of the gradient as well as by {slope}, {step}"
        yield _on_edge("mask-on-gradient", says, node, position, _both_masks, 1.5, slope)
        says = f"has {called} inverted, {step}"
        yield _on_edge("wrong-factor", says, node, position, _inverted, 1.5, slope)
    else:
        says = f"has {called} twice, {step}"
        yield _on_edge("extra-factor", says, node, position, _twice, 1.4, slope)
        says = f"divides by {slope} where it should multiply, {step}"
        yield _on_edge("wrong-factor", says, node, position, _divided, 1.8, slope)
    for text, value, cost, number in (
        *factors(graph, node.shape, {node.number, node.inputs[position]}),
        *products(graph, node.shape),
    ):
        if text != slope:
            says = f"has the factor {text} in the place of {slope}, {step}"
            used = _overwritten_quantity(graph, number, text, slope)
            kind = "aliased" if used else "wrong-factor"
            says += f": {used.name} was overwritten in place?" if used else ""
            wrong = partial(_instead, value)
            yield _on_edge(kind, says, node, position, wrong, 1.9 + cost, f"{text} for {slope}")


def _overwritten_quantity(graph: Graph, number: int, text: str, slope: str) -> Node | None:
    """The quantity that ``slope`` needs, if ``text`` is the same with what was made of it by arithmetic."""
    other = graph.nodes[number]
    if other.operation is None or other.text.endswith(")"):
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


def _inverted(computation: Computation, number: int, position: int, signal: Any) -> Any:
    return signal - _diagonal(computation, number, position, signal)


def _gradient_mask(_: Computation, number: int, position: int, signal: Any) -> Any:
    return signal * (signal > 0)


def _both_masks(computation: Computation, number: int, position: int, signal: Any) -> Any:
    return _diagonal(computation, number, position, signal * (signal > 0))


def _instead(value: Any, computation: Computation, number: int, position: int, signal: Any) -> Any:
    return signal * value(computation)


def _is_diagonal(jacobian: Any) -> bool:
    return bool(np.all(jacobian == np.diag(np.diagonal(jacobian))))


def _is_unit(jacobian: Any) -> bool:
    """Whether every slope is the same number: then leaving it out is a constant factor."""
    slopes = np.diagonal(jacobian)
    return bool(np.all(slopes == slopes[:1]))


# --- a path forgotten, a sum overwritten, a quantity in the place of another ------------------------------


def _path(graph: Graph, node: Node, position: int) -> Guess:
    """One of several paths from a quantity to the loss, with another weight than 1."""
    given = graph.nodes[node.inputs[position]]

    def predict(scene: Scene, name: str) -> Any:
        computation = scene.computation
        flow = computation.flow(node.number, position, computation.signals[node.number], {})
        return computation.push(given.number, flow).get(graph.arguments[name])

    return _weight(graph, node, predict, (node.site, position))


def _weighted(graph: Graph, node: Node) -> Guess:
    """All paths through one quantity with another weight than 1, where there are others beside them."""

    def predict(scene: Scene, name: str) -> Any:
        computation = scene.computation
        pushed = computation.push(node.number, computation.signals[node.number])
        return pushed.get(graph.arguments[name])

    return _weight(graph, node, predict, (node.site, "weight"))


def _weight(graph: Graph, node: Node, predict: Any, subject: Any) -> Guess:
    regulariser = _is_regulariser(graph, node)
    path = f"the regulariser {node.text}" if regulariser else f"the path through {node.name}"

    def words(constant: str) -> tuple[str, str, str]:
        kind = "regulariser" if regulariser else "missing-path"
        if constant == "0":
            return kind, f"leaves out {path}", node.name
        if constant == "-1":
            return kind if regulariser else "wrong-sign", f"has the wrong sign on {path}", node.name
        kind = kind if regulariser else "constant-factor"
        return kind, f"counts {path} {'twice' if constant == '2' else f'{constant} times'}", constant

    return Guess("path", "", predict, 1.4, added=True, weight=True, words=words, subject=subject)


def _all_paths_meet(graph: Graph, target: int, number: int) -> bool:
    """Whether every path from a quantity to the loss leads through this node."""
    reached, last = {target}, len(graph.nodes) - 1
    for node in graph.nodes[target + 1 :]:
        if node.number != number and any(n in reached for n in node.inputs):
            reached.add(node.number)
    return number == target or last not in reached


def _is_regulariser(graph: Graph, node: Node) -> bool:
    """Whether a node is on a path from one argument alone to a number that is added to the loss."""
    number = node.number
    while len(graph.users[number]) == 1 and _of_one_argument(graph, graph.users[number][0][0]):
        number = graph.users[number][0][0]
    return _of_one_argument(graph, number) and not graph.nodes[number].shape


def _of_one_argument(graph: Graph, number: int) -> bool:
    """Whether a node is computed from a single array and single numbers: it sees no data."""
    arguments = [graph.nodes[n] for n in graph.above[number] if n in graph.arguments.values()]
    return len([argument for argument in arguments if argument.shape]) == 1


def _overwritten(node: Node, position: int, given: Node, selects: bool) -> Iterator[Guess]:
    """Of several terms that belong in one entry, only one is kept."""
    for place, word in ((-1, "last"), (0, "first")):
        if selects:
            says = (
                f"keeps only the {word} of the terms that meet in one entry of {given.name}: repeated"
                f" indices are overwritten where they must be added, back from {node.name}"
            )
            yield _on_edge("overwritten", says, node, position, partial(_keep, place), 1.9, node.name)
        else:
            says = (
                f"keeps only the {word} of the terms that must be added on the way from {node.name} back to"
            )
            says += f" {given.name}"
            yield _on_edge("lost-sum", says, node, position, partial(_keep, place), 2.6, node.name)


def _keep(place: int, computation: Computation, number: int, position: int, signal: Any) -> Any:
    jacobian = computation.jacobian(number, position)
    terms = np.ravel(signal)[:, None] * jacobian
    rows = np.arange(len(jacobian))[:, None]
    present = jacobian != 0
    chosen = (
        np.max(np.where(present, rows, -1), axis=0)
        if place
        else np.min(np.where(present, rows, len(rows)), axis=0)
    )
    return np.sum(np.where(rows == chosen, terms, 0.0), axis=0)


def _substituted(graph: Graph, node: Node, position: int, scenes: Sequence[Scene]) -> Iterator[Guess]:
    """A step of the chain rule with another quantity in the place of one that it reads."""
    computation = scenes[0].computation
    for number in dict.fromkeys(node.inputs):
        used = graph.nodes[number]
        if not used.real or not used.shape or not _reads(computation, node, position, number):
            continue
        for other in graph.nodes[:-1]:
            if other.real and other.number != number and other.shape == used.shape:
                yield _substitution(node, position, used, other, transposed=False)
        yield _left_out(node, position, used)
        if len(used.shape) == 2:
            for other in graph.nodes[:-1]:
                if other.real and other.shape == used.shape[::-1]:
                    yield _substitution(node, position, used, other, transposed=True)


def _left_out(node: Node, position: int, used: Node) -> Guess:
    def step(computation: Computation, number: int, position: int, signal: Any) -> Any:
        ones = {used.number: np.ones(np.shape(computation.values[used.number]))}
        return np.ravel(signal) @ computation.jacobian_at(computation.graph.nodes[number], position, ones)

    says = f"lacks {used.name}, in the step back through {node.name}"
    return _on_edge("missing-factor", says, node, position, step, 1.7, used.name)


def _reads(computation: Computation, node: Node, position: int, number: int) -> bool:
    """Whether the step depends on the value of this quantity at all."""
    moved = {number: np.asarray(computation.values[number]) * 1.5 + 0.25}
    with np.errstate(all="ignore"):
        return not np.array_equal(
            computation.jacobian_at(node, position, moved), computation.jacobian(node.number, position)
        )


def _substitution(node: Node, position: int, used: Node, other: Node, *, transposed: bool) -> Guess:
    def step(computation: Computation, number: int, position: int, signal: Any) -> Any:
        value = np.asarray(computation.values[other.number])
        value = value.T if transposed else value
        if value.shape != np.shape(computation.values[used.number]):
            return np.full(np.shape(computation.values[node.inputs[position]]), np.nan)
        here = computation.graph.nodes[number]
        return np.ravel(signal) @ computation.jacobian_at(here, position, {used.number: value})

    with_what = f"the transpose of {other.name}" if transposed else other.name
    if other.number == node.number:
        at = re.sub(rf"\b{re.escape(used.name)}\b", other.name, node.text)
        kind, says = (
            "wrong-factor",
            f"takes the slope of {at} in the place of that of {node.text}: {other.name}",
        )
        says += " is activated already"
    elif used.number in other.inputs and not transposed and other.text[-1:] != ")":
        kind, says = "aliased", f"reads {other.name} where it needs {used.name} (overwritten in place?)"
    else:
        kind = "transposed" if other.number == used.number else "wrong-factor"
        says = f"uses {with_what} in the place of {used.name}"
    cost = 1.9 if kind != "wrong-factor" or other.number == node.number else 2.1
    says += f", in the step back through {node.name}"
    guess = _on_edge(kind, says, node, position, step, cost, f"{with_what} for {used.name}")
    return guess
