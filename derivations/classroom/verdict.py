"""From a trial to its report: the findings once each, the smallest failing case, the diagnosis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from derivations.classroom.cases import Case, excess
from derivations.classroom.findings import ArgumentResult, Explanation, Finding, Report, Smallest
from derivations.classroom.shrink import extent, smallest_failing
from derivations.classroom.trial import VARIATIONS, Trial, error_of
from derivations.referee.instances import Instance
from derivations.referee.tolerance import ROUNDINGS

VALUE = "value"
"""The kind of failure that is no finding: entries that are wrong."""


def report_on(trial: Trial) -> Report:
    """Everything that was found, as a report."""
    findings = [*merged(trial), *about_the_loss(trial)]
    right = bool(trial.counted) and not trial.wrong and not any(finding.fatal for finding in findings)
    report = Report(
        trial.hand.name,
        right,
        tuple(result_for(name, trial) for name in trial.loss.wrt) if trial.counted else (),
        findings=tuple(findings),
        judges=trial.loss.judges,
        precision="float32" if trial.narrow else "float64",
        instances=len(trial.cases),
        shapes=len({shapes_of(case.instance) for case in trial.cases}),
        notes=tuple(remarks(trial, right=right)),
    )
    return report if right or not trial.cases else explained(report, trial)


def result_for(name: str, trial: Trial) -> ArgumentResult:
    """How the gradient for one argument fared."""
    errors = [error_of(case, name) for case in trial.counted]
    shape = " ".join(trial.loss.description[name].shape) or "()"
    failed = sum(error > 1 for error in errors)
    return ArgumentResult(name, shape, not failed, failed, len(errors), max(errors) * ROUNDINGS)


def shapes_of(instance: Instance) -> tuple[Any, ...]:
    """What tells one shape from another."""
    return tuple(np.shape(value) for value in instance.inputs.values())


# --- findings and remarks ---------------------------------------------------------------------------


def merged(trial: Trial) -> Iterator[Finding]:
    """Each kind of finding for each argument once, as on its smallest instance, with how often."""
    groups: dict[tuple[str, str], list[tuple[Instance, Finding]]] = {}
    for instance, finding in trial.found:
        groups.setdefault((finding.kind, finding.argument), []).append((instance, finding))
    for group in groups.values():
        _, finding = min(group, key=lambda row: extent(row[0]))
        number, tried = len({id(instance) for instance, _ in group}), len(trial.cases)
        often = f" (on {number} of {tried} instances)" if number < tried else ""
        mild = finding.kind == "not-finite" and bool(trial.overflowed)
        yield replace(finding, message=finding.message + often, fatal=finding.fatal and not mild)


DOUBTS = {
    "disagreement": "the judges disagree about the loss itself ({}; {}): does it stop a gradient, or give"
    " a derivative of its own? Nothing is said about your gradient",
    "kink": "{} ({}): there is no gradient there to be right or wrong; give other values",
    "trouble": "{} ({}): give values for which it is finite, or describe such, as in 'N positive'",
}


def about_the_loss(trial: Trial) -> Iterator[Finding]:
    """What the judges could not agree on or compute: never a verdict on the gradient."""
    differ = [row for row in trial.unjudged if row.kind == "disagreement"]
    rows = differ or ([] if trial.cases else trial.unjudged)
    if rows:
        first = min(rows, key=lambda row: extent(row.instance))
        fatal = not trial.cases or len(differ) > len(trial.cases)
        yield Finding("loss", "", DOUBTS[first.kind].format(first.message, first.instance), fatal)


def remarks(trial: Trial, *, right: bool) -> Iterator[str]:
    """Remarks that change no verdict."""
    for note, count in trial.notes.items():
        yield f"{note} ({count} times)" if count > 1 else note
    yield from trial.loss.notes
    tried = len(trial.cases) + len(trial.unjudged)
    for kind, number in Counter(row.kind for row in trial.unjudged).items():
        if trial.cases:
            first = next(row for row in trial.unjudged if row.kind == kind)
            yield f"{number} of {tried} instances were not judged: {first.message} ({first.instance})"
    for name in trial.loss.wrt:
        if trial.invisible(name):
            yield (
                f"the gradient for {name} is zero on every instance, or too small to tell: zeros would pass"
                " too, so nothing is known of it; give values at which it is not"
            )
    wrong = [case for case in trial.variations() if not case.holds] if right else []
    if wrong:
        yield (
            f"it holds on this instance, but fails on {len(wrong)} of {VARIATIONS} variations of it: its"
            " values hide a fault; describe the shapes, and others will be drawn"
        )


# --- what is wrong ------------------------------------------------------------------------------------


def explained(report: Report, trial: Trial) -> Report:
    """The report with the smallest failing case, the diagnosis and a line to paste."""
    fatal = [(instance, finding) for instance, finding in trial.found if finding.fatal]
    if fatal:
        key = (fatal[0][1].kind, fatal[0][1].argument)
        failing = [instance for instance, finding in fatal if (finding.kind, finding.argument) == key]
    elif trial.wrong:
        key = (VALUE, most_often_wrong(trial))
        failing = [case.instance for case in trial.wrong if error_of(case, key[1]) > 1]
    else:
        return report
    case = smallest_case(trial, key, failing)
    explanations, unexplained, remark = diagnosed(trial)
    return replace(
        report,
        notes=(*report.notes, *remark),
        arguments=tuple(with_worst(result, case) for result in report.arguments),
        smallest=Smallest(case.instance.sizes, case.instance.inputs, case.hand, case.automatic),
        diagnosis=tuple(explanations),
        unexplained=tuple(unexplained),
        again=again(trial, case.instance.inputs),
    )


def most_often_wrong(trial: Trial) -> str:
    """The argument whose gradient is wrong most often."""
    return max(trial.loss.wrt, key=lambda name: sum(error_of(case, name) > 1 for case in trial.wrong))


def smallest_case(trial: Trial, key: tuple[str, str], failing: list[Instance]) -> Case:
    """The smallest case that fails in the same way for the same argument."""
    kind, argument = key

    def fails(instance: Instance) -> bool:
        case, called = Trial(trial.loss, trial.hand).judge(instance)
        if case is None:
            return False
        if kind == VALUE:
            return np.isfinite(error_of(case, argument)) and error_of(case, argument) > 1
        return any((finding.kind, finding.argument) == key for finding in called.findings)

    instance = smallest_failing(trial.loss.description, failing, fails)
    case, _ = Trial(trial.loss, trial.hand).judge(instance)
    return case or next(case for case in trial.cases if case.instance is failing[0])


def with_worst(result: ArgumentResult, case: Case) -> ArgumentResult:
    """The result with the worst entry of the smallest failing case."""
    hand, automatic = case.hand.get(result.name), case.automatic[result.name]
    if result.holds or hand is None or hand.shape != automatic.shape:
        return result
    away = excess(hand, automatic, case.permitted[result.name])
    where = tuple(int(n) for n in np.unravel_index(np.argmax(away), away.shape))
    if away[where] <= 1:
        return result
    return replace(result, worst=(where, float(hand[where]), float(automatic[where])))


def again(trial: Trial, inputs: Mapping[str, Any]) -> str:
    """A line of Python that checks the smallest case again."""
    loss = getattr(trial.loss.function, "__name__", "loss").replace("<lambda>", "loss")
    gradient = trial.hand.name.replace("<lambda>", "gradient")
    values = {name: np.asarray(value).tolist() for name, value in inputs.items()}
    return f"check_gradient({loss}, {gradient}, {values}, wrt={' '.join(trial.loss.wrt)!r})"


def diagnosed(trial: Trial) -> tuple[list[Explanation], list[str], list[str]]:
    """What accounts for the differences, the arguments for which nothing does, and remarks."""
    cases = trial.cases + trial.variations()
    try:
        from derivations.classroom.diagnosis import diagnose

        with np.errstate(all="ignore"):
            explanations, unexplained = diagnose(trial.loss, cases, gradient=trial.hand)
    except Exception as problem:  # a report without a diagnosis is better than none
        wrong = [name for name in trial.loss.wrt if any(error_of(case, name) > 1 for case in cases)]
        said = (
            f"the diagnosis itself stumbled, which is a fault of ours: {type(problem).__name__}: {problem}"
        )
        return [], wrong, [said]
    return list(explanations), list(unexplained), []
