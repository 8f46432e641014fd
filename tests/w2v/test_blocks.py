"""Blocks are the text: every pair once, windows inside sentences, noise and subsampling as they say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2

from w2v.data.vocabulary import EncodedCorpus, Vocabulary, build
from w2v.train.ahead import ahead
from w2v.train.blocks import Block, Paths, Questioner, members, questions, within
from w2v.train.numpy_backend import NumpyBackend
from w2v.train.settings import Settings
from w2v.train.training import Position, pieces

SENTENCES = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=9), min_size=1, max_size=8)
FALSE_ALARM = 1e-9
"""How often the statistical tests may fail for nothing."""


def read(text: list[list[Any]], folder: Path) -> tuple[Vocabulary, EncodedCorpus]:
    return build([[str(word) for word in sentence] for sentence in text], folder / "text.ids", min_count=1)


def resolved(vocabulary: Vocabulary, **asked: Any) -> Settings:
    return Settings(dtype="float64", **{"sample": 0.0, "negative": 5, **asked}).resolved(len(vocabulary))


def blocks_of(wanted: Settings, vocabulary: Vocabulary, corpus: EncodedCorpus) -> list[Block]:
    return [b for piece in pieces(wanted, vocabulary, corpus, Position()) for b in piece.blocks]


def dense(block: Block, wanted: Settings) -> tuple[Any, Any, Any]:
    backend = NumpyBackend(wanted, np.zeros((1, 1)), np.zeros((1, 1)))
    A = members(block, backend.count, mean=bool(wanted.cbow_mean))
    return A, *questions(block, backend.count, exact=wanted.loss == "softmax")


def pairs_by_hand(text: list[list[Any]], window: int) -> Counter[tuple[str, str]]:
    return Counter(
        (str(sentence[i]), str(sentence[j]))
        for sentence in text
        for i in range(len(sentence))
        for j in range(max(i - window, 0), min(i + window + 1, len(sentence)))
        if i != j
    )


@given(text=SENTENCES, window=st.integers(1, 4), size=st.integers(1, 7), sg=st.integers(0, 1))
def test_every_pair_of_the_text_is_asked_once(
    text: list[list[int]], window: int, size: int, sg: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    vocabulary, corpus = read(text, tmp_path_factory.mktemp("text"))
    wanted = resolved(vocabulary, window=window, block_words=size, sg=sg, epochs=1, shrink_windows=False,
                      cbow_mean=0)  # fmt: skip
    found: Counter[tuple[str, str]] = Counter()
    words = vocabulary.words
    for block in blocks_of(wanted, vocabulary, corpus):
        A, _, q = dense(block, wanted)
        asked = q if sg else (q.T @ A).T  # CBOW: each context, by way of the hidden vector it is in
        for row, column in np.argwhere(asked):
            a, b = words[block.inputs[row]], words[block.outputs[column]]
            found[(a, b) if sg else (b, a)] += int(asked[row, column])
    assert found == pairs_by_hand(text, window)


@given(text=SENTENCES, window=st.integers(1, 4), size=st.integers(1, 7))
def test_rows_of_a_block_are_different_and_negatives_have_their_weight(
    text: list[list[int]], window: int, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    vocabulary, corpus = read(text, tmp_path_factory.mktemp("text"))
    wanted = resolved(vocabulary, window=window, block_words=size, shared_negatives=7)
    for block in blocks_of(wanted, vocabulary, corpus):
        _, m, q = dense(block, wanted)
        assert len(set(block.inputs.tolist())) == len(block.inputs)
        assert len(set(block.outputs.tolist())) == len(block.outputs)
        np.testing.assert_allclose((m - q).sum(axis=1), 5 * q.sum(axis=1), rtol=1e-12)


@given(reach=st.lists(st.integers(1, 5), min_size=1, max_size=12), cut=st.integers(0, 12))
def test_windows_reach_as_far_as_drawn_and_stop_at_the_sentence(reach: list[int], cut: int) -> None:
    n = len(reach)
    sentence = np.array([0] * min(cut, n) + [1] * (n - min(cut, n)))
    target, context = within(sentence, np.array(reach), 5)
    by_hand = [
        (i, j) for i in range(n) for j in range(n) if i != j and abs(i - j) <= reach[i]
        and sentence[i] == sentence[j]
    ]  # fmt: skip
    assert list(zip(target.tolist(), context.tolist(), strict=True)) == by_hand


def test_a_window_larger_than_the_text_takes_all_of_it(tmp_path: Path) -> None:
    vocabulary, corpus = read([[1, 2, 3]], tmp_path)
    wanted = resolved(vocabulary, window=1000, shrink_windows=False, loss="softmax", negative=None)
    assert (
        sum(float(block.times.sum()) for block in blocks_of(wanted, vocabulary, corpus)) == 6 * 5
    )  # epochs


def test_a_text_of_lone_words_asks_nothing(tmp_path: Path) -> None:
    vocabulary, corpus = read([[1], [2], [3]], tmp_path)
    assert blocks_of(resolved(vocabulary), vocabulary, corpus) == []


@pytest.mark.parametrize(("power", "passes"), [(0.75, True), (1.0, False)])
def test_negatives_are_drawn_from_the_noise_distribution(
    power: float, passes: bool, tmp_path: Path
) -> None:
    """By chi-square; the planted fault, the unigram distribution itself, is told apart."""
    vocabulary, _ = read([[k] * (1000 // (k + 1)) for k in range(6)], tmp_path)
    questioner = Questioner(resolved(vocabulary, ns_exponent=power), vocabulary)
    draws = questioner.negatives((400, 100), np.random.default_rng(1))
    expected = vocabulary.counts**0.75 / (vocabulary.counts**0.75).sum() * draws.size
    seen = np.bincount(draws.ravel(), minlength=len(vocabulary))
    statistic = ((seen - expected) ** 2 / expected).sum()
    assert (statistic < chi2.isf(FALSE_ALARM, len(vocabulary) - 1)) == passes


def test_negatives_of_different_blocks_are_independent(tmp_path: Path) -> None:
    """Sorted draws that were not shuffled would give each block words of its own."""
    vocabulary, _ = read([[k] * 50 for k in range(10)], tmp_path)
    draws = Questioner(resolved(vocabulary), vocabulary).negatives((40, 500), np.random.default_rng(1))
    for block in draws:
        seen = np.bincount(block, minlength=10)
        assert ((seen - 50) ** 2 / 50).sum() < chi2.isf(FALSE_ALARM, 9)


def test_frequent_words_are_subsampled_as_word2vec_c_does(tmp_path: Path) -> None:
    vocabulary, corpus = read([[0] * 9 + [k] for k in range(1, 2001)], tmp_path)
    questioner = Questioner(resolved(vocabulary, sample=0.01), vocabulary)
    ids, sentence, _, _ = corpus.read(0, corpus.entries)
    kept = questioner.pairs(ids, sentence, np.random.default_rng(0)).ids
    f = 0.9
    share = (np.sqrt(f / 0.01) + 1) * 0.01 / f
    seen, low, high = (kept == 0).sum(), *binom.interval(1 - FALSE_ALARM, 18_000, share)
    assert low <= seen <= high
    assert (kept > 0).sum() == 2000


def test_the_paths_of_the_tree_follow_each_other(tmp_path: Path) -> None:
    """Paths end to end say the same as the tree itself."""
    from derivations.techniques.hierarchical_softmax import huffman_tree

    counted = np.array([9, 5, 4, 2, 1, 1])
    paths, (nodes, codes) = Paths.of(counted), huffman_tree(counted)
    for word in range(6):
        part = slice(paths.start[word], paths.start[word + 1])
        np.testing.assert_array_equal(paths.nodes[part], nodes[word])
        np.testing.assert_array_equal(paths.codes[part], codes[word])


def test_pieces_do_not_change_what_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut at sentence ends, a text in many pieces has the pairs of the text in one."""
    rng = np.random.default_rng(0)
    text = [rng.integers(0, 9, rng.integers(1, 8)).tolist() for _ in range(60)]
    vocabulary, corpus = read(text, tmp_path)
    wanted = resolved(vocabulary, window=2, epochs=1, shrink_windows=False)
    whole = sum(float(b.times.sum()) for b in blocks_of(wanted, vocabulary, corpus))
    monkeypatch.setattr("w2v.train.training.PIECE", 20)
    places = [piece.after.entry for piece in pieces(wanted, vocabulary, corpus, Position())]
    assert len(places) > 10
    assert places == sorted(set(places))
    assert sum(float(b.times.sum()) for b in blocks_of(wanted, vocabulary, corpus)) == whole


# --- made ahead -----------------------------------------------------------------------------------------


def test_items_made_ahead_are_the_items() -> None:
    assert list(ahead(iter(range(50)))) == list(range(50))


def test_an_error_made_ahead_is_raised_where_the_items_are_used() -> None:
    def broken() -> Any:
        yield 1
        raise ValueError("the text ended")

    items = ahead(broken())
    assert next(items) == 1
    with pytest.raises(ValueError, match="the text ended"):
        next(items)


def test_the_thread_ends_with_its_reader() -> None:
    import threading

    items = ahead(iter(range(10**9)))
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "w2v-blocks"]
