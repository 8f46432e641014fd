"""``referee.json`` as the page needs it: complete, or refused; and its numbers in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

MEASURED = ("command", "cores", "date", "load", "processor", "versions")
NEEDED = {
    "speed": ("rounds", "examples", "first_pass", "heats", "new_shapes", "sight"),
    "mutants": ("seed", "one_in", "listed", "minutes", "modules"),
    "faults": ("seed", "examples", "equations", "observed", "always_zero", "within", "unseen"),
    "alarms": ("seed", "examples", "judged", "shapes", "alarms", "permitted", "worst", "minutes"),
}
"""What each part must say, besides when and where it was measured and of how many entries."""

Part = Mapping[str, Any]
Samples = Sequence[tuple[float, int, int]]
"""By round: seconds, equation-instances judged, how many agreed."""


def read(file: Path) -> dict[str, Part]:
    """All parts; ValueError that names what is missing, and the command that measures it."""
    known = json.loads(file.read_text(encoding="utf-8"))
    for part, needed in NEEDED.items():
        found = known.get(part, {})
        places = {
            **{key: found.get(key) for key in ("measured", "entries", *needed)},
            **{f"measured.{key}": found.get("measured", {}).get(key) for key in MEASURED},
        }
        missing = [f"{part}.{key}" for key, value in places.items() if value is None]
        if missing:
            raise ValueError(
                f"{file.name} lacks {', '.join(missing)}: python benchmarks/referee_bench.py --only {part}"
            )
    return dict(known)


def described(part: Part) -> str:
    """When, where and by which command a part was measured."""
    where = part["measured"]
    versions = ", ".join(f"{name} {number}" for name, number in where["versions"].items())
    return (
        f"Measured {where['date']}: {where['processor']}, {where['cores']} cores, load {where['load']}"
        f" at the start, {versions}; `{where['command']}`."
    )


# --- mutants ------------------------------------------------------------------------------------------

KILLERS = {
    "verdicts": ("own_verdicts", "few_verdicts", "many_verdicts", "importers"),
    "passes": ("forward_passes_agree", "forward_returns_its_lines", "reference_returns_its_last_line"),
    "doctests": ("doctests",),
}
"""The table's columns for killers; what is in none counts as others."""


def kills(module: Part) -> dict[str, int]:
    """A module's kills by column."""
    killed = module["killed"]
    found = {column: sum(killed.get(name, 0) for name in names) for column, names in KILLERS.items()}
    return {**found, "others": sum(killed.values()) - sum(found.values())}


def mutants(part: Part) -> dict[str, Any]:
    """The rows of the table of mutants, and their sums."""
    rows = [{**module, **kills(module)} for module in part["modules"]]
    names = ("mutants", "tried", *KILLERS, "others", "survived")
    total = {name: sum(row[name] for row in rows) for name in names}
    return {
        "rows": rows,
        "total": {**total, "killed": total["tried"] - total["survived"]},
        "whole": [row["module"] for row in rows if row["tried"] == row["mutants"]],
        "unlisted": [mutant for row in rows for mutant in row["unlisted"]],
    }


# --- speed --------------------------------------------------------------------------------------------


def each(samples: Samples) -> list[float]:
    """Milliseconds for one equation-instance, by round."""
    return [1000 * seconds / instances for seconds, instances, _ in samples]


def contestants(heat: Part, base: str) -> list[dict[str, Any]]:
    """The rows of a heat: milliseconds, the ratio to the base, within rounds, and how many agreed."""
    return [
        {
            "name": name,
            "each": each(samples),
            "rate": 1000 / median(each(samples)),
            "ratio": [
                one / other for one, other in zip(each(samples), each(heat["samples"][base]), strict=True)
            ],
            "judged": sum(sample[1] for sample in samples),
            "agreed": sum(sample[2] for sample in samples),
        }
        for name, samples in heat["samples"].items()
    ]


SEEN = 0.9
"""The share of the instances on which a fault must be seen, to count as seen."""


def finest(seen: Sequence[int], instances: int) -> float | None:
    """The smallest fault that a checker saw on most instances, as it did each larger one."""
    best = None
    for power, number in enumerate(seen[:-1]):
        if number < SEEN * instances:
            return best
        best = float(f"1e-{power}")
    return best


# --- words --------------------------------------------------------------------------------------------


def spread(values: Sequence[float]) -> str:
    """``median (least..most)`` in three figures."""
    if len(values) == 1:
        return figures(values[0])
    return f"{figures(median(values))} ({figures(min(values))}..{figures(max(values))})"


def figures(value: float) -> str:
    """A number in three significant figures, without an exponent."""
    places = next(places for places in count() if abs(value) * 10**places >= 100 or places == 4)
    return f"{value:,.{places}f}"


def rate(value: float) -> str:
    """How many a second: a whole number where that says enough."""
    return f"{value:,.0f}" if value >= 10 else figures(value)


def power(value: float | str) -> str:
    """A small number as a power of ten where it is one: ``10⁻¹²``."""
    digits, _, exponent = f"{float(value):.3g}".partition("e-")
    raised = exponent.lstrip("0").translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    if not exponent:
        known = {1.0: "1", 0.1: "10⁻¹", 0.01: "10⁻²", 0.001: "10⁻³", 0.0001: "10⁻⁴"}
        return known.get(float(value), digits)
    return f"10⁻{raised}" if digits == "1" else f"{digits} · 10⁻{raised}"


def share(part: float, whole: float) -> str:
    """A share in percent; all of it only where it is all."""
    percent = 100 * part / whole
    return f"{percent:.0f} %" if percent == int(percent) else f"{min(percent, 99.9):.1f} %"
