"""``w2v`` as a person uses it: answers as tables, and one clear line for whatever goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.test.utils import datapath

from w2v.cli import main as command
from w2v.data.files import write_arrays
from w2v.vectors.vectors import WordVectors

WORDS = ["man", "woman", "king", "queen", "apple", "[b]bold[/b]", "\x1b[31mred"]
VALUES = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 2], [1, 1, 2], [-1, 0, 1], [-2, 1, 0], [-1, -1, 0]])


@pytest.fixture
def vectors(tmp_path: Path) -> str:
    file = tmp_path / "vectors.npz"
    WordVectors(WORDS, VALUES, np.arange(7)[::-1] * 1000).save(file)
    return str(file)


@pytest.fixture
def run(monkeypatch: Any, capsys: Any) -> Any:
    """Run the command line; returns the exit status, what it printed, and its errors."""
    monkeypatch.setenv("COLUMNS", "100")

    def run_(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["w2v", *arguments])
        try:
            command.main()
        except SystemExit as end:
            return int(end.code or 0), *capsys.readouterr()
        return 0, *capsys.readouterr()

    return run_


def in_a_shell(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "w2v", *arguments]
    environment = {**os.environ, "COLUMNS": "100"}
    return subprocess.run(line, capture_output=True, text=True, env=environment, **options)


def rows(output: str) -> list[list[str]]:
    """The cells of a table's rows, without its head."""
    return [line.split() for line in output.splitlines()[2:] if line.strip()]


def test_similar_prints_words_cosines_and_counts(run: Any, vectors: str) -> None:
    status, output, errors = run("similar", vectors, "man", "-n", "2")
    assert (status, errors) == (0, "")
    assert output.splitlines()[0].split() == ["word", "cosine", "count"]
    assert rows(output) == [["woman", "0.7071", "5,000"], ["king", "0.4472", "4,000"]]


def test_similar_averages_words_and_goes_away_from_negative_ones(run: Any, vectors: str) -> None:
    _, output, _ = run("similar", vectors, "king", "woman", "--negative", "man", "-n", "1")
    assert rows(output)[0][0] == "queen"


def test_analogy_prints_what_is_to_c_as_b_to_a(run: Any, vectors: str) -> None:
    _, output, _ = run("analogy", vectors, "man", "king", "woman", "-n", "1")
    assert rows(output)[0][0] == "queen"


def test_words_are_printed_as_they_are_and_cannot_command_the_terminal(run: Any, vectors: str) -> None:
    _, output, _ = run("similar", vectors, "apple")
    assert "[b]bold[/b]" in output
    assert "\\x1b[31mred" in output
    assert "\x1b" not in output


def test_evaluate_tells_pairs_from_analogies_by_their_content(
    run: Any, vectors: str, tmp_path: Path
) -> None:
    (tmp_path / "pairs").write_text("man woman 9\nking queen 9\nman apple 1\nman pear 1\n")
    (tmp_path / "questions").write_text("\n: family\nman king woman queen\nman king woman pear\n")
    status, output, _ = run("evaluate", vectors, str(tmp_path / "pairs"), str(tmp_path / "questions"))
    assert status == 0
    lines = [line.split() for line in output.splitlines()]
    assert ["family", "1", "1", "100.0", "%", "1"] in lines
    assert ["Total", "accuracy", "1", "1", "100.0", "%", "1"] in lines
    (pairs,) = (line for line in lines if line[:1] == ["pairs"])
    assert pairs[-3:] == ["3", "25.0", "%"]


def test_evaluate_has_gensims_options(run: Any, vectors: str, tmp_path: Path) -> None:
    (tmp_path / "questions").write_text(": family\nMAN king woman queen\nman king woman pear\n")
    for options, wanted in [
        ((), ["family", "1", "1", "100.0", "%", "1"]),
        (("--case-sensitive",), ["family", "0", "0", "-", "2"]),
        (("--dummy4unknown",), ["family", "1", "2", "50.0", "%", "1"]),
        (("--restrict-vocab", "3"), ["family", "0", "0", "-", "2"]),
    ]:
        _, output, _ = run("evaluate", vectors, str(tmp_path / "questions"), *options)
        assert rows(output)[0] == wanted


