"""Planted errors and false alarms: one wrong entry in a true result, and true results."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from derivations.ledger import Entry, ledger
from derivations.oracle.cases import random_instance
from derivations.oracle.judges import Bench, left_sides
from derivations.oracle.tolerance import ROUNDINGS
from derivations.oracle.verdicts import compare, group_by_instances, right_sides, verify

SIZES = (*(float(f"1e-{power}") for power in range(3, 16)), 2.0**-52)
"""Relative sizes of an error; the last is the smallest that float64 can hold."""

Seen = dict[float, int]
"""The first test case on which an error of each size was found."""


def alarms(examples: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Check every equation; return the false alarms, and the largest error of each in roundings."""
    start = time.perf_counter()
    say(f"{len(ledger())} equations on {examples:,} test cases each")
    verdicts = verify(ledger(), examples, seed)
    return {
        "seed": seed,
        "examples": examples,
        "judged": sum(verdict.instances for verdict in verdicts),
        "shapes": len({(v.entry.model.name, shape) for v in verdicts for shape in v.shapes}),
        "alarms": [verdict.reason for verdict in verdicts if not verdict.holds],
        "permitted": ROUNDINGS,
        "worst": {v.entry.label: v.worst_error if np.isfinite(v.worst_error) else None for v in verdicts},
        "minutes": (time.perf_counter() - start) / 60,
    }


def faults(examples: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Count, for each size of an error, the equations in which n test cases found it; n = 1, 2, 3, ..."""
    first: dict[str, Seen | None] = {}
    for group in group_by_instances([entry for entry in ledger() if is_computed(entry)]):
        say(f"errors in {len(group)} equations of {group[0].model.name}")
        first |= seen_in(group, examples, seed)
    seen = {label: found for label, found in first.items() if found is not None}
    return {
        "seed": seed,
        "examples": examples,
        "equations": len(seen),
        "observed": len(ledger()) - len(first),
        "always_zero": sorted(first.keys() - seen.keys()),
        "within": {f"{size:.3g}": within(size, seen, examples) for size in SIZES},
        "unseen": {
            f"{size:.3g}": [label for label, found in seen.items() if size not in found]
            for size in SIZES
            if size >= 1e-13
        },
    }


def within(size: float, seen: Mapping[str, Seen], examples: int) -> list[int]:
    """Return in how many equations an error of this size was found after 1, 2, 3, ... test cases."""
    numbers = [found[size] for found in seen.values() if size in found]
    return [sum(number <= n for number in numbers) for n in range(1, examples + 1)]


def is_computed(entry: Entry) -> bool:
    """Return whether JAX computes the left side; what is only read off in NumPy has no rounding."""
    return not any(callable(lhs) for lhs in left_sides(entry))


def seen_in(group: Sequence[Entry], examples: int, seed: int) -> dict[str, Seen | None]:
    """Return when each size was found in each equation of a group; None if all results were zero."""
    first: dict[str, Seen | None] = {entry.label: None for entry in group}
    model, rng = group[0].model, np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        for number in range(1, examples + 1):
            bench = Bench(model, random_instance(model, seed + number, dict(group[0].sizes)))
            for entry in group:
                known = first[entry.label] or {}
                found = seen_on(entry, bench, [size for size in SIZES if size not in known], rng)
                if found is not None:
                    first[entry.label] = {**dict.fromkeys(found, number), **known}
    return first


def seen_on(
    entry: Entry, bench: Bench, sizes: Sequence[float], rng: np.random.Generator
) -> list[float] | None:
    """Return the sizes that are found in one random entry that is not zero; None if all are zero."""
    sides = left_sides(entry)
    values = [np.array(value, dtype=float) for value in right_sides(entry, bench, sides, entry.rhs)]
    places = [(side, tuple(place)) for side, value in enumerate(values) for place in np.argwhere(value)]
    if not places:
        return None
    side, place = places[rng.integers(len(places))]
    return [size for size in sizes if is_seen(entry, bench, side, off_by(values[side], place, size))]


def off_by(value: Any, place: tuple[int, ...], relative: float) -> Any:
    """Return the array with one entry changed by a part of itself."""
    changed = np.array(value)
    changed[place] *= 1 + relative
    return changed


def is_seen(entry: Entry, bench: Bench, side: int, value: Any) -> bool:
    """Return whether any reference method rejects this array as one of the equation's sides."""
    lhs, view = left_sides(entry)[side], entry.view or (lambda found: found)
    findings = bench.judged(lhs)
    return any(
        compare(entry, bench, lhs, value, method, type(finding)(*map(view, finding)))[1] is not None
        for method, finding in findings.items()
    )
