"""The words of a text with their counts, and the text itself as numbers, from one pass over it.

``build`` reads a stream of sentences once. Every word is written as an int32 to a file as it comes, so
that further epochs, and a resumed run, need the text no more: standard input can be trained on as often
as a file. What the numbers mean is known only at the end, when the counts are; ``remap`` says it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int32, Int64
from numpy import ndarray as Array

from w2v.data.counting import END, ENTRY, Counts, Progress
from w2v.data.files import packed, read_arrays, replacing, unpacked, write_arrays

UNKNOWN, END_OF_SENTENCE = -1, -2
"""What ``remap`` makes of a word that is not in the vocabulary, and of ``END``."""

MIN_COUNT = 5
SMALL_TEXT = 10_000
"""Words in a text below which min_count=None means 1 and not 5."""


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words worth a vector, the most frequent first; of equally frequent ones, the first seen first.

    ``counts`` int64 (V,); ``index`` the place of a word; ``raw_words`` all words of the text, with those
    dropped; ``min_count`` the least count that was kept in the end (gensim's ``effective_min_count``).
    """

    words: list[str]
    counts: Int64[Array, "V"]
    raw_words: int
    min_count: int = 1
    index: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {word: i for i, word in enumerate(self.words)})

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    @property
    def kept_words(self) -> int:
        """How many words of the text are in the vocabulary, each as often as it occurs."""
        return int(self.counts.sum())

    @property
    def frequencies(self) -> Float64[Array, "V"]:
        """The counts as shares of the words kept; they sum to one."""
        return self.counts / self.kept_words

    @property
    def fingerprint(self) -> str:
        """A hash of the words and counts, equal only for equal vocabularies."""
        content = blake2b(digest_size=16)
        for part in (*packed(self.words), self.counts):
            content.update(part.tobytes())
        return content.hexdigest()

    def to_arrays(self) -> dict[str, Array]:
        """The fields as arrays, for an ``.npz``."""
        text, lengths = packed(self.words)
        numbers = np.array([self.raw_words, self.min_count], np.int64)
        return {"words": text, "word_lengths": lengths, "counts": self.counts, "vocabulary": numbers}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Vocabulary:
        """The vocabulary from ``to_arrays``; KeyError or ValueError if these are not its arrays."""
        words = unpacked(arrays["words"], arrays["word_lengths"])
        counts = arrays["counts"]
        raw_words, min_count = arrays["vocabulary"].tolist()
        if counts.shape != (len(words),) or len(set(words)) != len(words):
            raise ValueError(
                f"{len(set(words)):,} different words of {len(words):,}, counts {counts.shape}"
            )
        return cls(words, counts.astype(np.int64), raw_words, min_count)


@dataclass(eq=False)
class EncodedCorpus:
    """A text as int32 numbers in a file, read by pieces, from any place, as often as one likes.

    The file holds a number for every word, given in the order of their first appearance, and 0 where a
    sentence ends. ``remap`` int32: the number's place in the vocabulary, -1 for a word that is not in it,
    -2 for a sentence's end. ``entries`` numbers are in the file, ``raw_words`` of them words.
    ``fingerprint`` is a hash of the file's content.
    """

    file: Path
    remap: Int32[Array, "numbers"]
    entries: int
    raw_words: int
    fingerprint: str
    _numbers: Any = field(default=None, init=False, repr=False)

    @property
    def sentences(self) -> int:
        """How many sentences there are."""
        return self.entries - self.raw_words

    def read(self, start: int, size: int) -> tuple[Int32[Array, "n"], Int32[Array, "n"], int, int]:
        """A piece of about ``size`` entries from entry ``start`` on: ids, sentence, raw_words, stop.

        The piece ends after the last end of a sentence in it, or hard where there is none. ``ids`` (n,) are
        the words of the vocabulary in their order, and ``sentence`` (n,) is a number that is the same for
        words of one sentence and not for others. ``raw_words`` counts all words of the piece, ``stop`` is
        where the next piece begins. At the end of the text all are empty and ``stop`` is ``entries``.

        Raises ValueError for a negative ``start`` or a ``size`` below 1.
        """
        if start < 0 or size < 1:
            raise ValueError(f"cannot read {size} entries from entry {start}: give at least 1, from 0 on")
        if self._numbers is None:
            self._numbers = np.memmap(self.file, ENTRY, "r", shape=(self.entries,))
        piece = np.asarray(self._numbers[start : start + size])
        ends = np.flatnonzero(piece == END)
        if len(ends):
            piece = piece[: ends[-1] + 1]
        ids = self.remap[piece]
        sentence = np.cumsum(piece == END, dtype=np.int32)
        kept = ids >= 0
        return ids[kept], sentence[kept], len(piece) - len(ends), min(start, self.entries) + len(piece)

    def check(self) -> None:
        """Raise ValueError if the file is not there, or is not the one that was written."""
        if not self.file.is_file():
            raise ValueError(f"{self.file}: the encoded text is gone: train anew from the text")
        found = blake2b(digest_size=16)
        with self.file.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
        if found.hexdigest() != self.fingerprint:
            raise ValueError(f"{self.file}: the encoded text was changed: train anew from the text")

    def close(self) -> None:
        """Let go of the file; reading opens it again."""
        self._numbers = None

    def delete(self) -> None:
        """Remove the file."""
        self.close()
        self.file.unlink(missing_ok=True)


