"""The search for the simplest mistake that accounts for a wrong gradient on every scene."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain.constants import CLOSE, Constant, name_constant
from derivations.checker.explain.guesses import Guess, parts, predicted
from derivations.checker.explain.scenes import Scene

ONE = Constant("1", 0)
NOTHING = 1e-12
TELLING = 2
EARLY = (3, 6)
"""On how many scenes a prediction must differ from the right gradient, so that a match means something."""


@dataclass(frozen=True)
class Match:
    """A guess that gives the hand's gradient on every scene, with the constant that goes with it."""

    guess: Guess
    constant: Constant
    also: Guess | None = None
    scenes: tuple[Scene, ...] = ()

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
    fits = _fits(guess, name, scenes, base)
    return None if fits is None else _concluded(guess, fits, base)


Fits = list[tuple["Fit", Scene]]


def _fits(guess: Guess, name: str, scenes: Sequence[Scene], base: Guess | None = None) -> Fits | None:
    """How a guess fits each scene; None as soon as it does not fit one."""
    fits: Fits = []
    with np.errstate(all="ignore"):
        for scene in scenes:
            fit = _fit(guess, name, scene, base)
            if fit is None:
                return None
            fits.append((fit, scene))
            if len(fits) in EARLY and not _may_have_a_name(guess, fits):
                return None
    return fits


def _may_have_a_name(guess: Guess, fits: Fits) -> bool:
    """Whether the constants so far follow a rule: a gradient of one entry is a multiple of anything."""
    known = [(fit.factor + guess.weight, scene) for fit, scene in fits if fit.known]
    few = [factor for factor, _ in known]
    return not known or name_constant(few, [scene for _, scene in known]) is not None or len(known) < 3


def _concluded(guess: Guess, fits: Fits, base: Guess | None) -> Match | None:
    """What the fits amount to: a match, if they tell anything and their constant has a name."""
    telling = sum(fit.telling for fit, _ in fits)
    known = [(fit.factor + guess.weight, scene) for fit, scene in fits if fit.known]
    if telling < min(TELLING, len(fits)) or (guess.added and not known):
        return None
    constant = name_constant([factor for factor, _ in known], [s for _, s in known]) if known else ONE
    if constant is None or (constant.text == "0" and guess.says and not guess.weight):
        return None
    return Match(guess, constant, base, tuple(scene for _, scene in fits))


class Fit(NamedTuple):
    """The constant with which a prediction is the hand's gradient on one scene.

    ``known``: whether the scene determines it; ``telling``: whether it makes a difference there.
    """

    factor: float
    known: bool
    telling: bool


def _fit(guess: Guess, name: str, scene: Scene, base: Guess | None) -> Fit | None:
    """How a guess fits one scene, in every entry; None if it does not."""
    hand = np.asarray(scene.hand[name])
    start = predicted(base, scene, name) if base else scene.right[name]
    made = predicted(guess, scene, name)
    if made is None or start is None or not np.shape(made) == np.shape(start) == hand.shape:
        return None
    wanted = hand - start if guess.added else hand
    if scene.negligible(name, made):  # it says nothing here: what is asked for must be nothing, too
        return Fit(1.0, known=False, telling=False) if scene.negligible(name, wanted) else None
    fit = _scaled(guess, name, scene, (start if guess.added else 0.0, made, hand))
    if fit is None and guess.edits is not None:
        rest, path = parts(guess.edits, scene, name)
        if not scene.negligible(name, rest):
            fit = _scaled(guess, name, scene, (rest, path, hand))
    return fit


def _scaled(guess: Guess, name: str, scene: Scene, terms: tuple[Any, Any, Any]) -> Fit | None:
    """The constant c with which start + c made is the hand's gradient; None if there is none."""
    start, made, hand = terms
    size = float(np.vdot(made, made))
    factor = float(np.vdot(made, hand - start)) / size if size > 0 else 1.0
    if abs(factor) < NOTHING and guess.says and not guess.added:
        return None  # any mistake, times 0, is all zeros
    factor = 1.0 if abs(factor - 1) < CLOSE else factor
    full = start + factor * made
    if not np.isfinite(full).all() or not scene.explains(name, full):
        return None
    known = not guess.added or scene.tells_apart(name, start + made)
    return Fit(factor, known, scene.tells_apart(name, full))


Group = tuple[Callable[[], Iterable[Guess]], Sequence[Scene]]
"""Guesses and the scenes, of one build, that they are for."""


def matches(groups: Sequence[Group], name: str) -> list[Match]:
    """All guesses that give the hand's gradient in every group of scenes, simplest first."""
    (guesses, scenes), *others = groups
    tables: list[dict[Any, Guess]] = []
    found = []
    for guess in guesses():
        fits = _fits(guess, name, scenes)
        if fits is not None and others and not tables:
            tables = [{one.identity: one for one in further()} for further, _ in others]
        for table, (_, more) in zip(tables, others, strict=False):
            same = table.get(guess.identity)
            fitting = _fits(same, name, more) if same and fits is not None else None
            fits = fits + fitting if fits is not None and fitting is not None else None
        conclusion = _concluded(guess, fits, None) if fits is not None else None
        if conclusion is not None:
            found.append(conclusion)
    return sorted(found, key=lambda one: one.cost)
