"""Verdicts: is each entry of the ledger what it says it is?

A verified entry holds if the hand-written right side equals what every judge finds, in every entry of
the array, on every instance, and the judges agree. An erratum is demonstrated if, besides, the form
as printed fails. Nothing in here raises on a wrong equation: it is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from derivations.ledger import Entry, Misprint
from derivations.referee.instances import Instance, random_instance
from derivations.referee.judges import Bench, Finding, left_sides
from derivations.referee.tolerance import ROUNDINGS

DOES_NOT_COMPUTE = (ValueError, IndexError)
"""What NumPy raises for shapes that do not fit and indices that do not exist."""


@dataclass(frozen=True)
class Failure:
    """One disagreement: which quantity, whose finding, where and by how much."""

    quantity: str
    judge: str
    instance: str
    message: str
    index: tuple[int, ...] | None = None
    hand: float | None = None
    found: float | None = None
    error: float = np.inf

    def __str__(self) -> str:
        return f"{self.quantity}: {self.message} (judge: {self.judge}; {self.instance})"


@dataclass
class Verdict:
    """What the referee found for one entry."""

    entry: Entry
    instances: int = 0
    shapes: set[tuple[tuple[str, int], ...]] = field(default_factory=set)
    worst_error: float = 0.0
    failure: Failure | None = None
    misprint_failures: int = 0
    misprint_broken: str = ""
    counterexample: dict[str, Any] | None = None

    @property
    def holds(self) -> bool:
        """Whether the entry deserves its status."""
        if self.failure or not self.instances:
            return False
        return self.entry.misprint is None or (bool(self.misprint_failures) and not self.misprint_broken)

    @property
    def reason(self) -> str:
        """Why it does not hold; empty if it does."""
        if self.failure:
            return str(self.failure)
        if not self.instances:
            return "no instance was tried"
        if self.misprint_broken:
            return f"the printed form is broken as code: {self.misprint_broken}"
        if self.entry.misprint and not self.misprint_failures:
            return "the form as printed did not fail on any instance: it is no erratum"
        return ""


def compare(
    entry: Entry, bench: Bench, lhs: Any, hand: Any, judge: str, finding: Finding
) -> tuple[float, Failure | None]:
    """Hold two arrays against each other, every entry; the worst error, in permitted roundings."""
    quantity, (found, allowed) = name_of(lhs, entry), finding
    hand = np.asarray(hand)
    if hand.shape != np.shape(found):
        message = f"its shape is {hand.shape}, {judge} has {np.shape(found)}"
        return np.inf, Failure(quantity, judge, str(bench.instance), message)
    if hand.dtype.kind not in "fiub":
        message = f"its dtype is {hand.dtype}, expected float64"
        return np.inf, Failure(quantity, judge, str(bench.instance), message)
    if not hand.size:
        return 0.0, None
    excess = np.abs(np.subtract(hand, found, dtype=float)) / allowed
    worst = float(np.max(excess))
    if worst <= 1.0:
        return worst * ROUNDINGS, None
    where = tuple(int(n) for n in np.unravel_index(np.argmax(excess), hand.shape))
    ours, theirs = float(hand[where]), float(np.asarray(found)[where])
    error = float(excess[where]) * ROUNDINGS
    place = f"[{', '.join(map(str, where))}]" if where else ""
    message = f"shape {hand.shape}, worst at {quantity}{place}: hand {ours!r}, {judge} {theirs!r}"
    return error, Failure(quantity, judge, str(bench.instance), message, where, ours, theirs, error)


def name_of(lhs: Any, entry: Entry) -> str:
    """A left side in words: ``dE/dW``, ``h``, or the entry's own name for an observation."""
    if isinstance(lhs, tuple):
        return f"d{lhs[0]}/d{lhs[1]}"
    return lhs if isinstance(lhs, str) else entry.name


