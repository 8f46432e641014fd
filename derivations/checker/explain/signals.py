"""Mistakes in the error signal of one quantity: rows left out, a mean for a sum, a factor more or less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.explain.edits import on_node
from derivations.checker.explain.factors import factors
from derivations.checker.explain.guesses import Guess
from derivations.checker.graph import Computation, Graph, Node

Value = Callable[[Computation, int], Any]


def at_node(graph: Graph, node: Node, is_argument: bool) -> Iterator[Guess]:
    """Mistakes in the error signal of one quantity (or, of an argument, in its gradient)."""
    whose = "" if is_argument else f" in the error of {node.name}"
    for axis, letter in enumerate(node.shape):
        if not is_argument:
            for place, word in ((-1, "last"), (0, "first")):
                says = f"counts only the {word} of the {letter} along axis {axis} of {node.name}"
                yield on_node("only-one-counted", says, node, partial(_only, axis, place), 2.2, word)
                says = f"leaves out the {word} of the {letter} along axis {axis} of {node.name}"
                yield on_node("lost-sum", says, node, partial(_all_but, axis, place), 2.8, word)
            says = f"takes the mean over {letter} of the error of {node.name}"
            yield on_node("lost-sum", says, node, partial(_mean, axis), 3.2, letter)
    if len(graph.sites[node.site]) > 1:
        for place, word in ((-1, "last"), (0, "first")):
            says = f"counts only the {word} pass of the loop through {node.name}"
            yield on_node("only-one-counted", says, node, partial(_one_pass, place), 2.0, word)
    if not is_argument:
        for other in graph.first_of_each():
            if other.real and other.shape == node.shape and other.shape and other.number != node.number:
                below = other.number in graph.above[node.number]
                says = f"takes the error of {other.name} for that of {node.name}"
                says += f": {node.name}'s was overwritten in place?" if below else ""
                kind, cost = ("aliased", 2.1) if below else ("wrong-error", 2.4)
                yield on_node(
                    kind, says, node, partial(_error_of, node.number, other.number), cost, other.name
                )
    for text, value, cost, number in factors(graph, node, {node.number}):
        own = 0.8 if is_argument and number == node.number else 0
        at = 1.8 + cost + own
        says = f"has the factor {text} that does not belong there{whose}"
        yield on_node("extra-factor", says, node, partial(_times, value), at, text)
        says = f"lacks the factor {text}{whose}"
        yield on_node("missing-factor", says, node, partial(_over, value), at + 0.05, text)


def _one_pass(place: int, computation: Computation, at: int, signal: Any) -> Any:
    passes = computation.graph.sites[computation.graph.nodes[at].site]
    return signal if at == passes[place] else np.zeros_like(signal)


def _only(axis: int, place: int, _: Computation, at: int, signal: Any) -> Any:
    kept = np.zeros_like(signal)
    np.moveaxis(kept, axis, 0)[place] = np.moveaxis(signal, axis, 0)[place]
    return kept


def _all_but(axis: int, place: int, _: Computation, at: int, signal: Any) -> Any:
    return signal - _only(axis, place, _, at, signal)


def _mean(axis: int, _: Computation, at: int, signal: Any) -> Any:
    return np.broadcast_to(np.mean(signal, axis=axis, keepdims=True), np.shape(signal))


def _error_of(node: int, number: int, computation: Computation, at: int, signal: Any) -> Any:
    return computation.signals[computation.graph.counterpart(number, node, at)]


def _times(value: Value, computation: Computation, at: int, signal: Any) -> Any:
    return signal * value(computation, at)


def _over(value: Value, computation: Computation, at: int, signal: Any) -> Any:
    return signal / value(computation, at)
