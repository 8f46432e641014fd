"""A guess: a mistake that somebody could have made, and the gradient that it would give.

A guess predicts; whether it is true is decided by comparing every entry of its prediction with the
hand's gradient on many instances. It never sees the hand's gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from derivations.classroom.diagnosis.scenes import Scene

Predict = Callable[[Scene, str], Any]
"""The gradient for one argument that a mistake would give at a scene; None where it cannot be made."""


Change = Callable[[Any], Any]
"""What a mistake does to a gradient, whatever the gradient is; None where it cannot be done."""

Words = Callable[[str], tuple[str, str, str]]
"""For a mistake that comes with a constant: its kind, what it says, and its detail, by the constant's name."""


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


def predicted(guess: Guess, scene: Scene, name: str) -> Any:
    """What a guess predicts, or None: a mistake that NumPy refuses to compute here was not made."""
    try:
        return guess.predict(scene, name)
    except (ValueError, IndexError, np.linalg.LinAlgError):
        return None


Edits = Callable[[Any], dict[Any, Any]]
"""The changes of a sweep that make the mistake, for a computation; they can be made together with others."""


def swept(edits: Edits) -> Predict:
    """What a sweep with these changes gives; computed once a scene for all arguments."""

    def predict(scene: Scene, name: str) -> Any:
        if edits not in scene.predicted:
            with np.errstate(all="ignore"):
                changes = edits(scene.computation)
                scene.predicted[edits] = scene.computation.sweep(changes) if changes else None
        signals = scene.predicted[edits]
        return None if signals is None else signals[scene.computation.graph.arguments[name]]

    return predict
