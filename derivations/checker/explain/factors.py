"""The factors that may be at a place in the graph, and the name of an elementwise derivative."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain.graph import Graph, Node, Step
from derivations.checker.explain.observations import Observation

Formula = Callable[[Any], Any]


def logistic(q: Any) -> Any:
    """Return σ(q)."""
    return 1 / (1 + np.exp(-q))


FORMULAS: tuple[tuple[str, Formula, float], ...] = (
    ("{q}", np.positive, 0.0),
    ("{q} * (1 - {q})", lambda q: q * (1 - q), 0.2),
    ("(1 - {q}**2)", lambda q: 1 - q**2, 0.3),
    ("({q} > 0)", lambda q: (q > 0).astype(float), 0.3),
    ("(1 - {q})", lambda q: 1 - q, 0.4),
    ("{q}**2", np.square, 0.6),
    ("sigmoid({q}) * (1 - sigmoid({q}))", lambda q: logistic(q) * (1 - logistic(q)), 0.7),
    ("(1 - tanh({q})**2)", lambda q: 1 - np.tanh(q) ** 2, 0.7),
    ("sigmoid({q})", logistic, 0.8),
    ("tanh({q})", np.tanh, 0.8),
    ("2 * {q}", lambda q: 2 * q, 0.8),
    ("exp({q})", np.exp, 0.8),
    ("log({q})", np.log, 0.9),
    ("sign({q})", np.sign, 0.9),
    ("(1 + {q})", lambda q: 1 + q, 0.9),
    ("{q} * (1 + {q})", lambda q: q * (1 + q), 0.9),
    ("abs({q})", np.abs, 0.9),
    ("sqrt({q})", np.sqrt, 0.9),
    ("{q}**3", lambda q: q**3, 1.0),
)
"""What may be made of a quantity, and what that adds to the cost."""

COMMON = 6
"""The number of common formulas, which come first."""

OF_OPERANDS = (("{q}", np.positive), ("1/{q}", np.reciprocal), ("-{q}", np.negative))
"""The derivative of a product, a quotient or a difference in terms of its other operand."""


class Factor(NamedTuple):
    """A factor by name: its value at a step, of a shape that broadcasts against that of the signal."""

    text: str
    value: Callable[[Step], Any]
    cost: float
    node: int


def factors(graph: Graph, place: Node, near: Collection[int] = ()) -> Iterator[Factor]:
    """Yield the factors for a place in the graph: quantities of its shape, and of a part of it.

    The nodes that are ``near`` come in all formulas, the others in the common ones.
    """
    for node in graph.first_of_each():
        index = _aligned(node, place.shape)
        if index is None:
            continue
        forms = FORMULAS if node.number in near else FORMULAS[:COMMON]
        for form, formula, cost in forms if node.real else forms[:1]:
            more = cost + (0 if len(node.shape) == len(place.shape) else 0.5)
            value = partial(_value, place.number, node.number, formula, index)
            yield Factor(form.format(q=node.quantity), value, more, node.number)
        if reversed_difference(node):
            value = partial(_value, place.number, node.number, np.negative, index)
            yield Factor(reversed_difference(node), value, 0.1, node.number)


def products(graph: Graph, place: Node) -> Iterator[Factor]:
    """Yield factors that are the product of two quantities of the shape of a place."""
    same = [node for node in graph.first_of_each() if node.real and node.shape == place.shape]
    for n, one in enumerate(same):
        for other in same[n + 1 :]:
            for text, sign in ((other.quantity, 1), (reversed_difference(other), -1)):
                if text:
                    value = partial(_product, place.number, one.number, other.number, sign)
                    yield Factor(f"{one.quantity} * {text}", value, 0.8, one.number)


def reversed_difference(node: Node) -> str:
    """Return a difference the other way round, ``(y - t)`` for ``t - y``, or "" for another expression."""
    found = re.fullmatch(r"(\w+) ?- ?(\w+)", node.text)
    return f"({found[2]} - {found[1]})" if found else ""


def _value(place: int, number: int, formula: Formula, index: tuple[Any, ...], step: Step) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(formula(np.asarray(step.value_of(number, place), float)))[index]


def _product(place: int, one: int, other: int, sign: int, step: Step) -> Any:
    return sign * np.asarray(step.value_of(one, place), float) * step.value_of(other, place)


def _aligned(node: Node, shape: tuple[str, ...]) -> tuple[Any, ...] | None:
    """Return how to index a node so that it broadcasts to a shape, or None if it does not."""
    if node.shape == shape:
        return (...,)
    if not node.shape or len(node.shape) >= len(shape):
        return None
    if node.shape == shape[-len(node.shape) :]:
        return (...,)
    if node.shape == shape[: len(node.shape)]:
        return (..., *[None] * (len(shape) - len(node.shape)))
    return None


def derivative_text(node: Node, position: int, observations: Sequence[Observation]) -> str:
    """Return the name of an elementwise derivative: ``h * (1 - h)``, or ``∂h/∂u`` if it has no other."""
    nodes = observations[0].computation.graph.nodes
    given = nodes[node.inputs[position]]
    candidates = [(source, form, formula) for source in (node, given) for form, formula, _ in FORMULAS]
    others = (nodes[number] for n, number in enumerate(node.inputs) if n != position)
    candidates += [
        (other, form, formula) for other in others if other.real for form, formula in OF_OPERANDS
    ]
    for source, form, formula in candidates:
        if all(_is_derivative(one, node, position, source, formula) for one in observations[:3]):
            return form.format(q=source.quantity)
    return f"∂{node.quantity}/∂{given.quantity}"


def _is_derivative(one: Observation, node: Node, position: int, source: Node, formula: Formula) -> bool:
    computation = one.computation
    found = Step(computation, node.number, position).diagonal
    with np.errstate(all="ignore"):
        named = formula(np.asarray(computation.values[source.number], float))
    try:
        named = np.ravel(np.broadcast_to(named, np.shape(computation.values[node.number])))
    except ValueError:
        return False
    return named.shape == found.shape and bool(np.allclose(found, named, rtol=1e-9, atol=1e-300))
