"""Word pairs and analogies: the numbers are gensim's, on random vectors and on trained ones."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors, Word2Vec
from gensim.models.word2vec import LineSentence
from gensim.test.utils import datapath
from hypothesis import given
from hypothesis import strategies as st

from tests.w2v.grammar import Grammar
from w2v.vectors import evaluation
from w2v.vectors.evaluation import Analogies, Section, evaluate_word_analogies, evaluate_word_pairs
from w2v.vectors.vectors import WordVectors

PAIRS = ["wordsim353.tsv", "simlex999.txt"]


def gensims(wv: WordVectors) -> KeyedVectors:
    kv = KeyedVectors(wv.vector_size)
    kv.add_vectors(wv.words, wv.vectors)
    return kv


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    """Vectors of a real text, in capitals and not."""
    lines = list(LineSentence(datapath("lee_background.cor")))
    lower = [[word.lower() for word in line] for line in lines[::2]]
    model = Word2Vec([*lines, *lower], sg=1, vector_size=20, epochs=3, min_count=2, workers=1, seed=1)
    return WordVectors(model.wv.index_to_key, model.wv.vectors)


@pytest.fixture(scope="module")
def recovered() -> WordVectors:
    """Vectors that answer most analogies of the grammar, and not all."""
    text = list(Grammar(600).sentences(60_000))
    model = Word2Vec(text, sg=1, vector_size=20, epochs=4, min_count=1, workers=1, seed=1)
    return WordVectors(model.wv.index_to_key, model.wv.vectors)


def scores(result: Analogies) -> list[tuple[str, int, int]]:
    return [(s.name, s.correct, s.incorrect) for s in (*result.sections, result.total)]


def gensims_scores(wv: WordVectors, file: str | Path, **options: Any) -> list[tuple[str, int, int]]:
    _, sections = gensims(wv).evaluate_word_analogies(str(file), **options)
    return [(s["section"], len(s["correct"]), len(s["incorrect"])) for s in sections]


options = st.fixed_dictionaries(
    {
        "restrict_vocab": st.sampled_from([50, 500, 300_000]),
        "case_insensitive": st.booleans(),
        "dummy4unknown": st.booleans(),
    }
)


# --- word pairs -------------------------------------------------------------------------------------


@given(option=options, file=st.sampled_from(PAIRS))
def test_word_pairs_are_gensims_on_trained_vectors(
    trained: WordVectors, option: dict[str, Any], file: str
) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # gensim's, that no pair is known and all cosines are 0
            pearson, spearman, oov = gensims(trained).evaluate_word_pairs(datapath(file), **option)
    except ValueError:
        with pytest.raises(ValueError, match="two are needed"):
            evaluate_word_pairs(trained, datapath(file), **option)
        return
    ours = evaluate_word_pairs(trained, datapath(file), **option)
    assert ours.pearson == pytest.approx(tuple(pearson), abs=1e-4, nan_ok=True)
    assert ours.spearman == pytest.approx(tuple(spearman), abs=1e-4, nan_ok=True)
    assert ours.oov_ratio == pytest.approx(oov)
    assert (ours.used + ours.unknown, ours.invalid) == ({"w": 353, "s": 999}[file[0]], 0)


@given(seed=st.integers(0, 1000), sizes=st.tuples(st.integers(2, 30), st.integers(2, 9)))
def test_word_pairs_are_gensims_on_random_vectors(
    tmp_path_factory: pytest.TempPathFactory, seed: int, sizes: tuple[int, int]
) -> None:
    draw = np.random.default_rng(seed)
    number, size = sizes
    words = [f"w{i}" for i in range(10)]
    wv = WordVectors(words, draw.normal(size=(10, size)).astype(np.float32))
    lines = ["word\tword\tscore", "# w1\tw2\t3", "w1\tw2", "w0\tw1\t1", "w2\tw3\t2"]
    others = [draw.choice([*words, "x"], 2, replace=False) for _ in range(number)]  # no w0 w0: not quite 1
    lines += [f"{a}\t{b}\t{draw.normal():.2f}" for a, b in others]
    file = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    file.write_text("\n".join(lines))
    pearson, spearman, oov = gensims(wv).evaluate_word_pairs(str(file))
    ours = evaluate_word_pairs(wv, file)
    assert ours.pearson == pytest.approx(tuple(pearson), abs=1e-5, nan_ok=True)
    assert ours.spearman == pytest.approx(tuple(spearman), abs=1e-5, nan_ok=True)
    assert ours.oov_ratio == pytest.approx(oov)
    assert ours.invalid == 2


def test_pairs_may_be_separated_by_spaces_and_have_a_byte_order_mark(tmp_path: Path) -> None:
    wv = WordVectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]]))
    texts = ["a b 1\na c 2\nb\tc\t3\n", "\ufeffa\tb\t1\r\na\tc\t2\r\nb c 3", "\n a  b  1\n\na c 2\nb c 3"]
    results = []
    for i, text in enumerate(texts):
        (tmp_path / f"{i}").write_text(text, encoding="utf-8", newline="")
        results.append(evaluate_word_pairs(wv, tmp_path / f"{i}"))
    assert results[0] == results[1] == results[2]
    assert results[0].used == 3


def test_a_correlation_with_what_is_constant_is_no_number(tmp_path: Path) -> None:
    (tmp_path / "pairs").write_text("a b 1\na c 1\n")
    wv = WordVectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]]))
    result = evaluate_word_pairs(wv, tmp_path / "pairs")
    assert math.isnan(result.pearson[0])
    assert math.isnan(result.spearman[0])


def test_fewer_than_two_pairs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pairs").write_text("a b 1\na x 1\na b nan\n")
    with pytest.raises(ValueError, match="pairs: 1 pairs of known words, 1 others: two are needed"):
        evaluate_word_pairs(WordVectors(["a", "b"], np.eye(2)), tmp_path / "pairs")


@pytest.mark.parametrize("judge", [evaluate_word_pairs, evaluate_word_analogies])
def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path, judge: Any) -> None:
    (tmp_path / "test").write_bytes(b"a b 1\nk\xe4se b 2\n")
    with pytest.raises(ValueError, match="test: not UTF-8 at byte 7: save it as UTF-8"):
        judge(WordVectors(["a", "b"], np.eye(2)), tmp_path / "test")


# --- analogies --------------------------------------------------------------------------------------


def test_analogies_are_gensims_on_vectors_that_know_many_answers(
    recovered: WordVectors, tmp_path: Path
) -> None:
    file = Grammar(600).questions(tmp_path / "questions.txt", rows=6)
    ours = evaluate_word_analogies(recovered, file)
    assert scores(ours) == gensims_scores(recovered, file)
    assert 0.3 < ours.total.accuracy < 0.99
    assert ours.total.accuracy == gensims(recovered).evaluate_word_analogies(str(file))[0]
    assert ours.oov_ratio == 0


@given(option=options, scale=st.sampled_from([1, 1 << 12, 1 << 23]))
def test_analogies_are_gensims_with_any_options_however_many_are_asked_at_once(
    trained: WordVectors, tmp_path_factory: pytest.TempPathFactory, option: dict[str, Any], scale: int
) -> None:
    words = trained.words[:60]
    draw = np.random.default_rng(scale)
    lines = [": one", *(" ".join(draw.choice([*words, "Unknown"], 4)) for _ in range(30))]
    more = [" ".join(draw.choice(trained.words, 4)) for _ in range(10)]
    lines += [": two", "too few words", *more, ": none"]
    file = tmp_path_factory.mktemp("questions") / "questions.txt"
    file.write_text("\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "SCORES", scale)
        ours = evaluate_word_analogies(trained, file, **option)
    assert scores(ours) == gensims_scores(trained, file, **option)
    assert ours.invalid == 1


@given(seed=st.integers(0, 1000), case_insensitive=st.booleans())
def test_analogies_are_gensims_where_words_differ_by_case_and_questions_repeat_words(
    tmp_path_factory: pytest.TempPathFactory, seed: int, case_insensitive: bool
) -> None:
    draw = np.random.default_rng(seed)
    words = ["a", "A", "b", "B", "c", "C", "d", "D", "e"]
    near = np.repeat(draw.normal(size=(5, 3)), 2, axis=0)[:9]  # a and A are alike
    wv = WordVectors(words, (near + 0.1 * draw.normal(size=(9, 3))).astype(np.float32))
    lines = [": all", *(" ".join(draw.choice(words, 4)) for _ in range(30))]
    file = tmp_path_factory.mktemp("questions") / "questions.txt"
    file.write_text("\n".join(lines))
    for most in (3, 6, 300_000):
        option = {"restrict_vocab": most, "case_insensitive": case_insensitive}
        assert scores(evaluate_word_analogies(wv, file, **option)) == gensims_scores(wv, file, **option)


def test_questions_words_is_read_whole(trained: WordVectors) -> None:
    result = evaluate_word_analogies(trained, datapath("questions-words.txt"))
    assert [len(result.sections), result.invalid] == [14, 0]
    total = result.total
    assert total.correct + total.incorrect + total.unknown == 19_544
    semantic, syntactic = result.kinds
    assert (semantic.name, syntactic.name) == ("semantic", "syntactic")
    assert semantic.correct + semantic.incorrect + semantic.unknown == 8_869
    assert syntactic.correct + semantic.correct == total.correct
    assert 0 < result.oov_ratio < 100


def test_kinds_are_told_only_where_there_are_both() -> None:
    one = Section("family", 1, 2, 3)
    assert Analogies((one,), 0).kinds == ()
    assert Analogies((one, Section("gram1", 4, 5, 6)), 0).kinds[1] == Section("syntactic", 4, 5, 6)
    assert one.accuracy == 1 / 3
    assert Section("none", 0, 0, 9).accuracy == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a b c d\n", "line 1: a question before the first section, : its name"),
        ("\n: empty\n", "no questions: four words a line, in sections that begin with ': name'"),
        ("", "no questions"),
    ],
)
def test_a_file_without_questions_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "questions").write_text(text)
    with pytest.raises(ValueError, match="question") as problem:
        evaluate_word_analogies(WordVectors(["a", "b"], np.eye(2)), tmp_path / "questions")
    assert reason in str(problem.value)
