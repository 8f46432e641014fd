"""What the command line prints: tables of answers, scores, and what a file holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy import ndarray as Array
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from w2v.data.files import unpacked
from w2v.vectors.evaluation import Analogies, Section, WordPairs
from w2v.vectors.vectors import WordVectors


def similar_table(wv: WordVectors, answers: Sequence[tuple[str, float]]) -> Table:
    """Words with their cosines, and their counts where known."""
    columns = ["word", "cosine"] + ["count"] * (wv.counts is not None)
    table = new(*columns)
    for word, cosine in answers:
        count = [] if wv.counts is None else [f"{wv.counts[wv.index[word]]:,}"]
        table.add_row(shown(word), f"{cosine:.4f}", *count)
    return table


def pairs_table(results: Sequence[tuple[str, WordPairs]]) -> Table:
    """Correlations with human judgement, a file a row."""
    table = new("word pairs", "Spearman", "Pearson", "pairs", "unknown")
    for name, result in results:
        correlations = [f"{value:.4f}" for value, _ in (result.spearman, result.pearson)]
        table.add_row(shown(name), *correlations, f"{result.used:,}", f"{result.oov_ratio:.1f} %")
    return table


def analogies_table(result: Analogies, name: str) -> Table:
    """Right answers by category, then of all."""
    table = new(name, "right", "of", "accuracy", "unknown")
    for section in result.sections:
        table.add_row(*_section(section))
    for group in ([*result.kinds] if result.kinds else [], [result.total]):
        if group:
            table.add_section()
        for section in group:
            table.add_row(*_section(section))
    return table


def _section(section: Section) -> list[str | Text]:
    """The cells of a category."""
    asked = section.correct + section.incorrect
    accuracy = f"{100 * section.accuracy:.1f} %" if asked else "-"
    return [shown(section.name), f"{section.correct:,}", f"{asked:,}", accuracy, f"{section.unknown:,}"]


def info_table(wv: WordVectors, file: Path, form: str, topn: int) -> Table:
    """A file of vectors: its format, its size, its first words, how long its vectors are."""
    low, middle, high = np.quantile(wv.norms, [0, 0.5, 1])
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("file", shown(str(file)))
    table.add_row("format", f"{form}, {file.stat().st_size:,} bytes")
    table.add_row("words", f"{len(wv):,}")
    table.add_row("vector size", f"{wv.vector_size:,}")
    if wv.counts is not None:
        table.add_row("counted", f"{wv.counts.sum():,} words of text")
    table.add_row("lengths", f"{low:.3g} to {high:.3g}, median {middle:.3g}")
    table.add_row("first words", Text(" ").join(shown(word) for word in wv.words[:topn]))
    return table


def contents_table(arrays: Mapping[str, Array], name: str, topn: int) -> Table:
    """The arrays of an ``.npz``; short ones, texts and the first words with their values."""
    table = new(name, "shape", "type", "value", right=())
    for field, array in arrays.items():
        value = str(array.tolist()) if array.size <= 4 else ""
        if field == "words" and "word_lengths" in arrays:
            value = " ".join(unpacked(array, arrays["word_lengths"])[:topn])
        elif array.dtype == np.uint8 and array.tobytes().startswith(b"{"):
            value = array.tobytes().decode("utf-8", "replace")
        shape = " × ".join(map(str, array.shape)) or "one"
        table.add_row(shown(field), shape, str(array.dtype), shown(value))
    return table


def new(*columns: str, right: Sequence[int] | None = None) -> Table:
    """An empty table, the first column of words and the others of numbers."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for i, column in enumerate(columns):
        numbers = bool(i) if right is None else i in right
        table.add_column(
            shown(column), justify="right" if numbers else "left", no_wrap=numbers, overflow="fold"
        )
    return table


def shown(word: str) -> Text:
    """A word as it is, but control characters, which a terminal would obey, written out."""
    return Text(word if word.isprintable() else word.encode("unicode_escape").decode("ascii"))
