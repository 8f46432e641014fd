"""The check of a student's answer: ``check_gradient`` on a function that runs in another process."""

from __future__ import annotations

import io
import linecache
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from derivations.checker import check_gradient
from derivations.checker.findings import Finding, Report
from derivations.checker.reading import clean, is_right
from derivations.checker.records import as_record
from derivations.checker.student import where_it_happened
from derivations.checker.terminal import show as show_report
from derivations.exercises._sandbox import ProcessExited, SandboxedFunction
from derivations.exercises.format import Exercise

SECONDS = 60.0
"""What all calls of a student's function may take together."""
QUOTED = 80
"""Characters of the first line that a student's code prints that are shown."""


@dataclass(frozen=True)
class CheckResult:
    """An exercise, a student's file, and the report on it."""

    exercise: Exercise
    file: Path
    report: Report

    @property
    def right(self) -> bool:
        """Whether the exercise is solved."""
        return is_right(self.report)

    @property
    def score(self) -> float:
        """1 if it is solved; else the share of gradients that are right, which is less than 1.

        0 if something is wrong with the function itself: it raises an exception, or changes its arguments.
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

    def as_text(self, width: int, color_system: Any) -> str:
        """What the terminal shows: the report, and the command to run next."""
        place = self.exercise.paper.partition(":")[0]
        about = f"{self.file.name}: {self.exercise.title}" + (f" ({place})" if place else "")
        console = Console(
            file=io.StringIO(), highlight=False, width=width, color_system=color_system,
            force_terminal=color_system is not None,
        )  # fmt: skip
        console.print(Text(about, "dim"))
        show_report(console, self.report)
        if self.next_step:
            console.print(Text(self.next_step, "dim"))
        return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]  # the StringIO

    @property
    def next_step(self) -> str:
        """The command to run next; empty after a teacher's own exercise."""
        exercise = self.exercise
        if not self.right:
            return f"A hint: derivations exercise hint {exercise.name if exercise.ours else self.file}"
        if exercise.next:
            return f"The next one: derivations exercise start {exercise.next}"
        return "That was the last one." if exercise.ours else ""


def check_answer(exercise: Exercise, file: Path, seconds: float = SECONDS) -> CheckResult:
    """Check a file. Whatever the student's code does is in the report.

    ``seconds`` is what all calls of the student's function may take together. Raises ``ValueError`` or
    ``TypeError`` for an exercise that is itself wrong, ``OSError`` if the file cannot be read.
    """
    with file.open("rb"):
        pass  # so that a file that cannot be opened raises OSError here
    linecache.checkcache(str(file.resolve()))  # it may have been saved since the last check
    hidden = [] if file.resolve() == exercise.file else [exercise.file]
    with SandboxedFunction(file, seconds=seconds, hidden=hidden) as gradient:
        report = _report(exercise, gradient)
        gradient.stop()  # so that what it printed is complete
        return CheckResult(exercise, file, _with_notes(_with_shell_line(report, file), gradient))


def failed(message: str) -> Report:
    """The report on a function that cannot be checked."""
    return _failed(Finding("raises", "", message))


def _failed(finding: Finding) -> Report:
    return Report("gradient", right=False, arguments=(), findings=(finding,))


def _report(exercise: Exercise, gradient: SandboxedFunction) -> Report:
    """The checker's report; without running JAX where the student's file does not even load."""
    try:
        gradient.load()
    except ProcessExited as ended:
        return _failed(ended.finding)
    except (Exception, SystemExit) as problem:
        return failed(f"loading the file raises {where_it_happened(problem, gradient)}")
    try:
        with np.errstate(all="ignore"):  # the report says where a gradient is infinite
            report = check_gradient(exercise.loss, gradient, exercise.shapes, wrt=exercise.wrt)
    except ProcessExited as ended:
        return _failed(ended.finding)
    return _without_numbers(report)


def _without_numbers(report: Report) -> Report:
    """The report; where no gradient was ever returned, only the findings that say why."""
    fatal = any(finding.fatal for finding in report.findings)
    if report.smallest is None or report.smallest.hand or not fatal:
        return report
    return replace(report, arguments=(), diagnosis=(), unexplained=())


def _with_shell_line(report: Report, file: Path) -> Report:
    """The report with a line to paste that runs as it is, in a shell and in the folder of the file."""
    if not report.again or not file.stem.isidentifier():
        return report
    imports = f"from derivations import check_gradient; from {file.stem} import loss, gradient"
    return replace(report, again=f'python -c "{imports}; print({report.again})"')


def _with_notes(report: Report, gradient: SandboxedFunction) -> Report:
    """The report, with what the student's code printed and what it tried to use and may not."""
    notes = [f"your code tried to use what an exercise does not have: {what}" for what in gradient.refused]
    if gradient.printed:
        first, *more = clean(gradient.printed).splitlines()
        notes.append(f"your code printed: {first[:QUOTED]}{' ...' if more or first[QUOTED:] else ''}")
    return replace(report, notes=(*report.notes, *notes))
