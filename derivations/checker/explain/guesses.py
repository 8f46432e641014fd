"""A guess: a mistake that somebody could have made, and the gradient that it would give.

A guess predicts; whether it is true is decided by comparing every entry of its prediction with the
hand's gradient on many instances. It never sees the hand's gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from derivations.checker.explain.scenes import Scene
from derivations.checker.graph import Computation

Predict = Callable[[Scene, str], Any]
"""The gradient for one argument that a mistake would give at a scene; None where it cannot be made."""


Change = Callable[[Any], Any]
"""What a mistake does to a gradient, whatever the gradient is; None where it cannot be done."""

Words = Callable[[str], tuple[str, str, str]]
"""For a mistake that comes with a constant: its kind, what it says, its detail, by the constant."""


@dataclass(frozen=True)
class Guess:
    """A mistake by its kind, what it says of the gradient, what it would give, how far-fetched it is.

    ``says`` continues a sentence that begins with the gradient: "your dW ...". With ``added`` the
    prediction is a term that, times some constant, was added to the right gradient; with ``weight`` it is
    a term of the right gradient itself, and the constant is the weight that it has. ``words`` says what
    the constant makes of it. ``change`` is there for mistakes that can be made on top of another.
    ``subject`` is the place in the loss that it is about: one mistake there spoils several arguments.
    """

    kind: str
    says: str
    predict: Predict
    cost: float
    detail: str = ""
    added: bool = False
    weight: bool = False
    change: Change | None = None
    words: Words | None = None
    subject: Any = None
    edits: Edits | None = None

    @property
    def identity(self) -> Any:
        """The same for one mistake in losses of different builds."""
        return self.kind, self.says, self.detail, self.subject


def predicted(guess: Guess, scene: Scene, name: str) -> Any:
    """What a guess predicts, or None: a mistake that NumPy refuses to compute here was not made."""
    try:
        return guess.predict(scene, name)
    except (ValueError, IndexError, np.linalg.LinAlgError):
        return None


Edits = Callable[[Any], dict[Any, Any]]
"""The changes of a sweep that make the mistake; they can be made together with others."""


def swept(edits: Edits) -> Predict:
    """What a sweep with these changes gives; what is common to all arguments is computed once a scene."""

    def predict(scene: Scene, name: str) -> Any:
        computation = scene.computation
        target = computation.graph.arguments[name]
        if edits not in scene.predicted:
            with np.errstate(all="ignore"):
                scene.predicted[edits] = _changed(computation, edits(computation))
        found = scene.predicted[edits]
        if found is None or isinstance(found, dict):
            return found and found[target]
        at, moved = found  # a single change: what it adds goes back linearly
        if at not in computation.totals(target):
            return computation.signals[target]
        with np.errstate(all="ignore"):
            added = moved @ computation.totals(target)[at]
        return computation.signals[target] + added.reshape(np.shape(computation.values[target]))

    return predict


def parts(edits: Edits, scene: Scene, name: str) -> tuple[Any, Any]:
    """What the gradient has from other paths than the one changed, and what it has from the changed one."""
    computation = scene.computation
    changes = edits(computation)
    signal = computation.signals[computation.graph.arguments[name]]
    if len(changes) != 1:
        return np.zeros_like(signal), signal
    ((key, change),) = changes.items()
    totals = computation.totals(computation.graph.arguments[name])
    with np.errstate(all="ignore"):
        at, moved = moved_by(computation, computation.signals, key, change)
        if isinstance(key, tuple):
            number, position = key
            flow = np.ravel(computation.flow(number, position, computation.signals[number], {}))
        else:
            flow = np.ravel(computation.signals[key])
        if at not in totals:
            return np.zeros_like(signal), signal
        path = (flow @ totals[at]).reshape(signal.shape)
        return signal - path, path + (moved @ totals[at]).reshape(signal.shape)


def _changed(computation: Computation, changes: dict[Any, Any]) -> Any:
    """All signals of a changed sweep; for a single change, where it is and what it adds there; or None."""
    if not changes:
        return None
    if len(changes) > 1:
        return computation.sweep(changes)
    ((key, change),) = changes.items()
    return moved_by(computation, computation.signals, key, change)


def moved_by(computation: Computation, signals: Any, key: Any, change: Any) -> tuple[int, Any]:
    """The node at which a change of one step is felt first, and what it adds to its signal, flat."""
    if not isinstance(key, tuple):
        return key, np.ravel(change(signals[key])) - np.ravel(signals[key])
    number, position = key
    before = computation.flow(number, position, signals[number], {})
    at = computation.graph.nodes[number].inputs[position]
    return at, np.ravel(change(signals[number])) - np.ravel(before)
