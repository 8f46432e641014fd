"""Guesses that change one step of a sweep: at a quantity, or on an edge of the graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from derivations.checker.explain.guesses import Guess, swept
from derivations.checker.graph import Computation, Node

Step = Callable[[Computation, int, int, Any], Any]
"""What flows back over an edge: of a computation, node and position, given the signal of the node."""


def on_node(kind: str, says: str, node: Node, change: Any, cost: float, detail: str) -> Guess:
    """A guess that changes the error signal of one quantity, wherever its line is run."""

    def edits(computation: Computation) -> dict[Any, Any]:
        numbers = computation.graph.sites.get(node.site, ())
        return {number: partial(change, computation, number) for number in numbers}

    return Guess(kind, says, swept(edits), cost, detail, subject=(node.site, says), edits=edits)


def on_edge(kind: str, says: str, node: Node, position: int, step: Step, cost: float, detail: str) -> Guess:
    """A guess that changes what flows back from a quantity to one of its inputs."""

    def edits(computation: Computation) -> dict[Any, Any]:
        numbers = computation.graph.sites.get(node.site, ())
        return {(number, position): partial(step, computation, number, position) for number in numbers}

    return Guess(kind, says, swept(edits), cost, detail, subject=(node.site, position, says), edits=edits)
