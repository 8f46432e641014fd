"""Mistakes of place: all entries are right but those of one row, one column, one cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain.constants import name_constant
from derivations.checker.explain.scenes import Scene
from derivations.checker.explain.wording import evidence
from derivations.checker.findings import Explanation

Index = Callable[[Scene, int], int | None]


class Place(NamedTuple):
    """Where the wrong entries are: the kind of place, its name, and whether the factor there has one."""

    kind: str
    text: str
    factor: str


def wrong_place(name: str, scenes: Sequence[Scene]) -> Place | None:
    """The one row, column or cell that holds all wrong entries, on every scene; None if there is none."""
    wrong = [scene for scene in scenes if scene.wrong(name)]
    masks = [_wrong_entries(scene, name) for scene in wrong]
    ndim = np.ndim(masks[0]) if masks else 0
    if not ndim or not any(mask.size > 1 and not mask.all() for mask in masks):
        return None
    lines = [_line(wrong, masks, axis) for axis in range(ndim)]
    factor = _factor(wrong, masks, name)
    if all(lines):
        text = ", ".join(line or "" for line in lines)
        return Place("one-cell", f"entry [{text}]", factor)
    for axis, line in enumerate(lines):
        if line:
            what = ("row", "column")[axis] if ndim == 2 else f"line along axis {axis}"
            return Place(
                ("one-row", "one-column")[axis] if axis < 2 else "one-row", f"{what} {line}", factor
            )
    return None


def _wrong_entries(scene: Scene, name: str) -> Any:
    apart = np.abs(np.subtract(scene.hand[name], scene.right[name]))
    return apart > max(scene.noise[name], 1e-13 * scene.scale[name])


def _line(scenes: Sequence[Scene], masks: Sequence[Any], axis: int) -> str:
    """What the one index along an axis is called that all wrong entries have; empty if there is none."""
    found, sizes = [], []
    for mask in masks:
        others = tuple(n for n in range(mask.ndim) if n != axis)
        (at,) = np.nonzero(mask.any(axis=others))
        if len(at) != 1:
            return ""
        found.append(int(at[0]))
        sizes.append(mask.shape[axis])
    if max(sizes) == 1:
        return ""
    for text, index in _indices(scenes[0]):
        if all(index(scene, size) == at for scene, size, at in zip(scenes, sizes, found, strict=True)):
            return text
    return ""


def _indices(scene: Scene) -> Iterator[tuple[str, Index]]:
    """The indices that have a name: the first ones, the last ones, a word's."""
    for k in range(4):
        yield str(k), partial(_counted, k)
    for k in range(1, 4):
        yield str(-k), partial(_from_the_end, k)
    for name, value in scene.inputs.items():
        array = np.asarray(value)
        if array.dtype.kind == "i" and array.ndim == 1:
            for place in (-1, 0):
                yield f"{name}[{place}]", partial(_word, name, place)
        elif array.ndim == 1 and set(np.unique(array)) <= {0.0, 1.0}:
            yield f"of the word {name}", partial(_one_hot, name)


def _counted(k: int, scene: Scene, size: int) -> int:
    return k


def _from_the_end(k: int, scene: Scene, size: int) -> int:
    return size - k


def _word(name: str, place: int, scene: Scene, size: int) -> int:
    return int(scene.inputs[name][place])


def _one_hot(name: str, scene: Scene, size: int) -> int:
    return int(np.argmax(scene.inputs[name]))


def _factor(scenes: Sequence[Scene], masks: Sequence[Any], name: str) -> str:
    """The constant between the hand's entries there and the right ones, if it has a name."""
    factors = []
    for scene, mask in zip(scenes, masks, strict=True):
        hand, right = scene.hand[name][mask], scene.right[name][mask]
        factor = float(hand @ right / (right @ right)) if np.any(right) else np.nan
        if not np.all(np.abs(hand - factor * right) <= 1e-9 * np.max(np.abs(hand), initial=1e-300)):
            return ""
        factors.append(factor)
    if all(abs(factor) < 1e-12 for factor in factors):
        return "0"
    constant = name_constant(factors, scenes)
    return constant.text if constant and constant.cost < 3.2 else ""


def last_resort(name: str, scenes: Sequence[Scene]) -> Explanation | None:
    """Where the wrong entries are, or that they are as rough as float32, if nothing else can be said."""
    if _is_float32(name, scenes):
        says = f"your d{name} is right to 7 digits only: somewhere in the middle it went through float32"
        return Explanation("float32", name, says, evidence(scenes))
    place = wrong_place(name, scenes)
    if place is None or not any(_right_elsewhere(scene, name) for scene in scenes):
        return None
    what = {"": "which fits no explanation", "0": "which is 0", "-1": "which has the wrong sign"}.get(
        place.factor, f"which is the right one times {place.factor}"
    )
    says = f"your d{name} is right but for its {place.text}, {what}"
    return Explanation(place.kind, name, says, evidence(scenes), place.text)


def _right_elsewhere(scene: Scene, name: str) -> bool:
    """Whether there is anything to be right about, outside the wrong entries."""
    elsewhere = np.asarray(scene.right[name])[~_wrong_entries(scene, name)]
    return scene.wrong(name) and not scene.negligible(name, elsewhere)


def _is_float32(name: str, scenes: Sequence[Scene]) -> bool:
    """Whether the errors are those of single precision, in most entries, on every scene."""
    apart = [np.abs(np.subtract(scene.hand[name], scene.right[name])) for scene in scenes]
    rough = [
        float(np.max(a, initial=0)) <= 2.0**30 * scene.noise[name]
        for a, scene in zip(apart, scenes, strict=True)
    ]
    seen = [np.mean(a > 4 * scene.noise[name]) for a, scene in zip(apart, scenes, strict=True)]
    return all(rough) and float(np.mean(seen)) > 0.3
