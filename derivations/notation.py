"""One notation: the paper's symbols, their Python names and their shapes.

Each section module opens with its own table, because a reader should not have to turn to another
file. This module reads those tables; the referee draws its random instances from them, and
``derivations notation`` prints them side by side.

A table has one quantity a row, columns two or more spaces apart::

    name      paper   shape   drawn   meaning
    W_prime   w'_ij   N M     real    weights, hidden to output

``paper`` is the symbol with its index letters after the underscore. ``shape`` lists one size for
each index letter: capitals are free sizes, digits are fixed ones, ``()`` is a scalar. ``drawn``
says what values an input may take; ``-`` marks a quantity that is computed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

KINDS = {
    "real": "any finite numbers",
    "one-hot": "a one and zeros",
    "input": "one-hot, as in the paper, or any finite numbers",
    "target": "rows that sum to one: one-hot words, repeated or not, or soft distributions",
    "positive": "a distribution without zeros",
    "answers": "ones and zeros, yes and no",
    "fraction": "above 0, at most 1",
    "logits": "any finite numbers, up to ±1e4",
    "-": "computed",
}


@dataclass(frozen=True)
class Quantity:
    """One row of a notation table: a symbol of the paper and the array that stands for it."""

    name: str
    symbol: str
    shape: tuple[str, ...]
    drawn: str
    meaning: str

    @property
    def indices(self) -> str:
        """The index letters of the symbol, one an axis: ``"ij"`` for ``w'_ij``."""
        return self.symbol.partition("_")[2] if self.shape else ""

    def sizes(self, dims: Mapping[str, int]) -> tuple[int, ...]:
        """The shape at given sizes: ``(3, 5)`` for ``N M`` at N = 3, M = 5."""
        return tuple(size_of(size, dims) for size in self.shape)


Notation = Mapping[str, Quantity]


def size_of(size: str, dims: Mapping[str, int]) -> int:
    """A size of the table as a number: a digit is itself, a letter what ``dims`` says."""
    return int(size) if size.isdigit() else dims[size]


def notation(table: str) -> Notation:
    """Read a notation table (see the module docstring) into quantities by Python name.

    Raises ``ValueError`` for a row without five columns, an unknown kind of values, or a symbol
    whose index letters do not match its shape.
    """
    header, *rows = [re.split(r" {2,}", line.strip()) for line in table.strip().splitlines()]
    if header != ["name", "paper", "shape", "drawn", "meaning"]:
        raise ValueError(f"a notation table starts with name paper shape drawn meaning, not {header}")
    quantities = [_quantity(row) for row in rows]
    return {quantity.name: quantity for quantity in quantities}


def _quantity(row: list[str]) -> Quantity:
    if len(row) != 5:
        raise ValueError(f"a notation row has five columns two spaces apart, not {len(row)}: {row}")
    name, symbol, shape, drawn, meaning = row
    quantity = Quantity(name, symbol, () if shape == "()" else tuple(shape.split()), drawn, meaning)
    if drawn not in KINDS:
        raise ValueError(f"{name} is drawn {drawn!r}; known kinds are {', '.join(KINDS)}")
    if len(quantity.indices) != len(quantity.shape):
        raise ValueError(f"{name}: symbol {symbol} has not one index letter for each size of {shape}")
    return quantity


def tuple_text(sizes: Sequence[Any]) -> str:
    """Format sizes as Python formats a tuple.

    >>> tuple_text(("V",)), tuple_text(("V", 1)), tuple_text(())
    ('(V,)', '(V, 1)', '()')
    """
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def check_arrays(table: Notation, **arrays: Any) -> dict[str, int]:
    """Hold arrays against their notation; return the sizes they agree on.

    Raises ``TypeError`` for what is not an array of floats and ``ValueError`` for a wrong number
    of axes, two sizes for one letter, or a value that is not finite. Each message is one line that
    names the array, its shape and the repair.
    """
    dims: dict[str, int] = {}
    given: dict[str, str] = {}
    for name, given_array in arrays.items():
        expected = table[name].shape
        is_number = isinstance(given_array, float) and not expected
        array = np.asarray(given_array) if is_number else given_array
        _check_floats(name, array)
        if array.ndim != len(expected):
            raise ValueError(
                f"{name} has shape {array.shape}, expected {tuple_text(expected)}: "
                f"{_axes_repair(name, array, len(expected))}"
            )
        for letter, size in zip(expected, array.shape, strict=True):
            known = int(letter) if letter.isdigit() else dims.setdefault(letter, size)
            given.setdefault(letter, f"{name} {array.shape}")
            if size != known or size == 0:
                raise ValueError(
                    f"{name} has shape {array.shape}, so {letter} = {size}, but {letter} = {known} in "
                    f"{given[letter]}: give both the same, non-zero size"
                )
        if not np.isfinite(array).all():
            where = tuple(int(n) for n in np.argwhere(~np.isfinite(array))[0])
            raise ValueError(
                f"{name}{list(where)} is {array[where]} (shape {array.shape}): "
                "replace it by a finite number"
            )
    return dims


def _check_floats(name: str, array: Any) -> None:
    if not isinstance(array, np.ndarray):
        raise TypeError(
            f"{name} is a {type(array).__name__}: make it an array, np.asarray({name}, dtype=float)"
        )
    if array.dtype.kind != "f":
        raise TypeError(
            f"{name} has shape {array.shape} and dtype {array.dtype}: gradients need floats, "
            f"use {name}.astype(float)"
        )


def _axes_repair(name: str, array: np.ndarray, axes: int) -> str:
    if axes == 1 and sorted(array.shape)[:-1] == [1] * (array.ndim - 1):
        return f"use {name}.ravel(), a column is not a vector in NumPy"
    return f"give it {axes} {'axis' if axes == 1 else 'axes'}"


def read_cells(labels: str, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Build a matrix from its printed cell labels: ``read_cells("w11 w12; w21 w22", {"w": W})``.

    Rows are separated by semicolons; the digits are indices that start at 1. Raises ``KeyError`` for a
    symbol without an array and ``IndexError`` for an index outside its array.
    """
    rows = [[re.fullmatch(r"(\D+)(\d+)", cell) for cell in row.split()] for row in labels.split(";")]
    return np.array(
        [
            [arrays[cell[1]][tuple(int(digit) - 1 for digit in cell[2])] for cell in row if cell]
            for row in rows
        ]
    )
