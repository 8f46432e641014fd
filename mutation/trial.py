"""One mutant before the killers."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import current_thread, main_thread
from typing import Any

from .killers import KILLERS, Killer
from .loading import loader
from .mutants import Mutant

SECONDS = 60.0
"""A mutant that keeps the killers busy for longer, in processor time, is killed by the clock."""


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: the killer's name and what it said, or ``""`` for a survivor."""

    mutant: Mutant
    killer: str
    message: str = ""

    @property
    def survived(self) -> bool:
        """Whether no killer noticed."""
        return not self.killer


class OutOfTime(BaseException):
    """No ``Exception``: the referee catches those."""


def try_mutant(mutant: Mutant, killers: Sequence[Killer] = KILLERS) -> Outcome:
    """Load a mutant and hand it to the killers; the first to object is its death."""
    return Outcome(mutant, *verdict_on(mutant.module, mutant.source, mutant.place, killers))


def verdict_on(
    name: str, source: str, place: str = "", killers: Sequence[Killer] = KILLERS
) -> tuple[str, str]:
    """Which killer objects to a section module with this source, and why; ``""`` if none."""
    killer = "import"
    try:
        with time_limit(SECONDS), loader() as load:
            module = load(name, source)
            for find_fault in killers:
                killer = find_fault.__name__
                find_fault(module, place, load)
    except OutOfTime:
        return "clock", f"still running after {SECONDS:g} s"
    except Exception as problem:
        return killer, f"{type(problem).__name__}: {problem}"
    return "", ""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise ``OutOfTime`` in the block after so much processor time, where the system can tell."""
    if not hasattr(signal, "setitimer") or current_thread() is not main_thread():
        yield
        return

    def ring(*_: Any) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
