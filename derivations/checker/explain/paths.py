"""One of several paths from a quantity to the loss: forgotten, turned, or with another weight than 1."""

from __future__ import annotations

from typing import Any

from derivations.checker.explain.guesses import Guess
from derivations.checker.explain.scenes import Scene
from derivations.checker.graph import Computation, Graph, Node


def path(graph: Graph, node: Node, position: int, scene: Scene) -> Guess:
    """One of several paths from a quantity to the loss, with another weight than 1."""
    given = graph.nodes[node.inputs[position]]

    def predict(scene: Scene, name: str) -> Any:
        computation = scene.computation
        flow = computation.flow(node.number, position, computation.signals[node.number], {})
        return computation.push(given.number, flow).get(graph.arguments[name])

    return _weight(node, predict, (node.site, position), is_regulariser(scene.computation, node))


def weighted(graph: Graph, node: Node, scene: Scene) -> Guess:
    """All paths through one quantity with another weight than 1, where there are others beside them."""

    def predict(scene: Scene, name: str) -> Any:
        computation = scene.computation
        pushed = computation.push(node.number, computation.signals[node.number])
        return pushed.get(graph.arguments[name])

    return _weight(node, predict, (node.site, "weight"), is_regulariser(scene.computation, node))


def _weight(node: Node, predict: Any, subject: Any, regulariser: bool) -> Guess:
    path = f"the regulariser {node.text}" if regulariser else f"the path through {node.name}"

    def words(constant: str) -> tuple[str, str, str]:
        kind = "regulariser" if regulariser else "missing-path"
        if constant == "0":
            return kind, f"leaves out {path}", node.name
        if constant == "-1":
            return kind if regulariser else "wrong-sign", f"has the wrong sign on {path}", node.name
        kind = kind if regulariser else "constant-factor"
        return kind, f"counts {path} {'twice' if constant == '2' else f'{constant} times'}", constant

    return Guess("path", "", predict, 1.1, added=True, weight=True, words=words, subject=subject)


def all_paths_meet(graph: Graph, target: int, number: int) -> bool:
    """Whether every path from a quantity to the loss leads through this node."""
    reached, last = {target}, len(graph.nodes) - 1
    for node in graph.nodes[target + 1 :]:
        if node.number != number and any(n in reached for n in node.inputs):
            reached.add(node.number)
    return number == target or last not in reached


def is_regulariser(computation: Computation, node: Node) -> bool:
    """Whether a node is on a path from one argument alone to a number that is added to the loss."""
    graph, number = computation.graph, node.number
    while len(graph.users[number]) == 1 and _of_one_argument(graph, graph.users[number][0][0]):
        number = graph.users[number][0][0]
    alone = _of_one_argument(graph, number) and not graph.nodes[number].shape
    return alone and abs(float(computation.signals[number])) == 1


def _of_one_argument(graph: Graph, number: int) -> bool:
    """Whether a node is computed from a single array and single numbers: it sees no data."""
    arguments = [graph.nodes[n] for n in graph.above[number] if n in graph.arguments.values()]
    return len([argument for argument in arguments if argument.shape]) == 1
