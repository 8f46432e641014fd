"""A text as steps of training: sentences, a vocabulary, and for each step its target and its contexts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64
from numpy import ndarray as Array

from derivations.paper.skipgram_figure import contexts_of
from w2v.stepper.settings import LONGEST_WORD, StepSettings, WrongSettingError, shown

LARGEST_TABLE = 4_000_000
"""Numbers in W, and in the targets t of one word: what a step can be computed from without waiting."""

LINE_END = re.compile(r"\r\n?|\n")
"""What ends a line in a text field; ``str.splitlines`` knows others, which nobody sees."""


class Place(NamedTuple):
    """Where a target stands: which sentence, counted from 0, and which of its words."""

    sentence: int
    position: int


@dataclass(frozen=True)
class Step:
    """One step of an epoch: the target's word and place; the context words, each as (word, position)."""

    place: Place
    target: int
    contexts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Text:
    """Sentences, their words in order of first appearance, and the steps of an epoch.

    ``ids`` are the words of all sentences as numbers, and sentence s begins at ``begins[s]``; ``pairs``
    says whether each (target, context) is a step of its own, or each target with all its contexts.
    """

    ids: Int64[Array, "n"]
    begins: Int64[Array, "s_plus_1"]
    words: list[str]
    window: int
    pairs: bool

    @classmethod
    def of(cls, settings: StepSettings) -> Text:
        """The text of settings; :class:`WrongSettingError` if there is no step, or one is too large."""
        lines = [words for line in LINE_END.split(settings.text) if (words := line.split())]
        index: dict[str, int] = {}
        ids = np.array([index.setdefault(word, len(index)) for words in lines for word in words], np.int64)
        begins = np.cumsum([0, *map(len, lines)])
        text = cls(ids, begins, list(index), settings.window, pairs=settings.loss != "softmax")
        text.check(settings)
        return text

    def check(self, settings: StepSettings) -> None:
        """Raise :class:`WrongSettingError` where there is no step, or a step is too large."""
        V = len(self.words)
        if not V:
            raise WrongSettingError("text", "text='' holds no words: give a sentence of two words or more")
        longest = max(self.words, key=len)
        if len(longest) > LONGEST_WORD:
            raise WrongSettingError(
                "text",
                f"{shown(longest)} has {len(longest):,} characters: give words of {LONGEST_WORD} or fewer",
            )
        if not len(self.targets):
            raise WrongSettingError(
                "text", f"no word of text={shown(settings.text)} has a neighbour: put two or more on a line"
            )
        if V == 1:
            raise WrongSettingError(
                "text",
                f"{shown(self.words[0])} is the only word: give a text of two different words or more",
            )
        self._check_size(settings)

    def _check_size(self, settings: StepSettings) -> None:
        V, C = len(self.words), self.most_contexts
        if V * settings.vector_size > LARGEST_TABLE:
            raise WrongSettingError(
                "vector_size",
                f"vector_size={settings.vector_size} with {V:,} different words: give"
                f" {LARGEST_TABLE // V} or less, or a shorter text",
            )
        if not self.pairs and V * C > LARGEST_TABLE:
            raise WrongSettingError(
                "window",
                f"window={self.window} with {V:,} different words: give"
                f" {max(1, LARGEST_TABLE // V // 2)} or less, or a shorter text",
            )

    # --- steps ---

    @cached_property
    def lengths(self) -> Int64[Array, "s"]:
        """How many words each sentence has."""
        return np.diff(self.begins)

    def sentence(self, number: int) -> Int64[Array, "_"]:
        """The words of a sentence, as numbers."""
        return self.ids[self.begins[number] : self.begins[number + 1]]

    @cached_property
    def targets(self) -> Int64[Array, "n"]:
        """The places in ``ids`` that have contexts: the words of all sentences of two or more."""
        return np.flatnonzero(np.repeat(self.lengths > 1, self.lengths))

    @cached_property
    def alone(self) -> list[str]:
        """Words that are a sentence by themselves: they have no context, and are passed over."""
        return [self.words[word] for word in dict.fromkeys(self.ids[self.begins[:-1][self.lengths == 1]])]

    @cached_property
    def contexts_before(self) -> Int64[Array, "n_plus_1"]:
        """How many (target, context) pairs come before each target, and at the end how many there are."""
        after = np.repeat(self.begins[1:], self.lengths)[self.targets] - 1 - self.targets
        before = self.targets - np.repeat(self.begins[:-1], self.lengths)[self.targets]
        each = np.minimum(before, self.window) + np.minimum(after, self.window)
        return np.concatenate([[0], np.cumsum(each)])

    @cached_property
    def most_contexts(self) -> int:
        """The largest number of contexts that any target has, C."""
        return int(np.diff(self.contexts_before).max())

    def __len__(self) -> int:
        """The steps of an epoch."""
        return int(self.contexts_before[-1]) if self.pairs else len(self.targets)

    def step(self, number: int) -> Step:
        """A step of an epoch; ``number`` counts from 0."""
        at = number
        if self.pairs:
            at = int(np.searchsorted(self.contexts_before, number, side="right")) - 1
        place = int(self.targets[at])
        sentence = int(np.searchsorted(self.begins, place, side="right")) - 1
        position = place - int(self.begins[sentence])
        words = self.sentence(sentence)
        around = contexts_of(position, len(words), self.window)
        if self.pairs:
            around = [around[number - int(self.contexts_before[at])]]
        contexts = tuple((int(words[other]), other) for other in around)
        return Step(Place(sentence, position), int(words[position]), contexts)

    @cached_property
    def counts(self) -> Int64[Array, "V"]:
        """How often each word occurs."""
        return np.bincount(self.ids, minlength=len(self.words))
