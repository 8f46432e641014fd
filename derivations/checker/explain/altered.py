"""The right gradient of something else: of other data, or of a loss with one operation changed.

A buffer that still holds the previous row, a softmax over the wrong axis, an eps inside the log: the
rest of the calculation was right, and what came out is the gradient somewhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.explain.guesses import Guess
from derivations.checker.explain.scenes import Scene
from derivations.checker.graph import Computation, Graph, Node

RATES = (1.0, 0.5, 0.1, 0.05, 0.025, 0.01, 0.001)
EPSILONS = tuple(10.0**-n for n in range(1, 17))


def altered_guesses(graph: Graph, name: str) -> Iterator[Guess]:
    """All of them, for the gradient of one argument."""
    for other, number in graph.arguments.items():
        node = graph.nodes[number]
        if node.shape:
            yield from _other_data(graph, other, node)
        elif node.real:
            for value in (0.0, 1.0):
                says = f"is the right gradient for other data: {other} is {value:g}"
                yield _guess_at("missing-term", says, other, partial(_constant, value), 1.9)
    yield from _exchanged(graph)
    yield from _other_operations(graph, graph.arguments[name])


def _other_operations(graph: Graph, target: int) -> Iterator[Guess]:
    """One operation done over the wrong axis, left out, or with an eps in it."""
    for node in graph.first_of_each():
        if node.operation is None or not node.shape:
            continue
        if len(node.inputs) == 1 and len(node.shape) == 2 and _same_shape(graph, node):
            yield from _wrong_axis(graph, node)
        if len(node.inputs) >= 1 and _same_shape(graph, node) and target in graph.above[node.number]:
            yield from _skipped(graph, node)
        if "log" in node.text and _same_shape(graph, node):
            for eps in EPSILONS:
                yield _eps(graph, node, eps)


def _same_shape(graph: Graph, node: Node) -> bool:
    return len(node.inputs) == 1 and graph.nodes[node.inputs[0]].shape == node.shape


# --- other data -----------------------------------------------------------------------------------------


def _other_data(graph: Graph, other: str, node: Node) -> Iterator[Guess]:
    for says, kind, change, cost in _changes(node):
        yield _guess_at(
            kind, f"is the right gradient for other data: {says.format(a=other)}", other, change, cost
        )
    if node.real:
        for rate in RATES:
            says = f"was computed with {other} after an update with the rate {rate:g}"
            yield _guess_at("updated-too-early", says, other, partial(_updated, other, rate), 3.2)


def _changes(node: Node) -> Iterator[tuple[str, str, Callable[[Scene, Any], Any], float]]:
    letter = node.shape[0]
    if len(node.shape) > 1 or not node.real:
        stale = f"the last row of {{a}} still holds the one before (a stale buffer?), of {letter}"
        yield stale, "stale", lambda _, a: _row(a, -1, -2), 2.4
        yield "the last row of {a} still holds the first", "stale", lambda _, a: _row(a, -1, 0), 2.7
        yield "the first row of {a} holds the second", "stale", lambda _, a: _row(a, 0, 1), 2.7
        yield (
            "row k of {a} still holds row k - 1 (stale)",
            "stale",
            lambda _, a: np.concatenate([a[:1], a[:-1]]),
            2.7,
        )
    rolled = "{a} is shifted by one, entry k holds entry k - 1"
    yield rolled, "off-by-one", lambda _, a: np.roll(a, 1, 0), 2.7
    yield (
        "{a} is shifted by one, entry k holds entry k + 1",
        "off-by-one",
        lambda _, a: np.roll(a, -1, 0),
        2.7,
    )
    yield "{a} runs backwards", "permuted-rows", lambda _, a: a[::-1], 2.7
    if node.real:
        yield (
            f"the last of the {letter} rows of {{a}} is missing",
            "missing-term",
            (lambda _, a: _zeroed(a, -1)),
            2.9,
        )
        yield (
            f"the first of the {letter} rows of {{a}} is missing",
            "missing-term",
            (lambda _, a: _zeroed(a, 0)),
            2.9,
        )
        yield "{a} has the wrong sign", "wrong-sign", lambda _, a: -a, 2.9
        yield "{a} is 0", "missing-term", lambda _, a: np.zeros_like(a), 1.9
        yield "{a} is 1", "missing-term", lambda _, a: np.ones_like(a), 2.5
        yield "{a} is rounded to float32", "float32", lambda _, a: a.astype(np.float32).astype(float), 2.9
        yield "{a} is rounded to float16", "float16", lambda _, a: a.astype(np.float16).astype(float), 2.9
        yield (
            "{a} is its own mean along axis 0",
            "lost-sum",
            (lambda _, a: np.broadcast_to(a.mean(axis=0), a.shape)),
            3.2,
        )
    else:
        yield "each index of {a} is one too large", "off-by-one", lambda _, a: a + 1, 2.8
        yield "each index of {a} is one too small", "off-by-one", lambda _, a: a - 1, 2.8
        yield "{a} is sorted", "permuted-rows", lambda _, a: np.sort(a), 3.0
    if len(node.shape) == 2 and node.shape[0] == node.shape[1]:
        yield "{a} is transposed", "transposed", lambda _, a: a.T, 2.5


def _guess_at(kind: str, says: str, other: str, change: Callable[[Scene, Any], Any], cost: float) -> Guess:
    key = (kind, says)

    def predict(scene: Scene, name: str) -> Any:
        if key not in scene.predicted:
            moved = change(scene, np.asarray(scene.inputs[other]))
            scene.predicted[key] = _signals(scene, {**scene.inputs, other: moved})
        return scene.predicted[key].get(name)

    return Guess(kind, says, predict, cost, other, subject=key)


def _signals(scene: Scene, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The right gradients at other inputs; empty where the loss cannot be computed there."""
    graph = scene.computation.graph
    try:
        computation = Computation(graph, scene.sizes, inputs)
    except (ValueError, IndexError):
        return {}
    return {name: computation.signals[number] for name, number in graph.arguments.items()}


