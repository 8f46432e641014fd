"""A run that is killed, at any moment, goes on and ends bit for bit where an unbroken run ends."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.test_training import a_text
from w2v import Word2Vec
from w2v.checkpoints import RunFolder
from w2v.settings import Settings
from w2v.training import Position
from w2v.vectors import WordVectors

KILLED = {"numpy": 6, "jax": 3}
"""Runs that are killed, each after another time."""


def command(text: str, output: Path, *more: str) -> list[str]:
    asked = ["--vector-size", "16", "--epochs", "12", "--negative", "3", "--min-count", "1"]
    often = ["--checkpoint-every", "0"]
    return [sys.executable, "-m", "w2v", "train", text, "-o", str(output), *asked, *often, *more]


def write_text(path: Path, sentences: int = 6000) -> None:
    path.write_text("\n".join(" ".join(sentence) for sentence in a_text(3, sentences, types=500)))


def state_exists(run: Path) -> bool:
    return (run / "state.npz").exists()


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(backend: str, tmp_path: Path) -> None:
    """SIGKILL while the text is read, between checkpoints and while one is written; then --resume."""
    write_text(tmp_path / "text.txt")
    more = "--backend", backend
    unbroken, broken = tmp_path / "unbroken.bin", tmp_path / "broken.bin"
    began = time.monotonic()
    subprocess.run(command(str(tmp_path / "text.txt"), unbroken, *more), check=True, capture_output=True)
    whole = time.monotonic() - began
    rng = np.random.default_rng(int(time.time()))  # other moments each time: none may matter
    run = tmp_path / "broken.bin.run"
    killed = with_state = 0
    for _ in range(KILLED[backend]):
        process = subprocess.Popen(
            command(str(tmp_path / "text.txt"), broken, "--resume", *more), stderr=subprocess.DEVNULL
        )
        try:
            process.wait(rng.uniform(0.1, 0.8) * whole)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        with_state += state_exists(run)
        if broken.exists():
            break
    assert killed, "no run was killed: the text is too short for this machine"
    last = subprocess.run(
        command(str(tmp_path / "text.txt"), broken, "--resume", *more), capture_output=True, text=True
    )
    assert last.returncode == 0, last.stderr
    assert broken.read_bytes() == unbroken.read_bytes()
    assert not run.exists(), "a finished run leaves nothing behind"


def test_a_run_stopped_after_every_piece_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every boundary once, in one process: stopped by an error after each piece."""
    monkeypatch.setattr("w2v.training.PIECE", 50)
    text = a_text(5, sentences=60)
    asked: dict[str, Any] = {"vector_size": 5, "negative": 2, "epochs": 2, "sample": 0.05}
    unbroken = Word2Vec(**asked).fit(text)

    class StopError(Exception):
        pass

    def stop(progress: Any) -> None:
        if not stopped:
            stopped.append(progress.position)
            return
        raise StopError

    runs = 0
    while True:
        stopped: list[Any] = []
        model = Word2Vec(**asked)
        try:
            model.fit(text, checkpoint=tmp_path / "run", every=0, resume=True, on_progress=stop)
            break
        except StopError:
            runs += 1
    assert runs > 5
    np.testing.assert_array_equal(model.vectors, unbroken.vectors)
    np.testing.assert_array_equal(model.output_vectors, unbroken.output_vectors)


def test_standard_input_is_read_once_and_resumed_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text(tmp_path / "text.txt", sentences=300)
    text = (tmp_path / "text.txt").read_bytes()
    whole = tmp_path / "whole.bin"
    subprocess.run(command("-", whole), check=True, capture_output=True, input=text)
    asked = {"vector_size": 16, "epochs": 12, "negative": 3, "min_count": 1}
    run = tmp_path / "again.bin.run"

    class StopError(Exception):
        pass

    def stop(_: Any) -> None:
        raise StopError

    model = Word2Vec(**asked)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    with pytest.raises(StopError):
        model.fit("-", checkpoint=run, on_progress=stop)
    again = subprocess.run(
        command("-", tmp_path / "again.bin", "--resume"), capture_output=True, input=b"", text=False
    )
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again.bin").read_bytes() == whole.read_bytes()


