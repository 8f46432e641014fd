"""All mutants, on every core, held against the list of survivors that compute the same."""

from __future__ import annotations

import multiprocessing
import os
import time
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from derivations.ledger import SECTIONS, TECHNIQUES, section_module

from .mutants import Mutant, mutants_of
from .trial import Outcome, try_mutant

LIST = Path(__file__).with_name("survivors.toml")

Key = tuple[str, str, str, str]
"""File, function, the line, what it becomes."""

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Report:
    """The outcomes of a run, the keys of all mutants there are, and how they compare with the list."""

    outcomes: tuple[Outcome, ...]
    there: frozenset[Key]
    listed: dict[Key, str]
    seconds: float

    @property
    def survivors(self) -> list[Mutant]:
        """The mutants that no killer noticed."""
        return [outcome.mutant for outcome in self.outcomes if outcome.survived]

    @property
    def unlisted(self) -> list[Mutant]:
        """Survivors for which the list has no reason: holes, or mutants that compute the same."""
        return [mutant for mutant in self.survivors if mutant.key not in self.listed]

    @property
    def stale(self) -> list[Key]:
        """Lines of the list whose mutant is killed, or exists no more."""
        modules = {outcome.mutant.module for outcome in self.outcomes}
        listed = {key for key in self.listed if key[0].removesuffix(".py") in modules}
        killed = {outcome.mutant.key for outcome in self.outcomes if not outcome.survived}
        return [key for key in self.listed if key in (listed - self.there) | (listed & killed)]


def run(
    modules: Sequence[str] = SECTIONS,
    jobs: int = 0,
    advance: Advance = lambda mutants: None,
    techniques: int = 1,
    paper: int = 1,
) -> Report:
    """Try every mutant of these modules; ``advance`` is told how many there are, at each one.

    For those in a hurry: of the modules of §8 only one mutant in ``techniques`` is tried, and of those of
    the paper's sections only one in ``paper``.
    """
    start, listed, outcomes = time.perf_counter(), listed_survivors(), []
    every = {module: techniques if is_technique(module) else paper for module in modules}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs or os.cpu_count() or 1, context) as pool:
        found = dict(zip(modules, pool.map(mutants_of, modules), strict=True))
        mutants = [mutant for module in modules for mutant in found[module][:: every[module]]]
        for outcome in pool.map(try_mutant, mutants, chunksize=8):
            outcomes.append(outcome)
            advance(len(mutants))
    there = frozenset(mutant.key for of_module in found.values() for mutant in of_module)
    return Report(tuple(outcomes), there, listed, time.perf_counter() - start)


def is_technique(module: str) -> bool:
    """Whether a module belongs to §8."""
    return str(section_module(module).SECTION) == TECHNIQUES


def listed_survivors(file: Path = LIST) -> dict[Key, str]:
    """The reasons by key; ``ValueError`` for a mutant listed twice or without a reason."""
    listed: dict[Key, str] = {}
    for row in tomllib.loads(file.read_text())["survivor"]:
        for after in row["becomes"]:
            key = row["file"], row["function"], row["line"], after
            if key in listed or not row["reason"].strip():
                raise ValueError(f"{file.name}: listed twice, or without a reason: {key}")
            listed[key] = row["reason"]
    return listed
