"""The verdict on a student's file: the checker's report on a function that runs in another process."""

from __future__ import annotations

import linecache
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from derivations import checker as classroom
from derivations.checker.findings import Finding, Report
from derivations.checker.reading import clean, is_right
from derivations.checker.records import as_record
from derivations.checker.student import where_it_happened
from derivations.exercises.apart import Apart, Ended
from derivations.exercises.format import Exercise

SECONDS = 60.0
"""What all calls of a student's function may take together."""
QUOTED = 80
"""Characters of the first line that a student's code prints that are shown."""


@dataclass(frozen=True)
class Judgement:
    """An exercise, a student's file, and what was found."""

    exercise: Exercise
    file: Path
    report: Report

    @property
    def right(self) -> bool:
        """Whether the exercise is solved."""
        return is_right(self.report)

    @property
    def score(self) -> float:
        """1 if it is solved; else the share of gradients that are right, short of 1.

        0 if something is wrong with the function itself: it crashes, or changes its arguments.
        """
        report, names = self.report, {result.name for result in self.report.arguments}
        fatal = {finding.argument for finding in report.findings if finding.fatal}
        if self.right or not names or fatal - names:
            return float(self.right)
        return sum(result.holds and result.name not in fatal for result in report.arguments) / len(names)

    def to_dict(self) -> dict[str, Any]:
        """For an autograder: the score, the fields of the report, and all of it as text in ``output``."""
        return {
            "exercise": self.exercise.name,
            "title": self.exercise.title,
            "file": self.file.name,
            "score": self.score,
            "max_score": 1.0,
            **as_record(self.report),
            "output": str(self.report),
        }


def judge(exercise: Exercise, file: Path, seconds: float = SECONDS) -> Judgement:
    """Judge a file. Whatever the student's code does ends up in the report.

    Raises ``ValueError`` or ``TypeError`` for an exercise that is itself at fault, ``OSError`` if the
    file cannot be read.
    """
    with file.open("rb"):
        pass  # a file that cannot be opened says so itself
    linecache.checkcache(str(file.resolve()))  # it may have been saved since it was judged last
    barred = [] if file.resolve() == exercise.file else [exercise.file]
    with Apart(file, seconds=seconds, barred=barred) as gradient:
        report = report_on(exercise, gradient)
    return Judgement(exercise, file, with_notes(for_the_shell(report, file), gradient))


def report_on(exercise: Exercise, gradient: Apart) -> Report:
    """The checker's report; without JAX, and at once, where the student's file does not even load."""
    try:
        gradient.load()
    except Ended:
        return failed(gradient.ended)
    except (Exception, SystemExit) as problem:
        why = where_it_happened(problem, gradient)
        return failed(Finding("raises", "", f"loading the file raises {why}"))
    try:
        with np.errstate(all="ignore"):  # infinities are found, and need no warning
            report = classroom.check_gradient(exercise.loss, gradient, exercise.shapes, wrt=exercise.wrt)
    except Ended:
        return failed(gradient.ended)
    return without_numbers(report)


def failed(finding: Finding | None) -> Report:
    """The report on a function that cannot be judged."""
    assert finding is not None
    return Report("gradient", right=False, arguments=(), findings=(finding,))


def without_numbers(report: Report) -> Report:
    """The report; where there never was a number to judge, it says why not and nothing besides."""
    fatal = any(finding.fatal for finding in report.findings)
    if report.smallest is None or report.smallest.hand or not fatal:
        return report
    return replace(report, arguments=(), diagnosis=(), unexplained=())


def for_the_shell(report: Report, file: Path) -> Report:
    """The report with a line to paste that runs as it is, in a shell and in the folder of the file."""
    if not report.again or not file.stem.isidentifier():
        return report
    imports = f"from derivations import check_gradient; from {file.stem} import loss, gradient"
    return replace(report, again=f'python -c "{imports}; print({report.again})"')


def with_notes(report: Report, gradient: Apart) -> Report:
    """The report, and what the student's code printed and what it tried in vain to reach."""
    notes = [f"your code reached for {what}, which does not help it here" for what in gradient.refused]
    if gradient.printed:
        first, *more = clean(gradient.printed).splitlines()
        notes.append(f"your code printed: {first[:QUOTED]}{' ...' if more or first[QUOTED:] else ''}")
    return replace(report, notes=(*report.notes, *notes))
