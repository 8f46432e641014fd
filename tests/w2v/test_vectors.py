"""Word vectors answer as gensim's KeyedVectors do, and say clearly what they cannot answer."""

from __future__ import annotations

import pickle
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from w2v.vectors.spelling import distances, nearest
from w2v.vectors.vectors import UnknownWordError, WordVectors, largest

WORDS = [f"w{i}" for i in range(12)]


def random_vectors(seed: int, size: int = 12, numbers: int = 5) -> WordVectors:
    values = np.random.default_rng(seed).normal(size=(size, numbers)).astype(np.float32)
    return WordVectors([f"w{i}" for i in range(size)], values)


def gensims(wv: WordVectors) -> KeyedVectors:
    kv = KeyedVectors(wv.vector_size)
    kv.add_vectors(wv.words, wv.vectors)
    return kv


def same_answers(ours: list[tuple[str, float]], theirs: list[tuple[str, float]]) -> None:
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    assert [cosine for _, cosine in ours] == pytest.approx([cosine for _, cosine in theirs], abs=2e-6)


some = st.lists(st.sampled_from(WORDS), max_size=3)
seeds = st.integers(0, 10_000)
limits = st.none() | st.integers(1, 12)


@given(
    seed=seeds, positive=some, negative=some, topn=st.integers(0, 15), most=st.none() | st.integers(1, 12)
)
def test_most_similar_is_gensims(
    seed: int, positive: list[str], negative: list[str], topn: int, most: int | None
) -> None:
    wv = random_vectors(seed)
    if not positive + negative:
        with pytest.raises(ValueError, match="give at least one word"):
            wv.most_similar(positive, negative, topn)
        return
    if sorted(positive) == sorted(negative):  # gensim divides by zero
        return
    theirs = gensims(wv).most_similar(positive, negative, topn, restrict_vocab=most)
    same_answers(wv.most_similar(positive, negative, topn, most), theirs)


@given(seed=seeds, weight=st.floats(-3, 3).filter(lambda w: abs(w) > 0.01))
def test_items_may_be_vectors_and_have_weights_as_in_gensim(seed: int, weight: float) -> None:
    wv = random_vectors(seed)
    vector = np.random.default_rng(seed + 1).normal(size=5).astype(np.float32)
    kv = gensims(wv)
    same_answers(wv.most_similar(vector), kv.most_similar(vector))
    same_answers(wv.most_similar("w1", "w2"), kv.most_similar("w1", "w2"))
    items: list[Any] = [("w1", weight), vector, (vector[::-1].copy(), 0.5), "w3"]
    same_answers(wv.most_similar(items, [vector * 2]), kv.most_similar(items, [vector * 2]))


@given(seed=seeds, a=st.sampled_from(WORDS), b=st.sampled_from(WORDS), c=st.sampled_from(WORDS))
def test_similarity_and_analogy_are_gensims(seed: int, a: str, b: str, c: str) -> None:
    wv = random_vectors(seed)
    kv = gensims(wv)
    assert wv.similarity(a, b) == pytest.approx(float(kv.similarity(a, b)), abs=2e-6)
    if a not in {b, c}:
        same_answers(wv.analogy(a, b, c), kv.most_similar([b, c], [a]))


def test_a_vector_that_is_zero_is_similar_to_nothing() -> None:
    wv = WordVectors(["zero", "a", "b"], np.array([[0, 0], [1, 0], [1, 1]]))
    assert wv.similarity("zero", "a") == wv.similarity("zero", "zero") == 0
    assert wv.most_similar("zero") == [("a", 0.0), ("b", 0.0)]
    assert dict(wv.most_similar("a"))["zero"] == 0
    assert wv.most_similar("a", "a") == [("zero", 0.0), ("b", 0.0)]
    assert (wv.unit()[0] == 0).all()


@given(
    values=hnp.arrays(
        np.float32, (6, 3), elements=st.floats(-(2.0**99), 2.0**99, width=32, allow_nan=False)
    )
)
def test_vectors_of_any_size_have_cosines_between_minus_one_and_one(values: Any) -> None:
    wv = WordVectors(list("abcdef"), values)
    for a, b in permutations("abc", 2):
        assert abs(wv.similarity(a, b)) <= 1 + 1e-6
    assert all(abs(cosine) <= 1 + 1e-5 for _, cosine in wv.most_similar("a", topn=6))
    lengths = np.linalg.norm(wv.unit().astype(float), axis=1)
    assert np.allclose(lengths[wv.norms > 1e-30], 1, atol=1e-5)


