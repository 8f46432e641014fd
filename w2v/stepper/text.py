"""A text as training steps: sentences, the vocabulary, and the target and contexts of each step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64
from numpy import ndarray as Array

from derivations.paper.skipgram_figure import contexts_of
from w2v.stepper.settings import MAX_WORD, StepSettings, WrongSettingError, short_repr

MAX_MATRIX = 4_000_000
"""The largest number of entries of W, and of the targets t of one step, that is computed without a wait."""

LINE_END = re.compile(r"\r\n?|\n")
"""The line ends of a text field; ``str.splitlines`` also splits at invisible separators."""


class Context(NamedTuple):
    """A context word: its index in the vocabulary, and its position in the sentence."""

    word: int
    position: int


@dataclass(frozen=True)
class Step:
    """One training step: the target word with its sentence and position, and its context words."""

    sentence: int
    position: int
    target: int
    contexts: tuple[Context, ...]


@dataclass(frozen=True, eq=False)
class Text:
    """Sentences, the vocabulary in order of first appearance, and the steps of an epoch.

    ``ids`` holds the words of all sentences as indices, and sentence s begins at ``begins[s]``; ``pairs``
    says whether each (target, context) pair is a step, or each target with all its contexts.
    """

    ids: Int64[Array, "n"]
    begins: Int64[Array, "s_plus_1"]
    words: list[str]
    window: int
    pairs: bool

    @classmethod
    def of(cls, settings: StepSettings) -> Text:
        """Read the text of settings; :class:`WrongSettingError` if it has no step, or too large ones."""
        lines = [words for line in LINE_END.split(settings.text) if (words := line.split())]
        index: dict[str, int] = {}
        ids = np.array([index.setdefault(word, len(index)) for words in lines for word in words], np.int64)
        begins = np.cumsum([0, *map(len, lines)])
        text = cls(ids, begins, list(index), settings.window, pairs=settings.loss != "softmax")
        text._check_words(settings)
        text._check_size(settings)
        return text

    def _check_words(self, settings: StepSettings) -> None:
        longest = max(self.words, key=len, default="")
        reason = ""
        if not self.words:
            reason = "text='' holds no words: give a sentence of two words or more"
        elif len(longest) > MAX_WORD:
            reason = (
                f"{short_repr(longest)} has {len(longest)} characters: give words of {MAX_WORD} or fewer"
            )
        elif not len(self.targets):
            shown = short_repr(settings.text)
            reason = f"no word of text={shown} has a neighbour: put two or more on a line"
        elif len(self.words) == 1:
            reason = f"{short_repr(longest)} is the only word: give a text of two different words or more"
        if reason:
            raise WrongSettingError("text", reason)

    def _check_size(self, settings: StepSettings) -> None:
        V, N = len(self.words), settings.vector_size
        sizes = {"vector_size": (N, V * N, MAX_MATRIX // V)}
        if not self.pairs:
            sizes["window"] = (self.window, V * self.max_contexts, max(1, MAX_MATRIX // V // 2))
        for name, (value, entries, most) in sizes.items():
            if entries > MAX_MATRIX:
                reason = (
                    f"{name}={value} with {V:,} different words: give {most} or less, or a shorter text"
                )
                raise WrongSettingError(name, reason)

    # --- steps ---

    @cached_property
    def lengths(self) -> Int64[Array, "s"]:
        """The number of words of each sentence."""
        return np.diff(self.begins)

    def sentence(self, number: int) -> Int64[Array, "_"]:
        """Return the words of a sentence, as indices."""
        return self.ids[self.begins[number] : self.begins[number + 1]]

    @cached_property
    def targets(self) -> Int64[Array, "n"]:
        """The places in ``ids`` that have contexts: the words of all sentences of two or more."""
        return np.flatnonzero(np.repeat(self.lengths > 1, self.lengths))

    @cached_property
    def without_context(self) -> list[str]:
        """Words that are a sentence by themselves; they are no targets."""
        return [self.words[word] for word in dict.fromkeys(self.ids[self.begins[:-1][self.lengths == 1]])]

    @cached_property
    def pairs_before(self) -> Int64[Array, "n_plus_1"]:
        """The number of (target, context) pairs before each target; at the end, the number of all."""
        after = np.repeat(self.begins[1:], self.lengths)[self.targets] - 1 - self.targets
        before = self.targets - np.repeat(self.begins[:-1], self.lengths)[self.targets]
        each = np.minimum(before, self.window) + np.minimum(after, self.window)
        return np.concatenate([[0], np.cumsum(each)])

    @cached_property
    def max_contexts(self) -> int:
        """The largest number of contexts of any target, C."""
        return int(np.diff(self.pairs_before).max())

    def __len__(self) -> int:
        """The number of steps of an epoch."""
        return int(self.pairs_before[-1]) if self.pairs else len(self.targets)

    def step(self, number: int) -> Step:
        """Return a step of an epoch; ``number`` counts from 0."""
        at = number
        if self.pairs:
            at = int(np.searchsorted(self.pairs_before, number, side="right")) - 1
        place = int(self.targets[at])
        sentence = int(np.searchsorted(self.begins, place, side="right")) - 1
        position = place - int(self.begins[sentence])
        words = self.sentence(sentence)
        around = contexts_of(position, len(words), self.window)
        if self.pairs:
            around = [around[number - int(self.pairs_before[at])]]
        contexts = tuple(Context(int(words[other]), other) for other in around)
        return Step(sentence, position, int(words[position]), contexts)

    @cached_property
    def counts(self) -> Int64[Array, "V"]:
        """The number of occurrences of each word."""
        return np.bincount(self.ids, minlength=len(self.words))
