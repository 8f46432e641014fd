"""Two mistakes in one gradient.

One made on top of the other (transposed, and a factor missing), two on the same way back, or one and a
term too many. There are tens of thousands of pairs, so each is first tried on a single scene, up to a
constant; the few that pass are matched on all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from derivations.checker.explain.constants import Constant, name_constant
from derivations.checker.explain.guesses import Guess, moved_by, predicted, swept
from derivations.checker.explain.scenes import Scene
from derivations.checker.explain.search import ONE, Match, match
from derivations.checker.graph import Graph

LIKELY, LIKELY_TOGETHER = 2.5, 4.4
"""How far-fetched either of two mistakes may be, and both."""


def two_at_a_time(guesses: Sequence[Guess], name: str, scenes: Sequence[Scene]) -> Iterator[Match]:
    """All pairs of likely mistakes that together give the hand's gradient."""
    likely = sorted((guess for guess in guesses if guess.cost <= LIKELY), key=lambda guess: guess.cost)
    with np.errstate(all="ignore"):
        whole = _distinct([guess for guess in likely if not guess.added], name, scenes[0])
        for pair in (
            *_on_top_of_each_other(whole, name, scenes[0]),
            *_on_the_way_back(whole, name, scenes[0]),
        ):
            found = match(pair, name, scenes)
            if found is not None:
                yield found
        for added in (guess for guess in likely if guess.added and not guess.weight):
            yield from _scaled_and_a_term(added, name, scenes)
            for base in _with_a_term(added, whole, name, scenes[0]):
                found = match(added, name, scenes, base)
                if found is not None:
                    yield found


MOST = 160
"""How many changes of a sweep are tried in pairs, the likeliest."""


def fitted_paths(graph: Graph, name: str, scenes: Sequence[Scene]) -> Iterator[Match]:
    """The paths by which an argument enters the loss, each with a weight of its own."""
    target = graph.arguments[name]
    edges = graph.users[target]
    if 2 <= len(edges) <= 4:
        constants = _constants(name, scenes, lambda scene: [_flow(scene, edge) for edge in edges])
        if constants is not None:
            told = [(edge, c.text) for edge, c in zip(edges, constants, strict=True) if c.text != "1"]
            says = "; and it ".join(_weighs(graph, number, text) for (number, _), text in told)
            cost = 2.0 + sum(c.cost for c in constants)
            subject = ("paths", tuple(text for _, text in told))
            guess = Guess("constant-factor", says, lambda scene, name: None, cost, says, subject=subject)
            yield Match(guess, ONE, None, tuple(scenes))


def _flow(scene: Scene, edge: tuple[int, int]) -> Any:
    return scene.computation.flow(*edge, scene.computation.signals[edge[0]], {})


def _weighs(graph: Graph, number: int, text: str) -> str:
    if text == "0":
        return f"leaves out the path through {graph.nodes[number].name}"
    return (
        f"counts the path through {graph.nodes[number].name} {'twice' if text == '2' else f'{text} times'}"
    )


def _scaled_and_a_term(added: Guess, name: str, scenes: Sequence[Scene]) -> Iterator[Match]:
    """The right gradient with a factor, and a term added."""

    def columns(scene: Scene) -> list[Any]:
        term = predicted(added, scene, name)
        return [] if term is None else [scene.right[name], term]

    constants = _constants(name, scenes, columns)
    if constants is None or added.words is None or constants[0].text == "1":
        return
    kind, says, detail = added.words(constants[1].text)
    first = "has the wrong sign" if constants[0].text == "-1" else f"has the factor {constants[0].text}"
    cost = added.cost + 1.5 + sum(constant.cost for constant in constants)
    guess = Guess(
        f"constant-factor + {kind}", f"{first}; and it {says}", lambda scene, name: None, cost, detail
    )
    yield Match(guess, ONE, None, tuple(scenes))


def _constants(
    name: str, scenes: Sequence[Scene], columns: Callable[[Scene], list[Any]]
) -> list[Constant] | None:
    """The named constants with which these columns make the hand's gradient on all scenes."""
    factors, used = [], []
    for scene in scenes:
        made = columns(scene)
        if not made or any(np.shape(column) != np.shape(scene.hand[name]) for column in made):
            return None
        matrix = np.stack([np.ravel(column) for column in made], axis=1)
        if not np.isfinite(matrix).all():
            return None
        solution, _, rank, _ = np.linalg.lstsq(matrix, np.ravel(scene.hand[name]), rcond=1e-10)
        if not scene.explains(name, (matrix @ solution).reshape(np.shape(scene.hand[name]))):
            return None
        if rank == len(made):
            factors.append(solution)
            used.append(scene)
    if len(used) < 3:
        return None
    named = [name_constant(row.tolist(), used) for row in np.array(factors).T]
    found = [constant for constant in named if constant is not None]
    return found if len(found) == len(named) else None


