"""The search for the mistakes that account for a wrong gradient on every observation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain.constants import CLOSE, ONE, Constant, name_constant
from derivations.checker.explain.observations import Observation
from derivations.checker.explain.predictions import Prediction, parts

TELLING = 2
"""On how many observations a prediction must differ from the right gradient."""

EARLY = (3, 6)
"""After how many observations a constant without a name ends the comparison."""


@dataclass(frozen=True)
class Match:
    """A prediction that equals the candidate on every observation, times a constant.

    ``base`` is the mistake to which an added term was added, if not the right gradient.
    """

    prediction: Prediction
    constant: Constant = ONE
    base: Prediction | None = None
    observations: tuple[Observation, ...] = ()

    @property
    def cost(self) -> float:
        """The cost of the mistakes and of the constant together."""
        return self.prediction.cost + self.constant.cost + (self.base.cost if self.base else 0)

    @property
    def key(self) -> Any:
        """The same for all arguments whose gradients the one mistake makes wrong."""
        one = self.prediction
        return one.subject or (one.kind, one.says), self.constant.text, self.base and self.base.says


class Fit(NamedTuple):
    """The constant with which a prediction equals the candidate on one observation.

    ``known``: whether the observation determines the constant; ``telling``: whether the right gradient
    differs there.
    """

    factor: float
    known: bool
    telling: bool


Fits = list[tuple[Fit, Observation]]


def match(
    prediction: Prediction,
    name: str,
    observations: Sequence[Observation],
    base: Prediction | None = None,
) -> Match | None:
    """Match a prediction with the candidate on all observations, times one constant that has a name.

    With ``base``, an added term is added to what that one predicts, and not to the right gradient.
    """
    fits = _fits(prediction, name, observations, base)
    return None if fits is None else _concluded(prediction, fits, base)


Group = tuple[Callable[[], Iterable[Prediction]], Sequence[Observation]]
"""Predictions for the observations of one build."""


def matches(groups: Sequence[Group], name: str) -> list[Match]:
    """Return the matches in every group of observations, those of lowest cost first."""
    (predictions, observations), *others = groups
    tables: list[dict[Any, Prediction]] = []
    found = []
    for prediction in predictions():
        fits = _fits(prediction, name, observations)
        if fits is not None and others and not tables:
            tables = [{one.identity: one for one in further()} for further, _ in others]
        for table, (_, more) in zip(tables, others, strict=False):
            same = table.get(prediction.identity)
            fitting = _fits(same, name, more) if same and fits is not None else None
            fits = fits + fitting if fits is not None and fitting is not None else None
        conclusion = _concluded(prediction, fits, None) if fits is not None else None
        if conclusion is not None:
            found.append(conclusion)
    return sorted(found, key=lambda one: one.cost)


def _fits(
    prediction: Prediction,
    name: str,
    observations: Sequence[Observation],
    base: Prediction | None = None,
) -> Fits | None:
    """Return how a prediction fits each observation, or None as soon as it does not fit one."""
    fits: Fits = []
    with np.errstate(all="ignore"):
        for observation in observations:
            fit = _fit(prediction, name, observation, base)
            if fit is None:
                return None
            fits.append((fit, observation))
            if len(fits) in EARLY and not _may_have_a_name(prediction, fits):
                return None
    return fits


def _known(prediction: Prediction, fits: Fits) -> tuple[list[float], list[Observation]]:
    """Return the constants that observations determine, and those observations."""
    known = [(fit.factor + prediction.weight, one) for fit, one in fits if fit.known]
    return [factor for factor, _ in known], [one for _, one in known]


def _may_have_a_name(prediction: Prediction, fits: Fits) -> bool:
    """Return whether the constants so far may have a name: any gradient of one entry is a multiple."""
    factors, observations = _known(prediction, fits)
    return len(factors) < 3 or name_constant(factors, observations) is not None


def _concluded(prediction: Prediction, fits: Fits, base: Prediction | None) -> Match | None:
    """Return the match, if enough observations are telling and the constant has a name."""
    telling = sum(fit.telling for fit, _ in fits)
    factors, observations = _known(prediction, fits)
    if telling < min(TELLING, len(fits)) or (prediction.added and not factors):
        return None
    constant = name_constant(factors, observations) if factors else ONE
    if constant is None or (constant.text == "0" and prediction.says and not prediction.weight):
        return None
    return Match(prediction, constant, base, tuple(one for _, one in fits))


def _fit(prediction: Prediction, name: str, one: Observation, base: Prediction | None) -> Fit | None:
    """Return how a prediction fits one observation in every entry, or None."""
    candidate = np.asarray(one.candidate[name])
    start = base.at(one, name) if base else one.right[name]
    made = prediction.at(one, name)
    if made is None or start is None or not np.shape(made) == np.shape(start) == candidate.shape:
        return None
    if one.negligible(name, made):  # it predicts nothing here, so nothing may be wrong
        rest = candidate - start if prediction.added else candidate
        return Fit(1.0, known=False, telling=False) if one.negligible(name, rest) else None
    fit = _scaled(prediction, name, one, (start if prediction.added else 0.0, made))
    if fit is None and prediction.edits is not None:
        rest, path = parts(prediction.edits, one, name)
        if not one.negligible(name, rest):
            fit = _scaled(prediction, name, one, (rest, path))
    return fit


def _scaled(prediction: Prediction, name: str, one: Observation, terms: tuple[Any, Any]) -> Fit | None:
    """Return the constant c with which start + c made is the candidate, or None."""
    start, made = terms
    size = float(np.vdot(made, made))
    factor = float(np.vdot(made, one.candidate[name] - start)) / size if size > 0 else 1.0
    if abs(factor) < 1e-12 and prediction.says and not prediction.added:
        return None  # any mistake, times 0, is all zeros
    factor = 1.0 if abs(factor - 1) < CLOSE else factor
    full = start + factor * made
    if not np.isfinite(full).all() or not one.explained_by(name, full):
        return None
    known = not prediction.added or one.distinguishes(name, start + made)
    return Fit(factor, known, one.distinguishes(name, full))
