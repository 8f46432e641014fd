"""A run as plain data, the one form that the terminal, the page and ``--json`` are made from."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from derivations._files import write_atomically
from derivations.latex import to_text
from derivations.ledger import Entry
from derivations.oracle.judges import left_sides
from derivations.oracle.runs import SEARCHED, Run, failing_errata
from derivations.oracle.tolerance import ROUNDINGS
from derivations.oracle.verdicts import Verdict

PAPER = "Changsoo Kim, word2vec Implementation Review, 2020"


def record(run: Run) -> dict[str, Any]:
    """The whole run: what was run, a tally, and one record an entry, in the paper's order."""
    return {
        "paper": PAPER,
        "holds": run.holds,
        "examples": run.examples,
        "seed": run.seed,
        "seconds": round(run.seconds, 2),
        "permitted_error": ROUNDINGS,
        "tally": tally(run),
        "without_rule": without_rule(run),
        "not_searched": [verdict.entry.label for verdict in failing_errata(run.verdicts)[SEARCHED:]],
        "entries": [entry_record(verdict) for verdict in run.verdicts],
    }


def tally(run: Run) -> dict[str, int]:
    """How many entries of each status hold, and how many do not."""
    counts = Counter(v.entry.status if v.holds else "failing" for v in run.verdicts)
    return {status: counts[status] for status in ("definition", "verified", "erratum", "failing")}


def without_rule(run: Run) -> dict[str, list[str]]:
    """Map each primitive that no rule is known for to the labels of the equations that use it."""
    found: dict[str, list[str]] = {}
    for verdict in run.verdicts:
        for name in verdict.without_rule:
            found.setdefault(name, []).append(verdict.entry.label)
    return found


def entry_record(verdict: Verdict) -> dict[str, Any]:
    """One entry and its verdict; everything in it is a number, a string, a list or null."""
    entry, misprint = verdict.entry, verdict.entry.misprint
    return {
        "label": entry.label,
        "section": entry.section,
        "page": entry.page,
        "item": entry.item,
        "source": entry.source or None,
        "ours": entry.ours,
        "latex": entry.latex,
        "text": to_text(entry.latex),
        "status": entry.status,
        "holds": verdict.holds,
        "reason": verdict.reason,
        "corrected_latex": entry.corrected_latex,
        "corrected_text": to_text(entry.corrected_latex) if entry.corrected_latex else None,
        "why": misprint.why if misprint else None,
        "note": entry.note or None,
        "judges": judges_of(entry),
        "shapes_tried": verdict.instances,
        "distinct_shapes": len(verdict.shapes),
        "worst_error": verdict.worst_error if math.isfinite(verdict.worst_error) else None,
        "printed_form_failed": verdict.misprint_failures if misprint else None,
        "counterexample": verdict.counterexample,
        "show": show_line(verdict),
    }


def show_line(verdict: Verdict) -> str:
    """The line to paste to see an entry in full, at the instance where it failed if it did."""
    instance = verdict.failure.instance if verdict.failure else ""
    there = f' --instance "{instance}"' if instance else ""
    return f"derivations show {verdict.entry.label}{there}"


def judges_of(entry: Entry) -> list[str]:
    """Who judges an entry: depends on what its left side is."""
    (lhs, *_) = left_sides(entry)
    if isinstance(lhs, tuple):
        return ["JAX reverse", "JAX forward", "complex step"]
    return ["JAX reference", "NumPy forward pass"] if isinstance(lhs, str) else ["observation"]


def write_json(recorded: dict[str, Any], file: Path) -> None:
    """Write the record of a run as UTF-8 JSON; raises ``OSError`` with the name of the file."""
    text = json.dumps(recorded, ensure_ascii=False, indent=1, allow_nan=False)
    write_atomically(file, text + "\n")
