"""A sum of which one term is kept, and a quantity in the place of another in a step of the chain rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.explain.edits import on_edge
from derivations.checker.explain.guesses import Guess
from derivations.checker.explain.scenes import Scene
from derivations.checker.graph import Computation, Graph, Node


def overwritten(node: Node, position: int, given: Node, selects: bool) -> Iterator[Guess]:
    """Of several terms that belong in one entry, only one is kept."""
    for place, word in ((-1, "last"), (0, "first")):
        if selects:
            says = (
                f"keeps only the {word} of the terms that meet in one entry of {given.name}: repeated"
                f" indices are overwritten where they must be added, back from {node.name}"
            )
            yield on_edge("overwritten", says, node, position, partial(_keep, place), 1.9, node.name)
        else:
            says = (
                f"keeps only the {word} of the terms that must be added on the way from {node.name} back to"
            )
            says += f" {given.name}"
            yield on_edge("lost-sum", says, node, position, partial(_keep, place), 2.6, node.name)


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


def substituted(graph: Graph, node: Node, position: int, scenes: Sequence[Scene]) -> Iterator[Guess]:
    """A step of the chain rule with another quantity in the place of one that it reads."""
    computation = scenes[0].computation
    for number in dict.fromkeys(node.inputs):
        used = graph.nodes[number]
        if not used.real or not used.shape or not _reads(computation, node, position, number):
            continue
        for other in graph.first_of_each():
            if other.real and other.number != number and other.shape == used.shape:
                yield _substitution(node, position, used, other, transposed=False)
        yield _left_out(node, position, used)
        if len(used.shape) == 2:
            for other in graph.first_of_each():
                if other.real and other.shape == used.shape[::-1]:
                    yield _substitution(node, position, used, other, transposed=True)


def _left_out(node: Node, position: int, used: Node) -> Guess:
    def step(computation: Computation, number: int, position: int, signal: Any) -> Any:
        needed = computation.graph.counterpart(used.number, node.number, number)
        ones = {needed: np.ones(np.shape(computation.values[needed]))}
        return np.ravel(signal) @ computation.jacobian_at(computation.graph.nodes[number], position, ones)

    says = f"lacks {used.name}, in the step back through {node.name}"
    return on_edge("missing-factor", says, node, position, step, 1.7, used.name)


def _reads(computation: Computation, node: Node, position: int, number: int) -> bool:
    """Whether the step depends on the value of this quantity at all."""
    moved = {number: np.asarray(computation.values[number]) * 1.5 + 0.25}
    with np.errstate(all="ignore"):
        return not np.array_equal(
            computation.jacobian_at(node, position, moved), computation.jacobian(node.number, position)
        )


def _substitution(node: Node, position: int, used: Node, other: Node, *, transposed: bool) -> Guess:
    def step(computation: Computation, number: int, position: int, signal: Any) -> Any:
        graph = computation.graph
        value = np.asarray(computation.values[graph.counterpart(other.number, node.number, number)])
        value = value.T if transposed else value
        needed = graph.counterpart(used.number, node.number, number)
        if value.shape != np.shape(computation.values[needed]):
            return np.full(np.shape(computation.values[graph.nodes[number].inputs[position]]), np.nan)
        return np.ravel(signal) @ computation.jacobian_at(graph.nodes[number], position, {needed: value})

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
    guess = on_edge(kind, says, node, position, step, cost, f"{with_what} for {used.name}")
    return guess
