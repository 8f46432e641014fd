"""The search for the simplest mistake that accounts for a wrong gradient on every scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derivations.classroom.diagnosis.constants import Constant, name_constant
from derivations.classroom.diagnosis.guesses import Guess, predicted
from derivations.classroom.diagnosis.scenes import Scene

ONE = Constant("1", 0)
TELLING = 2
"""On how many scenes a prediction must differ from the right gradient, so that a match means something."""


@dataclass(frozen=True)
class Match:
    """A guess that gives the hand's gradient on every scene, with the constant that goes with it."""

    guess: Guess
    constant: Constant
    also: Guess | None = None
    telling: int = 0

    @property
    def cost(self) -> float:
        """How far-fetched it is, everything counted."""
        return self.guess.cost + self.constant.cost + (self.also.cost if self.also else 0)

    @property
    def key(self) -> Any:
        """The same for all arguments that the one mistake spoils."""
        guess = self.guess
        return (guess.subject or (guess.kind, guess.says), self.constant.text, self.also and self.also.says)


def match(guess: Guess, name: str, scenes: Sequence[Scene], base: Guess | None = None) -> Match | None:
    """Whether a guess gives the hand's gradient on all scenes, times one constant that has a name.

    With ``base`` an added guess is added to what that one predicts, and not to the right gradient.
    """
    with np.errstate(all="ignore"):
        return _match(guess, name, scenes, base)


def _match(guess: Guess, name: str, scenes: Sequence[Scene], base: Guess | None) -> Match | None:
    factors, used, telling = [], [], 0
    for scene in scenes:
        start = predicted(base, scene, name) if base else scene.right[name]
        made = predicted(guess, scene, name)
        if made is None or start is None or np.shape(made) != np.shape(scene.hand[name]):
            return None
        if np.shape(start) != np.shape(made) or not np.isfinite(made).all():
            return None
        wanted = np.subtract(scene.hand[name], start) if guess.added else np.asarray(scene.hand[name])
        size = float(np.vdot(made, made))
        factor = float(np.vdot(made, wanted)) / size if size > 0 else 1.0
        if abs(factor) < 1e-12 and guess.says and not guess.added:
            return None  # any mistake, times 0
        if abs(factor - 1) < 1e-6:
            factor = 1.0
        full = start + factor * made if guess.added else factor * made
        if not np.isfinite(full).all() or not scene.explains(name, full):
            return None
        telling += scene.tells_apart(name, full)
        if size > 0 and (not guess.added or scene.tells_apart(name, start + made)):
            factors.append(factor)
            used.append(scene)
    if telling < min(TELLING, len(scenes)):
        return None
    if guess.weight:
        factors = [factor + 1 for factor in factors]
    constant = name_constant(factors, used) if factors else ONE
    nothing = constant is not None and constant.text == "0" and not guess.weight
    if constant is None or (guess.added and not factors) or (nothing and guess.says):
        return None
    return Match(guess, constant, base, telling)


def matches(guesses: Iterable[Guess], name: str, scenes: Sequence[Scene]) -> list[Match]:
    """All guesses that give the hand's gradient, simplest first."""
    found = [one for guess in guesses if (one := match(guess, name, scenes)) is not None]
    return sorted(found, key=lambda one: one.cost)
