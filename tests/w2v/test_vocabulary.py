"""One pass over a text: its vocabulary is gensim's, and reading its numbers back gives its words back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.data import counting
from w2v.data.corpus import sentences
from w2v.data.vocabulary import EncodedCorpus, Vocabulary, build, load, save

Text = list[list[str]]
WORDS = ["a", "b", "c", "d", "e", "f", "New\tYork", "é", "😀", "\ud800"]
sentence_lists = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8)
texts: st.SearchStrategy[Text] = st.lists(sentence_lists, min_size=1, max_size=12)


def folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("encoded")


def pieces(corpus: EncodedCorpus, size: int) -> Iterator[tuple[Any, ...]]:
    at = 0
    while at < corpus.entries:
        *piece, stop = corpus.read(at, size)
        yield at, *piece, stop
        assert stop > at
        at = stop


@given(text=texts, batch=st.integers(1, 30))
def test_the_vocabulary_is_what_counting_gives_most_frequent_first_then_first_seen(
    tmp_path_factory: pytest.TempPathFactory, text: Text, batch: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "BATCH", batch)
        vocab, corpus = build(text, folder(tmp_path_factory) / "text", min_count=1)
    counts = Counter(word for sentence in text for word in sentence)
    assert list(zip(vocab.words, vocab.counts.tolist(), strict=True)) == counts.most_common()
    assert vocab.raw_words == vocab.kept_words == corpus.raw_words == counts.total()
    assert corpus.sentences == len(text)
    assert all(vocab.index[word] == i for i, word in enumerate(vocab.words))
    assert "nowhere" not in vocab
    assert np.isclose(vocab.frequencies.sum(), 1)


@given(text=texts, min_count=st.integers(0, 6), most=st.none() | st.integers(1, 8), seed=st.integers(0, 9))
def test_min_count_and_max_final_vocab_keep_the_words_that_gensim_keeps(
    tmp_path_factory: pytest.TempPathFactory, text: Text, min_count: int, most: int | None, seed: int
) -> None:
    wanted = gensims(text, min_count=min_count, max_final_vocab=most)
    try:
        vocab, _ = build(text, folder(tmp_path_factory) / "text", min_count=min_count, max_final_vocab=most)
    except ValueError:
        assert not wanted
    else:
        assert dict(zip(vocab.words, vocab.counts.tolist(), strict=True)) == wanted


@given(text=texts, size=st.integers(1, 6))
def test_max_vocab_size_forgets_the_words_that_gensim_forgets(
    tmp_path_factory: pytest.TempPathFactory, text: Text, size: int
) -> None:
    wanted = gensims(text, min_count=1, max_vocab_size=size)
    try:
        vocab, corpus = build(text, folder(tmp_path_factory) / "text", min_count=1, max_vocab_size=size)
    except ValueError as problem:
        assert not wanted
        assert "max_vocab_size left no word" in str(problem)  # noqa: PT017
        return
    assert dict(zip(vocab.words, vocab.counts.tolist(), strict=True)) == wanted
    ids = np.concatenate([piece[1] for piece in pieces(corpus, 5)])
    assert np.bincount(ids, minlength=len(vocab)).tolist() == vocab.counts.tolist()


def gensims(text: Text, **settings: Any) -> dict[str, int]:
    """The words that gensim keeps, with their counts."""
    from gensim.models import Word2Vec

    min_count = settings.pop("min_count")
    model = Word2Vec(min_count=min_count, vector_size=1, sorted_vocab=0, **settings)
    model.min_count = min_count  # a zero
    model.scan_vocab(text)
    raw = dict(model.raw_vocab)
    kept = model.prepare_vocab(keep_raw_vocab=True)["num_retained_words"]
    assert kept == len(model.wv)
    return {word: raw[word] for word in model.wv.index_to_key}


@given(text=texts, min_count=st.integers(1, 3), size=st.integers(1, 40))
def test_the_pieces_together_are_the_text_without_its_rare_words(
    tmp_path_factory: pytest.TempPathFactory, text: Text, min_count: int, size: int
) -> None:
    counts = Counter(word for sentence in text for word in sentence)
    if counts.most_common(1)[0][1] < min_count:
        return
    vocab, corpus = build(text, folder(tmp_path_factory) / "text", min_count=min_count)
    kept = [[word for word in sentence if counts[word] >= min_count] for sentence in text]
    found = list(pieces(corpus, size))
    assert [vocab.words[i] for piece in found for i in piece[1]] == [word for line in kept for word in line]
    assert sum(piece[3] for piece in found) == vocab.raw_words
    assert all(piece[1].dtype == piece[2].dtype == np.int32 for piece in found)


@given(text=texts, size=st.integers(1, 40))
def test_a_piece_ends_with_a_sentence_if_one_ends_in_it_and_sentences_are_told_apart(
    tmp_path_factory: pytest.TempPathFactory, text: Text, size: int
) -> None:
    _, corpus = build(text, folder(tmp_path_factory) / "text", min_count=1)
    entries = [(i, word) for i, line in enumerate(text) for word in [*line, None]]
    for start, _, sentence, _, stop in pieces(corpus, size):
        piece = entries[start:stop]
        window = entries[start : start + size]
        assert piece[-1][1] is None or (all(word for _, word in window) and piece == window)
        numbers = [i for i, word in piece if word is not None]
        changes = np.diff(sentence) != 0
        assert changes.tolist() == (np.diff(numbers) != 0).tolist()


def test_at_the_end_there_is_nothing(tmp_path: Path) -> None:
    _, corpus = build([["a", "b"]], tmp_path / "text", min_count=1)
    for start in (3, 99):
        ids, sentence, raw_words, stop = corpus.read(start, 10)
        assert (len(ids), len(sentence), raw_words, stop) == (0, 0, 0, corpus.entries)


def test_senseless_pieces_are_refused(tmp_path: Path) -> None:
    _, corpus = build([["a", "b"]], tmp_path / "text", min_count=1)
    for start, size in ((-1, 5), (0, 0)):
        with pytest.raises(ValueError, match="cannot read"):
            corpus.read(start, size)


# --- refusals ---------------------------------------------------------------------------------------


def test_a_text_without_words_is_refused_and_no_file_is_left(tmp_path: Path) -> None:
    for text in ([], [[]], sentences(["", "  \n"])):
        with pytest.raises(ValueError, match=r"^the text holds no words: [^\n]*$"):
            build(text, tmp_path / "text")
    assert list(tmp_path.iterdir()) == []


def test_a_min_count_too_high_is_refused_with_what_would_do(tmp_path: Path) -> None:
    reason = (
        r"no word occurs min_count=5 times; the most frequent, 'b', occurs 2 times: "
        "give min_count=2 or less, or more text"
    )
    with pytest.raises(ValueError, match=reason):
        build([["a", "b", "b"]], tmp_path / "text", min_count=5)
    assert list(tmp_path.iterdir()) == []


def test_a_max_final_vocab_too_low_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no word is left by max_final_vocab, which asks for 2 times"):
        build([["a", "b"]], tmp_path / "text", min_count=1, max_final_vocab=1)


def test_min_count_none_is_1_for_a_small_text_and_5_for_others(tmp_path: Path) -> None:
    for words, wanted in ((9_999, 1), (10_000, 5)):
        text = [["a"] * (words - 1), ["b"]]
        vocab, _ = build(text, tmp_path / "text", min_count=None)
        assert (len(vocab), vocab.min_count) == ((2, 1) if wanted == 1 else (1, 5))


def test_a_full_disk_is_one_clear_line() -> None:
    with pytest.raises(OSError, match="No space left on device; free some space"):
        build([["a"] * 1000] * 300, "/dev/full", min_count=1)


def test_an_error_while_reading_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> Iterator[list[str]]:
        yield ["a"] * 10
        raise ValueError("the text breaks off")

    with pytest.raises(ValueError, match="breaks off"):
        build(broken(), tmp_path / "text")
    assert list(tmp_path.iterdir()) == []


def test_progress_tells_words_and_different_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "BATCH", 3)
    told: list[tuple[int, int]] = []
    build([["a", "b"], ["a"], ["c"]], tmp_path / "x", min_count=1, on_progress=lambda *t: told.append(t))
    assert told == [(2, 2), (4, 3), (4, 3)]


# --- a run that is resumed --------------------------------------------------------------------------


@given(text=texts)
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, text: Text) -> None:
    place = folder(tmp_path_factory)
    vocab, corpus = build(text, place / "text", min_count=1)
    save(place / "vocabulary.npz", vocab, corpus)
    again, encoded = load(place / "vocabulary.npz", place / "text")
    assert (again.words, again.counts.tolist()) == (vocab.words, vocab.counts.tolist())
    assert (again.raw_words, again.min_count) == (vocab.raw_words, vocab.min_count)
    assert again.fingerprint == vocab.fingerprint
    assert encoded.fingerprint == corpus.fingerprint
    assert encoded.remap.dtype == np.int32
    assert [a.tolist() for a in encoded.read(0, 9)[:2]] == [a.tolist() for a in corpus.read(0, 9)[:2]]


def test_the_fingerprint_is_of_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = [["a", "b", "a"], ["c"]]
    prints = []
    for name, batch in (("one", 1), ("two", 99)):
        monkeypatch.setattr(counting, "BATCH", batch)
        prints.append(build(text, tmp_path / name, min_count=1)[1].fingerprint)
    other = build([["a", "b", "a", "c"]], tmp_path / "three", min_count=1)[1].fingerprint
    assert prints[0] == prints[1] != other


def test_vocabularies_have_equal_fingerprints_only_if_they_are_equal() -> None:
    vocab = Vocabulary(["ab", "c"], np.array([3, 2]), 5)
    others = [replace(vocab, words=["a", "bc"]), replace(vocab, counts=np.array([3, 1]))]
    assert len({v.fingerprint for v in (vocab, *others)}) == 3
    assert Vocabulary(["ab", "c"], np.array([3, 2]), 9).fingerprint == vocab.fingerprint


def test_an_encoded_text_that_was_changed_or_removed_is_found_out(tmp_path: Path) -> None:
    vocab, corpus = build([["a", "b"]], tmp_path / "text", min_count=1)
    save(tmp_path / "v.npz", vocab, corpus)
    data = (tmp_path / "text").read_bytes()
    for other in (data[:-1], data[:-1] + b"\1", data + b"\0"):
        (tmp_path / "text").write_bytes(other)
        with pytest.raises(ValueError, match="the encoded text was changed"):
            load(tmp_path / "v.npz", tmp_path / "text")
    corpus.delete()
    with pytest.raises(ValueError, match="the encoded text is gone"):
        load(tmp_path / "v.npz", tmp_path / "text")
    load(tmp_path / "v.npz", tmp_path / "text", check=False)
    corpus.delete()


def test_a_vocabulary_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", vectors=np.zeros(3))
    with pytest.raises(ValueError, match=r"other.npz: this is no vocabulary of an encoded text"):
        load(tmp_path / "other.npz", tmp_path / "text")
    vocab, corpus = build([["a", "b"]], tmp_path / "text", min_count=1)
    save(tmp_path / "v.npz", vocab, replace(corpus, remap=corpus.remap))
    arrays = dict(np.load(tmp_path / "v.npz"))
    np.savez(tmp_path / "v.npz", **{**arrays, "counts": np.arange(5)})
    with pytest.raises(ValueError, match="2 different words of 2, counts"):
        load(tmp_path / "v.npz", tmp_path / "text")


def test_closing_lets_go_and_reading_opens_again(tmp_path: Path) -> None:
    _, corpus = build([["a", "b"]], tmp_path / "text", min_count=1)
    before = corpus.read(0, 9)[0].tolist()
    corpus.close()
    assert corpus.read(0, 9)[0].tolist() == before
