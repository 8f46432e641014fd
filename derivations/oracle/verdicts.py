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
from derivations.oracle.cases import Instance, random_instance
from derivations.oracle.judges import Bench, Finding, left_sides
from derivations.oracle.program.programs import derivative_program, value_program
from derivations.oracle.tolerance import ROUNDINGS

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
    failures: int = 0
    without_rule: tuple[str, ...] = ()
    misprint_failures: int = 0
    misprint_differs: bool = False
    misprint_broken: str = ""
    counterexample: dict[str, Any] | None = None

    @property
    def holds(self) -> bool:
        """Whether the entry deserves its status."""
        if self.failure or not self.instances:
            return False
        return self.entry.misprint is None or (self.misprint_differs and not self.misprint_broken)

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
        if self.entry.misprint and not self.misprint_differs:
            return "the form as printed was never computed, and an error alone demonstrates nothing"
        return ""


def compare(
    entry: Entry, bench: Bench, lhs: Any, hand: Any, judge: str, finding: Finding
) -> tuple[float, Failure | None]:
    """Hold two arrays against each other, every entry; the worst error, in permitted roundings."""
    quantity, (found, allowed) = name_of(lhs, entry), finding
    if not callable(lhs):
        check_returned(hand)
    hand = np.asarray(hand)
    if hand.shape != np.shape(found) or not hand.size:
        message = f"its shape is {hand.shape}, {judge} has {np.shape(found)}"
        return np.inf, Failure(quantity, judge, str(bench.instance), message)
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


def check_returned(value: Any) -> None:
    """Raise ``TypeError`` for what looks like the right numbers and is not float64 of NumPy."""
    kind = type(value)
    if kind not in (np.ndarray, np.float64, float) or np.asarray(value).dtype != np.float64:
        dtype = getattr(value, "dtype", "")
        raise TypeError(f"it returns a {kind.__name__} {dtype}, expected an array of float64")


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
    except (Exception, SystemExit) as problem:  # a wrong equation may fail in any way
        error, failure = np.inf, _stumbled(entry, bench.instance, problem)
    verdict.worst_error = max(verdict.worst_error, error)
    verdict.failure = verdict.failure or failure
    verdict.failures += failure is not None
    judge_misprint(verdict, bench)


def judge_misprint(verdict: Verdict, bench: Bench) -> None:
    """Try the printed form of an erratum on one instance; it must fail, and not only stumble."""
    entry = verdict.entry
    if not entry.misprint or verdict.misprint_broken:
        return
    try:
        failure = misprint_failure(entry, entry.misprint, bench)
    except (Exception, SystemExit) as problem:  # broken as code, which proves nothing of the print
        verdict.misprint_broken = f"{type(problem).__name__}: {problem}"
        return
    verdict.misprint_failures += failure is not None
    verdict.misprint_differs |= failure is not None and failure.judge != "print"


def _stumbled(entry: Entry, instance: Instance, problem: BaseException) -> Failure:
    return Failure(entry.name, "hand", str(instance), f"{type(problem).__name__}: {problem}")


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
    verdicts = {id(entry): Verdict(entry) for entry in entries}
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        for group in group_by_instances(entries):
            model, sizes = group[0].model, dict(group[0].sizes)
            first = crc32(f"{model.name} {sizes} {seed}".encode())
            members = [verdicts[id(entry)] for entry in group]
            for example in range(examples):
                undecided = [verdict for verdict in members if verdict.failures < ENOUGH_FAILURES]
                if undecided:
                    judge_all(undecided, random_instance(model, first + example, sizes))
                advance(len(group))
            for example in range(examples, examples + MORE_FOR_ERRATA if examples else 0):
                unproven = [v for v in members if v.entry.misprint and not v.misprint_differs]
                if not unproven:
                    break
                bench = Bench(model, random_instance(model, first + example, sizes))
                for verdict in unproven:
                    judge_misprint(verdict, bench)
    return list(verdicts.values())


ENOUGH_FAILURES = 3
"""Test cases on which an equation fails before no more are tried: a run that fails must not take longer."""

MORE_FOR_ERRATA = 60
"""Instances that an erratum gets beyond those asked for, until its print is seen to fail."""


def judge_all(verdicts: Iterable[Verdict], instance: Instance) -> None:
    """Try entries of one model on one instance; a forward pass that stumbles fails them all."""
    verdicts = list(verdicts)
    try:
        bench = Bench(verdicts[0].entry.model, instance)
    except (Exception, SystemExit) as problem:
        for verdict in verdicts:
            verdict.instances += 1
            verdict.failure = verdict.failure or _stumbled(verdict.entry, instance, problem)
            verdict.failures += 1
        return
    for verdict in verdicts:
        judge(verdict, bench)


def group_by_instances(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The entries that share a model and fixed sizes, and so their instances."""
    groups: dict[Any, list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.model, tuple(entry.sizes.items())), []).append(entry)
    return list(groups.values())


def primitives_without_rule(entry: Entry) -> tuple[str, ...]:
    """Name the primitives in JAX's programs for an entry that JAX itself had to compute."""
    found: list[str] = []
    for lhs in left_sides(entry):
        if isinstance(lhs, tuple):
            of, wrt = lhs
            modes = (derivative_program(entry.model, of, wrt, mode) for mode in ("reverse", "forward"))
            found += [name for program in modes for name in program.without_rule]
        elif isinstance(lhs, str):
            found += value_program(entry.model, lhs).without_rule
    return tuple(dict.fromkeys(found))


def judge_once(entry: Entry, instance: Instance) -> Verdict:
    """Judge one entry on one instance."""
    verdict = Verdict(entry)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        judge_all([verdict], instance)
    return verdict
