"""Read ``docs/checks.json``, refuse it if a number is missing, and put its numbers into words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MEASURED = ("command", "cores", "date", "load", "processor", "versions")
NEEDED = {
    "speed": ("rounds", "examples", "first_pass", "heats", "new_shapes", "sight"),
    "mutants": ("seed", "one_in", "listed", "minutes", "modules"),
    "faults": ("seed", "examples", "equations", "observed", "always_zero", "within", "unseen"),
    "alarms": ("seed", "examples", "judged", "shapes", "alarms", "permitted", "worst", "minutes"),
}
"""What each part must contain, besides when and where it was measured and for how many equations."""

Part = Mapping[str, Any]


def read(file: Path) -> dict[str, Part]:
    """Return all parts; ``ValueError``, with the command that measures it, for a missing number."""
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
                f"{file.name} lacks {', '.join(missing)}: python benchmarks/oracle_bench.py --only {part}"
            )
    return dict(known)


KILLERS = {
    "verdicts": ("own_verdicts", "few_verdicts", "many_verdicts", "importers"),
    "passes": ("forward_passes_agree", "forward_returns_its_lines", "reference_returns_its_last_line"),
    "doctests": ("doctests",),
}
"""The columns of the table of mutants; a check in none of them counts as ``others``."""


def kills(module: Part) -> dict[str, int]:
    """Return how many mutants of a module each column killed."""
    killed = module["killed"]
    found = {column: sum(killed.get(name, 0) for name in names) for column, names in KILLERS.items()}
    return {**found, "others": sum(killed.values()) - sum(found.values())}


def mutants(part: Part) -> dict[str, Any]:
    """Return the rows of the table of mutants, and their sums."""
    rows = [{**module, **kills(module)} for module in part["modules"]]
    names = ("mutants", "tried", *KILLERS, "others", "survived")
    total = {name: sum(row[name] for row in rows) for name in names}
    return {
        "rows": rows,
        "total": {**total, "killed": total["tried"] - total["survived"]},
        "unlisted": [mutant for row in rows for mutant in row["unlisted"]],
    }


SEEN = 0.9
"""The share of the test cases on which a fault must be found for it to count as found."""


def finest(seen: Sequence[int], instances: int) -> float | None:
    """Return the smallest fault that a checker found, like every larger one; None if it found none."""
    best = None
    for power, number in enumerate(seen[:-1]):
        if number < SEEN * instances:
            return best
        best = float(f"1e-{power}")
    return best


def power(value: float | str) -> str:
    """Return a small number as a power of ten where it is one: ``10⁻¹²``."""
    digits, _, exponent = f"{float(value):.2e}".partition("e-")
    digits, exponent = digits.rstrip("0").rstrip("."), exponent.lstrip("0")
    if not exponent:
        return f"{float(value):g}"
    raised = exponent.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10⁻{raised}" if digits == "1" else f"{digits} · 10⁻{raised}"


def share(part: float, whole: float) -> str:
    """Return a share in percent; 100 % only if it is exactly that."""
    percent = 100 * part / whole
    return f"{percent:.0f} %" if percent == int(percent) else f"{min(percent, 99.9):.1f} %"
