"""Which rows and columns of a step are shown: all, or where they are many those around its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64
from numpy import ndarray as Array

from w2v.stepper.losses import Binary
from w2v.stepper.text import Step


class Limits(NamedTuple):
    """The largest numbers of words or inner nodes, of hidden units and of context words to show."""

    rows: int = 24
    columns: int = 12
    contexts: int = 12


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis of a step: its size, the indices that are shown, in order, and their labels."""

    size: int
    shown: Int64[Array, "_"]
    labels: tuple[str, ...]
    what: str

    @property
    def hidden(self) -> int:
        """The number of indices that are not shown."""
        return self.size - len(self.shown)

    @property
    def hidden_indices(self) -> Int64[Array, "_"]:
        """The indices that are not shown."""
        return np.delete(np.arange(self.size), self.shown)

    def record(self) -> dict[str, object]:
        """Return the axis as plain data."""
        shown, labels = self.shown.tolist(), list(self.labels)
        return {
            "size": self.size,
            "shown": shown,
            "labels": labels,
            "hidden": self.hidden,
            "what": self.what,
        }


def axes_of(
    step: Step, binary: Binary | None, sizes: Mapping[str, int], words: Sequence[str], limits: Limits
) -> dict[str, Axis]:
    """Return the axes of a step by letter, V words, N hidden units and so on, where ``sizes`` has it."""
    contexts = [context.word for context in step.contexts][: limits.contexts]
    columns = [index for index, _ in binary or ()]
    tree = "J" in sizes
    rows = around([step.target, *contexts, *([] if tree else columns)], sizes["V"], limits.rows)
    units = np.arange(min(sizes["N"], limits.columns))
    found = {
        "V": Axis(sizes["V"], rows, tuple(words[k] for k in rows), "words"),
        "N": Axis(sizes["N"], units, tuple(str(i + 1) for i in units), "hidden units"),
        "C": Axis(
            len(step.contexts), np.arange(len(contexts)), tuple(words[k] for k in contexts), "context words"
        ),
    }
    if tree:
        nodes = around(columns, sizes["J"], limits.rows)
        found["J"] = Axis(sizes["J"], nodes, node_labels(nodes), "inner nodes")
    for letter in {"D", "L"} & set(sizes):
        labels = node_labels(columns) if tree else tuple(words[k] for k in columns)
        found[letter] = Axis(len(columns), np.arange(len(columns)), labels, "nodes" if tree else "samples")
    return found


def around(wanted: Sequence[int], size: int, limit: int) -> Int64[Array, "_"]:
    """Return ``wanted`` and their nearest neighbours, up to ``limit`` indices below ``size``, in order.

    >>> around([7, 2], 10, 5)
    array([2, 3, 6, 7, 8])
    """
    if size <= limit:
        return np.arange(size)
    found = dict.fromkeys(wanted)
    near = chain.from_iterable((index + d, index - d) for d in count(1) for index in wanted)
    while len(found) < limit:
        if 0 <= (index := next(near)) < size:
            found[index] = None
    return np.array(sorted(found))


def node_labels(indices: Iterable[int]) -> tuple[str, ...]:
    """Return the labels of inner nodes, counted from 1 as all indices on paper."""
    return tuple(f"node {index + 1}" for index in indices)


def hidden_note(axes: Mapping[str, Axis]) -> str | None:
    """Say what is not shown; None if everything is."""
    parts = [f"{len(a.shown):,} of {a.size:,} {a.what}" for a in axes.values() if a.hidden]
    if not parts:
        return None
    return f"Shown: {' and '.join(parts)}, those of this step and their neighbours; sums go over all."
