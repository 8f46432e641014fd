"""How good vectors are: word pairs beside human judgement, and analogies; the numbers are gensim's.

``evaluate_word_pairs`` ranks pairs by cosine and compares with the ranks that people gave (WordSim-353,
Finkelstein et al. 2002; SimLex-999, Hill et al. 2015). ``evaluate_word_analogies`` asks what is to c as b
is to a, for the questions-words of Mikolov et al. (2013), as word2vec's ``compute-accuracy`` does.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from numpy import ndarray as Array

from w2v.vectors.vectors import WordVectors, largest

RESTRICT_VOCAB = 300_000
SCORES = 1 << 23
"""Cosines computed at a time: 32 MB of them."""

Fold = Callable[[str], str]


@dataclass(frozen=True)
class WordPairs:
    """How cosines go with human judgement: correlations with their two-sided p-values, and what was used.

    ``used`` pairs entered, ``unknown`` had a word without vector, ``invalid`` lines were no pair.
    """

    pearson: tuple[float, float]
    spearman: tuple[float, float]
    used: int
    unknown: int
    invalid: int

    @property
    def oov_ratio(self) -> float:
        """Pairs with an unknown word, in percent."""
        return 100 * self.unknown / (self.used + self.unknown)


@dataclass(frozen=True)
class Section:
    """The questions of one category: how many were answered right, wrong, or had a word without vector."""

    name: str
    correct: int
    incorrect: int
    unknown: int

    @property
    def accuracy(self) -> float:
        """The share of right answers, 0 if none was asked."""
        return self.correct / (self.correct + self.incorrect) if self.correct + self.incorrect else 0.0


@dataclass(frozen=True)
class Analogies:
    """Analogies answered, by category; ``invalid`` lines were no question."""

    sections: tuple[Section, ...]
    invalid: int

    @property
    def total(self) -> Section:
        """All categories together."""
        return _together("Total accuracy", self.sections)

    @property
    def kinds(self) -> tuple[Section, ...]:
        """Semantic and syntactic questions apart, where sections are named as in questions-words."""
        kinds = [(section.name.startswith("gram"), section) for section in self.sections]
        names = {False: "semantic", True: "syntactic"}
        if {kind for kind, _ in kinds} != {False, True}:
            return ()
        return tuple(_together(names[which], [s for kind, s in kinds if kind is which]) for which in names)

    @property
    def oov_ratio(self) -> float:
        """Questions with an unknown word, in percent."""
        total = self.total
        return 100 * total.unknown / (total.correct + total.incorrect + total.unknown)


def _together(name: str, sections: tuple[Section, ...] | list[Section]) -> Section:
    """The sum of sections."""
    parts = [(section.correct, section.incorrect, section.unknown) for section in sections]
    return Section(name, *(sum(column) for column in zip(*parts, strict=True)))


# --- word pairs -------------------------------------------------------------------------------------


def evaluate_word_pairs(
    wv: WordVectors,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int = RESTRICT_VOCAB,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> WordPairs:
    """Correlate cosines with the judgements of a file: on a line two words and a number.

    Fields are separated by tabs or spaces; lines from ``#`` on are comments, and lines that are no pair,
    such as a header, are passed over. The arguments are gensim's: only the first ``restrict_vocab`` words
    count; with ``case_insensitive`` the first word of equal ones in capitals is taken; ``dummy4unknown``
    gives a pair with an unknown word the cosine 0, otherwise it is passed over. Where all cosines or all
    judgements are equal, correlations are NaN.

    Raises ValueError if fewer than two pairs are left, or the file is not UTF-8; OSError if unreadable.
    """
    fold = str.upper if case_insensitive else str
    pairs, judged, invalid = _judged(path, _places(wv, restrict_vocab, fold), fold)
    known = (pairs >= 0).all(axis=1)
    unknown = int((~known).sum())
    cosines = np.where(known, _cosines(wv, *pairs.T), 0.0)
    used = known | dummy4unknown
    if used.sum() < 2:
        raise ValueError(f"{path}: {known.sum()} pairs of known words, {unknown} others: two are needed")
    pearson, spearman = _correlations(judged[used], cosines[used])
    return WordPairs(pearson, spearman, int(known.sum()), unknown, invalid)


def _judged(
    path: str | os.PathLike[str], places: dict[str, int], fold: Fold
) -> tuple[Int64[Array, "n 2"], Float64[Array, "n"], int]:
    """The pairs of a file as rows, -1 if unknown, their judgements, and how many lines are none."""
    found: list[tuple[int, int, float]] = []
    invalid = 0
    for _, line in _lines(path):
        fields = [field.strip() for field in (line.split("\t") if "\t" in line else line.split())]
        judgement = _number(fields[2]) if len(fields) == 3 else math.nan
        if math.isnan(judgement):
            invalid += 1
        else:
            first, second = (places.get(fold(word), -1) for word in fields[:2])
            found.append((first, second, judgement))
    table = np.array(found, np.float64).reshape(-1, 3)
    return table[:, :2].astype(np.int64), table[:, 2], invalid


def _cosines(wv: WordVectors, first: Int64[Array, "n"], second: Int64[Array, "n"]) -> Float64[Array, "n"]:
    """The cosines of pairs of rows; 0 where one is zero."""
    a, b = (wv.vectors[rows].astype(np.float64) for rows in (first, second))
    scale = wv.norms[first] * wv.norms[second]
    products = np.einsum("ij,ij->i", a, b)
    cosines: Float64[Array, "n"] = np.divide(products, scale, out=np.zeros_like(scale), where=scale > 0)
    return cosines


def _correlations(
    judged: Float64[Array, "n"], cosines: Float64[Array, "n"]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Pearson's and Spearman's, each with its p-value; NaN where one side is constant."""
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that one side is constant is said by NaN
        pearson, spearman = stats.pearsonr(judged, cosines), stats.spearmanr(judged, cosines)
    return (float(pearson[0]), float(pearson[1])), (float(spearman[0]), float(spearman[1]))


