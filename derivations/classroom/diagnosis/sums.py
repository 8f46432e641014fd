"""The error signal of a quantity, put together wrong.

An error signal is often a small sum with a closed form, ``y - t``. So each pair of quantities that fit
is tried as a sum, with constants found from the numbers; that both constants have a name on every
instance, and that every entry agrees, is what makes it an explanation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from derivations.classroom.diagnosis.constants import Constant, name_constant
from derivations.classroom.diagnosis.scenes import Scene
from derivations.classroom.diagnosis.terms import Value, ones_like, value_of
from derivations.classroom.graph import Computation, Graph, Node


class Term(NamedTuple):
    """A quantity of the right shape for an error signal, by name."""

    text: str
    value: Value
    cost: float


def terms_of(graph: Graph, node: Node) -> Iterator[Term]:
    """What the error signal of a node may be made of: quantities of its shape, and sums of larger ones."""
    yield Term("1", partial(ones_like, node.number), 0.9)
    for text, formula in OWN:
        yield Term(text.format(q=node.name), partial(_formula, node.number, formula), 0.4)
    for other in graph.nodes[:-1]:
        if not other.real:
            continue
        if other.shape == node.shape and other.number != node.number:
            yield Term(other.name, partial(value_of, other.number), 0.0)
            if other.text.startswith(("log_softmax", "log(")):
                yield Term(f"exp({other.name})", partial(_exp, other.number), 0.2)
            if other.operation is not None or other.number < len(graph.arguments):
                yield from _masked(other, node)
            if len(other.shape) == 2:
                yield from _over_other_axis(other)
        elif node.shape and other.shape[1:] == node.shape:
            yield Term(
                f"the sum of {other.name} over {other.shape[0]}", partial(_summed, other.number), 0.1
            )
            for place, word in ((-1, "last"), (0, "first")):
                yield Term(f"the {word} {other.name}", partial(_row, other.number, place), 0.5)


def _softmax(q: Any) -> Any:
    e = np.exp(q - np.max(q, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


OWN = (
    ("{q}", lambda q: q),
    ("sigmoid({q})", lambda q: 1 / (1 + np.exp(-q))),
    ("softmax({q})", _softmax),
    ("tanh({q})", np.tanh),
    ("exp({q})", np.exp),
    ("({q} > 0)", lambda q: (q > 0).astype(float)),
)
"""What an error signal may take of its own quantity: another activation than the loss has."""


def _formula(number: int, formula: Callable[[Any], Any], computation: Computation) -> Any:
    return formula(np.asarray(computation.values[number]))


def _masked(other: Node, node: Node) -> Iterator[Term]:
    if len(other.shape) > 1:
        for place, word in ((-1, "last"), (0, "first")):
            value = partial(_only_row, other.number, place)
            yield Term(f"{other.name} of the {word} {other.shape[0]} only", value, 0.5)


def _over_other_axis(other: Node) -> Iterator[Term]:
    """An activation taken over the wrong axis: the operation on the transpose, transposed back."""
    if other.operation is not None and len(other.inputs) == 1:
        yield Term(f"{other.text or other.name} over the wrong axis", partial(_wrong_axis, other), 0.3)
        if "log_softmax" in other.text:
            text = f"{other.text.replace('log_softmax', 'softmax')} over the wrong axis"
            yield Term(text, partial(_exp_wrong_axis, other), 0.3)


def _exp(number: int, computation: Computation) -> Any:
    return np.exp(computation.values[number])


def _summed(number: int, computation: Computation) -> Any:
    return np.sum(computation.values[number], axis=0)


def _row(number: int, place: int, computation: Computation) -> Any:
    return np.asarray(computation.values[number])[place]


def _only_row(number: int, place: int, computation: Computation) -> Any:
    value = np.asarray(computation.values[number])
    kept = np.zeros_like(value)
    kept[place] = value[place]
    return kept


def _wrong_axis(node: Node, computation: Computation) -> Any:
    assert node.operation is not None
    sizes, given = computation.sizes, np.asarray(computation.values[node.inputs[0]])
    letters = dict(zip(node.shape, reversed(node.shape), strict=True))
    swapped = {letter: sizes.get(letters.get(letter, letter), size) for letter, size in sizes.items()}
    return np.asarray(node.operation.value(swapped, [given.T])).T


def _exp_wrong_axis(node: Node, computation: Computation) -> Any:
    return np.exp(_wrong_axis(node, computation))


def fitted_terms(
    graph: Graph, name: str, scenes: Sequence[Scene]
) -> Iterator[tuple[str, str, tuple[Constant, ...], tuple[str, ...], float]]:
    """Sums of one or two terms that, as the error signal of some quantity, give the hand's gradient.

    Yields the node's name, what its error should be as a sum of the same terms ("" if it is none), the
    constants and the terms' names, and the cost.
    """
    target = graph.arguments[name]
    for node in graph.nodes[:-1]:
        if target not in graph.above[node.number] or not node.shape:
            continue
        rests = [_rest(scene, node, target, name) for scene in scenes]
        terms = list(terms_of(graph, node))
        pushed = [_pushed(graph, node, term, target, scenes[:8]) for term in terms]
        usable = [n for n, columns in enumerate(pushed) if columns is not None]
        for chosen in (*((n,) for n in usable), *combinations(usable, 2)):
            constants = _fit(name, [pushed[n] for n in chosen], scenes[:8], rests)
            if constants is None or not _holds(
                graph, node, [terms[n] for n in chosen], name, scenes, rests
            ):
                continue
            right = _right_constants(node, [terms[n] for n in chosen], scenes)
            cost = 3.0 + sum(terms[n].cost for n in chosen) + sum(0.2 * c.cost for c in constants)
            cost += (0 if right else 0.8) + (0 if node.number != target else 0.4)
            texts = tuple(terms[n].text for n in chosen)
            yield node.name, as_sum(right, texts) if right else "", constants, texts, cost


def _pushed(graph: Graph, node: Node, term: Term, target: int, scenes: Sequence[Scene]) -> list[Any] | None:
    """What a term as the error of a node gives for the argument, on each scene; None if not finite."""
    columns = []
    for scene in scenes:
        try:
            with np.errstate(all="ignore"):
                value = term.value(scene.computation)
        except ValueError:  # an axis that is not as long as the other
            return None
        if (
            np.shape(value) != np.shape(scene.computation.values[node.number])
            or not np.isfinite(value).all()
        ):
            return None
        columns.append(np.ravel(scene.computation.push(node.number, value)[target]))
    return columns


def _rest(scene: Scene, node: Node, target: int, name: str) -> Any:
    """What the gradient has from paths that do not lead through this node."""
    pushed = scene.computation.push(node.number, scene.computation.signals[node.number])
    return scene.right[name] - pushed[target]


def _fit(
    name: str, pushed: list[Any], scenes: Sequence[Scene], rests: Sequence[Any]
) -> tuple[Constant, ...] | None:
    """The named constants with which the terms make the hand's gradient on all of these scenes, or None."""
    factors = []
    used = []
    for number, scene in enumerate(scenes):
        columns = np.stack([columns[number] for columns in pushed], axis=1)
        hand = np.ravel(scene.hand[name] - rests[number])
        solution, _, rank, _ = np.linalg.lstsq(columns, hand, rcond=1e-10)
        if not scene.explains(name, rests[number] + (columns @ solution).reshape(rests[number].shape)):
            return None
        if rank == len(pushed):
            factors.append(solution)
            used.append(scene)
    if len(used) < 3:
        return None
    named = [name_constant(np.array(factors)[:, n].tolist(), used) for n in range(len(pushed))]
    found = tuple(constant for constant in named if constant is not None)
    return found if len(found) == len(pushed) else None


