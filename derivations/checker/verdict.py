"""From a trial to its report: the findings once each, the smallest failing case, the diagnosis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from derivations.checker.cases import Case, excess
from derivations.checker.extended import NOTE
from derivations.checker.findings import ArgumentResult, Explanation, Finding, Report, Smallest
from derivations.checker.shapes import constant
from derivations.checker.shrink import extent, smallest_failing
from derivations.checker.trial import VARIATIONS, Trial, error_of
from derivations.oracle.cases import Instance
from derivations.oracle.tolerance import ROUNDINGS

VALUE = "value"
"""The kind of failure that is no finding: entries that are wrong."""

WRONG_SHAPE = "wrong-shape"

LONG = 50
"""Arrays that were given with more numbers than these are named in the line to paste, not written out."""


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
    if right:
        return replace(report, smallest=shown(trial.counted))
    return explained(report, trial) if trial.cases else report


def shown(cases: list[Case]) -> Smallest:
    """Both gradients where they are right: on an ordinary instance with more than one entry, the first of
    those whose sizes tell rows from columns best.
    """
    ordinary = [case for case in cases if case.instance.scale == "ordinary"] or cases
    several = [case for case in ordinary if any(np.size(one) > 1 for one in case.automatic.values())]
    return as_smallest(min(several or ordinary, key=lambda case: alike(case.instance)))


def as_smallest(case: Case) -> Smallest:
    """A case as the report has it."""
    return Smallest(case.instance.sizes, case.instance.inputs, case.hand, case.automatic)


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
    """Each kind of finding for each argument once, as on its smallest instance, with how often.

    A wrong shape is told where the sizes differ, if it is seen there: where one is 1, a number passes for
    an array that has lost its shape, and a row for a column.
    """
    groups: dict[tuple[str, str], list[tuple[Instance, Finding]]] = {}
    for instance, finding in trial.found:
        groups.setdefault((finding.kind, finding.argument), []).append((instance, finding))
    for group in groups.values():
        _, finding = min(
            group, key=lambda row: (row[1].kind == WRONG_SHAPE and alike(row[0]), extent(row[0]))
        )
        number, tried = len({id(instance) for instance, _ in group}), len(trial.cases)
        often = f" (on {number} of {tried} instances)" if number < tried else ""
        mild = finding.kind == "not-finite" and bool(trial.overflowed)
        yield replace(finding, message=finding.message + often, fatal=finding.fatal and not mild)


def alike(instance: Instance) -> int:
    """How many sizes are 1, or equal to another."""
    return len(instance.sizes) - len(set(instance.sizes.values()) - {1})


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
    if trial.drowned:
        yield f"{NOTE} (lost altogether on {len(trial.drowned)} saturated instances, which do not count)"
    yield from trial.loss.notes
    tried = len(trial.cases) + len(trial.unjudged)
    for kind, number in Counter(row.kind for row in trial.unjudged).items():
        if trial.cases:
            first = next(row for row in trial.unjudged if row.kind == kind)
            yield f"{number} of {tried} instances were not judged: {first.message} ({first.instance})"
    where = "this" if trial.loss.description.given else "every"
    for name in trial.loss.wrt:
        if trial.invisible(name):
            yield (
                f"the gradient for {name} is zero on {where} instance, or too small to tell: zeros would"
                " pass too, so nothing is known of it; give values at which it is not"
            )
    wrong = [case for case in trial.variations() if not case.holds] if right else []
    if wrong:
        yield (
            f"it holds on this instance, but fails on {len(wrong)} of {VARIATIONS} variations of it:"
            f" {hidden_by(trial)}; give other values, or describe the shapes, and they will be drawn"
        )


def hidden_by(trial: Trial) -> str:
    """Whose values hide a fault: of the arguments with others of which it shows, those of equal entries."""
    hiding = trial.hiding()
    equal = {name: all_equal(trial.loss.description.given[name]) for name in hiding}
    if any(equal.values()):
        return " and ".join(f"{name}, {says}, hides a fault" for name, says in equal.items() if says)
    names = " or of ".join(hiding)  # with other values of any one of them it shows
    return f"the values of {names} hide a fault" if names else "its values together hide a fault"


def all_equal(value: Any) -> str:
    """What an array is if all its entries are equal."""
    array = np.asarray(value)
    if not constant(array) or (not array.ndim and value != 0):
        return ""
    if not array.ndim:
        return "which is 0"
    return {0: "which is all zeros", 1: "which is all ones"}.get(
        value.flat[0], "whose entries are all equal"
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
        smallest=as_smallest(case),
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
    cases = {id(case.instance): case for case in trial.cases}
    counts = [instance for instance in failing if other_count(cases[id(instance)], argument)]
    failing = counts or failing

    def fails(instance: Instance) -> bool:
        case, called = Trial(trial.loss, trial.hand).judge(instance)
        if case is None:
            return False
        if kind == VALUE:
            return np.isfinite(error_of(case, argument)) and error_of(case, argument) > 1
        found = any((finding.kind, finding.argument) == key for finding in called.findings)
        return found and (other_count(case, argument) or not counts)

    instance = smallest_failing(trial.loss.description, failing, fails)
    case, _ = Trial(trial.loss, trial.hand).judge(instance)
    return case or next(case for case in trial.cases if case.instance is failing[0])


def other_count(case: Case, name: str) -> bool:
    """Whether a gradient has more or fewer entries than it should, and not only another shape."""
    return name in case.hand and np.size(case.hand[name]) != np.size(case.automatic[name])


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
    if trial.loss.description.given and sum(map(np.size, inputs.values())) > LONG:
        values = f"{{{', '.join(f'{name!r}: {name}' for name in inputs)}}}"
    else:
        values = str({name: np.asarray(value).tolist() for name, value in inputs.items()})
    return f"check_gradient({loss}, {gradient}, {values}, wrt={' '.join(trial.loss.wrt)!r})"


def diagnosed(trial: Trial) -> tuple[list[Explanation], list[str], list[str]]:
    """What accounts for the differences, the arguments for which nothing does, and remarks."""
    cases = trial.cases + trial.variations()
    try:
        from derivations.checker.explain import diagnose

        with np.errstate(all="ignore"):
            explanations, unexplained = diagnose(trial.loss, cases, gradient=trial.hand)
    except Exception as problem:  # a report without a diagnosis is better than none
        wrong = [name for name in trial.loss.wrt if any(error_of(case, name) > 1 for case in cases)]
        said = (
            f"the diagnosis itself stumbled, which is a fault of ours: {type(problem).__name__}: {problem}"
        )
        return [], wrong, [said]
    return list(explanations), list(unexplained), []