def _constant(value: float, scene: Scene, a: Any) -> Any:
    return np.full(np.shape(a), value)


def _row(a: Any, to: int, source: int) -> Any:
    copied = a.copy()
    if len(a) > 1:
        copied[to] = a[source]
    return copied


def _zeroed(a: Any, place: int) -> Any:
    copied = a.copy()
    copied[place] = 0.0
    return copied


def _updated(other: str, rate: float, scene: Scene, value: Any) -> Any:
    return value - rate * scene.computation.signals[scene.computation.graph.arguments[other]]


def _exchanged(graph: Graph) -> Iterator[Guess]:
    """Two arguments of the same shape, each in the place of the other."""
    names = [name for name, number in graph.arguments.items() if graph.nodes[number].shape]
    for n, one in enumerate(names):
        for other in names[n + 1 :]:
            if graph[one].shape == graph[other].shape and graph[one].real == graph[other].real:
                says = f"is the right gradient with {one} and {other} exchanged"
                predict = partial(_with_exchanged, one, other)
                yield Guess(
                    "swapped", says, predict, 2.3, f"{one}, {other}", subject=("exchanged", one, other)
                )


def _with_exchanged(one: str, other: str, scene: Scene, name: str) -> Any:
    key = ("exchanged", one, other)
    if key not in scene.predicted:
        moved = {**scene.inputs, one: scene.inputs[other], other: scene.inputs[one]}
        scene.predicted[key] = _signals(scene, moved)
    return scene.predicted[key].get(name)


# --- another operation ------------------------------------------------------------------------------------


Value = Callable[[Computation, Node], Any]


def _altered(graph: Graph, scene: Scene, node: Node, value: Value) -> Computation:
    """The computation with another value for one node, and what follows from it."""
    computation = Computation.__new__(Computation)
    right = scene.computation
    computation.graph, computation.sizes, computation._jacobians = graph, right.sizes, {}
    computation.values = {n: v for n, v in right.values.items() if node.number not in graph.above[n]}
    numbers = graph.sites.get(node.site, (node.number,))
    with np.errstate(all="ignore"):
        for one in graph.nodes:
            if one.number in numbers:
                computation.values[one.number] = value(computation, one)
            elif one.number not in computation.values:
                computation.values[one.number] = np.asarray(computation.at(one, {}))
    return computation


