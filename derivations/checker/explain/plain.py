"""Mistakes that show in the gradient itself, whatever the loss: sign, transpose, rows, sums, rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from derivations.checker.explain.guesses import Guess
from derivations.checker.explain.scenes import Scene

Change = Callable[[Any], Any]


def the_right_one(scene: Scene, name: str) -> Any:
    """The right gradient: with a constant in front, a sign or a factor is wrong."""
    return scene.right[name]


RIGHT = Guess("constant-factor", "", the_right_one, 0.0)


def plain_guesses(name: str, others: Mapping[str, int], axes: tuple[str, ...]) -> Iterator[Guess]:
    """All of them for one argument, by the letters of its axes; ``others``: how many axes each has."""
    yield Guess(
        "zeros", "is the same in every entry", lambda scene, name: np.ones(np.shape(scene.right[name])), 3
    )
    for other, ndim in others.items():
        if other != name:
            yield from _swapped(other, ndim == len(axes))
    for kind, says, change, cost in (*_of_any(), *(_of_matrix() if len(axes) == 2 else ())):
        yield _changed(kind, says, change, cost)
    for axis, letter in enumerate(axes):
        for kind, says, change, cost in _along(axis, letter, len(axes)):
            yield _changed(kind, says, change, cost)
    for digits in range(1, 9):
        says = f"is rounded to {digits} decimals"
        yield _changed("rounded", says, partial(np.round, decimals=digits), 4, f"{digits} decimals")


def _changed(kind: str, says: str, change: Change, cost: float, detail: str = "") -> Guess:
    return Guess(kind, says, lambda scene, name: change(scene.right[name]), cost, detail, change=change)


def _swapped(other: str, alike: bool) -> Iterator[Guess]:
    says = f"is the gradient of {other}: the two were exchanged"
    if alike:
        yield Guess("swapped", says, lambda scene, name: scene.right[other], 1, other)
        yield Guess(
            "swapped", f"{says}, and it is transposed", lambda scene, name: scene.right[other].T, 2, other
        )


def _of_any() -> Iterator[tuple[str, str, Change, float]]:
    """Changes that any array can suffer."""
    yield "absolute", "has lost its signs: each entry is its absolute value", np.abs, 2
    yield "squared", "is the square of the right one, entry by entry", np.square, 2
    yield "sign-only", "is only the sign of the right one, entry by entry", np.sign, 2
    yield "square-root", "is the square root of the size of each entry", lambda g: np.sqrt(np.abs(g)), 5
    yield "normalised", "was divided by its length", lambda g: g / np.linalg.norm(g), 2
    yield "normalised", "was divided by its largest entry", lambda g: g / np.max(np.abs(g)), 2
    yield "normalised", "was divided by its sum", lambda g: g / np.sum(g), 3
    yield "clipped", "is clipped to -1 ... 1", lambda g: np.clip(g, -1, 1), 3
    yield "clipped", "is clipped to -5 ... 5", lambda g: np.clip(g, -5, 5), 3
    yield "clipped", "has its negative entries set to 0", lambda g: np.maximum(g, 0), 3
    yield "clipped", "has its positive entries set to 0", lambda g: np.minimum(g, 0), 3
    yield "shifted", "has its mean subtracted", lambda g: g - np.mean(g), 3
    yield "rounded", "was rounded to whole numbers", np.round, 3
    yield "rounded", "was cut to whole numbers", np.trunc, 3
    yield "float16", "was rounded to float16", lambda g: g.astype(np.float16).astype(float), 3
    yield (
        "summed-too-far",
        "is one number everywhere: the sum of the right one over all its entries",
        (lambda g: np.full(g.shape, g.sum())),
        2,
    )
    yield (
        "sorted",
        "holds the right numbers in another order: sorted",
        lambda g: np.sort(g, axis=None).reshape(g.shape),
        4,
    )


def _of_matrix() -> Iterator[tuple[str, str, Change, float]]:
    """Changes that a matrix can suffer."""
    yield "transposed", "is transposed", _transposed, 1
    yield (
        "transposed",
        "has the entries of its transpose, read in the wrong order (a reshape is no transpose)",
        (lambda g: g.T.reshape(g.shape)),
        2,
    )
    yield "transposed", "has its entries in Fortran's order", lambda g: g.reshape(g.shape, order="F"), 2
    yield "transposed", "is mirrored: rows and columns both run backwards", lambda g: g[::-1, ::-1], 3
    yield "only-the-diagonal", "is right on the diagonal and 0 elsewhere", lambda g: g * np.eye(*g.shape), 3
    yield "only-a-triangle", "is 0 above the diagonal", np.tril, 3
    yield "only-a-triangle", "is 0 below the diagonal", np.triu, 3
    yield "symmetrised", "has its transpose added", _plus_transpose, 3


def _transposed(g: Any) -> Any:
    return g.T if g.shape[0] == g.shape[1] else None


def _plus_transpose(g: Any) -> Any:
    return g + g.T if g.shape[0] == g.shape[1] else None


LINES = {0: "rows", 1: "columns"}
PERMUTED = {0: "permuted-rows", 1: "permuted-columns"}
ONE = {0: "one-row", 1: "one-column"}


def _along(axis: int, letter: str, ndim: int) -> Iterator[tuple[str, str, Change, float]]:
    """Changes along one axis."""
    lines = LINES.get(axis, f"slices of axis {axis}") if ndim > 1 else "entries"
    one = lines.removesuffix("s") if lines != "entries" else "entry"
    permuted = PERMUTED.get(axis, "permuted") if ndim > 1 else "permuted-rows"
    alone = ONE.get(axis, "one-row") if ndim > 1 else "one-cell"
    yield permuted, f"has its {lines} in reverse order", lambda g: np.flip(g, axis), 1.5
    yield (
        permuted,
        f"has its {lines} shifted by one: {one} k holds {one} k - 1",
        lambda g: np.roll(g, 1, axis),
        1.5,
    )
    yield (
        permuted,
        f"has its {lines} shifted by one: {one} k holds {one} k + 1",
        lambda g: np.roll(g, -1, axis),
        1.5,
    )
    yield permuted, f"has its first two {lines} exchanged", lambda g: _exchanged(g, axis, 0, 1), 1.5
    yield permuted, f"has its last two {lines} exchanged", lambda g: _exchanged(g, axis, -1, -2), 2
    yield permuted, f"has its first and last {lines} exchanged", lambda g: _exchanged(g, axis, 0, -1), 1.8
    yield permuted, f"has its {lines} sorted", lambda g: np.sort(g, axis), 3
    yield "lost-sum", f"is cumulated along its {lines}", lambda g: np.cumsum(g, axis), 3
    if ndim > 1:
        spread = f"was summed over its {lines} ({letter}) and spread again"
        yield "summed-too-far", spread, lambda g: _spread(np.sum, g, axis), 2.2
        yield (
            "summed-too-far",
            f"is the mean over its {lines} ({letter}), spread",
            lambda g: _spread(np.mean, g, axis),
            2,
        )
        yield (
            "shifted",
            f"has the mean over its {lines} subtracted",
            lambda g: g - _spread(np.mean, g, axis),
            3,
        )
    for place, word in ((0, "first"), (-1, "last")):
        yield (
            alone,
            f"has only its {word} {one}; the others are 0",
            partial(_only, axis=axis, place=place),
            2.5,
        )
        wrong = f"is right but for its {word} {one}, which"
        yield alone, f"{wrong} is 0", partial(_scaled_line, axis=axis, place=place, factor=0.0), 1.5
        yield (
            alone,
            f"{wrong} has the wrong sign",
            partial(_scaled_line, axis=axis, place=place, factor=-1.0),
            1.8,
        )
        yield alone, f"{wrong} counts twice", partial(_scaled_line, axis=axis, place=place, factor=2.0), 1.9
        yield alone, f"{wrong} counts half", partial(_scaled_line, axis=axis, place=place, factor=0.5), 1.9
    yield (
        alone,
        f"is right but for its last {one}, which repeats the one before",
        (lambda g: _copied(g, axis, -1, -2)),
        1.8,
    )
    yield (
        alone,
        f"is right but for its first {one}, which repeats the second",
        lambda g: _copied(g, axis, 0, 1),
        1.8,
    )
    yield (
        alone,
        f"is right but for its last {one}, which repeats the first",
        lambda g: _copied(g, axis, -1, 0),
        1.9,
    )


def _exchanged(g: Any, axis: int, a: int, b: int) -> Any:
    if g.shape[axis] < 2:
        return g
    lines = np.moveaxis(g.copy(), axis, 0)
    lines[[a, b]] = lines[[b, a]]
    return np.moveaxis(lines, 0, axis)


def _spread(over: Any, g: Any, axis: int) -> Any:
    return np.broadcast_to(over(g, axis=axis, keepdims=True), g.shape)


def _only(g: Any, axis: int, place: int) -> Any:
    lines = np.zeros_like(g)
    np.moveaxis(lines, axis, 0)[place] = np.moveaxis(g, axis, 0)[place]
    return lines


def _scaled_line(g: Any, axis: int, place: int, factor: float) -> Any:
    lines = g.copy()
    np.moveaxis(lines, axis, 0)[place] *= factor
    return lines


def _copied(g: Any, axis: int, to: int, source: int) -> Any:
    if g.shape[axis] < 2:
        return g
    lines = g.copy()
    np.moveaxis(lines, axis, 0)[to] = np.moveaxis(g, axis, 0)[source]
    return lines
