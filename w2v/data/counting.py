"""Words as numbers, in the order of their first appearance, counted and written as they come."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from hashlib import blake2b
from itertools import count
from typing import BinaryIO

import numpy as np
from jaxtyping import Int32
from numpy import ndarray as Array

END = 0
"""The number that stands in the file where a sentence ends."""

ENTRY = np.dtype("<i4")
BATCH = 1 << 18

Progress = Callable[[int, int], None]
"""Told the words read so far, and how many different ones are known."""


class Counts:
    """The numbers given to the words so far, and how often each was seen."""

    def __init__(self, max_vocab_size: int | None) -> None:
        self.max_vocab_size = max_vocab_size or float("inf")
        self.least = 1
        self.number: defaultdict[str, int] = defaultdict(count(END + 1).__next__)
        self.counts = np.zeros(1 << 12, np.int64)

    def encode(
        self, sentences: Iterable[list[str]], stream: BinaryIO, on_progress: Progress | None
    ) -> tuple[int, int, str]:
        """Write all sentences; returns the entries, the words among them, and the content's hash."""
        content = blake2b(digest_size=16)
        entries = raw_words = 0
        batch = array("i")

        def flush() -> None:
            nonlocal entries, batch
            numbers = np.frombuffer(batch, np.int32).astype(ENTRY, copy=False)
            self.add(numbers)
            content.update(numbers.data)
            stream.write(numbers.data)
            entries += len(numbers)
            batch = array("i")
            if on_progress is not None:
                on_progress(raw_words, len(self.number))

        number_of = self.number.__getitem__
        for sentence in sentences:
            batch.fromlist(list(map(number_of, sentence)))  # a fifth faster than extend(map)
            batch.append(END)
            raw_words += len(sentence)
            if len(self.number) > self.max_vocab_size:
                flush()
                self.prune()
            elif len(batch) >= BATCH:
                flush()
        flush()
        return entries, raw_words, content.hexdigest()

    def add(self, numbers: Int32[Array, "n"]) -> None:
        """Count a batch."""
        seen = np.bincount(numbers)
        if len(seen) > len(self.counts):
            self.counts = np.concatenate([self.counts, np.zeros(len(seen), np.int64)])
        self.counts[: len(seen)] += seen

    def prune(self) -> None:
        """Forget rare words; their numbers are not given again (gensim's ``utils.prune_vocab``)."""
        rare = [word for word, number in self.number.items() if self.counts[number] < self.least]
        for word in rare:
            del self.number[word]
        self.least += 1
