"""Which rows and columns of a step are shown: all where they fit a screen, else those at hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import numpy as np
from jaxtyping import Int64
from numpy import ndarray as Array

from w2v.stepper.text import Step

ROWS, COLUMNS, CONTEXTS = 24, 12, 12
"""Words or inner nodes, hidden units and context words that are shown, at most."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis of a step: its whole size, the indices that are shown, in order, and their labels."""

    size: int
    shown: Int64[Array, "_"]
    labels: tuple[str, ...]
    what: str

    @property
    def hidden(self) -> int:
        """How many are not shown."""
        return self.size - len(self.shown)

    @property
    def hidden_indices(self) -> Int64[Array, "_"]:
        """Those that are not shown."""
        return np.delete(np.arange(self.size), self.shown)

    def record(self) -> dict[str, Any]:
        """The axis as plain data."""
        return {
            "size": self.size,
            "shown": self.shown.tolist(),
            "labels": list(self.labels),
            "hidden": self.hidden,
            "what": self.what,
        }


def axes_of(
    step: Step,
    questions: Sequence[tuple[int, int]] | None,
    sizes: Mapping[str, int],
    words: Sequence[str],
    limits: tuple[int, int, int] = (ROWS, COLUMNS, CONTEXTS),
) -> dict[str, Axis]:
    """The axes of a step by letter: ``sizes`` says which there are; V words, N hidden units and so on."""
    rows, columns, most_contexts = limits
    contexts = [word for word, _ in step.contexts][:most_contexts]
    asked = [index for index, _ in questions or ()]
    tree = "J" in sizes
    at_hand = [step.target, *contexts, *([] if tree else asked)]
    shown = {"V": around(at_hand, sizes["V"], rows), "N": np.arange(min(sizes["N"], columns))}
    shown["C"] = np.arange(len(contexts))
    if tree:
        shown["J"] = around(asked, sizes["J"], rows)
    found = {
        "V": Axis(sizes["V"], shown["V"], tuple(words[k] for k in shown["V"]), "words"),
        "N": Axis(sizes["N"], shown["N"], numbered(shown["N"]), "hidden units"),
        "C": Axis(len(step.contexts), shown["C"], tuple(words[k] for k in contexts), "context words"),
    }
    if tree:
        found["J"] = Axis(sizes["J"], shown["J"], nodes(shown["J"]), "inner nodes")
    for letter in {"D", "L"} & set(sizes):
        labels = nodes(asked) if tree else tuple(words[k] for k in asked)
        found[letter] = Axis(len(asked), np.arange(len(asked)), labels, "questions")
    return found


def around(at_hand: Iterable[int], size: int, limit: int) -> Int64[Array, "_"]:
    """``at_hand``, and their nearest neighbours up to ``limit`` indices of ``size``, in order.

    >>> around([7, 2], 10, 5)
    array([2, 3, 6, 7, 8])
    """
    if size <= limit:
        return np.arange(size)
    wanted = dict.fromkeys(at_hand)
    near = chain.from_iterable((hand + d, hand - d) for d in count(1) for hand in tuple(wanted))
    found = dict(wanted)
    while len(found) < limit:
        if 0 <= (index := next(near)) < size:
            found[index] = None
    return np.array(sorted(found))


def numbered(indices: Iterable[int]) -> tuple[str, ...]:
    """Labels that count from one, as on paper."""
    return tuple(str(index + 1) for index in indices)


def nodes(indices: Iterable[int]) -> tuple[str, ...]:
    """Labels of inner nodes, which count from one as all indices do."""
    return tuple(f"node {index + 1}" for index in indices)


def windowed(axes: Mapping[str, Axis]) -> str | None:
    """What is not shown, in words; None if all is."""
    parts = [f"{len(a.shown):,} of {a.size:,} {a.what}" for a in axes.values() if a.hidden]
    if not parts:
        return None
    return f"Shown: {' and '.join(parts)}, those at hand and their neighbours; sums go over all."
