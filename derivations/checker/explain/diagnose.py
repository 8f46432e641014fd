"""From the wrong arguments of a gradient to explanations, each with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from derivations.checker.cases import Case
from derivations.checker.explain.altered import altered_guesses
from derivations.checker.explain.backward import backward_guesses
from derivations.checker.explain.guesses import Guess
from derivations.checker.explain.pairs import fitted_paths, two_at_a_time
from derivations.checker.explain.places import last_resort
from derivations.checker.explain.plain import RIGHT, plain_guesses
from derivations.checker.explain.returned import kept_from_call_to_call, misshapen
from derivations.checker.explain.scenes import Scene
from derivations.checker.explain.search import ONE, Match, matches
from derivations.checker.explain.staging import by_build, scenes_of
from derivations.checker.explain.stale import stale_guesses
from derivations.checker.explain.sums import Sum, fitted_terms
from derivations.checker.explain.terms import term_guesses
from derivations.checker.explain.wording import explanation_of
from derivations.checker.findings import Explanation
from derivations.checker.losses import Loss

PLAIN, SIMPLE = 2.5, 3.9
"""A sign or factor that is this plain is taken at once. If no mistake is found that is no further fetched
than the second, sums of terms are tried as well."""


def explain(
    names: Sequence[str], scenes: Sequence[Scene], axes: Mapping[str, tuple[str, ...]]
) -> tuple[list[Explanation], list[str]]:
    """The explanations of the wrong arguments among ``names``, and those that none explains.

    ``axes`` are the letters of each argument's axes.
    """
    wrong = [n for n in names if any(n in scene.hand and scene.wrong(n) for scene in scenes)]
    found = {name: _matches(name, _telling_first(name, scenes), axes) for name in wrong}
    chosen = _together(found)
    explanations = [explanation_of(match, of) for match, of in chosen]
    rest = [name for name in wrong if not found[name]]
    for name in list(rest):
        explanation = last_resort(name, _telling_first(name, scenes))
        if explanation is not None:
            explanations.append(explanation)
            rest.remove(name)
    return explanations, rest


def _telling_first(name: str, scenes: Sequence[Scene]) -> list[Scene]:
    """Scenes ordered so that a wrong guess fails early: wrong ones, without sizes of one, small ones."""

    def telling(scene: Scene) -> tuple[bool, int, int, int]:
        ones = sum(size == 1 for size in scene.sizes.values())
        size = int(np.size(scene.right[name]))
        return not scene.wrong(name), ones, max(0, 5 - size), size

    return sorted((scene for scene in scenes if name in scene.hand), key=telling)


def _matches(name: str, scenes: Sequence[Scene], axes: Mapping[str, tuple[str, ...]]) -> list[Match]:
    at_once = matches([(lambda: [RIGHT], scenes)], name)
    if at_once and at_once[0].cost <= PLAIN:
        return at_once
    groups = by_build(scenes)
    lists = [cache(partial(all_guesses, name, group, axes)) for group in groups]
    found = matches(list(zip(lists, groups, strict=True)), name)
    graph, first = groups[0][0].graph, groups[0]
    if graph is not None and not (found and found[0].cost <= SIMPLE):
        found += [_sum_match(one, first) for one in fitted_terms(graph, name, first)]
    if not found and graph is not None:
        found = list(fitted_paths(graph, name, first))
    if not found:
        found = list(two_at_a_time(lists[0](), name, first))
    return sorted(found, key=lambda match: match.cost)


def all_guesses(
    name: str, scenes: Sequence[Scene], axes: Mapping[str, tuple[str, ...]]
) -> tuple[Guess, ...]:
    """Every guess there is for one argument, on scenes of one build."""
    counts = {other: len(letters) for other, letters in axes.items()}
    plain = (RIGHT, *plain_guesses(name, counts, axes[name]))
    graph = scenes[0].graph
    if graph is None:
        return plain
    return (
        *plain,
        *backward_guesses(graph, name, scenes),
        *term_guesses(graph, name),
        *altered_guesses(graph, name),
        *stale_guesses(graph, name),
    )


def _sum_match(found: Sum, scenes: Sequence[Scene]) -> Match:
    subject = ("sum", found.node, found.yours)
    guess = Guess(
        found.kind, found.says, lambda scene, name: None, found.cost, found.yours, subject=subject
    )
    return Match(guess, ONE, None, tuple(scenes))


def _together(found: Mapping[str, list[Match]]) -> list[tuple[Match, list[str]]]:
    """One match for each argument, the same for as many arguments as it explains."""
    spoils: dict[Any, list[str]] = {}
    for name, candidates in found.items():
        for match in candidates:
            if name not in spoils.setdefault(match.key, []):
                spoils[match.key].append(name)
    chosen: dict[Any, tuple[Match, list[str]]] = {}
    for name, candidates in found.items():
        if candidates:
            best = min(candidates, key=lambda match: match.cost - 0.7 * (len(spoils[match.key]) - 1))
            chosen.setdefault(best.key, (best, []))[1].append(name)
    return list(chosen.values())


def diagnose(
    loss: Loss, cases: Sequence[Case], gradient: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> tuple[list[Explanation], list[str]]:
    """The explanations for a wrong gradient, and the arguments that no single explanation fits.

    ``cases`` are instances with what the hand returned and what is right; ``gradient`` is the hand's, to
    be called again with inputs by name.
    """
    explanations = list(kept_from_call_to_call(loss, cases, gradient))
    done = {name for one in explanations for name in one.argument.split()}
    for name in loss.wrt:
        if name not in done:
            for explanation in misshapen(name, cases):
                explanations.append(explanation)
                done.add(name)
    names = [name for name in loss.wrt if name not in done]
    scenes = scenes_of(loss, cases, names)
    axes = {name: loss.description[name].shape for name in loss.wrt}
    found, rest = explain(names, scenes, axes)
    return explanations + found, rest
