"""Numbers and arrays as text: short, but never so short that two that differ look equal.

What the terminal and the notebook share. Everything here is for the eye; which gradient is right, the
referee says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

DIGITS = 6
FEWER_DIGITS = 4
"""In a matrix, where a number is one of many."""
ALL_DIGITS = 17
"""Two float64 that differ also differ in 17 digits."""
ROUNDINGS = 64
"""Differences of more roundings than this of the largest entry are shown as differences."""
FEW = 12
"""How many entries of an input are printed; of more, a description."""


# --- numbers ----------------------------------------------------------------------------------------


def number(value: Any, digits: int = DIGITS) -> str:
    """A number in so many significant digits; 0 has no sign.

    >>> number(2 / 3), number(-0.0), number(float("nan"))
    ('0.666667', '0', 'nan')
    """
    return f"{float(value) + 0.0:.{digits}g}"


def apart(one: Any, other: Any, *, least: int = DIGITS) -> tuple[str, str]:
    """Two numbers in six digits or, where they would look equal and are not, as many as it takes.

    >>> apart(0.5, 0.25), apart(0.1, 0.1 + 1e-9)
    (('0.5', '0.25'), ('0.1', '0.100000001'))
    """
    for digits in range(least, ALL_DIGITS + 1):
        texts = number(one, digits), number(other, digits)
        if texts[0] != texts[1] or one == other:
            break
    return texts


def numeric(value: Any) -> np.ndarray | None:
    """A value as an array of real numbers, or None if it is none."""
    try:
        array = np.asarray(value)
        return array.astype(float) if array.dtype.kind in "biuf" else None
    except (ValueError, TypeError):
        return None


def short(value: Any) -> str:
    """An input in a few words: its numbers, or what kind of array it is where there are many.

    >>> short(np.eye(3)), short(np.eye(50)[7]), short(np.full((4, 5), 0.5))
    ('[[1 0 0] [0 1 0] [0 0 1]]', 'one-hot at 7, shape (50,)', 'shape (4, 5), all 0.5')
    """
    array = numeric(value)
    if array is None:
        return f"{type(value).__name__}"
    if array.size <= FEW:
        return _nested(array)
    low, high = number(array.min(), 3), number(array.max(), 3)
    if array.ndim == 1 and np.count_nonzero(array) == 1 and array.max() == 1:
        return f"one-hot at {array.argmax()}, shape {array.shape}"
    return f"shape {array.shape}, " + (f"all {low}" if low == high else f"from {low} to {high}")


def _nested(array: np.ndarray) -> str:
    if array.ndim == 0:
        return number(array, FEWER_DIGITS)
    return f"[{' '.join(_nested(row) for row in array)}]"


def index(entry: tuple[int, ...]) -> str:
    """An index as NumPy takes it: ``[0, 2]``; nothing for a number."""
    return f"[{', '.join(map(str, entry))}]" if entry else ""


# --- two arrays beside each other -------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """The hand's gradient and the automatic one, of one shape; which entries differ, and the worst."""

    hand: np.ndarray
    automatic: np.ndarray
    wrong: np.ndarray
    worst: tuple[int, ...] | None

    @property
    def difference(self) -> np.ndarray:
        """Hand minus automatic; 0 where both are the same infinity or both are NaN."""
        with np.errstate(all="ignore"):
            return np.where(same(self.hand, self.automatic), 0.0, self.hand - self.automatic)

    def scale(self, cut: Window) -> float:
        """The largest finite size that is shown of hand, automatic and difference: one scale for all."""
        part = cut.part
        sides = [side[part].ravel() for side in (self.hand, self.automatic, self.difference)]
        sizes = np.abs(np.concatenate(sides))
        return float(np.max(sizes[np.isfinite(sizes)], initial=0.0))

    def texts(self, entry: tuple[int, ...]) -> tuple[str, str]:
        """Both numbers at an index; in as many digits as it takes where they are shown to differ."""
        one, other = self.hand[entry], self.automatic[entry]
        if self.wrong[entry]:
            return apart(one, other, least=FEWER_DIGITS)
        return number(one, FEWER_DIGITS), number(other, FEWER_DIGITS)


def pair(hand: Any, automatic: Any, worst: tuple[int, ...] | None, precision: str) -> Pair | None:
    """Two gradients side by side, or None if they are not two arrays of one shape.

    ``worst`` is the worst entry as the referee found it, and counts as wrong however small its error.
    """
    one, other = numeric(hand), numeric(automatic)
    if one is None or other is None or one.shape != other.shape:
        return None
    wrong = differing(one, other, 2.0**-24 if precision == "float32" else 2.0**-53)
    known = worst if worst is not None and inside(worst, one.shape) else None
    if known is not None:
        wrong[known] = True
    return Pair(one, other, wrong, known)


def differing(one: np.ndarray, other: np.ndarray, rounding: float) -> np.ndarray:
    """Where two arrays differ by more than their roundings do, as booleans."""
    sizes = np.abs(np.stack([one, other]))
    scale = np.max(sizes[np.isfinite(sizes)], initial=0.0)
    with np.errstate(all="ignore"):
        near = np.abs(one - other) <= ROUNDINGS * rounding * scale
    return np.asarray(~(near | same(one, other)))


def same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where two arrays have the same value, NaN among them."""
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))


def inside(entry: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether an index is one of an array of this shape."""
    within = (0 <= place < size for place, size in zip(entry, shape, strict=False))
    return len(entry) == len(shape) and all(within)


# --- the part of an array that is shown -------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """The rows and columns of an array that are shown; a vector is a column, a number one entry.

    ``before`` fixes the axes before the last two; ``says`` which part it is, or nothing for all.
    """

    before: tuple[int, ...]
    rows: range
    columns: range
    axes: int
    says: str

    @property
    def part(self) -> tuple[Any, ...]:
        """What takes the part out of the array."""
        rows, columns = (slice(places.start, places.stop) for places in (self.rows, self.columns))
        return (*self.before, rows, columns)[: self.axes]

    def entry(self, row: int, column: int) -> tuple[int, ...]:
        """The index of the array that is at a row and a column of it."""
        return (*self.before, row, column)[: self.axes]


def window(
    shape: tuple[int, ...], around: tuple[int, ...] | None, most_rows: int, most_columns: int
) -> Window:
    """At most so many rows and columns of an array, those around an entry.

    >>> window((40, 30), (20, 2), 6, 6).says
    'rows 17-22 of 40, columns 0-5 of 30'
    """
    at = around if around is not None else (0,) * len(shape)
    before, (high, wide) = shape[:-2], (*shape[-2:], 1, 1)[:2]
    row, column = (*at[-2:], 0, 0)[:2]
    rows, columns = _near(row, high, most_rows), _near(column, wide, most_columns)
    words = [f"[{', '.join(map(str, at[: len(before)]))}, :, :] of {shape}"] if before else []
    words += [f"rows {_ends(rows)} of {high}"] if len(rows) < high else []
    words += [f"columns {_ends(columns)} of {wide}"] if len(columns) < wide else []
    if len(shape) == 1 and words:
        words = [f"entries {_ends(rows)} of {high}"]
    return Window(at[: len(before)], rows, columns, len(shape), ", ".join(words))


def _near(place: int, size: int, most: int) -> range:
    start = max(0, min(place - most // 2, size - most))
    return range(start, min(size, start + most))


def _ends(places: range) -> str:
    return f"{places[0]}-{places[-1]}" if len(places) > 1 else f"{places[0]}"
