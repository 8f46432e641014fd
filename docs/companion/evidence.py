"""Check every equation for this build: verdicts on random test cases, and the numbers of one test case."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

import derivations
from companion.cache import cached, digest
from derivations.cli.show import show_numbers
from derivations.ledger import Entry, ledger
from derivations.oracle.cases import Instance, random_instance
from derivations.oracle.judges import left_sides
from derivations.oracle.program.programs import derivative_program, value_program
from derivations.oracle.records import record
from derivations.oracle.runs import run

SEED = 0
WIDTH = 96
"""Columns of the numbers of a test case."""
DRAWS = 40
"""Random test cases among which a readable one is looked for."""


@dataclass(frozen=True)
class Evidence:
    """The record of a run; and by label JAX's programs, the numbers of a test case, the shapes tried."""

    run: Mapping[str, Any]
    programs: Mapping[str, list[tuple[str, str]]]
    numbers: Mapping[str, str]
    shapes: Mapping[str, str]


def evidence_of_this_build(examples: int, file: Path) -> Evidence:
    """Check every equation, or read the result for the same code from ``file``."""
    key = digest(derivations, Path(__file__), str(examples))
    return cached(file, key, lambda: collect_evidence(examples))


def collect_evidence(examples: int) -> Evidence:
    """Return the evidence; ``ValueError``, with the labels, if an equation does not have its status."""
    entries = ledger()
    result = run(entries, examples, SEED, jobs=1)
    failing = [verdict.entry.label for verdict in result.verdicts if not verdict.holds]
    if failing:
        raise ValueError(f"equations that do not hold: {', '.join(failing)}; see derivations verify")
    return Evidence(
        record(result),
        {entry.label: programs_of(entry) for entry in entries},
        {entry.label: numbers_of(entry) for entry in entries},
        {verdict.entry.label: describe_shapes(verdict.shapes) for verdict in result.verdicts},
    )


def programs_of(entry: Entry) -> list[tuple[str, str]]:
    """Return JAX's programs for the left sides of an entry: what each computes, and its lines."""
    found = []
    for lhs in left_sides(entry):
        if isinstance(lhs, str):
            found.append((lhs, value_program(entry.model, lhs).source))
        elif not callable(lhs):
            of, wrt = lhs
            found.append((f"∂{of}/∂{wrt}", derivative_program(entry.model, of, wrt, "reverse").source))
    return found


def numbers_of(entry: Entry) -> str:
    """Return what ``derivations show`` prints of one test case: the function and every reference method."""
    console = Console(file=io.StringIO(), width=WIDTH, record=True, highlight=False)
    instance = readable_instance(entry)
    if not show_numbers(console, entry, instance):
        raise ValueError(f"{entry.label} does not hold at {instance}")
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def readable_instance(entry: Entry) -> Instance:
    """Return a test case to read: ordinary scale, sizes above 1 and all different, few numbers."""

    def unreadable(instance: Instance) -> tuple[bool, bool, bool, int]:
        sizes = [size for letter, size in instance.sizes.items() if letter not in entry.sizes]
        return (
            instance.scale != "ordinary",
            min(sizes, default=2) < 2,
            len(set(sizes)) < len(sizes),
            sum(np.size(value) for value in instance.inputs.values()),
        )

    drawn = (random_instance(entry.model, seed, dict(entry.sizes)) for seed in range(SEED, SEED + DRAWS))
    return min(drawn, key=unreadable)


def describe_shapes(shapes: set[tuple[tuple[str, int], ...]]) -> str:
    """Return the range of each size: ``K 1 to 8, N 1 to 7``."""
    sizes: dict[str, list[int]] = {}
    for shape in shapes:
        for letter, size in shape:
            sizes.setdefault(letter, []).append(size)
    ranges = ((letter, min(found), max(found)) for letter, found in sorted(sizes.items()))
    return ", ".join(
        f"{name} = {low}" if low == high else f"{name} {low} to {high}" for name, low, high in ranges
    )