def _holds(
    graph: Graph, node: Node, terms: list[Term], name: str, scenes: Sequence[Scene], rests: Sequence[Any]
) -> bool:
    """Whether the same terms fit, with constants that have a name, on every scene."""
    pushed = [_pushed(graph, node, term, graph.arguments[name], scenes) for term in terms]
    if any(columns is None for columns in pushed):
        return False
    return _fit(name, pushed, scenes, rests) is not None


def _right_constants(node: Node, terms: list[Term], scenes: Sequence[Scene]) -> tuple[Constant, ...] | None:
    """The constants with which the same terms make the right error signal, if they do."""
    factors, used = [], []
    for scene in scenes[:8]:
        columns = np.stack([np.ravel(term.value(scene.computation)) for term in terms], axis=1)
        signal = np.ravel(scene.computation.signals[node.number])
        solution, _, rank, _ = np.linalg.lstsq(columns, signal, rcond=1e-10)
        if np.max(np.abs(columns @ solution - signal)) > 1e-9 * np.max(np.abs(signal)):
            return None
        if rank == len(terms):
            factors.append(solution)
            used.append(scene)
    if len(used) < 3:
        return None
    named = [name_constant(np.array(factors)[:, n].tolist(), used) for n in range(len(terms))]
    found = tuple(constant for constant in named if constant is not None)
    return found if len(found) == len(terms) else None


def as_sum(constants: Sequence[Constant] | None, texts: Sequence[str]) -> str:
    """A sum in words: ``C * y - t``."""
    parts = []
    for constant, text in zip(constants or (), texts, strict=False):
        sign, size = ("- ", constant.text[1:]) if constant.text.startswith("-") else ("+ ", constant.text)
        parts.append(sign + (text if size == "1" else size if text == "1" else f"{size} * {text}"))
    return " ".join(parts).removeprefix("+ ").replace("- ", "-", 1 if parts and parts[0][0] == "-" else 0)