@given(values=st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=20), number=st.integers(1, 25))
def test_largest_gives_the_largest_in_order(values: list[float], number: int) -> None:
    found = [values[i] for i in largest(np.array(values), number)]
    assert found == sorted(values, reverse=True)[:number]


def test_a_vector_is_found_by_its_word() -> None:
    wv = random_vectors(0)
    assert (wv["w3"] == wv.vectors[3]).all()
    assert "w3" in wv
    assert "west" not in wv
    assert len(wv) == 12
    assert repr(wv) == "WordVectors(12 words, 5 numbers each)"


@pytest.mark.parametrize("ask", ["__getitem__", "place", "most_similar"])
def test_an_unknown_word_is_a_key_error_with_the_nearest_spellings(ask: str) -> None:
    wv = WordVectors(["king", "queen", "kin"], np.eye(3))
    with pytest.raises(KeyError) as problem:
        getattr(wv, ask)("kinng")
    assert str(problem.value) == "'kinng' is not in the vocabulary: did you mean 'king' or 'kin'?"
    with pytest.raises(UnknownWordError, match=r"^'xylophone' is not in the vocabulary$"):
        wv["xylophone"]


@pytest.mark.parametrize(
    ("words", "shape", "counts", "reason"),
    [
        (["a", "b"], (3, 2), None, "2 words need vectors (2, N), not (3, 2)"),
        (["a", "b"], (2,), None, "2 words need vectors (2, N), not (2,)"),
        ([], (0, 2), None, "0 words need vectors (0, N), not (0, 2)"),
        (["a"], (1, 0), None, "1 words need vectors (1, N), not (1, 0)"),
        (["a", "b", "a"], (3, 1), None, "the word 'a' is there twice: give each word once"),
        (["a"], (1, 1), [1, 2], "1 words need as many counts, not (2,)"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    words: list[str], shape: tuple[int, ...], counts: Any, reason: str
) -> None:
    with pytest.raises(ValueError, match=r"need|twice") as problem:
        WordVectors(words, np.ones(shape), counts)
    assert str(problem.value) == reason


def test_a_vector_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a vector here has shape \(5,\), not \(4,\)"):
        random_vectors(0).most_similar(np.zeros(4))


def test_vectors_can_be_pickled_saved_and_loaded(tmp_path: Path) -> None:
    wv = random_vectors(0)
    wv.save(tmp_path / "v.bin")
    for other in (pickle.loads(pickle.dumps(wv)), WordVectors.load(tmp_path / "v.bin")):
        assert other.words == wv.words
        assert (other.vectors == wv.vectors).all()


# --- spellings --------------------------------------------------------------------------------------


def edits(a: str, b: str) -> int:
    """Optimal string alignment, the plain way."""
    table = {(i, j): i + j for i in range(len(a) + 1) for j in range(len(b) + 1) if not i * j}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            choices = [
                table[i - 1, j] + 1,
                table[i, j - 1] + 1,
                table[i - 1, j - 1] + (a[i - 1] != b[j - 1]),
            ]
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                choices.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(choices)
    return table[len(a), len(b)]


short = st.text("abc😀", min_size=1, max_size=7)


@given(word=short, words=st.lists(short, min_size=1, max_size=10))
def test_distances_to_all_words_at_once_are_those_to_each(word: str, words: list[str]) -> None:
    letters = np.array(words, "U7").view(np.uint32).reshape(len(words), 7)
    found = distances(
        np.array([ord(c) for c in word], np.uint32), letters, np.array([len(w) for w in words])
    )
    assert found.tolist() == [edits(word, other) for other in words]


@given(word=short, words=st.lists(short, max_size=10))
def test_the_nearest_spellings_are_near_and_the_nearest(word: str, words: list[str]) -> None:
    limit = max(1, (len(word) + 1) // 3)
    wanted = sorted((w for w in words if edits(word, w) <= limit), key=lambda w: edits(word, w))
    assert nearest(word, words) == wanted[:3]


def test_spellings_are_near_in_any_case_and_for_any_word() -> None:
    assert nearest("KINNG", ["King", "x", ""]) == ["King"]
    assert nearest("", ["a"]) == []
    assert nearest("a" * 99, ["a" * 98]) == ["a" * 98]
    assert WordVectors(["east"], np.ones((1, 1))).nearest_spellings("eats") == ["east"]


def test_the_nearest_of_200_000_words_are_found() -> None:
    letters = np.random.default_rng(0).integers(97, 123, (200_000, 9))
    words = ["".join(map(chr, row[: 4 + i % 6])) for i, row in enumerate(letters.tolist())]
    words[150_000], words[20], words[199_999] = "washingtn", "washignt", "wshingt"
    assert nearest("washingt", words) == ["washignt", "washingtn", "wshingt"]
