"""False alarms: true equations on many instances, which none may fail, and how near they come to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from derivations.ledger import ledger
from derivations.oracle.tolerance import ROUNDINGS
from derivations.oracle.verdicts import Verdict, verify


def alarms(examples: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Every equation on so many instances: how often it was judged, and its worst error in roundings."""
    start = time.perf_counter()
    say(f"{len(ledger())} equations on {examples:,} instances each")
    verdicts = verify(ledger(), examples, seed)
    return {
        "seed": seed,
        "examples": examples,
        "judged": sum(verdict.instances for verdict in verdicts),
        "shapes": len({(v.entry.model.name, shape) for v in verdicts for shape in v.shapes}),
        "alarms": [verdict.reason for verdict in verdicts if not verdict.holds],
        "permitted": ROUNDINGS,
        "worst": {verdict.entry.label: worst(verdict) for verdict in verdicts},
        "minutes": (time.perf_counter() - start) / 60,
    }


def worst(verdict: Verdict) -> float | None:
    """The worst error; None where there was no number to be wrong."""
    return verdict.worst_error if verdict.worst_error < float("inf") else None
