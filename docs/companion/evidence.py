"""What the referee finds in this build: verdicts on random instances, and the numbers of one instance."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

import derivations
from companion.keeping import digest, kept
from derivations.cli.show import show_numbers
from derivations.ledger import Entry, ledger
from derivations.oracle.cases import Instance, random_instance
from derivations.oracle.judges import left_sides
from derivations.oracle.program.programs import derivative_program, value_program
from derivations.oracle.records import record
from derivations.oracle.runs import run

SEED = 0
WIDTH = 96
"""Columns of the numbers of an instance."""


@dataclass(frozen=True)
class Evidence:
    """A run as its record; by label JAX's programs, the numbers of an instance, the shapes tried."""

    run: Mapping[str, Any]
    programs: Mapping[str, list[tuple[str, str]]]
    numbers: Mapping[str, str]
    shapes: Mapping[str, str]


def evidence_of_this_build(examples: int, file: Path) -> Evidence:
    """Judge every equation; what was found for the very same code is taken from ``file``."""
    key = digest(derivations, Path(__file__), str(examples))
    return kept(file, key, lambda: judged(examples))


def judged(examples: int) -> Evidence:
    """The evidence; ValueError, with the labels, if an equation does not deserve its status."""
    entries = ledger()
    result = run(entries, examples, SEED, jobs=1)
    failing = [verdict.entry.label for verdict in result.verdicts if not verdict.holds]
    if failing:
        raise ValueError(f"equations that do not hold: {', '.join(failing)}; see derivations verify")
    return Evidence(
        record(result),
        {entry.label: programs_of(entry) for entry in entries},
        {entry.label: numbers_of(entry) for entry in entries},
        {verdict.entry.label: shapes_of(verdict.shapes) for verdict in result.verdicts},
    )


def programs_of(entry: Entry) -> list[tuple[str, str]]:
    """JAX's programs for what an entry claims to equal: what each computes, and its lines."""
    found = []
    for lhs in left_sides(entry):
        if isinstance(lhs, str):
            found.append((lhs, value_program(entry.model, lhs).source))
        elif not callable(lhs):
            of, wrt = lhs
            found.append((f"∂{of}/∂{wrt}", derivative_program(entry.model, of, wrt, "reverse").source))
    return found


def numbers_of(entry: Entry) -> str:
    """What the hand and every judge find on one instance, as ``derivations show`` prints it."""
    console = Console(file=io.StringIO(), width=WIDTH, record=True, highlight=False)
    instance = readable_instance(entry)
    if not show_numbers(console, entry, instance):
        raise ValueError(f"{entry.label} does not hold at {instance}")
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def readable_instance(entry: Entry) -> Instance:
    """Of some random instances one to read: ordinary values, no size 1, no two sizes alike, few numbers."""

    def unreadable(instance: Instance) -> tuple[bool, bool, bool, int]:
        sizes = [size for letter, size in instance.sizes.items() if letter not in entry.sizes]
        numbers = sum(np.size(value) for value in instance.inputs.values())
        return (
            instance.scale != "ordinary",
            min(sizes, default=2) < 2,
            len(set(sizes)) < len(sizes),
            numbers,
        )

    drawn = (random_instance(entry.model, seed, dict(entry.sizes)) for seed in range(SEED, SEED + 40))
    return min(drawn, key=unreadable)


def shapes_of(shapes: set[tuple[tuple[str, int], ...]]) -> str:
    """The shapes that were tried, in words: ``K 1 to 8, N 1 to 7``."""
    sizes: dict[str, list[int]] = {}
    for shape in shapes:
        for letter, size in shape:
            sizes.setdefault(letter, []).append(size)
    ranges = ((letter, min(all_sizes), max(all_sizes)) for letter, all_sizes in sorted(sizes.items()))
    return ", ".join(
        f"{letter} = {low}" if low == high else f"{letter} {low} to {high}" for letter, low, high in ranges
    )
