"""``check_gradient``: is a gradient right, where is it wrong, what is wrong with it, and see it again.

The loss goes before the judges (``losses``), the gradient is called (``calls``) on instances that
Hypothesis draws from a description (``shapes``), every entry is compared, the smallest failing case is found
(``shrink``), and the diagnosis says what accounts for it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from derivations.classroom.calls import Called, Hand
from derivations.classroom.cases import Case, excess
from derivations.classroom.findings import ArgumentResult, Explanation, Finding, Report, Smallest
from derivations.classroom.losses import Loss, default_wrt, names_of
from derivations.classroom.shapes import (
    Description,
    as_given,
    describe,
    from_arrays,
    parse,
    some_instances,
    varied,
)
from derivations.classroom.shrink import extent, smallest_failing
from derivations.classroom.tracing import LossError
from derivations.referee.instances import Instance
from derivations.referee.tolerance import ROUNDINGS

Function = Callable[..., Any]

SECONDS = 8.0
"""After that long, no more instances are judged, if there were enough."""

ENOUGH = 8
VARIATIONS = 12
"""How many variations of a given instance the diagnosis is tried on."""


def check_gradient(
    loss: Function,
    gradient: Function,
    at: str | Mapping[str, Any] | Sequence[Any],
    *,
    wrt: str | Sequence[str] | None = None,
    instance: str = "",
    examples: int = 100,
    seed: int = 0,
) -> Report:
    """Hold a gradient written by hand in NumPy against the automatic one of a loss.

    ``loss(*args)`` returns one number; it is written with ``jax.numpy`` or with NumPy. ``gradient(*args)``
    takes the same arguments and returns one array, a tuple in the order of ``wrt``, or a dict by argument.
    ``at`` describes the shapes (``"V N, N V"``: see ``shapes``) or gives arrays, by name or in order;
    ``wrt`` names the arguments to differentiate with respect to (all real ones, if not said), ``instance``
    one instance to judge alone, ``examples`` how many are drawn and ``seed`` which.

    Raises ``ValueError`` or ``TypeError`` for a description that cannot be read; whatever the two
    functions do is in the report.

    >>> import jax.numpy as jnp
    >>> report = check_gradient(lambda w, x: jnp.sum(w * x) ** 2, lambda w, x: 2 * (w @ x) * x, "N, N", wrt="w")
    >>> report.right
    True
    """
    start = time.perf_counter()
    name = getattr(gradient, "__name__", type(gradient).__name__)
    try:
        description = description_of(loss, at)
        wanted = wrt_of(wrt, description)
        judged = Loss(loss, description, wanted)
    except LossError as problem:
        return Report(name, right=False, arguments=(), findings=(Finding("loss", "", str(problem)),))
    check = Check(judged, Hand(gradient, description.names, wanted))
    check.judge_all(chosen(judged, instance, examples, seed), start + SECONDS)
    return replace(check.report(), seconds=time.perf_counter() - start)


def assert_gradient(loss: Function, gradient: Function, at: Any, **options: Any) -> None:
    """Raise ``AssertionError`` with the report if the gradient is not right; see :func:`check_gradient`."""
    __tracebackhide__ = True  # pytest shows the caller's line
    report = check_gradient(loss, gradient, at, **options)
    if not report.right:
        raise AssertionError(str(report))


def description_of(loss: Function, at: Any) -> Description:
    """What the arguments of a loss look like, from a text or from arrays."""
    names, optional = names_of(loss)
    if isinstance(at, str):
        entries = at.count(",") + 1
        return describe(at, names[: max(entries, len(names) - len(optional))])
    if isinstance(at, Mapping):
        return from_arrays(at, [name for name in names if name in at or name not in optional])
    if isinstance(at, (tuple, list)):
        return from_arrays(at, names[: max(len(at), len(names) - len(optional))])
    raise TypeError(
        f"at is a {type(at).__name__}: describe the shapes, 'V N, N V', or give arrays, {{'W': W, ...}}"
    )


def wrt_of(wrt: str | Sequence[str] | None, description: Description) -> tuple[str, ...]:
    """The arguments to differentiate with respect to; ``ValueError`` for unknown ones and those without."""
    wanted = tuple(wrt.replace(",", " ").split() if isinstance(wrt, str) else wrt or default_wrt(description))
    unknown = [name for name in wanted if name not in description.names]
    if unknown:
        raise ValueError(f"wrt names {unknown[0]}, the loss takes {', '.join(description.names)}")
    if not wanted:
        raise ValueError(f"no argument of {description} is real: say with wrt which the gradient is for")
    whole = [n for n in wanted if n not in default_wrt(description) and description[n].drawn in ("words", "given")]
    if whole:
        raise ValueError(f"{whole[0]} holds whole numbers, which have no gradient: take it out of wrt")
    return wanted


def chosen(loss: Loss, instance: str, examples: int, seed: int) -> list[Instance]:
    """The instances to judge."""
    if loss.description.given:
        return [as_given(loss.description)]
    if instance:
        return [parse(loss.description, instance)]
    return some_instances(loss.description, examples, seed, shapes=loss.few_shapes)


@dataclass
class Check:
    """A gradient on trial: what was found so far, instance by instance."""

    loss: Loss
    hand: Hand
    cases: list[Case] = field(default_factory=list)
    found: list[tuple[Instance, Finding]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    unsound: list[tuple[Instance, str, str]] = field(default_factory=list)
    narrow: bool = False
    tried: int = 0

    def judge_all(self, instances: list[Instance], end: float) -> None:
        """Judge one instance after the other, until the time is up."""
        for number, instance in enumerate(instances):
            if time.perf_counter() > end and number >= ENOUGH:
                break
            self.tried += 1
            case, called = self.judge(instance)
            if case is not None:
                self.cases.append(case)
                self.found += [(instance, finding) for finding in called.findings]
                self.notes.update(called.notes)
                self.narrow |= bool(called.narrow)

    def judge(self, instance: Instance) -> tuple[Case | None, Called]:
        """One instance; no case where the judges have nothing to hold against the hand."""
        judgement = self.loss.judge(instance)
        if not judgement.sound:
            kind = "trouble" if judgement.trouble else "kink" if judgement.kink else "disagreement"
            self.unsound.append((instance, kind, judgement.trouble or judgement.kink or judgement.disagreement))
            return None, Called()
        called = self.hand.call(instance, judgement)
        permitted = dict(judgement.permitted)
        if called.narrow:
            wide = self.loss.permitted_in_float32(instance)
            permitted |= {name: np.maximum(wide[name], permitted[name]) for name in called.narrow}
        case = Case(instance, called.values, judgement.automatic, permitted, holds=False)
        holds = all(error_of(case, name) <= 1 for name in self.loss.wrt)
        return replace(case, holds=holds), called

    # --- the report ----------------------------------------------------------------------------------

    def report(self) -> Report:
        """Everything that was found, as a report."""
        findings = self.findings()
        overflowed = self.overflowed()
        counted = [case for case in self.cases if id(case) not in overflowed]
        wrong = [case for case in counted if not case.holds]
        right = bool(counted) and not wrong and not any(finding.fatal for finding in findings)
        report = Report(
            self.hand.name,
            right,
            tuple(self.result(name, counted) for name in self.loss.wrt) if counted else (),
            findings=tuple(findings),
            judges=self.loss.judges,
            precision="float32" if self.narrow else "float64",
            instances=len(self.cases),
            shapes=len({shape_of(case) for case in self.cases}),
            notes=tuple(self.remarks(counted, right)),
        )
        return report if right or not self.cases else self.explained(report, wrong)

    def overflowed(self) -> set[int]:
        """Cases at the saturated scale where all that is wrong are values that are not finite."""
        usual = [case for case in self.cases if case.instance.scale != "saturated"]
        if not usual or any(_overflows(case) for case in usual):
            return set()
        return {id(case) for case in self.cases if _overflows(case)}

    def findings(self) -> list[Finding]:
        """Each kind of finding for each argument once, on its smallest instance, with how often."""
        groups: dict[tuple[str, str], list[tuple[Instance, Finding]]] = {}
        for instance, finding in self.found:
            groups.setdefault((finding.kind, finding.argument), []).append((instance, finding))
        merged = []
        for group in groups.values():
            _, finding = min(group, key=lambda row: extent(row[0]))
            number = len({id(instance) for instance, _ in group})
            often = "" if number == len(self.cases) else f" (on {number} of {len(self.cases)} instances)"
            fatal = finding.fatal and not (finding.kind == "not-finite" and self.overflowed())
            merged.append(replace(finding, message=finding.message + often, fatal=fatal))
        return merged + self.about_the_loss()

    def about_the_loss(self) -> list[Finding]:
        """What the judges could not agree on or compute: never a verdict on the gradient."""
        reasons = [row for row in self.unsound if row[1] == "disagreement"] or self.unsound
        if not reasons or (self.cases and reasons[0][1] != "disagreement"):
            return []
        instance, kind, message = min(reasons, key=lambda row: extent(row[0]))
        text = {
            "disagreement": "the judges disagree about the loss itself ({}; {}), as they do where it stops a"
            " gradient or has a derivative of its own: nothing is said about your gradient there",
            "kink": "{} ({}): there is no gradient to be right or wrong; give other values",
            "trouble": "{} ({}): give values for which it is finite, or describe them ('N positive')",
        }[kind]
        fatal = not self.cases or len(reasons) > len(self.cases)
        return [Finding("loss", "", text.format(message, instance), fatal)]

    def result(self, name: str, cases: list[Case]) -> ArgumentResult:
        """How the gradient for one argument fared."""
        errors = [error_of(case, name) for case in cases]
        shape = " ".join(self.loss.description[name].shape) or "()"
        failed, worst = sum(error > 1 for error in errors), max(errors)
        return ArgumentResult(name, shape, not failed, failed, len(cases), worst * ROUNDINGS)

    def remarks(self, counted: list[Case], right: bool) -> list[str]:
        """Remarks that change no verdict."""
        remarks = [f"{note} ({count} times)" if count > 1 else note for note, count in self.notes.items()]
        remarks += self.loss.notes
        if self.cases and self.unsound:
            kinds = Counter(kind for _, kind, _ in self.unsound)
            example = {kind: message for _, kind, message in self.unsound}
            remarks += [
                f"{number} of {self.tried} instances were not judged: {example[kind]}"
                for kind, number in kinds.items()
            ]
        if right and self.loss.description.given:
            others = [case for case in self.variations() if not case.holds]
            if others:
                remarks.append(
                    f"it holds on this instance, but fails on {len(others)} of {VARIATIONS} variations of it:"
                    " its values hide a fault"
                )
        return remarks

    def variations(self) -> list[Case]:
        """The cases of a given instance's variations."""
        found = (self.judge(varied(self.loss.description, number)) for number in range(VARIATIONS))
        return [case for case, _ in found if case is not None]

    # --- what is wrong -----------------------------------------------------------------------------------

    def explained(self, report: Report, wrong: list[Case]) -> Report:
        """The report with the smallest failing case, the diagnosis and a line to paste."""
        fatal = [(i, f) for i, f in self.found if f.fatal and f.kind != "loss"]
        failing = [i for i, _ in fatal] or [case.instance for case in wrong]
        if not failing:
            return report
        key = (fatal[0][1].kind, fatal[0][1].argument) if fatal else ("value", self.first_wrong(wrong))
        if fatal:
            failing = [i for i, f in fatal if (f.kind, f.argument) == key]
        case = self.smallest(key, failing)
        cases = self.cases + (self.variations() if self.loss.description.given else [])
        explanations, unexplained = diagnosed(self.loss, cases, self.hand)
        wanted = {name: value for name, value in case.instance.inputs.items()}
        return replace(
            report,
            arguments=tuple(self.with_worst(result, case) for result in report.arguments),
            smallest=Smallest(case.instance.sizes, wanted, case.hand, case.automatic),
            diagnosis=tuple(explanations),
            unexplained=tuple(unexplained),
            again=self.again(wanted),
        )

    def first_wrong(self, wrong: list[Case]) -> str:
        """The argument that is wrong most often."""
        return max(self.loss.wrt, key=lambda name: sum(error_of(case, name) > 1 for case in wrong))

    def smallest(self, key: tuple[str, str], failing: list[Instance]) -> Case:
        """The smallest case that fails in the same way for the same argument."""
        kind, argument = key

        def case_of(instance: Instance) -> Case | None:
            case, called = Check(self.loss, self.hand).judge(instance)
            if case is None:
                return None
            if kind == "value":
                shaped = case.hand.get(argument, np.empty(0)).shape == case.automatic[argument].shape
                return case if shaped and error_of(case, argument) > 1 else None
            return case if any((f.kind, f.argument) == key for f in called.findings) else None

        instance = smallest_failing(
            self.loss.description, failing, lambda instance: case_of(instance) is not None
        )
        case = case_of(instance) or self.judge(instance)[0]
        return case or next(case for case in self.cases if not case.holds)

    @staticmethod
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

    def again(self, inputs: Mapping[str, Any]) -> str:
        """A line of Python that checks the smallest case again."""
        loss = getattr(self.loss.function, "__name__", "loss").replace("<lambda>", "loss")
        gradient = self.hand.name.replace("<lambda>", "gradient")
        values = {name: np.asarray(value).tolist() for name, value in inputs.items()}
        return f"check_gradient({loss}, {gradient}, {values}, wrt={' '.join(self.loss.wrt)!r})"


