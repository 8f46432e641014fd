"""A gradient on trial: the judges' finding and the hand's, instance by instance."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from derivations.checker.calls import Called, Hand
from derivations.checker.cases import Case, excess
from derivations.checker.extended import NOTE, only_rounding
from derivations.checker.findings import Finding
from derivations.checker.losses import Loss
from derivations.checker.shapes import varied
from derivations.oracle.cases import Instance
from derivations.oracle.tolerance import OBSERVED, UNIT

ENOUGH = 6
"""Instances that are judged however long they take."""

VARIATIONS = 12
"""How many variations of a given instance are tried besides."""

HIDING = 4
"""How many variations of one argument alone, to see whether it is the one that hides a fault."""


@dataclass(frozen=True)
class Unjudged:
    """An instance on which nothing can be said, and why: ``disagreement``, ``kink`` or ``trouble``."""

    instance: Instance
    kind: str
    message: str


@dataclass
class Trial:
    """A loss, a gradient by hand, and what was found so far.

    ``cases`` are the instances that could be judged, ``found`` what the gradient did there besides,
    ``unjudged`` the others; ``narrow`` says whether anything it returned was float32.
    """

    loss: Loss
    hand: Hand
    cases: list[Case] = field(default_factory=list)
    found: list[tuple[Instance, Finding]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    unjudged: list[Unjudged] = field(default_factory=list)
    narrow: bool = False

    def judge_all(self, instances: Sequence[Instance], seconds: float) -> None:
        """Judge one instance after the other, for so many seconds of work."""
        end = time.process_time() + seconds  # on a busy machine it still tries as many
        for number, instance in enumerate(instances):
            if time.process_time() > end and number >= ENOUGH:
                self.notes[
                    f"the loss takes its time: {number} of {len(instances)} instances were tried"
                ] = 1
                break
            case, called = self.judge(instance)
            if case is not None:
                self.cases.append(case)
                self.found += [(instance, finding) for finding in called.findings]
                self.notes.update(called.notes)
                self.narrow |= bool(called.narrow)

    def judge(self, instance: Instance) -> tuple[Case | None, Called]:
        """One instance; no case where the judges have nothing to hold against the hand."""
        judgement = self.loss.judge(instance)
        for kind in ("trouble", "kink", "disagreement"):
            if getattr(judgement, kind):
                self.unjudged.append(Unjudged(instance, kind, getattr(judgement, kind)))
                return None, Called()
        called = self.hand.call(instance, judgement)
        permitted: dict[str, Any] = dict(judgement.permitted)
        if called.narrow:
            wide = self.loss.permitted_in_float32(instance)
            permitted |= {name: np.maximum(wide[name], permitted[name]) for name in called.narrow}
        case = Case(instance, called.values, judgement.automatic, permitted, holds=False)
        holds = all(error_of(case, name) <= 1 for name in self.loss.wrt)
        if not holds and only_rounding(self.hand, case):
            called.notes.append(NOTE)
            return replace(case, hand=case.automatic, holds=True), called
        return replace(case, holds=holds), called

    def variations(self) -> list[Case]:
        """The cases of a given instance's variations; none where shapes were described."""
        if not self.loss.description.given:
            return []
        return self._varied(VARIATIONS)

    def hiding(self) -> list[str]:
        """The arguments of a given instance with other values of which alone the gradient fails."""
        names = self.loss.description.names
        return [name for name in names if not all(case.holds for case in self._varied(HIDING, name))]

    def _varied(self, many: int, only: str | None = None) -> list[Case]:
        """The cases of so many variations; none of them counts."""
        apart = Trial(self.loss, self.hand)
        drawn = (varied(self.loss.description, seed, free=self.loss.wrt, only=only) for seed in range(many))
        return [case for case, _ in map(apart.judge, drawn) if case is not None]

    @property
    def overflowed(self) -> list[Case]:
        """Saturated cases in which a gradient that is right elsewhere is not finite.

        Its formula is right then, and its arithmetic is not: a finding, but not a wrong gradient.
        """
        beyond = [case for case in self.cases if overflows(case)]
        usual = [case for case in self.cases if case.instance.scale != "saturated"]
        return [] if not usual or any(case.instance.scale != "saturated" for case in beyond) else beyond

    @property
    def drowned(self) -> list[Case]:
        """Saturated cases in which a gradient, right elsewhere, is lost in roundings of ordinary numbers.

        Where σ is 1e-18, a right formula may well have 0. No fault shows in such cases alone.
        """
        beyond = [case for case in self.cases if not case.holds and not overflows(case)]
        saturated = all(case.instance.scale == "saturated" for case in beyond)
        usual = [case for case in self.cases if case.instance.scale != "saturated"]
        return beyond if saturated and len(usual) >= ENOUGH and all(map(drowns, beyond)) else []

    @property
    def counted(self) -> list[Case]:
        """The cases that count."""
        left_out = {id(case) for case in (*self.overflowed, *self.drowned)}
        return [case for case in self.cases if id(case) not in left_out]

    def invisible(self, name: str) -> bool:
        """Whether a gradient of zeros would pass on every instance."""
        rows = [(np.abs(case.automatic[name]), case.permitted[name]) for case in self.counted]
        return bool(rows) and all(np.all(size <= room) for size, room in rows)

    @property
    def wrong(self) -> list[Case]:
        """Those of them in which some entry is wrong, or missing."""
        return [case for case in self.counted if not case.holds]


def error_of(case: Case, name: str) -> float:
    """The worst entry of a gradient in permitted differences; infinite for what cannot be compared."""
    hand, automatic = case.hand.get(name), case.automatic[name]
    if hand is None or hand.shape != automatic.shape:
        return np.inf
    return float(np.max(excess(hand, automatic, case.permitted[name])))


def overflows(case: Case) -> bool:
    """Whether a gradient is not finite somewhere, and right wherever it is."""
    hand: Mapping[str, Any] = case.hand
    names = list(case.automatic)
    if any(name not in hand or hand[name].shape != case.automatic[name].shape for name in names):
        return False
    right = [excess(hand[n], case.automatic[n], case.permitted[n]) <= 1 for n in names]
    finite = [np.isfinite(hand[n]) for n in names]
    return not all(map(np.all, finite)) and all(
        np.all(ok | ~there) for ok, there in zip(right, finite, strict=True)
    )


def drowns(case: Case) -> bool:
    """Whether a gradient is off by no more than a few roundings of the numbers that went in."""
    size = max(1.0, *(float(np.max(np.abs(value), initial=0.0)) for value in case.instance.inputs.values()))
    return all(
        name in case.hand
        and case.hand[name].shape == automatic.shape
        and bool(np.all(np.abs(case.hand[name] - automatic) <= OBSERVED * UNIT * size**2))
        for name, automatic in case.automatic.items()
    )
