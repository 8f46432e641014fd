"""A report read out: the sentences that the terminal and the notebook have in common.

A report that contradicts itself, one that says right of a gradient with a wrong argument above all,
is read as wrong, and the contradiction is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from derivations.checker.findings import ArgumentResult, Explanation, Finding, Report
from derivations.checker.values import Pair, index, number, numeric, pair

NO_EXPLANATION = "no single explanation fits"
NEARLY = 1e-4
"""A ratio that is so close to one is told in digits."""
MOST_LISTED = 6
"""How many rows, columns or entries are told one by one."""


# --- the verdict ------------------------------------------------------------------------------------


def is_right(report: Report) -> bool:
    """The verdict: right only if the report says so and nothing in it says otherwise."""
    return report.right and not contradictions(report)


def headline(report: Report) -> str:
    """The verdict in one line, with a sign for those who do not see its colour."""
    name = clean(report.name, " ") or "the gradient"
    where = " on this instance" if one_given(report) else ""
    return f"✓ {name} is right{where}" if is_right(report) else f"✗ {name} is wrong"


def one_given(report: Report) -> bool:
    """Whether one instance was judged alone, which says less than a hundred."""
    return report.instances == 1


def case_title(report: Report) -> str:
    """What the case in a report is."""
    if one_given(report):
        return "this instance"
    return "an instance" if is_right(report) else "the smallest failing case"


def contradictions(report: Report) -> tuple[str, ...]:
    """What in a report does not go together with its verdict; empty in every honest report."""
    wrong = [result.name for result in report.arguments if not result.holds]
    fatal = [finding.kind for finding in report.findings if finding.fatal]
    odd = [result.name for result in report.arguments if result.holds and result.failed]
    said = {
        f"{' and '.join(wrong)} fails": report.right and wrong,
        f"it has the finding {', '.join(fatal)}": report.right and fatal,
        "it has a diagnosis": report.right and report.diagnosis,
        "no argument was judged": report.right and not report.arguments,
        "no instance was tried": report.right and not report.instances,
        "nothing in it is wrong": not (report.right or wrong or fatal),
        f"{', '.join(odd)} holds and failed": odd,
    }
    verdict = "right" if report.right else "wrong"
    return tuple(f"this report says {verdict}, but {why}" for why, is_so in said.items() if is_so)


def judged(report: Report) -> str:
    """The arguments whose gradients were judged, with their shapes: ``W (V N), b (N)``."""
    shapes = (f" ({result.shape})" if result.shape else "" for result in report.arguments)
    return ", ".join(
        clean(f"{one.name}{shape}", " ") for one, shape in zip(report.arguments, shapes, strict=True)
    )


def tried(report: Report) -> str:
    """How it was found: instances, shapes, precision, seconds, judges; nothing where nothing was."""
    if not report.instances:
        return ""
    parts = [
        counted(report.instances, "instance"),
        counted(report.shapes, "shape"),
        report.precision,
        f"{report.seconds:.1f} s",
        judges(report),
    ]
    return " · ".join(part for part in parts if part)


def judges(report: Report) -> str:
    """The judges; both modes of JAX in few words, so that the line fits a terminal."""
    both = "JAX's reverse mode, JAX's forward mode"
    return ", ".join(report.judges).replace(both, "JAX in both modes")


def counted(count: int, noun: str, plural: str = "") -> str:
    """``1 shape``, ``2 shapes``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def times_failed(result: ArgumentResult) -> str:
    """On how many instances an argument failed: ``7 of 100``."""
    return f"{result.failed:,} of {result.tried:,}" if result.tried else "—"


# --- what is wrong ----------------------------------------------------------------------------------


Said = tuple[str, tuple[str, ...]]
"""What is wrong in a sentence, and lines on how it is known."""


def mistakes(report: Report) -> Iterator[Said]:
    """All that is wrong: diagnosis, fatal findings, what nothing explains, and errors of the checker."""
    fatal = [finding for finding in report.findings if finding.fatal]
    shapes = [finding for finding in fatal if finding.kind == "wrong-shape"]
    told = []
    for explanation in report.diagnosis:
        arguments = explanation.argument.split()
        seen = [finding for finding in shapes if finding.argument in arguments and finding not in told]
        told += seen  # an explanation of a wrong shape and the shape itself are one mistake
        yield sentence(explanation), (about(explanation), *map(noticed, seen))
    for finding in fatal:
        if finding not in told:
            yield noticed(finding), (clean(finding.kind),)
    yield from unexplained(report)
    for says in contradictions(report):
        yield clean(says), ("an error of the checker, not yours: do not trust it",)


def sentence(explanation: Explanation) -> str:
    """A mistake in a sentence that names the argument whose gradient is wrong."""
    names = explanation.argument.split()
    named = all(re.search(rf"\bd?{re.escape(name)}\b", explanation.says) for name in names)
    return clean(explanation.says if named else f"{' and '.join(names)}: {explanation.says}")