def hold_against(
    entry: Entry, bench: Bench, sides: tuple[Any, ...], function: Callable[..., Any]
) -> tuple[float, Failure | None]:
    """Compare what ``function`` computes with every judge; the worst error and the first failure."""
    worst = 0.0
    for lhs, value in zip(sides, right_sides(entry, bench, sides, function), strict=True):
        findings = bench.judged(lhs)
        if bench.disagreement(lhs):
            message = f"{bench.disagreement(lhs)} beyond rounding"
            return np.inf, Failure(name_of(lhs, entry), "referee", str(bench.instance), message)
        if entry.view is not None:
            findings = {judge: Finding(*map(entry.view, found)) for judge, found in findings.items()}
        for judge, finding in findings.items():
            error, failure = compare(entry, bench, lhs, value, judge, finding)
            worst = max(worst, error)
            if failure:
                return worst, failure
    return worst, None


def right_sides(
    entry: Entry, bench: Bench, sides: tuple[Any, ...], function: Callable[..., Any]
) -> tuple[Any, ...]:
    """What ``function`` computes, one array for each left side; ``TypeError`` if it is not that."""
    if len(sides) > 1:
        values = bench.call(function, "")
        if not isinstance(values, tuple) or len(values) != len(sides):
            raise TypeError(f"it returns a {type(values).__name__}, expected {len(sides)} arrays")
        return values
    viewed = entry.view is not None
    pair = sides[0] if isinstance(sides[0], tuple) and not viewed else None
    quantity = sides[0] if isinstance(sides[0], str) and not viewed else ""
    return (bench.right_side(function, pair, quantity),)


def judge(verdict: Verdict, bench: Bench) -> None:
    """Try one entry on one instance and note what was found."""
    entry = verdict.entry
    verdict.instances += 1
    verdict.shapes.add(tuple(bench.sizes.items()))
    try:
        error, failure = hold_against(entry, bench, left_sides(entry), entry.rhs)
    except Exception as problem:  # a wrong equation may fail in any way; it must not stop the run
        message = f"{type(problem).__name__}: {problem}"
        error, failure = np.inf, Failure(entry.name, "hand", str(bench.instance), message)
    verdict.worst_error = max(verdict.worst_error, error)
    verdict.failure = verdict.failure or failure
    if entry.misprint and not verdict.misprint_broken:
        try:
            verdict.misprint_failures += misprint_failure(entry, entry.misprint, bench) is not None
        except Exception as problem:  # broken as code, which proves nothing about the print
            verdict.misprint_broken = f"{type(problem).__name__}: {problem}"


def misprint_failure(entry: Entry, misprint: Misprint, bench: Bench) -> Failure | None:
    """How the form as printed fails on an instance; None if it holds there."""
    sides = misprint.lhs or left_sides(entry)
    try:
        return hold_against(entry, bench, sides, misprint.computes)[1]
    except DOES_NOT_COMPUTE as problem:
        return Failure(entry.name, "print", str(bench.instance), str(problem))


def verify(
    entries: Iterable[Entry],
    examples: int,
    seed: int,
    advance: Callable[[int], None] = lambda steps: None,
) -> list[Verdict]:
    """Judge entries on ``examples`` random instances each; the verdicts, in the entries' order.

    Entries of one model and the same fixed sizes share their instances, so a derivative is computed
    once for all that claim it. ``advance`` is told of every entry-instance as it is done.
    """
    entries = list(entries)
    verdicts = {entry.label: Verdict(entry) for entry in entries}
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        for group in group_by_instances(entries):
            model, sizes = group[0].model, dict(group[0].sizes)
            first = crc32(f"{model.name} {sizes} {seed}".encode())
            for example in range(examples):
                bench = Bench(model, random_instance(model, first + example, sizes))
                for entry in group:
                    judge(verdicts[entry.label], bench)
                advance(len(group))
    return list(verdicts.values())


def group_by_instances(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The entries that share a model and fixed sizes, and so their instances."""
    groups: dict[Any, list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.model, tuple(entry.sizes.items())), []).append(entry)
    return list(groups.values())


def judge_once(entry: Entry, instance: Instance) -> Verdict:
    """Judge one entry on one instance."""
    verdict = Verdict(entry)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        judge(verdict, Bench(entry.model, instance))
    return verdict
