"""Which quantities may stand as a factor where, and what the slope of an operation is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain.scenes import Scene
from derivations.checker.graph import Computation, Graph, Node

Formula = Callable[[Any], Any]


def logistic(q: Any) -> Any:
    """σ(q)."""
    return 1 / (1 + np.exp(-q))


FORMULAS: tuple[tuple[str, Formula, float], ...] = (
    ("{q}", lambda q: q, 0.0),
    ("{q} * (1 - {q})", lambda q: q * (1 - q), 0.2),
    ("(1 - {q}**2)", lambda q: 1 - q**2, 0.3),
    ("({q} > 0)", lambda q: (q > 0).astype(float), 0.3),
    ("(1 - {q})", lambda q: 1 - q, 0.4),
    ("{q}**2", lambda q: q**2, 0.6),
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
"""What may be made of a quantity, and how far-fetched that is."""
COMMON = 6
"""The first of them are the common ones."""


class Factor(NamedTuple):
    """A factor by name: its value at a computation and a node, of a shape that broadcasts against that."""

    text: str
    value: Callable[[Computation, int], Any]
    cost: float
    node: int


def factors(graph: Graph, place: Node, near: Collection[int] = ()) -> Iterator[Factor]:
    """The factors for a place in the graph: quantities of its shape, and rows and columns of it.

    The nodes that are ``near`` come in all formulas, the others in the common ones.
    """
    shape = place.shape
    for node in graph.first_of_each():
        aligned = _aligned(node, shape)
        if aligned is None:
            continue
        forms = FORMULAS if node.number in near else FORMULAS[:COMMON]
        for form, formula, cost in forms if node.real else forms[:1]:
            more = cost + (0 if len(node.shape) == len(shape) else 0.5)
            value = _factor(place.number, node.number, formula, aligned)
            yield Factor(form.format(q=node.quantity), value, more, node.number)
        if turned(node):
            value = _factor(place.number, node.number, np.negative, aligned)
            yield Factor(turned(node), value, 0.1, node.number)


def products(graph: Graph, place: Node) -> Iterator[Factor]:
    """Factors that are the product of two quantities of this shape."""
    same = [node for node in graph.first_of_each() if node.real and node.shape == place.shape]
    for n, one in enumerate(same):
        for other in same[n + 1 :]:
            yield Factor(
                f"{one.quantity} * {other.quantity}", _product(place, one, other, 1), 0.8, one.number
            )
            if turned(other):
                yield Factor(
                    f"{one.quantity} * {turned(other)}", _product(place, one, other, -1), 0.8, one.number
                )


def _product(place: Node, one: Node, other: Node, sign: int) -> Callable[[Computation, int], Any]:
    first = _factor(place.number, one.number, lambda q: sign * q, (...,))
    second = _factor(place.number, other.number, lambda q: q, (...,))
    return lambda computation, at: first(computation, at) * second(computation, at)


def turned(node: Node) -> str:
    """A difference the other way round, ``(y - t)`` for ``t - y``; empty for what is none."""
    found = re.fullmatch(r"(\w+) ?- ?(\w+)", node.text)
    return f"({found[2]} - {found[1]})" if found else ""


def _factor(
    place: int, number: int, formula: Formula, aligned: tuple[Any, ...]
) -> Callable[[Computation, int], Any]:
    def value(computation: Computation, at: int) -> Any:
        of = computation.graph.counterpart(number, place, at)
        with np.errstate(all="ignore"):
            return np.asarray(formula(np.asarray(computation.values[of], float)))[aligned]

    return value


def _aligned(node: Node, shape: tuple[str, ...]) -> tuple[Any, ...] | None:
    """How to index a node so that it broadcasts to a shape; None if it does not."""
    if node.shape == shape:
        return (...,)
    if not node.shape or len(node.shape) >= len(shape):
        return None
    if node.shape == shape[-len(node.shape) :]:
        return (...,)
    if node.shape == shape[: len(node.shape)]:
        return (..., *[None] * (len(shape) - len(node.shape)))
    return None


def slope_text(node: Node, position: int, scenes: Sequence[Scene]) -> str:
    """The slope of an elementwise operation by name: ``h * (1 - h)`` where it is that, else ``∂h/∂u``."""
    graph = scenes[0].computation.graph
    given = graph.nodes[node.inputs[position]]
    for source in (node, given):
        for form, formula, _ in FORMULAS:
            if all(_is_slope(scene, node, position, source, formula) for scene in scenes[:3]):
                return form.format(q=source.quantity)
    for other in (number for n, number in enumerate(node.inputs) if n != position):
        for form, formula in (("{q}", np.positive), ("1/{q}", np.reciprocal), ("-{q}", np.negative)):
            if graph.nodes[other].real and all(
                _is_slope(scene, node, position, graph.nodes[other], formula) for scene in scenes[:3]
            ):
                return form.format(q=graph.nodes[other].quantity)
    return f"∂{node.quantity}/∂{given.quantity}"


def _is_slope(scene: Scene, node: Node, position: int, source: Node, formula: Formula) -> bool:
    computation = scene.computation
    found = np.diagonal(computation.jacobian(node.number, position))
    with np.errstate(all="ignore"):
        named = formula(np.asarray(computation.values[source.number], float))
    try:
        named = np.ravel(np.broadcast_to(named, np.shape(computation.values[node.number])))
    except ValueError:
        return False
    return named.shape == found.shape and bool(np.allclose(found, named, rtol=1e-9, atol=1e-300))
