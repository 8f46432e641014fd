"""Reading descriptions of shapes: ``"x: V one-hot, t: C V target, W: V N"``, or the arrays themselves.

The language is that of ``shapes``. What cannot be read is told in one line, with the entry and the repair.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derivations.notation import KINDS, size_of
from derivations.oracle.cases import frozen

WORDS, GIVEN = "words", "given"
"""Kinds that only this language has: numbers of words, and arrays that were handed over."""

FLOATS = ("real", GIVEN)


@dataclass(frozen=True)
class Argument:
    """One entry: an argument's name, its sizes, its kind of values, and the size that words are of."""

    name: str
    shape: tuple[str, ...]
    drawn: str = "real"
    words_of: str = ""

    def sizes(self, dims: Mapping[str, int]) -> tuple[int, ...]:
        """The shape at given sizes."""
        return tuple(size_of(size, dims) for size in self.shape)

    def __str__(self) -> str:
        shape = " ".join(self.shape) or "()"
        kind = {"real": "", GIVEN: "", WORDS: f" words of {self.words_of}"}.get(
            self.drawn, f" {self.drawn}"
        )
        return shape + kind


@dataclass(frozen=True)
class Description:
    """What the arguments of a loss look like; ``given`` holds the arrays where some were handed over."""

    arguments: tuple[Argument, ...]
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The arguments' names, in the order of the loss."""
        return tuple(argument.name for argument in self.arguments)

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters for sizes, in order of appearance."""
        rows = [(*argument.shape, argument.words_of) for argument in self.arguments]
        return tuple(dict.fromkeys(size for row in rows for size in row if size and not size.isdigit()))

    def __getitem__(self, name: str) -> Argument:
        """The entry of an argument."""
        return next(argument for argument in self.arguments if argument.name == name)

    def __str__(self) -> str:
        return ", ".join(f"{argument.name}: {argument}" for argument in self.arguments)


# --- reading ----------------------------------------------------------------------------------------


def describe(text: str, names: Sequence[str]) -> Description:
    """Read a description for a loss with these arguments.

    Raises ``ValueError``, in one line that names the entry and the repair, for a description that has
    more or fewer entries than arguments, other names, sizes that are none, or an unknown kind.
    """
    if re.search(r"\(\s*[A-Z0-9]", text):
        raise ValueError(
            f"the description {text!r} has brackets: write sizes with spaces between them, as 'K N, N'"
        )
    entries = [entry.strip() for entry in text.split(",")]
    if len(entries) != len(names):
        raise ValueError(
            f"the description {text!r} has {counted(len(entries), 'entry', 'entries')}, the loss takes "
            f"{counted(len(names), 'argument')} ({', '.join(names)}): give one for each, commas between"
        )
    arguments = [_argument(entry, name) for entry, name in zip(entries, names, strict=True)]
    known = {size for argument in arguments for size in argument.shape}
    for argument in arguments:
        if argument.words_of and not argument.words_of.isdigit() and argument.words_of not in known:
            raise ValueError(
                f"{argument.name}: words of {argument.words_of}, but no argument has a size "
                f"{argument.words_of}: give the size of the vocabulary that the words index"
            )
    return Description(tuple(arguments))


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 argument``, ``2 arguments``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _argument(entry: str, name: str) -> Argument:
    before, colon, after = entry.partition(":")
    if colon and before.strip() != name:
        raise ValueError(
            f"the entry {entry!r} stands where the loss takes {name}: name it {name}, in the loss's order"
        )
    words = (after if colon else entry).split()
    sizes = []
    while words and (words[0] == "()" or re.fullmatch(r"[A-Z]\w*|\d+", words[0])):
        sizes.append(words.pop(0))
    shape = _shape(entry, name, sizes)
    if words and re.fullmatch(r"words?", words[0]):
        return _words(entry, name, shape, words)
    kinds = [kind for kind in KINDS if kind != "-"]
    if len(words) > 1 or (words and words[0] not in kinds):
        hint = "sizes are capital letters or digits with spaces between them" if not sizes else "kinds are"
        hint = hint if not sizes else f"{hint} {', '.join(kinds)}, or words of a size"
        raise ValueError(f"{name}: {' '.join(words)!r} in the entry {entry!r} is not known; {hint}")
    return Argument(name, shape, words[0] if words else "real")


def _shape(entry: str, name: str, sizes: list[str]) -> tuple[str, ...]:
    if not sizes:
        problem = f"the entry {entry!r} gives no sizes" if entry else "its entry is empty"
        raise ValueError(f"{name}: {problem}; say 'V N' for a matrix, 'V' for a vector, '()' for a number")
    if "()" in sizes:
        if len(sizes) > 1:
            raise ValueError(f"{name}: () in the entry {entry!r} is a number, it has no other sizes")
        return ()
    if any(size.isdigit() and int(size) < 1 for size in sizes):
        raise ValueError(f"{name}: a size in the entry {entry!r} is 0; sizes are at least 1")
    return tuple(sizes)


def _words(entry: str, name: str, shape: tuple[str, ...], words: list[str]) -> Argument:
    if len(words) != 3 or words[1] != "of" or not re.fullmatch(r"[A-Z]\w*|[1-9]\d*", words[2]):
        raise ValueError(f"{name}: the entry {entry!r} must say which words, as 'B words of V'")
    return Argument(name, shape, WORDS, words[2])


def from_arrays(at: Mapping[str, Any] | Sequence[Any], names: Sequence[str]) -> Description:
    """The description of one given instance: its arrays by name, or in the order of the loss.

    Lists are taken for arrays; floats become float64 and whole numbers int64. Raises ``ValueError`` for
    a missing or unknown name, an empty array or a value that is not finite, ``TypeError`` for what holds
    no numbers.
    """
    if not isinstance(at, Mapping):
        if len(at) != len(names):
            raise ValueError(
                f"the loss takes {counted(len(names), 'argument')} ({', '.join(names)}), "
                f"the instance gives {len(at)}: give one array for each, in this order"
            )
        at = dict(zip(names, at, strict=True))
    missing, unknown = [n for n in names if n not in at], [n for n in at if n not in names]
    if missing or unknown:
        wrong = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown)}"
        raise ValueError(f"the instance {wrong}; the loss takes {', '.join(names)}: give these")
    given_arrays = {name: _given(name, at[name]) for name in names}
    arguments = [Argument(name, tuple(map(str, np.shape(given_arrays[name]))), GIVEN) for name in names]
    return Description(tuple(arguments), given_arrays)


def _given(name: str, value: Any) -> Any:
    try:
        array = np.asarray(value)
    except ValueError as problem:
        raise ValueError(f"{name} is no array: {problem}; give rows of one length") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} is a {type(value).__name__} of {array.dtype}: give an array of numbers")
    if not array.size:
        raise ValueError(f"{name} has shape {array.shape}, so no entries: give it at least one")
    if not np.isfinite(array).all():
        where = [int(n) for n in np.argwhere(~np.isfinite(array))[0]]
        raise ValueError(f"{name}{where} is {array[tuple(where)]}: replace it by a finite number")
    kind = np.float64 if array.dtype.kind == "f" else np.int64
    return frozen(array.astype(kind)) if array.ndim else array.astype(kind).item()
