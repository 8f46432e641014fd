"""A prediction: a mistake made at one place, and the gradient that it would give.

Whether the mistake was made is decided by comparing every entry of the prediction with the candidate
gradient on many test cases. A prediction is computed without the candidate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.explain.graph import Changes, Computation, Node, Step
from derivations.checker.explain.mistakes import Mistake
from derivations.checker.explain.observations import Observation

Gradient = Callable[[Observation, str], Any]
"""The gradient for one argument that a mistake would give, or None where it cannot be made."""

Words = Callable[[str], tuple[str, str, str]]
"""For a mistake that has a constant: kind, sentence and detail, given the name of the constant."""

Edits = Callable[[Computation], Changes]
"""The changes of a sweep that make a mistake; they can be made together with others."""


@dataclass(frozen=True)
class Prediction:
    """A mistake, its sentence with the names filled in, and the gradient that it would give.

    With ``added`` that is a term that, times some constant, was added to the right gradient; with
    ``weight`` it is a term of the right gradient itself, and the constant is its weight; ``words`` then
    says what the constant means. ``change`` is set for mistakes that can be made on top of another,
    ``edits`` for changes of a sweep. ``subject`` is the place in the loss, where one mistake may affect
    several arguments.
    """

    kind: str
    says: str
    gradient: Gradient
    cost: float
    detail: str = ""
    added: bool = False
    weight: bool = False
    change: Callable[[Any], Any] | None = None
    words: Words | None = None
    subject: Any = None
    edits: Edits | None = None

    @property
    def identity(self) -> Any:
        """The same for one mistake in graphs of different builds."""
        return self.kind, self.says, self.detail, self.subject

    def at(self, observation: Observation, name: str) -> Any:
        """Return the predicted gradient, or None if NumPy cannot compute it here."""
        try:
            return self.gradient(observation, name)
        except (ValueError, IndexError, np.linalg.LinAlgError):
            return None


def right_gradient(observation: Observation, name: str) -> Any:
    """Return the right gradient."""
    return observation.right[name]


RIGHT = Prediction("constant-factor", "", right_gradient, 0.0)
"""The right gradient: with a constant in front of it, its sign or a factor is wrong."""


def of_gradient(mistake: Mistake, change: Callable[[Any], Any], **names: str) -> Prediction:
    """Make a mistake in the gradient as an array."""
    kind, says = mistake.kind.format(**names), mistake.sentence.format(**names)
    return Prediction(
        kind,
        says,
        lambda one, name: change(one.right[name]),
        mistake.cost,
        names.get("detail", ""),
        change=change,
    )


# --- changes of a sweep ---------------------------------------------------------------------------------


def on_node(
    mistake: Mistake,
    node: Node,
    change: Callable[[Step, Any], Any],
    cost: float = 0,
    detail: str = "",
    **names: str,
) -> Prediction:
    """Change the error signal of one quantity, in every iteration of a loop."""

    def edits(computation: Computation) -> Changes:
        numbers = computation.graph.sites.get(node.site, ())
        return {number: partial(change, Step(computation, number)) for number in numbers}

    says = mistake.sentence.format(node=node.name, **names)
    total = mistake.cost + cost
    return Prediction(
        mistake.kind, says, swept(edits), total, detail, subject=(node.site, says), edits=edits
    )


def on_edge(
    mistake: Mistake,
    node: Node,
    position: int,
    given: Node,
    change: Callable[[Step, Any], Any] | None = None,
    cost: float = 0,
    detail: str = "",
    **names: Any,
) -> Prediction:
    """Change what flows back from a quantity to one of its inputs, in every iteration of a loop."""
    step = change or mistake.change

    def edits(computation: Computation) -> Changes:
        numbers = computation.graph.sites.get(node.site, ())
        return {
            (number, position): partial(step, Step(computation, number, position)) for number in numbers
        }

    says = mistake.sentence.format(node=node.name, given=given.name, text=node.text, **names)
    subject = (node.site, position, says)
    total = mistake.cost + cost
    return Prediction(mistake.kind, says, swept(edits), total, detail, subject=subject, edits=edits)


def swept(edits: Edits) -> Gradient:
    """Return the gradient after a sweep with these changes; all arguments share one sweep."""

    def gradient(observation: Observation, name: str) -> Any:
        computation = observation.computation
        target = computation.graph.arguments[name]
        if edits not in observation.cache:
            with np.errstate(all="ignore"):
                observation.cache[edits] = _changed(computation, edits(computation))
        found = observation.cache[edits]
        if found is None or isinstance(found, dict):
            return found and found[target]
        at, moved = found  # a single change: what it adds is propagated back linearly
        if at not in computation.totals(target):
            return computation.signals[target]
        with np.errstate(all="ignore"):
            added = moved @ computation.totals(target)[at]
        return computation.signals[target] + added.reshape(np.shape(computation.values[target]))

    return gradient


def _changed(computation: Computation, changes: Changes) -> Any:
    """Return all signals of a changed sweep; for a single change, where it is and what it adds; or None."""
    if not changes:
        return None
    if len(changes) > 1:
        return computation.sweep(changes)
    ((key, change),) = changes.items()
    return moved_by(computation, computation.signals, key, change)


def moved_by(computation: Computation, signals: Any, key: Any, change: Any) -> tuple[int, Any]:
    """Return the first node that a change of one step affects, and what it adds to its signal, flat."""
    if not isinstance(key, tuple):
        return key, np.ravel(change(signals[key])) - np.ravel(signals[key])
    number, position = key
    before = computation.flow(number, position, signals[number])
    at = computation.graph.nodes[number].inputs[position]
    return at, np.ravel(change(signals[number])) - np.ravel(before)


def parts(edits: Edits, observation: Observation, name: str) -> tuple[Any, Any]:
    """Return the gradient from all paths but the changed one, and that from the changed one."""
    computation = observation.computation
    changes = edits(computation)
    target = computation.graph.arguments[name]
    signal = computation.signals[target]
    if len(changes) != 1:
        return np.zeros_like(signal), signal
    ((key, change),) = changes.items()
    totals = computation.totals(target)
    with np.errstate(all="ignore"):
        at, moved = moved_by(computation, computation.signals, key, change)
        if at not in totals:
            return np.zeros_like(signal), signal
        number = key[0] if isinstance(key, tuple) else key
        before = computation.signals[number]
        flow = computation.flow(*key, before) if isinstance(key, tuple) else before
        path = (np.ravel(flow) @ totals[at]).reshape(signal.shape)
        return signal - path, path + (moved @ totals[at]).reshape(signal.shape)