def test_an_unfinished_run_is_not_overwritten(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin(Settings(), "text.txt", resume=False)
    run.known_words.touch()
    with pytest.raises(ValueError, match="go on with it"):
        run.begin(Settings(), "text.txt", resume=False)


@pytest.mark.parametrize(
    ("other", "text", "named"),
    [({"window": 3}, "text.txt", "window=5, not window=3"), ({"seed": 2}, "text.txt", "seed=1, not seed=2"),
     ({"backend": "jax"}, "text.txt", "backend='numpy', not backend='jax'"),
     ({}, "other.txt", "source='text.txt', not source='other.txt'")],
)  # fmt: skip
def test_a_checkpoint_of_other_settings_is_refused_by_name(
    other: dict[str, Any], text: str, named: str, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin(Settings(), "text.txt", resume=False)
    run.known_words.touch()
    before = sorted((path.name, path.read_bytes()) for path in run.folder.iterdir())
    with pytest.raises(ValueError, match=named):
        run.begin(Settings(**other), text, resume=True)
    assert sorted((path.name, path.read_bytes()) for path in run.folder.iterdir()) == before


@pytest.mark.parametrize("name", ["settings.json", "vocabulary.npz", "text.ids", "state.npz"])
def test_a_checkpoint_that_was_changed_is_refused(name: str, tmp_path: Path) -> None:
    """Cut short by anything but ourselves: one line that names the file, no vectors."""
    text = a_text(4, sentences=50)
    asked: dict[str, Any] = {"vector_size": 4, "negative": 2, "epochs": 1}
    Word2Vec(**asked).fit(text, checkpoint=tmp_path / "run")
    file = tmp_path / "run" / name
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(ValueError, match=name.replace(".", r"\.")) as problem:
        Word2Vec(**asked).fit(text, checkpoint=tmp_path / "run", resume=True)
    assert "\n" not in str(problem.value)


def test_a_run_that_had_ended_is_only_read_back(tmp_path: Path) -> None:
    text = a_text(4, sentences=50)
    asked: dict[str, Any] = {"vector_size": 4, "negative": 2, "epochs": 2}
    first = Word2Vec(**asked).fit(text, checkpoint=tmp_path / "run")
    told: list[Any] = []
    again = Word2Vec(**asked).fit(
        [["other"]], checkpoint=tmp_path / "run", resume=True, on_progress=told.append
    )
    assert told == []
    np.testing.assert_array_equal(again.vectors, first.vectors)


def test_a_checkpoint_on_a_full_disk_says_so_and_keeps_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunFolder(tmp_path)
    run.save_tables(np.ones((2, 3)), np.zeros((2, 3)), Position(0, 7, 5))
    before = run.state.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="free some space"):
        run.save_tables(np.ones((2, 3)), np.ones((2, 3)), Position(1, 0, 0))
    assert run.state.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.npz"]


def test_settings_of_a_run_are_kept_as_asked(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run").begin(Settings(window=3), "text.txt", resume=False)
    kept = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert (kept["source"], kept["window"], kept["loss"]) == ("text.txt", 3, "auto")


def test_a_float64_model_keeps_its_bits_in_a_file(tmp_path: Path) -> None:
    model = Word2Vec(3, window=1, epochs=3).fit([["a", "b c", "ü"]])
    model.save(tmp_path / "model.npz")
    again = Word2Vec.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(again.vectors, model.vectors)
    np.testing.assert_array_equal(again.output_vectors, model.output_vectors)
    assert (again.settings, again.losses) == (model.settings, model.losses)
    assert again.vocabulary.words == ["a", "b c", "ü"]
    assert isinstance(again.wv, WordVectors)
