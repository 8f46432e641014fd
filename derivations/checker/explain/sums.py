"""The error signal of a quantity, put together wrong.

An error signal is often a small sum with a closed form, ``y - t``. So each pair of quantities that fit
is tried as a sum, with constants found from the numbers; that both constants have a name on every
instance, and that every entry agrees, is what makes it an explanation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, permutations
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain.constants import Constant, name_constant
from derivations.checker.explain.scenes import Scene
from derivations.checker.explain.terms import Value, ones_like, value_of
from derivations.checker.graph import Computation, Graph, Node


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
            if "log_softmax" in other.text:
                text = other.text.replace("log_softmax", "softmax")
                yield Term(text, partial(_exp, other.number), 0.0)
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
    ("softmax({q}) over the wrong axis", lambda q: _softmax(q.T).T),
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


class Sum(NamedTuple):
    """An error signal as the hand has it: at which node, in words, of what kind, and how far-fetched."""

    node: str
    kind: str
    says: str
    yours: str
    cost: float


def fitted_terms(graph: Graph, name: str, scenes: Sequence[Scene]) -> Iterator[Sum]:
    """Sums of one or two terms that, as the error signal of some quantity, give the hand's gradient.

    Or that, added to the right error signal, do: a term too many, or one in the place of another.
    """
    target = graph.arguments[name]
    for node in graph.first_of_each():
        if target not in graph.above[node.number] or not node.shape or not node.real:
            continue
        rests = [_rest(scene, node, target, name) for scene in scenes]
        rights = [scene.right[name] for scene in scenes]
        columns = {term: _pushed(graph, node, term, target, scenes) for term in terms_of(graph, node)}
        usable = {term: column for term, column in columns.items() if column is not None}
        extra = 0.0 if node.number != target else 0.4
        for chosen in (*((term,) for term in usable), *combinations(usable, 2)):
            constants = _fit(name, [usable[term] for term in chosen], scenes, rests)
            if constants is not None:
                yield _as_error(node, chosen, constants, scenes, extra)
        for term, column in usable.items():
            constants = _fit(name, [column], scenes, rights)
            if constants is not None:
                yield _too_many(node, term, constants[0], extra)
        for one, other in permutations(usable, 2):
            turned = [a - b for a, b in zip(usable[one], usable[other], strict=True)]
            constants = _fit(name, [turned], scenes, rights) if one.cost + other.cost < 0.9 else None
            if constants is not None and not constants[0].text.startswith("-"):
                yield _in_the_place(node, one, other, constants[0], extra)


def _as_error(
    node: Node,
    terms: tuple[Term, ...],
    constants: tuple[Constant, ...],
    scenes: Sequence[Scene],
    extra: float,
) -> Sum:
    """The whole error signal is this sum."""
    right = _right_constants(node, terms, scenes)
    texts = [term.text for term in terms]
    yours = as_sum(constants, texts)
    says = f"takes {yours} as the error of {node.name}"
    says += f" in the place of {as_sum(right, texts)}" if right else ""
    cost = 3.0 + extra + sum(term.cost for term in terms) + sum(0.2 * c.cost for c in constants)
    kind = "wrong-axis" if "wrong axis" in yours else "counted-once" if right else "wrong-error"
    return Sum(node.name, kind, says, yours, cost + (0 if right else 0.8))


def _too_many(node: Node, term: Term, constant: Constant, extra: float) -> Sum:
    """A term is in the error signal too often."""
    cost = 3.0 + extra + term.cost + 0.3 * constant.cost
    counted = re.fullmatch(r"\(1 - (\w+)\)", constant.text)
    if counted:
        says = f"counts {term.text} once in the error of {node.name}, where it counts {counted[1]} times"
        return Sum(node.name, "counted-once", says, term.text, cost - 0.8)
    yours = as_sum([constant], [term.text])
    return Sum(
        node.name, "extra-term", f"has {yours} too much in the error of {node.name}", yours, cost + 0.6
    )


def _in_the_place(node: Node, one: Term, other: Term, constant: Constant, extra: float) -> Sum:
    """One term of the error signal stands in the place of another."""
    kind = "wrong-axis" if "wrong axis" in one.text else "wrong-error"
    says = f"has {one.text} in the place of {other.text} in the error of {node.name}"
    cost = 3.0 + extra + one.cost + other.cost + 0.2 * constant.cost
    return Sum(node.name, kind, says, one.text, cost)


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
    """The named constants with which the terms and the rest make the hand's gradient on all scenes."""
    factors, used = [], []
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
    found = tuple(constant for constant in named if constant is not None and constant.text != "0")
    return found if len(found) == len(pushed) else None


def _right_constants(
    node: Node, terms: Sequence[Term], scenes: Sequence[Scene]
) -> tuple[Constant, ...] | None:
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