# --- one pass ---------------------------------------------------------------------------------------


def build(
    sentences: Iterable[list[str]],
    file: str | os.PathLike[str],
    *,
    min_count: int | None = MIN_COUNT,
    max_vocab_size: int | None = None,
    max_final_vocab: int | None = None,
    on_progress: Progress | None = None,
) -> tuple[Vocabulary, EncodedCorpus]:
    """Count the words of ``sentences``, as ``corpus.sentences`` gives them, and write them to ``file``.

    ``min_count``, ``max_vocab_size`` and ``max_final_vocab`` are gensim's. Words seen less often than
    ``min_count`` are dropped; None means 5, and 1 for a text of fewer than 10,000 words. With
    ``max_final_vocab`` the least count is raised until no more words are left than that.
    ``max_vocab_size`` bounds the memory for counting: whenever more words are known after a sentence, all
    seen less often than 1, 2, 3, ... times so far are forgotten. What gets lost: the occurrences of such
    a word up to then count no more, and stay unknown words in the text even if the word comes back and is
    kept (gensim, which reads the text again, trains on them).

    ``on_progress`` is told the words read and the different words known, some times a second.

    Raises ValueError if there are no words, or none often enough, and OSError if ``file`` cannot be
    written; then no file is left.
    """
    known = Counts(max_vocab_size)
    with replacing(file) as stream:
        entries, raw_words, fingerprint = known.encode(sentences, stream, on_progress)
        if min_count is None:
            min_count = 1 if raw_words < SMALL_TEXT else MIN_COUNT
        vocabulary, remap = _ranked(known, raw_words, min_count, max_final_vocab)
    return vocabulary, EncodedCorpus(Path(file), remap, entries, raw_words, fingerprint)


def _ranked(
    known: Counts, raw_words: int, min_count: int, max_final_vocab: int | None
) -> tuple[Vocabulary, Int32[Array, "numbers"]]:
    """The words to keep, by count, and what each number means."""
    if not raw_words:
        raise ValueError("the text holds no words: give words separated by spaces, one sentence a line")
    words = np.array(list(known.number), object)
    numbers = np.fromiter(known.number.values(), np.int64, len(known.number))
    order = np.argsort(-known.counts[numbers], kind="stable")
    words, numbers = words[order], numbers[order]
    counts = known.counts[numbers]
    least = max(min_count, 1)
    if max_final_vocab is not None and max_final_vocab < len(words):
        least = max(least, int(counts[max_final_vocab]) + 1)
    size = int((counts >= least).sum())
    if not size:
        raise ValueError(_none_left(words, counts, min_count, least))
    remap = np.full(len(np.trim_zeros(known.counts, "b")), UNKNOWN, np.int32)  # also of forgotten words
    remap[END] = END_OF_SENTENCE
    remap[numbers[:size]] = np.arange(size, dtype=np.int32)
    return Vocabulary(words[:size].tolist(), counts[:size], raw_words, least), remap


def _none_left(words: Array, counts: Array, min_count: int, least: int) -> str:
    """Why no word is in the vocabulary, and what to do."""
    if not len(words):
        return "max_vocab_size left no word: give a larger one"
    most = f"the most frequent, {words[0]!r}, occurs {counts[0]:,} times"
    if counts[0] < min_count:
        least_that_works = f"give min_count={counts[0]} or less, or more text"
        return f"no word occurs min_count={min_count:,} times; {most}: {least_that_works}"
    return f"no word is left by max_final_vocab, which asks for {least:,} times; {most}: give a larger one"


# --- for a run that is resumed ----------------------------------------------------------------------


def save(path: str | os.PathLike[str], vocabulary: Vocabulary, corpus: EncodedCorpus) -> None:
    """Write what a resumed run needs beside the encoded text to an ``.npz``, whole or not at all."""
    sizes = np.array([corpus.entries, corpus.raw_words], np.int64)
    known = {"remap": corpus.remap, "corpus": sizes, "fingerprint": np.array(corpus.fingerprint)}
    write_arrays(path, {**vocabulary.to_arrays(), **known})


def load(
    path: str | os.PathLike[str], file: str | os.PathLike[str], *, check: bool = True
) -> tuple[Vocabulary, EncodedCorpus]:
    """The vocabulary, and the encoded text in ``file``, from ``save``.

    Raises ValueError if ``path`` is broken or, unless ``check`` is False, ``file`` not the one written.
    """
    arrays = read_arrays(path)
    try:
        vocabulary = Vocabulary.from_arrays(arrays)
        entries, raw_words = arrays["corpus"].tolist()
        corpus = EncodedCorpus(Path(file), arrays["remap"], entries, raw_words, str(arrays["fingerprint"]))
    except (KeyError, ValueError, TypeError) as problem:
        raise ValueError(f"{path}: this is no vocabulary of an encoded text ({problem})") from None
    if check:
        corpus.check()
    return vocabulary, corpus