def test_plot_draws_words_given_and_the_first_ones(run: Any, vectors: str, tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    status, output, errors = run("plot", vectors, "apple", "--top", "4", "-o", str(picture))
    assert (status, output, errors) == (0, "", "")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_info_says_what_a_file_of_vectors_holds(run: Any, vectors: str, tmp_path: Path) -> None:
    _, output, _ = run("info", vectors, "-n", "2")
    told = {line.split("  ")[0]: line.split("  ", 1)[1].strip() for line in output.splitlines()[:7]}
    assert told["words"] == "7"
    assert told["vector size"] == "3"
    assert told["format"].startswith(".npz, ")
    assert told["first words"] == "man woman"
    assert told["counted"] == "21,000 words of text"
    assert "1 to 2.45" in told["lengths"]
    WordVectors(["a"], np.ones((1, 2))).save(tmp_path / "v.bin.gz")
    assert "word2vec binary, packed by gzip" in run("info", str(tmp_path / "v.bin.gz"))[1]


def test_info_says_what_a_run_or_any_npz_holds(run: Any, tmp_path: Path) -> None:
    settings = np.frombuffer(b'{"window": 5}', np.uint8)
    write_arrays(tmp_path / "state.npz", {"W": np.zeros((3, 2)), "position": np.array([1, 2, 3])})
    write_arrays(tmp_path / "other.npz", {"settings": settings})
    for path in (tmp_path, tmp_path / "state.npz"):
        _, output, _ = run("info", str(path))
        assert rows(output) == [
            ["W", "3", "×", "2", "float64"],
            ["position", "3", "int64", "[1,", "2,", "3]"],
        ]
    assert '{"window": 5}' in run("info", str(tmp_path / "other.npz"))[1]


@pytest.mark.parametrize("columns", ["40", "80"])
def test_tables_fit_the_terminal(run: Any, vectors: str, columns: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for arguments in (["similar", vectors, "apple"], ["info", vectors]):
        _, output, _ = run(*arguments)
        assert max(map(len, output.splitlines())) <= int(columns)


# --- errors -----------------------------------------------------------------------------------------


def mistakes(vectors: str, folder: Path) -> dict[tuple[str, ...], tuple[int, str]]:
    (folder / "cut.bin").write_bytes(b"2 2\nword 1")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "text.txt").write_text("some words\n")
    (folder / "bytes.bin").write_bytes(b"1 1\n\xe4 \1\1\1\1")
    png = str(folder / "p.png")
    return {
        ("similar", vectors, "quen"): (1, "'quen' is not in the vocabulary: did you mean 'queen'"),
        ("similar", vectors, "man", "--negative", "men"): (1, "'men' is not in the vocabulary"),
        ("similar", vectors): (2, "Missing argument 'WORDS...'"),
        ("similar", vectors, "man", "-n", "0"): (2, "0 is not in the range x>=1"),
        ("similar", "nowhere.bin", "man"): (1, "nowhere.bin: No such file or directory"),
        ("similar", str(folder), "man"): (1, f"{folder}: Is a directory"),
        ("similar", str(folder / "cut.bin"), "man"): (
            1,
            "2 vectors of 2 numbers; truncated",
        ),
        ("similar", str(folder / "empty.txt"), "man"): (1, "empty.txt: the file is empty"),
        ("similar", str(folder / "bytes.bin"), "man"): (1, "is not UTF-8 (errors='replace' takes it)"),
        ("info", str(folder / "text.txt")): (1, "the first line should be two numbers"),
        ("info", str(folder)): (1, "a folder without a run in it"),
        ("analogy", vectors, "man", "king"): (2, "Missing argument 'C'"),
        ("evaluate", vectors, str(folder / "text.txt")): (1, "0 pairs of known words, 0 others"),
        ("evaluate", vectors, "nowhere.txt"): (1, "nowhere.txt: No such file or directory"),
        ("plot", vectors, "man", "-o", png): (1, "1 different words are no picture"),
        ("plot", vectors, "--top", "5", "-o", "p.jpg"): (1, "p.jpg: which picture is this?"),
        ("plot", vectors, "--top", "5", "-o", "/no/p.png"): (1, "/no/p.png: cannot be written"),
        ("plot", vectors, "--top", "5"): (2, "Missing option '-o'"),
        ("sing",): (2, "No such command 'sing'"),
    }


def test_every_mistake_is_one_line_and_a_status(run: Any, vectors: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for arguments, (wanted, reason) in mistakes(vectors, folder).items():
        status, output, errors = run(*arguments)
        assert (status, output) == (wanted, ""), arguments
        assert reason in errors
        assert errors.startswith("Error: ")
        assert errors.count("\n") == 1


def test_words_that_are_not_utf_8_can_be_replaced(run: Any, tmp_path: Path) -> None:
    (tmp_path / "v.bin").write_bytes(b"2 1\n\xe4 \0\0\x80\x3fb \0\0\x80\x3f")
    status, output, _ = run("similar", str(tmp_path / "v.bin"), "b", "--errors", "replace")
    assert status == 0
    assert rows(output)[0][1] == "1.0000"


def test_without_the_extra_plot_says_what_to_type(run: Any, vectors: str, monkeypatch: Any) -> None:
    from w2v.vectors import plot

    monkeypatch.setattr(plot, "find_spec", lambda _: None)
    status, _, errors = run("plot", vectors, "--top", "5", "-o", "p.png")
    assert status == 1
    assert "pip install 'derivations[plot]'" in errors


@pytest.mark.parametrize(
    ("problem", "status", "line"),
    [
        (MemoryError(), 1, "Error: this does not fit into memory: give fewer words or smaller vectors"),
        (KeyboardInterrupt(), 130, "Error: stopped"),
        (OSError(28, "No space left on device", "v.bin"), 1, "Error: v.bin: No space left on device"),
        (ValueError("two\nlines"), 1, "Error: two lines"),
    ],
)
def test_what_happens_inside_is_one_line_too(
    run: Any, vectors: str, monkeypatch: Any, problem: BaseException, status: int, line: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise problem

    monkeypatch.setattr(WordVectors, "load", fail)
    found, output, errors = run("similar", vectors, "man")
    assert (found, output) == (status, "")
    assert errors.strip() == line


def test_a_mistake_of_the_program_is_not_hidden(run: Any, vectors: str, monkeypatch: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("a key of ours")

    monkeypatch.setattr(WordVectors, "load", fail)
    with pytest.raises(KeyError):
        run("similar", vectors, "man")


def test_a_reader_that_leaves_is_no_error(vectors: str, tmp_path: Path) -> None:
    WordVectors([f"w{i}" for i in range(5_000)], np.ones((5_000, 1))).save(tmp_path / "many.bin")
    line = f"{sys.executable} -m w2v similar {tmp_path / 'many.bin'} w1 -n 5000 | head -n 1"
    result = subprocess.run(line, shell=True, capture_output=True, text=True)
    assert result.stdout.split() == ["word", "cosine"]
    assert result.stderr == ""


@pytest.mark.parametrize("arguments", ["--help", "similar VECTORS man"])
def test_a_reader_that_was_never_there_is_no_error(vectors: str, arguments: str) -> None:
    there, here = os.pipe()
    os.close(there)
    line = [sys.executable, "-m", "w2v", *arguments.replace("VECTORS", vectors).split()]
    result = subprocess.run(line, stdout=here, stderr=subprocess.PIPE)
    os.close(here)
    assert result.stderr == b""


def test_help_and_no_command_show_the_commands(run: Any) -> None:
    for arguments, status in (("--help",), 0), ((), 2):
        found, output, errors = run(*arguments)
        assert found == status
        for name in ("train", "similar", "analogy", "evaluate", "plot", "info"):
            assert f"\n  {name} " in output + errors
        assert not errors.startswith("Error")


def test_python_m_w2v_is_w2v(vectors: str) -> None:
    result = in_a_shell("analogy", vectors, "man", "king", "woman", "-n", "1")
    assert (result.returncode, result.stderr) == (0, "")
    assert "queen" in result.stdout
    assert in_a_shell("--version").stdout.startswith("w2v ")


def test_a_terminal_that_lacks_letters_gets_other_ones(tmp_path: Path) -> None:
    WordVectors(["käse", "日本", "a"], np.eye(3)).save(tmp_path / "v.bin")
    result = subprocess.run(
        [sys.executable, "-m", "w2v", "similar", str(tmp_path / "v.bin"), "a"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"k?se" in result.stdout


def test_starting_loads_neither_jax_nor_what_only_some_commands_need() -> None:
    code = (
        "import sys, w2v.cli.main, w2v.vectors.plot, w2v.vectors.evaluation; "
        "print([m for m in ('jax', 'scipy', 'matplotlib', 'sklearn', 'gensim') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_real_tests_are_judged(run: Any, tmp_path: Path) -> None:
    words = ["tiger", "cat", "love", "sex", "old", "new", "smart", "intelligent", "king", "man"]
    words += ["queen", "woman"]
    WordVectors(words, np.random.default_rng(0).normal(size=(12, 4))).save(tmp_path / "v.vec")
    files = [datapath(name) for name in ("wordsim353.tsv", "simlex999.txt", "questions-words.txt")]
    status, output, _ = run("evaluate", str(tmp_path / "v.vec"), *files)
    assert status == 0
    for name in ("wordsim353.tsv", "simlex999.txt", "questions-words.txt", "gram9-plural", "syntactic"):
        assert name in output
