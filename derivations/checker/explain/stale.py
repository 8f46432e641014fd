"""Buffers: a row that still holds what the row before left there, a sum that is never cleared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.explain.guesses import Guess, Predict
from derivations.checker.explain.scenes import Scene
from derivations.checker.graph import Computation, Graph, Node


def stale_guesses(graph: Graph, name: str) -> Iterator[Guess]:
    """Errors of rows that are left in the rows after them, for the gradient of one argument."""
    target = graph.arguments[name]
    for node in graph.nodes[:-1]:
        if target not in graph.above[node.number] or len(node.shape) < 2 or not node.real:
            continue
        if node.number == target:
            continue
        for says, change, cost in _CHANGES:
            subject = ("stale", node.site, says)
            predict = _pushed(node, target, change)
            yield Guess("stale", says.format(node.name), predict, cost, node.name, subject=subject)
        for user, position in _forks(graph, node):
            part = partial(_part, user, position, node)
            predict = _of_part(node, target, part)
            says = (
                f"has, in the last row of the error of {node.name}, also what the row before got through"
                f" {graph.nodes[user].name}: a buffer that still holds the previous example"
            )
            yield Guess("stale", says, predict, 2.4, node.name, subject=("stale", node.site, user))


def _not_cleared(signal: Any) -> Any:
    return np.cumsum(signal, axis=0)


def _last_again(signal: Any) -> Any:
    stale = signal.copy()
    stale[-1] = signal[-2] if len(signal) > 1 else signal[-1]
    return stale


def _last_twice(signal: Any) -> Any:
    stale = signal.copy()
    if len(signal) > 1:
        stale[-1] += signal[-2]
    return stale


_CHANGES = (
    ("adds up the error of {0} from row to row: the buffer is never set back to 0", _not_cleared, 2.2),
    (
        "has the last but one row of the error of {0} in the place of the last (a stale buffer)",
        _last_again,
        2.3,
    ),
    ("has the last but one row of the error of {0} added to the last (a stale buffer)", _last_twice, 2.4),
)


def _pushed(node: Node, target: int, change: Any) -> Predict:
    def predict(scene: Scene, name: str) -> Any:
        signal = scene.computation.signals[node.number]
        moved = np.asarray(change(signal)) - signal
        return scene.right[name] + scene.computation.push(node.number, moved)[target]

    return predict


def _forks(graph: Graph, node: Node) -> Iterator[tuple[int, int]]:
    """The edges, further up, at which the way back to a node parts in several."""
    for other in graph.nodes:
        if node.number in graph.above[other.number] and len(graph.users[other.number]) > 1:
            yield from graph.users[other.number]


def _part(user: int, position: int, node: Node, computation: Computation) -> Any:
    """What flows to a node over one of these edges only."""
    flow = computation.flow(user, position, computation.signals[user], {})
    start = computation.graph.nodes[user].inputs[position]
    return computation.push(start, flow).get(node.number)


def _of_part(node: Node, target: int, part: Any) -> Predict:
    def predict(scene: Scene, name: str) -> Any:
        signal = part(scene.computation)
        if signal is None or len(signal) < 2:
            return scene.right[name]
        moved = np.zeros_like(signal)
        moved[-1] = signal[-2]
        return scene.right[name] + scene.computation.push(node.number, moved)[target]

    return predict
