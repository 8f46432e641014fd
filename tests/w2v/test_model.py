"""The model and its command: what they learn, what they say, and what they refuse in one line."""

from __future__ import annotations

import gzip
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.w2v import grammar
from tests.w2v.test_training import a_text
from w2v import Word2Vec
from w2v.cli.main import cli, one_line
from w2v.train.settings import Settings
from w2v.vectors.evaluation import evaluate_word_analogies
from w2v.vectors.vectors import WordVectors


def run(*arguments: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=text)


def w2v(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a user runs it."""
    command = [sys.executable, "-m", "w2v", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **more)


# --- what it learns -----------------------------------------------------------------------------------


LEARNERS = {
    "skip-gram, negative sampling": {},
    "skip-gram, hierarchical softmax": {"hs": 1, "negative": 0},
    "CBOW, negative sampling": {"sg": 0},
    "CBOW, hierarchical softmax": {"sg": 0, "hs": 1, "negative": 0},
    "skip-gram, negative sampling, JAX": {"backend": "jax"},
    "CBOW, negative sampling, JAX": {"sg": 0, "backend": "jax"},
}


@pytest.fixture(scope="module")
def planted() -> tuple[grammar.Grammar, list[list[str]]]:
    rules = grammar.Grammar()
    return rules, list(rules.sentences(200_000, seed=1))


@pytest.mark.parametrize("name", LEARNERS)
def test_planted_analogies_are_recovered(name: str, planted: Any, tmp_path: Path) -> None:
    """France is to Paris as Italy to Rome, in a text made so: over 90 % of 4,752 questions, by 3CosAdd."""
    rules, text = planted
    questions = rules.questions(tmp_path / "questions.txt")
    model = Word2Vec(50, min_count=1, epochs=5, **LEARNERS[name]).fit(text)
    assert evaluate_word_analogies(model.wv, questions).total.accuracy > 0.9
    noise = np.random.default_rng(0).normal(size=model.vectors.shape)
    untrained = WordVectors(model.wv.words, noise)
    assert evaluate_word_analogies(untrained, questions).total.accuracy < 0.1, "no training is needed"


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_one_sentence_is_a_text(backend: str) -> None:
    model = Word2Vec(3, window=1, epochs=200, alpha=0.2, backend=backend)
    model.fit([["i", "like", "text", "information", "systems"]])
    assert model.losses[-1] < 0.75 * model.losses[0]
    assert len(model.losses) == 200
    assert {word for word, _ in model.most_similar("like", topn=9)} == {
        "i",
        "text",
        "information",
        "systems",
    }


def test_a_text_of_one_word_gives_one_vector() -> None:
    for asked in ({}, {"hs": 1}, {"negative": 2}, {"hs": 1, "negative": 0}, {"sg": 0}):
        model = Word2Vec(3, epochs=2, **asked).fit([["word", "word"], ["word"]])
        assert model.vectors.shape == (1, 3)
        assert np.isfinite(model.vectors).all()


def test_a_generator_is_trained_for_all_epochs() -> None:
    text = a_text(1)
    given = Word2Vec(4, negative=2, epochs=3).fit(sentence for sentence in text)
    np.testing.assert_array_equal(given.vectors, Word2Vec(4, negative=2, epochs=3).fit(text).vectors)


def test_a_model_that_was_not_fitted_says_so() -> None:
    with pytest.raises(ValueError, match="call fit first"):
        Word2Vec().most_similar("word")
    with pytest.raises(ValueError, match="call fit first"):
        Word2Vec().save("model.npz")


def test_the_model_says_what_was_asked_for() -> None:
    assert repr(Word2Vec(50, window=3, hs=1)) == "Word2Vec(vector_size=50, window=3, hs=1)"


def test_initial_tables_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"initial W has shape \(2, 3\), the model's is \(5, 3\)"):
        Word2Vec(3).fit([list("abcde")], initial=(np.ones((2, 3)), np.ones((5, 3))))


# --- wrong settings -----------------------------------------------------------------------------------

WRONG = {
    "vector_size=0": {"vector_size": 0},
    "vector_size=-3": {"vector_size": -3},
    "vector_size=2.5": {"vector_size": 2.5},
    "vector_size=True": {"vector_size": True},
    "window=0": {"window": 0},
    "window=2,000": {"window": 2000},
    "epochs=0": {"epochs": 0},
    "min_count=0": {"min_count": 0},
    "negative=-1": {"negative": -1},
    "seed=-1": {"seed": -1},
    "sg=2": {"sg": 2},
    "alpha=0": {"alpha": 0},
    "alpha=nan": {"alpha": float("nan")},
    "alpha=inf": {"alpha": float("inf")},
    "alpha='fast'": {"alpha": "fast"},
    "min_alpha=0.5": {"min_alpha": 0.5},
    "sample=-0.1": {"sample": -0.1},
    "sample=2": {"sample": 2},
    "max_update=0": {"max_update": 0},
    "dtype='float16'": {"dtype": "float16"},
    "backend='torch'": {"backend": "torch"},
    "loss='hinge'": {"loss": "hinge"},
    "hs=0 and negative=0": {"hs": 0, "negative": 0},
    "loss='negative_sampling' needs": {"loss": "negative_sampling", "negative": 0},
    "loss='softmax' and hs=1": {"loss": "softmax", "hs": 1},
    "loss='softmax' and negative=5": {"loss": "softmax", "negative": 5},
    "loss='hierarchical_softmax' and negative=5": {"loss": "hierarchical_softmax", "negative": 5},
    "loss='negative_sampling' and hs=1": {"loss": "negative_sampling", "hs": 1},
    "alpha=1e+25": {"alpha": 1e25},
    "block_words=1,000,000": {"block_words": 1_000_000},
}


@pytest.mark.parametrize("named", WRONG)
def test_settings_that_make_no_sense_are_refused_with_name_value_and_repair(named: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(named)}") as problem:
        Settings(**WRONG[named])
    assert "give" in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_setting_that_is_not_there_is_named() -> None:
    with pytest.raises(TypeError, match="no setting 'workers'"):
        Word2Vec(workers=4)


# --- the command --------------------------------------------------------------------------------------


def write(folder: Path, sentences: list[list[str]]) -> Path:
    path = folder / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in sentences))
    return path


SMALL = ("--vector-size", "5", "--epochs", "2", "--min-count", "1")


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.vec", "v.npz", "v.bin.gz"])
def test_train_writes_vectors_of_every_format(name: str, tmp_path: Path) -> None:
    text = write(tmp_path, a_text(1))
    result = run("train", text, "-o", tmp_path / name, *SMALL, "--model", tmp_path / "model.npz")
    assert result.exit_code == 0, result.output
    assert re.search(
        r"19 words, 5 numbers each\n2 x \d+ words in .* s .*loss \d\.\d+ a pair", result.output
    )
    vectors = WordVectors.load(tmp_path / name)
    np.testing.assert_array_equal(vectors.vectors, Word2Vec.load(tmp_path / "model.npz").wv.vectors)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["text.txt", "model.npz", name])


def test_train_takes_gzip_folders_and_standard_input_alike(tmp_path: Path) -> None:
    text = write(tmp_path, a_text(2)).read_text()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "part.txt").write_text(text)
    with gzip.open(tmp_path / "text.gz", "wt") as file:
        file.write(text)
    for number, source in enumerate(
        [tmp_path / "text.txt", tmp_path / "text.gz", tmp_path / "folder", "-"]
    ):
        result = w2v("train", source, "-o", tmp_path / f"{number}.bin", *SMALL, input=text)
        assert result.returncode == 0, result.stderr
    assert len({(tmp_path / f"{number}.bin").read_bytes() for number in range(4)}) == 1


def test_every_setting_reaches_the_model(tmp_path: Path) -> None:
    asked = {
        "vector_size": 4, "window": 2, "min_count": 2, "sg": 0, "hs": 1, "negative": 1, "sample": 0.01,
        "alpha": 0.1, "min_alpha": 0.01, "epochs": 3, "seed": 9, "loss": "auto", "backend": "jax",
        "max_vocab_size": 1000, "max_final_vocab": 10, "block_words": 5, "ns_exponent": 0.5, "cbow_mean": 0,
        "shrink_windows": False, "shared_negatives": 7, "max_update": 0.2, "dtype": "float64",
    }  # fmt: skip
    options = [part for name, value in asked.items() for part in (f"--{name.replace('_', '-')}", value)]
    text, model = write(tmp_path, a_text(3)), tmp_path / "model.npz"
    result = run("train", text, "-o", tmp_path / "v.bin", "--model", model, *map(str, options))
    assert result.exit_code == 0, result.output
    assert Word2Vec.load(model).settings == Settings(**asked)
    assert len(WordVectors.load(tmp_path / "v.bin")) <= 10


BAD_TEXTS = {
    "an empty text": (b"", "no words"),
    "blank lines": (b"\n \n\t\n", "no words"),
    "no word often enough": (b"a b c\n", "min_count=3"),
    "bytes that are not UTF-8": (b"a b\nc \xff d\n", "line 2"),
    "a broken gzip": (b"\x1f\x8b\x08\x00garbage", "broken"),
}


@pytest.mark.parametrize("what", BAD_TEXTS)
def test_a_bad_text_gets_one_line_and_leaves_no_vectors(what: str, tmp_path: Path) -> None:
    content, named = BAD_TEXTS[what]
    (tmp_path / "text").write_bytes(content)
    result = w2v("train", tmp_path / "text", "-o", tmp_path / "v.bin", "--min-count", "3")
    assert result.returncode == 1
    assert named in result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "v.bin").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["missing.txt", "-o", "v.bin"], "missing.txt"),
     (["empty", "-o", "v.bin"], "folder without text"),
     (["text.txt", "-o", "v.xyz"], "suffix"),
     (["text.txt", "-o", "nowhere/v.bin"], "nowhere"),
     (["text.txt", "-o", "v.bin", "--model", "m.bin"], "m.bin"),
     (["text.txt", "-o", "v.bin", "--vector-size", "0"], "vector_size=0"),
     (["text.txt", "-o", "v.bin", "--vector-size", "-1"], "vector_size=-1"),
     (["text.txt", "-o", "v.bin", "--negative", "0"], "hs=0 and negative=0"),
     (["text.txt", "-o", "text.txt"], "the text itself"),
     (["folder", "-o", "folder/v.bin"], "the text itself"),
     (["text.txt", "-o", "v.npz.gz"], "suffix"),
     (["text.txt", "-o", "m.npz", "--model", "m.npz"], "one file"),
     (["text.txt", "-o", "v.bin", "--encoding", "klingon"], "klingon")],
)  # fmt: skip
def test_wrong_arguments_get_one_line(arguments: list[str], named: str, tmp_path: Path) -> None:
    write(tmp_path, a_text(1))
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "part.txt").write_text("a b c\n")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    result = w2v("train", *arguments, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    assert result.returncode in {1, 2}
    assert named in result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    left = {path.name for path in tmp_path.rglob("*")} - set(before)
    assert not left


def test_a_run_that_failed_before_it_began_does_not_stand_in_the_way(tmp_path: Path) -> None:
    """A text that was bad is mended and trained with the same command."""
    text = tmp_path / "text.txt"
    text.write_bytes(b"a \xff b\n")
    assert w2v("train", text, "-o", tmp_path / "v.bin", *SMALL).returncode == 1
    write(tmp_path, a_text(1))
    result = w2v("train", text, "-o", tmp_path / "v.bin", *SMALL)
    assert result.returncode == 0, result.stderr


def test_an_unknown_word_is_answered_with_the_nearest_spellings(tmp_path: Path) -> None:
    run("train", write(tmp_path, a_text(1)), "-o", tmp_path / "v.bin", *SMALL)
    result = run("similar", tmp_path / "v.bin", "wrod1")
    assert "did you mean 'word1'" in one_line(result.exception or Exception())


def test_a_bar_is_shown_where_somebody_looks(tmp_path: Path) -> None:
    """On a terminal of its own: words a second, loss, learning rate and time left."""
    text = write(tmp_path, a_text(1, sentences=20_000, types=500))
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "w2v",
        "train",
        str(text),
        "-o",
        str(tmp_path / "v.bin"),
        "--epochs",
        "3",
    ]
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
    with subprocess.Popen(command, stderr=theirs, stdout=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
    os.close(ours)
    assert process.returncode == 0
    for needed in (rb"training", rb"k words/s", rb"loss \d\.\d{3}", rb"alpha 0\.0\d+", rb"0:00:0\d"):
        assert re.search(needed, shown), needed
