"""Where the wrong entries are, if no mistake explains them: one row, one column, one entry, or float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain.constants import UNNAMED, name_constant
from derivations.checker.explain.mistakes import FLOAT32
from derivations.checker.explain.observations import Observation

Index = Callable[[Observation, int], int | None]
"""An index along an axis of a given length, by its name."""


class Place(NamedTuple):
    """Where the wrong entries are: its kind and name, and the constant there if it has a name."""

    kind: str
    text: str
    factor: str


def located(name: str, observations: Sequence[Observation]) -> tuple[str, str, str] | None:
    """Return kind, sentence and detail for wrong entries that are in one place or of single precision."""
    if _is_float32(name, observations):
        return "float32", FLOAT32, ""
    place = wrong_place(name, observations)
    if place is None or not any(_right_elsewhere(one, name) for one in observations):
        return None
    ready = {
        "": "which no known mistake explains", "0": "which is 0", "-1": "which has the wrong sign",
    }  # fmt: skip
    what = ready.get(place.factor, f"which is the right one times {place.factor}")
    return place.kind, f"is right except for its {place.text}, {what}", place.text


def wrong_place(name: str, observations: Sequence[Observation]) -> Place | None:
    """Return the one row, column or entry that has all wrong entries on every observation, or None."""
    wrong = [one for one in observations if one.wrong(name)]
    masks = [_wrong_entries(one, name) for one in wrong]
    ndim = np.ndim(masks[0]) if masks else 0
    if not ndim or not any(mask.size > 1 and not mask.all() for mask in masks):
        return None
    lines = [_index(wrong, masks, axis) for axis in range(ndim)]
    factor = _factor(wrong, masks, name)
    if all(lines):
        return Place("one-cell", f"entry [{', '.join(lines)}]", factor)
    for axis, line in enumerate(lines):
        if line:
            what = ("row", "column")[axis] if ndim == 2 else f"slice along axis {axis}"
            return Place("one-column" if axis == 1 else "one-row", f"{what} {line}", factor)
    return None


def _wrong_entries(one: Observation, name: str) -> Any:
    apart = np.abs(np.subtract(one.candidate[name], one.right[name]))
    return apart > max(one.rounding[name], 1e-13 * one.scale[name])


def _index(observations: Sequence[Observation], masks: Sequence[Any], axis: int) -> str:
    """Return the name of the one index along an axis that all wrong entries have, or ""."""
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
    rows = list(zip(observations, sizes, found, strict=True))
    for text, index in _indices():
        if all(index(one, size) == at for one, size, at in rows):
            return text
    return ""


def _indices() -> Iterator[tuple[str, Index]]:
    """Yield the indices that have a name: the first ones and the last ones."""
    for k in range(4):
        yield str(k), partial(_from_the_start, k)
    for k in range(1, 4):
        yield str(-k), partial(_from_the_end, k)


def _from_the_start(k: int, one: Observation, size: int) -> int:
    return k


def _from_the_end(k: int, one: Observation, size: int) -> int:
    return size - k


def _factor(observations: Sequence[Observation], masks: Sequence[Any], name: str) -> str:
    """Return the constant between the wrong entries and the right ones, or "" if it has no name."""
    factors = []
    for one, mask in zip(observations, masks, strict=True):
        wrong, right = one.candidate[name][mask], one.right[name][mask]
        factor = float(wrong @ right / (right @ right)) if np.any(right) else np.nan
        if not np.all(np.abs(wrong - factor * right) <= 1e-9 * np.max(np.abs(wrong), initial=1e-300)):
            return ""
        factors.append(factor)
    if all(abs(factor) < 1e-12 for factor in factors):
        return "0"
    constant = name_constant(factors, observations)
    return constant.text if constant and constant.cost < UNNAMED else ""


def _right_elsewhere(one: Observation, name: str) -> bool:
    """Return whether the gradient outside the wrong entries is other than 0."""
    elsewhere = np.asarray(one.right[name])[~_wrong_entries(one, name)]
    return one.wrong(name) and not one.negligible(name, elsewhere)


def _is_float32(name: str, observations: Sequence[Observation]) -> bool:
    """Return whether the errors are those of single precision, in most entries, on every observation."""
    errors = [np.abs(np.subtract(one.candidate[name], one.right[name])) for one in observations]
    units = [one.rounding[name] for one in observations]
    small = [float(np.max(e, initial=0)) <= 2.0**30 * unit for e, unit in zip(errors, units, strict=True)]
    seen = [np.mean(e > 4 * unit) for e, unit in zip(errors, units, strict=True)]
    return all(small) and float(np.mean(seen)) > 0.3