def _of_altered(
    graph: Graph, node: Node, value: Value, change: Any, key: Any
) -> Callable[[Scene, str], Any]:
    def predict(scene: Scene, name: str) -> Any:
        if key not in scene.predicted:
            computation = _altered(graph, scene, node, value)
            numbers = graph.sites.get(node.site, (node.number,))
            changes = (
                {(n, 0): partial(change, computation, graph.nodes[n]) for n in numbers} if change else {}
            )
            with np.errstate(all="ignore"):
                scene.predicted[key] = computation.sweep(changes)
        return scene.predicted[key][graph.arguments[name]]

    return predict


def _wrong_axis(graph: Graph, node: Node) -> Iterator[Guess]:
    """An operation along the rows that was done along the columns: forward only, or back as well."""
    says = f"takes {node.text} over the wrong axis"
    for change, cost in ((_wrong_axis_back, 1.8), (None, 2.0)):
        key = ("wrong axis", node.site, change is None)
        predict = _of_altered(graph, node, _on_transpose, change, key)
        yield Guess("wrong-axis", says, predict, cost, node.text, subject=("wrong axis", node.site))


def _swapped_sizes(computation: Computation, node: Node) -> dict[str, int]:
    first, last = node.shape
    sizes = dict(computation.sizes)
    if first in sizes and last in sizes:
        sizes[first], sizes[last] = sizes[last], sizes[first]
    return sizes


def _on_transpose(computation: Computation, node: Node) -> Any:
    assert node.operation is not None
    given = np.asarray(computation.values[node.inputs[0]])
    return np.asarray(node.operation.value(_swapped_sizes(computation, node), [given.T])).T


def _wrong_axis_back(computation: Computation, node: Node, signal: Any) -> Any:
    assert node.operation is not None
    given = np.asarray(computation.values[node.inputs[0]])
    jacobian = node.operation.jacobian(0, _swapped_sizes(computation, node), [given.T])
    return (np.ravel(signal.T) @ jacobian).reshape(given.T.shape).T


def _skipped(graph: Graph, node: Node) -> Iterator[Guess]:
    """An operation that was forgotten in the forward pass, and so on the way back."""
    says = f"is the gradient of a loss without {node.text}: the operation was left out, forward and back"
    key = ("skipped", node.site)
    predict = _of_altered(graph, node, _as_given, _straight_back, key)
    yield Guess("missing-operation", says, predict, 2.6, node.text, subject=key)
    says = (
        f"goes on with {graph.nodes[node.inputs[0]].name} in the place of {node.name} in the forward pass"
    )
    predict = _of_altered(graph, node, _as_given, None, (*key, "forward"))
    yield Guess("missing-operation", says, predict, 2.7, node.text, subject=(*key, "forward"))


def _as_given(computation: Computation, node: Node) -> Any:
    return np.asarray(computation.values[node.inputs[0]])


def _straight_back(computation: Computation, node: Node, signal: Any) -> Any:
    return signal


def _eps(graph: Graph, node: Node, eps: float) -> Guess:
    """An eps that was added before a logarithm, against log(0)."""

    def change(computation: Computation, one: Node, signal: Any) -> Any:
        given = one.inputs[0]
        moved = {given: computation.values[given] + eps}
        return np.ravel(signal) @ computation.jacobian_at(one, 0, moved)

    says = f"has eps = {eps:.0e} inside the log of {node.text}, which the loss does not have"
    key = ("eps", node.site, eps)
    predict = _of_altered(
        graph, node, lambda computation, one: np.asarray(computation.at(one, {})), change, key
    )
    return Guess("eps-in-log", says, predict, 2.2, f"eps = {eps:.0e}", subject=key)
