"""Planted faults: one entry of a true result wrong by a small part of itself, and when that is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from derivations.ledger import Entry, ledger
from derivations.oracle.cases import random_instance
from derivations.oracle.judges import Bench, left_sides
from derivations.oracle.verdicts import compare, group_by_instances, right_sides

SIZES = (*(float(f"1e-{power}") for power in range(3, 16)), 2.0**-52)
"""Relative sizes of a fault; the last is the smallest that float64 can hold."""

Seen = dict[float, int]
"""The first instance on which a fault of each size was seen."""


def faults(examples: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """For each size of a fault, how many equations saw it within 1, 2, 3, ... instances."""
    first: dict[str, Seen | None] = {}
    for group in group_by_instances([entry for entry in ledger() if is_computed(entry)]):
        say(f"faults in {len(group)} equations of {group[0].model.name}")
        first |= seen_in(group, examples, seed)
    seen = {label: found for label, found in first.items() if found is not None}
    return {
        "seed": seed,
        "examples": examples,
        "equations": len(seen),
        "observed": len(ledger()) - len(first),
        "always_zero": sorted(first.keys() - seen.keys()),
        "within": {f"{size:.3g}": within(size, seen, examples) for size in SIZES},
        "unseen": {f"{size:.3g}": unseen(size, seen) for size in SIZES if size >= 1e-13},
    }


def within(size: float, seen: Mapping[str, Seen], examples: int) -> list[int]:
    """How many equations have seen a fault of this size after 1, 2, 3, ... instances."""
    numbers = [found[size] for found in seen.values() if size in found]
    return [sum(number <= n for number in numbers) for n in range(1, examples + 1)]


def unseen(size: float, seen: Mapping[str, Seen]) -> list[str]:
    """The equations in which a fault of this size was seen on no instance."""
    return [label for label, found in seen.items() if size not in found]


def is_computed(entry: Entry) -> bool:
    """Whether JAX judges the equation; what NumPy is only asked to show has no rounding of its own."""
    return not any(callable(lhs) for lhs in left_sides(entry))


def seen_in(group: Sequence[Entry], examples: int, seed: int) -> dict[str, Seen | None]:
    """When each size was seen in each equation of a group; None if all of its results were zero."""
    first: dict[str, Seen | None] = {entry.label: None for entry in group}
    model, rng = group[0].model, np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        for number in range(1, examples + 1):
            bench = Bench(model, random_instance(model, seed + number, dict(group[0].sizes)))
            for entry in group:
                sizes = [size for size in SIZES if size not in (first[entry.label] or {})]
                found = seen_on(entry, bench, sizes, rng)
                if found is not None:
                    first[entry.label] = {**dict.fromkeys(found, number), **(first[entry.label] or {})}
    return first


def seen_on(
    entry: Entry, bench: Bench, sizes: Sequence[float], rng: np.random.Generator
) -> list[float] | None:
    """The sizes that are seen in one entry, drawn among those that are not zero; None if all are."""
    sides = left_sides(entry)
    values = [np.array(value, dtype=float) for value in right_sides(entry, bench, sides, entry.rhs)]
    places = [(side, tuple(place)) for side, value in enumerate(values) for place in np.argwhere(value)]
    if not places:
        return None
    side, place = places[rng.integers(len(places))]
    return [size for size in sizes if is_seen(entry, bench, side, off_by(values[side], place, size))]


def off_by(value: Any, place: tuple[int, ...], relative: float) -> Any:
    """The array with one entry wrong by a part of itself."""
    spoilt = np.array(value)
    spoilt[place] *= 1 + relative
    return spoilt


def is_seen(entry: Entry, bench: Bench, side: int, value: Any) -> bool:
    """Whether any judge objects to this array on one of the equation's sides."""
    lhs, view = left_sides(entry)[side], entry.view or (lambda found: found)
    findings = bench.judged(lhs)
    return any(
        compare(entry, bench, lhs, value, judge, type(finding)(*map(view, finding)))[1] is not None
        for judge, finding in findings.items()
    )