def about(explanation: Explanation) -> str:
    """The kind of a mistake, the quantity it is about, and its evidence."""
    kind = f"{explanation.kind} {explanation.detail}".strip()
    return clean(" · ".join(part for part in (kind, explanation.evidence) if part))


def noticed(finding: Finding) -> str:
    """A finding in a sentence, after the argument that it is about."""
    named = re.search(rf"\b{re.escape(finding.argument)}\b", finding.message)
    return clean(finding.message if named else f"{finding.argument}: {finding.message}")


def unexplained(report: Report) -> Iterator[Said]:
    """For each argument that no explanation fits: that it is so, and what can be said nevertheless.

    One that returned no numbers to explain, as a finding says, is passed over.
    """
    fatal = any(finding.fatal for finding in report.findings)
    for name in report.unexplained:
        found = pair_of(report, name)
        if found is not None or not fatal:
            says = f"{clean(name, ' ')}: {NO_EXPLANATION}"
            yield says, () if found is None else tuple(hints(found, case_title(report)))


def hints(found: Pair, case: str) -> Iterator[str]:
    """Which entries are wrong in this case, and the ratio at the worst of them."""
    if not found.wrong.any():
        yield f"in {case} it is right"
        return
    yield f"in {case}, {where_wrong(found.wrong)}"
    if found.worst is not None:
        hand, automatic = found.hand[found.worst], found.automatic[found.worst]
        place = f"at {index(found.worst)} " if found.worst else ""
        if automatic == 0:
            yield f"{place}it should be 0 and is {number(hand)}"
        elif 0 < abs(hand / automatic - 1) < NEARLY:
            digits = int(-np.log10(abs(hand / automatic - 1)))
            yield f"{place}it is right to {digits} digits, and no further"
        elif np.isfinite(hand) and np.isfinite(automatic):
            yield f"{place}it is {number(hand / automatic)} times what it should be"
        else:
            yield f"{place}it is {number(hand)} and should be {number(automatic)}"


def where_wrong(wrong: np.ndarray) -> str:
    """Which entries of an array are wrong, in the fewest words.

    >>> where_wrong(np.array([[True, True, False], [False, False, False]]))
    'only row 0 of 2 is wrong (2 of 6 entries)'
    """
    count, size = int(wrong.sum()), wrong.size
    if count == size:
        return f"all {size} entries are wrong" if size > 1 else "its only entry is wrong"
    if count == 1:
        return f"only entry {index(tuple(map(int, np.argwhere(wrong)[0])))} of {size} is wrong"
    if wrong.ndim == 1:
        return f"{count} of {size} entries are wrong: {listed(np.flatnonzero(wrong))}"
    touched = [np.flatnonzero(_touched(wrong, axis)) for axis in range(wrong.ndim)]
    axis = min(range(wrong.ndim), key=lambda axis: len(touched[axis]) / wrong.shape[axis])
    if len(touched[axis]) == wrong.shape[axis]:
        return f"{count} of {size} entries are wrong, in every row and column"
    one = len(touched[axis]) == 1
    noun = ("row", "column")[axis] if wrong.ndim == 2 else f"slice along axis {axis}:"
    noun = (
        noun if one else noun.replace("row", "rows").replace("column", "columns").replace("slice", "slices")
    )
    where = f"{noun} {listed(touched[axis])} of {wrong.shape[axis]}"
    return f"only {where} {'is' if one else 'are'} wrong ({count} of {size} entries)"


def listed(places: np.ndarray) -> str:
    """The first few places with commas between: ``0, 2, 5``, and how many more there are."""
    first = ", ".join(map(str, places[:MOST_LISTED]))
    return first + (f" and {len(places) - MOST_LISTED} more" if len(places) > MOST_LISTED else "")


def _touched(wrong: np.ndarray, axis: int) -> np.ndarray:
    return np.asarray(wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis)))


def pair_of(report: Report, name: str) -> Pair | None:
    """Both gradients for an argument in the smallest failing case, or None if they have not one shape."""
    if report.smallest is None or name not in report.smallest.automatic:
        return None
    result = next((one for one in report.arguments if one.name == name), None)
    hand, automatic = report.smallest.hand.get(name), report.smallest.automatic[name]
    found = pair(hand, automatic, result.worst[0] if result and result.worst else None, report.precision)
    if found is not None and result is not None and result.holds:  # what differs is rounding
        return replace(found, wrong=np.zeros_like(found.wrong), worst=None)
    return found


def described(value: Any) -> str:
    """What a gradient is, where it cannot be set beside the other one."""
    array = numeric(value)
    if array is None:
        return "is missing" if value is None else f"is a {type(value).__name__}"
    return f"has shape {array.shape}" if array.ndim else f"is the number {number(array)}"


# --- text that others wrote -------------------------------------------------------------------------


def clean(text: str, newline: str = "\n") -> str:
    """Text that came from a student's code or an exception, without what a terminal would obey."""
    printable = (char if char == "\n" or char.isprintable() else _escaped(char) for char in str(text))
    return "".join(printable).replace("\n", newline)


def _escaped(char: str) -> str:
    return " " if char.isspace() else char.encode("unicode_escape").decode()