# --- analogies --------------------------------------------------------------------------------------


def evaluate_word_analogies(
    wv: WordVectors,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int = RESTRICT_VOCAB,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> Analogies:
    """Answer the questions of a file, four words a line, in sections that begin with ``: name``.

    The answer to a b c is the word nearest to b - a + c, all at length one (3CosAdd, Levy and Goldberg
    2014), other than a, b and c; it is right if it is the fourth word. The arguments are gensim's, see
    ``evaluate_word_pairs``; with ``dummy4unknown`` a question with an unknown word is answered wrong.

    Raises ValueError if there is no question, or one before the first section, or the file is not UTF-8;
    OSError if it cannot be read.
    """
    fold = str.upper if case_insensitive else str
    places = _places(wv, restrict_vocab, fold)
    names, sections, questions, invalid = _questions(path, places, fold)
    known = (questions >= 0).all(axis=1)
    right = np.zeros(len(questions), bool)
    same = np.array([places[fold(word)] for word in wv.words[:restrict_vocab]])
    right[known] = _answered(wv.unit(0, restrict_vocab), questions[known], same)
    wrong = ~right & (known | dummy4unknown)
    counts = [
        np.bincount(sections[which], minlength=len(names)).tolist() for which in (right, wrong, ~known)
    ]
    return Analogies(tuple(map(Section, names, *counts)), invalid)


def _questions(
    path: str | os.PathLike[str], places: dict[str, int], fold: Fold
) -> tuple[list[str], Int64[Array, "Q"], Int64[Array, "Q 4"], int]:
    """The sections' names, each question's section and rows, -1 if unknown, and the lines that are none."""
    names: list[str] = []
    sections: list[int] = []
    questions: list[list[int]] = []
    invalid = 0
    for number, line in _lines(path):
        words = line.split()
        if line.startswith(":"):
            names.append(line.lstrip(": ").strip())
        elif not names:
            raise ValueError(f"{path}, line {number}: a question before the first section, : its name")
        elif len(words) != 4:
            invalid += 1
        else:
            sections.append(len(names) - 1)
            questions.append([places.get(fold(word), -1) for word in words])
    if not questions:
        raise ValueError(f"{path}: no questions: four words a line, in sections that begin with ': name'")
    return names, np.array(sections), np.array(questions), invalid


def _answered(
    unit: Float32[Array, "V N"], questions: Int64[Array, "Q 4"], same: Int64[Array, "V"]
) -> Bool[Array, "Q"]:
    """Which questions are answered right; many at a time, by one product of matrices each.

    ``same`` is, for every word, the first of those that are equal to it but for case.
    """
    right = np.zeros(len(questions), bool)
    size = max(1, SCORES // len(unit))
    for start in range(0, len(questions), size):
        rows = questions[start : start + size]
        a, b, c = (unit[rows[:, i]] for i in range(3))
        scores = (b + c - a) @ unit.T
        np.put_along_axis(scores, rows[:, :3], -np.inf, axis=1)
        answers = same[scores.argmax(axis=1)]
        for i in np.flatnonzero((answers[:, None] == rows[:, :3]).any(axis=1)):
            answers[i] = _second_choice(scores[i], same, rows[i, :3])
        right[start : start + size] = answers == rows[:, 3]
    return right


def _second_choice(scores: Float32[Array, "V"], same: Int64[Array, "V"], given: Int64[Array, "3"]) -> int:
    """The best answer that is not given itself in another case, of five; else the fifth, as in gensim."""
    best = [int(same[i]) for i in largest(scores, 5) if scores[i] > -np.inf]
    return next((answer for answer in best if answer not in given), best[-1] if best else -1)


# --- what both share --------------------------------------------------------------------------------


def _places(wv: WordVectors, restrict_vocab: int, fold: Fold) -> dict[str, int]:
    """The rows of the words that count; of words that ``fold`` makes equal, the first."""
    words = list(enumerate(wv.words[:restrict_vocab]))
    return {fold(word): i for i, word in reversed(words)}


def _lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, without empty ones and comments."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        raise ValueError(f"{path}: not UTF-8 at byte {problem.start:,}: save it as UTF-8") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line


def _number(field: str) -> float:
    """A number that is finite, or NaN."""
    try:
        number = float(field)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