def _alike(hand: Any, made: Any) -> bool:
    """Whether two arrays are the same but for a constant."""
    if made is None or np.shape(made) != np.shape(hand):
        return False
    product = float(np.vdot(hand, made))
    sizes = float(np.vdot(hand, hand)) * float(np.vdot(made, made))
    return sizes > 0 and product * product >= sizes * (1 - 1e-7)


def _predicted(guess: Guess, scene: Scene, name: str) -> Any:
    key = ("predicted", id(guess), name)
    if key not in scene.predicted:
        scene.predicted[key] = predicted(guess, scene, name)
    return scene.predicted[key]


def _distinct(guesses: Sequence[Guess], name: str, scene: Scene) -> list[Guess]:
    """Of mistakes that give the same gradient, one; and none that gives the right one or no finite one."""
    right = scene.right[name]
    size = float(np.max(np.abs(right), initial=0.0)) or 1.0
    kept: dict[Any, Guess] = {}
    for guess in guesses:
        made = _predicted(guess, scene, name)
        if made is not None and np.shape(made) == np.shape(right) and np.isfinite(made).all():
            mark = np.round(made / size, 9).tobytes()
            kept.setdefault(mark, guess)
    kept.pop(np.round(right / size, 9).tobytes(), None)
    return list(kept.values())


# --- on top of each other -----------------------------------------------------------------------------


def _on_top_of_each_other(guesses: Sequence[Guess], name: str, scene: Scene) -> Iterator[Guess]:
    """A change of the whole gradient, made to what another mistake gives."""
    changes = [guess for guess in guesses if guess.change is not None]
    hand = scene.hand[name]
    for guess in guesses:
        below = _predicted(guess, scene, name)
        if below is None or np.shape(below) != np.shape(hand):
            continue
        for change in changes:
            assert change.change is not None
            if change is guess or change.cost + guess.cost > LIKELY_TOGETHER:
                continue
            if _alike(hand, change.change(below)):
                yield _together(guess, change, _changed(guess, change.change))


def _changed(guess: Guess, change: Callable[[Any], Any]) -> Callable[[Scene, str], Any]:
    def predict(scene: Scene, name: str) -> Any:
        below = _predicted(guess, scene, name)
        return None if below is None else change(below)

    return predict


# --- on the way back ------------------------------------------------------------------------------------


def _on_the_way_back(guesses: Sequence[Guess], name: str, scene: Scene) -> Iterator[Guess]:
    """Two changes of one sweep: the first one's is done in full, the second's effect on it is linear."""
    edited = [guess for guess in guesses if guess.edits is not None][:MOST]
    if not edited:
        return
    computation, hand = scene.computation, np.ravel(scene.hand[name])
    target = computation.graph.arguments[name]
    totals = computation.totals(target)
    changes = [guess.edits(computation) for guess in edited if guess.edits]
    for one, first in zip(edited, changes, strict=True):
        signals = computation.sweep(first)
        if not np.isfinite(signals[target]).all():
            continue
        for other, second in zip(edited, changes, strict=True):
            if other is one or one.cost + other.cost > LIKELY_TOGETHER:
                continue
            if not first.keys() & second.keys():
                moved = _moved(computation, signals, second, totals)
                if moved is not None and _alike(hand, np.ravel(signals[target]) + moved):
                    yield _both(one, other)


def _moved(computation: Any, signals: Mapping[int, Any], changes: Mapping[Any, Any], totals: Any) -> Any:
    """What these changes add to the gradient, given the signals before them; None if they do nothing."""
    moved = 0.0
    for key, change in changes.items():
        at, added = moved_by(computation, signals, key, change)
        if at not in totals:
            return None
        moved = moved + added @ totals[at]
    return moved


def _both(one: Guess, other: Guess) -> Guess:
    first, second = one.edits, other.edits
    assert first is not None
    assert second is not None
    return _together(one, other, swept(lambda computation: {**first(computation), **second(computation)}))


def _with_a_term(added: Guess, guesses: Sequence[Guess], name: str, scene: Scene) -> Iterator[Guess]:
    """The mistakes from which the hand's gradient differs by a multiple of this term."""
    term = predicted(added, scene, name)
    if term is None or np.shape(term) != np.shape(scene.hand[name]):
        return
    for base in guesses:
        start = _predicted(base, scene, name)
        fits = start is not None and np.shape(start) == np.shape(term)
        if fits and _alike(np.subtract(scene.hand[name], start), term):
            yield base


def _together(one: Guess, other: Guess, predict: Any) -> Guess:
    details = "; ".join(detail for detail in (one.detail, other.detail) if detail)
    return replace(
        one,
        says=f"{one.says}; and it {other.says}",
        kind=f"{one.kind} + {other.kind}",
        detail=details,
        cost=one.cost + other.cost + 1,
        predict=predict,
        subject=(one.subject or one.says, other.subject or other.says),
        edits=None,
        change=None,
    )
