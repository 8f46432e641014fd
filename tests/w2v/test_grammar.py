"""The generated text: what it promises, and that a word2vec that is known to be right finds it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.w2v.grammar import Grammar
from w2v.vectors.evaluation import evaluate_word_analogies, evaluate_word_pairs
from w2v.vectors.vectors import WordVectors


@given(types=st.sampled_from([404, 1000, 2000]), words=st.integers(1, 500), seed=st.integers(0, 99))
def test_a_text_has_as_many_words_as_asked_for_and_only_those_of_its_grammar(
    types: int, words: int, seed: int
) -> None:
    grammar = Grammar(types)
    text = [word for sentence in grammar.sentences(words, seed) for word in sentence]
    known = {w for f in grammar.families for row in [*f.cells, *f.own, *f.roles] for w in row}
    assert len(text) == words
    assert set(text) <= known | set(grammar.fillers)
    assert len(known | set(grammar.fillers)) == types


def test_the_same_seed_writes_the_same_text_and_another_seed_another(tmp_path: Path) -> None:
    texts = [
        Grammar(500).write(tmp_path / f"{i}", 1000, seed).read_bytes() for i, seed in enumerate((1, 1, 2))
    ]
    assert texts[0] == texts[1] != texts[2]


def test_no_word_has_two_places() -> None:
    families = Grammar(1500).families
    words = [word for f in families for row in [*f.cells, *f.own, *f.roles] for word in row]
    assert [word for word, times in Counter([*words, *Grammar(1500).fillers]).items() if times > 1] == []


def test_analogies_have_four_different_words_and_name_the_known_ones() -> None:
    questions = Grammar().analogies()
    assert ("france", "paris", "italy", "rome") in questions["capitals"]
    assert ("man", "woman", "king", "queen") in questions["couples"]
    assert all(len(set(question)) == 4 for section in questions.values() for question in section)


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    from gensim.models import Word2Vec

    text = list(Grammar().sentences(200_000))
    model = Word2Vec(text, sg=1, negative=5, vector_size=50, epochs=5, workers=1, seed=1)
    return WordVectors(model.wv.index_to_key, model.wv.vectors)


def test_gensim_recovers_the_analogies(trained: WordVectors, tmp_path: Path) -> None:
    result = evaluate_word_analogies(trained, Grammar().questions(tmp_path / "questions.txt"))
    assert result.total.unknown == 0
    assert min(section.accuracy for section in result.sections) > 0.9


def test_gensim_finds_pairs_similar_that_are(trained: WordVectors, tmp_path: Path) -> None:
    result = evaluate_word_pairs(trained, Grammar().judgements(tmp_path / "pairs.tsv"))
    assert result.unknown == 0
    assert result.spearman[0] > 0.6
