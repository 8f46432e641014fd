"""The diagnosis: from a wrong gradient to explanations, each with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

from derivations.checker.cases import Case
from derivations.checker.explain import mistakes
from derivations.checker.explain.backward import backward_predictions
from derivations.checker.explain.location import located
from derivations.checker.explain.observations import (
    Observation,
    build_observations,
    grouped_by_build,
    most_telling_first,
)
from derivations.checker.explain.pairs import fitted_paths, two_at_a_time
from derivations.checker.explain.predictions import RIGHT, Prediction, of_gradient
from derivations.checker.explain.returned import kept_between_calls, wrong_shape
from derivations.checker.explain.search import Match, matches
from derivations.checker.explain.sums import fitted_sums
from derivations.checker.explain.terms import term_predictions
from derivations.checker.findings import Explanation
from derivations.checker.losses import Loss

PLAIN, SIMPLE = 2.5, 3.9
"""A sign or factor up to the first cost is reported at once. If no mistake is found up to the second, sums
of terms are tried as well."""

Axes = Mapping[str, tuple[str, ...]]
"""The letters of the axes of each argument."""


def diagnose(
    loss: Loss, cases: Sequence[Case], gradient: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> tuple[list[Explanation], list[str]]:
    """Return the explanations of a wrong gradient, and the arguments that no explanation fits.

    ``cases`` are test cases with the candidate gradient and the right one; ``gradient`` is the candidate,
    to be called again with inputs by name.
    """
    explanations = list(kept_between_calls(loss, cases, gradient))
    done = {name for one in explanations for name in one.argument.split()}
    shapes = [wrong_shape(name, cases) for name in loss.wrt if name not in done]
    explanations += [one for one in shapes if one]
    done |= {one.argument for one in shapes if one}
    names = [name for name in loss.wrt if name not in done]
    axes = {name: loss.description[name].shape for name in loss.wrt}
    found, rest = explain(names, build_observations(loss, cases, names), axes)
    return explanations + found, rest


def explain(
    names: Sequence[str], observations: Sequence[Observation], axes: Axes
) -> tuple[list[Explanation], list[str]]:
    """Return the explanations of the wrong arguments among ``names``, and those that none explains."""
    ordered = {name: most_telling_first(name, observations) for name in names}
    wrong = [name for name in names if any(one.wrong(name) for one in ordered[name])]
    found = {name: _matches(name, ordered[name], axes) for name in wrong}
    explanations = [_explanation(match, of) for match, of in _shared(found)]
    unexplained = []
    for name in (name for name in wrong if not found[name]):
        place = located(name, ordered[name])
        if place is None:
            unexplained.append(name)
        else:
            kind, says, detail = place
            explanations.append(
                Explanation(kind, name, f"your d{name} {says}", evidence(ordered[name]), detail)
            )
    return explanations, unexplained


def _matches(name: str, observations: Sequence[Observation], axes: Axes) -> list[Match]:
    """Return the mistakes that explain one argument, those of lowest cost first."""
    factor = matches([(lambda: [RIGHT], observations)], name)
    if factor and factor[0].cost <= PLAIN:
        return factor
    groups = grouped_by_build(observations)
    lists = [cache(partial(all_predictions, name, group, axes)) for group in groups]
    found = matches(list(zip(lists, groups, strict=True)), name)
    graph, first = groups[0][0].graph, groups[0]
    if graph is not None and not (found and found[0].cost <= SIMPLE):
        found += fitted_sums(graph, name, first)
    if graph is not None and not found:
        found = list(fitted_paths(graph, name, first))
    if not found:
        found = list(two_at_a_time(lists[0](), name, first))
    return sorted(found, key=lambda match: match.cost)


def all_predictions(name: str, observations: Sequence[Observation], axes: Axes) -> tuple[Prediction, ...]:
    """Return every prediction for one argument, on observations of one build."""
    found = [RIGHT, *gradient_predictions(name, axes)]
    graph = observations[0].graph
    if graph is not None:
        found += backward_predictions(graph, name, observations)
        found += term_predictions(graph, name)
    return tuple(found)


def gradient_predictions(name: str, axes: Axes) -> Iterator[Prediction]:
    """Yield the mistakes in the gradient as an array."""
    own = axes[name]
    for other in (other for other in axes if other != name and len(axes[other]) == len(own)):
        for row in mistakes.OTHER_GRADIENT:
            gradient = partial(_of_another, row.change, other)
            yield Prediction(row.kind, row.sentence.format(other=other), gradient, row.cost, other)
    for row in mistakes.ANY_GRADIENT + (mistakes.MATRIX if len(own) == 2 else ()):
        yield of_gradient(row, row.change)
    for axis, letter in enumerate(own):
        names = _axis_names(axis, len(own))
        several = mistakes.MATRIX_ALONG_AN_AXIS if len(own) > 1 else ()
        for row in mistakes.ALONG_AN_AXIS + several:
            yield of_gradient(row, partial(_along, row.change, axis), letter=letter, **names)


def _of_another(change: Callable[[Any], Any], other: str, one: Observation, name: str) -> Any:
    return change(one.right[other])


def _along(change: Callable[[Any, int], Any], axis: int, gradient: Any) -> Any:
    return change(gradient, axis)


def _axis_names(axis: int, ndim: int) -> dict[str, str]:
    """Return what sentences call the parts of an array along one axis, and their kinds of mistakes."""
    if ndim == 1:
        return {"row": "entry", "rows": "entries", "permuted": "permuted-rows", "one": "one-cell"}
    row = ("row", "column")[axis] if axis < 2 else f"slice of axis {axis}"
    kind = ("row", "column")[min(axis, 1)]
    rows = f"{row}s" if axis < 2 else f"slices of axis {axis}"
    return {"row": row, "rows": rows, "permuted": f"permuted-{kind}s", "one": f"one-{kind}"}


# --- from matches to sentences --------------------------------------------------------------------------


def _shared(found: Mapping[str, list[Match]]) -> list[tuple[Match, list[str]]]:
    """Return one match for each argument, the same match for as many arguments as it explains."""
    arguments: dict[Any, set[str]] = {}
    for name, candidates in found.items():
        for match in candidates:
            arguments.setdefault(match.key, set()).add(name)
    chosen: dict[Any, tuple[Match, list[str]]] = {}
    for name, candidates in found.items():
        if candidates:
            best = min(candidates, key=lambda match: match.cost - 0.7 * (len(arguments[match.key]) - 1))
            chosen.setdefault(best.key, (best, []))[1].append(name)
    return list(chosen.values())


def _explanation(match: Match, names: list[str]) -> Explanation:
    """Return a match for these arguments in words."""
    kind, says, detail = _words(match)
    others = [f"d{name}" for name in names[1:]]
    alike = ", ".join(others[:-1]) + (" and " if len(others) > 1 else "") + "".join(others[-1:])
    subject = f"your d{names[0]}" + (f", like {alike}," if others else "")
    return Explanation(kind, " ".join(names), f"{subject} {says}", evidence(match.observations), detail)


def _words(match: Match) -> tuple[str, str, str]:
    """Return kind, sentence and detail of a match."""
    one, constant = match.prediction, match.constant.text
    if one.words is not None:
        kind, says, detail = one.words(constant)
        if match.base is not None:
            return f"{match.base.kind} + {kind}", f"{match.base.says}; and it {says}", detail
        return kind, says, detail
    if not one.says:
        return constant_factor(constant)
    if constant == "1":
        return one.kind, one.says, one.detail
    kind, _, detail = constant_factor(constant)
    says = "has the wrong sign" if constant == "-1" else f"has the factor {constant} on top"
    return (
        f"{one.kind} + {kind}",
        f"{one.says}; and it {says}",
        "; ".join(filter(None, (one.detail, detail))),
    )


def constant_factor(constant: str) -> tuple[str, str, str]:
    """Return kind, sentence and detail for a constant in front of an otherwise right gradient."""
    if constant == "0":
        return "zeros", "is all zeros", "0"
    if constant == "-1":
        return "wrong-sign", "has the wrong sign", "-1"
    sign = ", so its sign is wrong as well" if constant.startswith("-") else ""
    says = f"is the right one times {constant}{sign}"
    size = constant.removeprefix("1/")
    if size.isidentifier() and size[0].isupper():
        if constant == size:
            says += f": a sum over {size} instead of a mean, or counted {size} times"
        else:
            says += f": a mean over {size} instead of a sum, or divided by {size} twice"
    return "constant-factor", says, constant


def evidence(observations: Sequence[Observation]) -> str:
    """Return on how many test cases and shapes an explanation was tried, and held."""
    shapes = {tuple(one.sizes.items()) for one in observations}
    count = len(observations)
    return f"on {count} of {count} instances, {len(shapes)} shape{'s' * (len(shapes) != 1)}"
