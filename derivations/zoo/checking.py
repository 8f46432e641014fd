"""Checking a specimen, and whether the report has the diagnosis that it should have."""

from __future__ import annotations

import re

from derivations.checker.checker import check_gradient
from derivations.checker.findings import Report
from derivations.zoo.specimen import Specimen


def check(specimen: Specimen, examples: int = 100, seed: int = 0) -> Report:
    """Return the checker's report on a specimen."""
    exhibit = specimen.exhibit
    return check_gradient(
        exhibit.loss, specimen.wrong, exhibit.shapes, wrt=exhibit.wrt, examples=examples, seed=seed
    )


def recognised(specimen: Specimen, report: Report) -> bool:
    """Return whether a report calls a specimen wrong and has one of its expected diagnoses."""
    found = [(one.kind, f"{one.says} {one.detail}") for one in report.diagnosis]
    found += [(finding.kind, finding.message) for finding in report.findings]
    return not report.right and any(
        kind == expected and contains(sentence, text)
        for expected, text in specimen.expected
        for kind, sentence in found
    )


def contains(sentence: str, text: str) -> bool:
    """Return whether a text is in a sentence as a term of its own: 2 is not in 1/2.

    The d of a gradient and a plural s are ignored.

    >>> contains("times 1/2", "2"), contains("times 2", "2"), contains("your dR is transposed", "R")
    (False, True, True)
    """
    term = rf"(?<![\w/*.-])d?{re.escape(text)}[ds]?(?![\w/*]|\.\d)"
    return not text or bool(re.search(term, sentence))


def kinds(specimen: Specimen) -> str:
    """Return the kinds of the expected diagnoses, each once."""
    return " or ".join(dict.fromkeys(kind for kind, _ in specimen.expected))