def error_of(case: Case, name: str) -> float:
    """The worst entry of a gradient in permitted differences; infinite for what cannot be compared."""
    hand, automatic = case.hand.get(name), case.automatic[name]
    if hand is None or hand.shape != automatic.shape:
        return np.inf
    return float(np.max(excess(hand, automatic, case.permitted[name])))


def _overflows(case: Case) -> bool:
    """Whether a gradient is not finite, and right wherever it is."""
    pairs = [(case.hand.get(name), name) for name in case.automatic]
    if any(hand is None or hand.shape != case.automatic[name].shape for hand, name in pairs):
        return False
    finite = all(np.isfinite(hand).all() for hand, _ in pairs)
    away = [excess(hand, case.automatic[n], case.permitted[n])[np.isfinite(hand)] for hand, n in pairs]
    return not finite and all(np.all(one <= 1) for one in away)


def shape_of(case: Case) -> Any:
    """What tells one shape from another."""
    return tuple(np.shape(value) for value in case.instance.inputs.values())


def diagnosed(loss: Loss, cases: list[Case], hand: Hand) -> tuple[list[Explanation], list[str]]:
    """What accounts for the differences, and the arguments for which nothing does."""
    try:
        from derivations.classroom.diagnosis import diagnose

        with np.errstate(all="ignore"):
            explanations, unexplained = diagnose(loss, cases, gradient=hand)
    except (ImportError, NotImplementedError):
        wrong = [name for name in loss.wrt if any(error_of(case, name) > 1 for case in cases)]
        return [], wrong
    return list(explanations), list(unexplained)
