"""A run that is killed, at any moment, goes on and ends bit for bit where an unbroken run ends."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.w2v.test_training import MODELS, a_text
from w2v import Word2Vec
from w2v.model import asked
from w2v.train.checkpoints import RunFolder
from w2v.train.settings import Settings
from w2v.train.training import Position
from w2v.vectors.vectors import WordVectors

KILLED = {"numpy": 6, "jax": 4}
"""Runs that are killed, each after another time."""

ATTEMPTS = 20
"""So many at the most: a run may end before it is killed, and is then begun anew."""


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
    seed = time.time_ns() % 10**6  # other moments each time: none may matter
    rng = np.random.default_rng(seed)
    run = tmp_path / "broken.bin.run"
    killed = with_state = 0
    for number in range(ATTEMPTS):
        process = subprocess.Popen(
            command(str(tmp_path / "text.txt"), broken, "--resume", *more), stderr=subprocess.DEVNULL
        )
        moment = rng.uniform(0.1, 0.8) * whole
        if number % 2:  # soon after a checkpoint: at a time of its own, it might never be
            while process.poll() is None and not state_exists(run):
                time.sleep(0.005)
            moment = rng.uniform(0.0, 0.15) * whole
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
            with_state += state_exists(run)
        if with_state and (broken.exists() or killed >= KILLED[backend]):
            break
        if broken.exists():  # the machine is faster than it was a moment ago: again, and sooner
            broken.unlink()
            shutil.rmtree(run, ignore_errors=True)
            whole /= 3
    assert killed, "no run was killed: the text is too short for this machine"
    assert with_state, "no run was killed after a checkpoint"
    last = subprocess.run(
        command(str(tmp_path / "text.txt"), broken, "--resume", *more), capture_output=True, text=True
    )
    assert last.returncode == 0, last.stderr
    assert broken.read_bytes() == unbroken.read_bytes(), f"other bits; moments by seed {seed}"
    assert not run.exists(), "a finished run leaves nothing behind"


@pytest.mark.parametrize("name", MODELS)
def test_a_run_stopped_after_every_piece_ends_with_the_same_bits(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every boundary once, in one process: stopped by an error after each piece."""
    monkeypatch.setattr("w2v.train.training.PIECE", 50)
    text = a_text(5, sentences=60)
    how: dict[str, Any] = {"vector_size": 5, "epochs": 2, "sample": 0.05, **MODELS[name]}
    unbroken = Word2Vec(**how).fit(text)

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
        model = Word2Vec(**how)
        try:
            model.fit(text, checkpoint=tmp_path / "run", every=0, resume=True, on_progress=stop)
            break
        except StopError:
            runs += 1
    assert runs > 5
    np.testing.assert_array_equal(model.vectors, unbroken.vectors)
    np.testing.assert_array_equal(model.output_vectors, unbroken.output_vectors)
    assert model.losses == pytest.approx(unbroken.losses, rel=1e-12)


def test_standard_input_is_read_once_and_resumed_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text(tmp_path / "text.txt", sentences=300)
    text = (tmp_path / "text.txt").read_bytes()
    whole = tmp_path / "whole.bin"
    subprocess.run(command("-", whole), check=True, capture_output=True, input=text)
    how = {"vector_size": 16, "epochs": 12, "negative": 3, "min_count": 1}
    run = tmp_path / "again.bin.run"

    class StopError(Exception):
        pass

    def stop(_: Any) -> None:
        raise StopError

    model = Word2Vec(**how)
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
    run.begin({**asked(Settings()), "source": "text.txt"}, resume=False)
    run.known_words.touch()
    run.end()
    with pytest.raises(ValueError, match="go on with it"):
        run.begin({**asked(Settings()), "source": "text.txt"}, resume=False)


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
    run.begin({**asked(Settings()), "source": "text.txt"}, resume=False)
    run.known_words.touch()
    run.end()
    before = sorted((path.name, path.read_bytes()) for path in run.folder.iterdir())
    with pytest.raises(ValueError, match=named):
        run.begin({**asked(Settings(**other)), "source": text}, resume=True)
    assert sorted((path.name, path.read_bytes()) for path in run.folder.iterdir()) == before


@pytest.mark.parametrize("name", ["settings.json", "vocabulary.npz", "text.ids", "state.npz"])
def test_a_checkpoint_that_was_changed_is_refused(name: str, tmp_path: Path) -> None:
    """Cut short by anything but ourselves: one line that names the file, no vectors."""
    text = a_text(4, sentences=50)
    how: dict[str, Any] = {"vector_size": 4, "negative": 2, "epochs": 1}
    Word2Vec(**how).fit(text, checkpoint=tmp_path / "run")
    file = tmp_path / "run" / name
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(ValueError, match=name.replace(".", r"\.")) as problem:
        Word2Vec(**how).fit(text, checkpoint=tmp_path / "run", resume=True)
    assert "\n" not in str(problem.value)


def test_a_run_that_had_ended_is_only_read_back(tmp_path: Path) -> None:
    text = a_text(4, sentences=50)
    how: dict[str, Any] = {"vector_size": 4, "negative": 2, "epochs": 2}
    first = Word2Vec(**how).fit(text, checkpoint=tmp_path / "run")
    told: list[Any] = []
    again = Word2Vec(**how).fit(
        [["other"]], checkpoint=tmp_path / "run", resume=True, on_progress=told.append
    )
    assert told == []
    np.testing.assert_array_equal(again.vectors, first.vectors)


def test_a_checkpoint_on_a_full_disk_says_so_and_keeps_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunFolder(tmp_path)
    run.save_tables(np.ones((2, 3)), np.zeros((2, 3)), Position(0, 7, 5), np.ones((1, 3)))
    before = run.state.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="free some space"):
        run.save_tables(np.ones((2, 3)), np.ones((2, 3)), Position(1, 0, 0), np.ones((1, 3)))
    assert run.state.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.npz"]


def test_settings_of_a_run_are_kept_as_asked(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin({**asked(Settings(window=3)), "source": "text.txt"}, resume=False)
    run.end()
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


def test_what_is_no_run_is_never_touched(tmp_path: Path) -> None:
    """A folder of the user's, with a settings.json of its own, given by mistake."""
    for names in (["thesis.tex", "settings.json"], ["settings.json"], ["thesis.tex"]):
        folder = tmp_path / "-".join(names)
        folder.mkdir()
        for name in names:
            (folder / name).write_text("{}")
        with pytest.raises(ValueError, match="is no run's: give a folder of its own"):
            Word2Vec(4).fit([[]], checkpoint=folder)
        assert {path.name: path.read_text() for path in folder.iterdir()} == dict.fromkeys(names, "{}")


def test_a_run_that_fails_while_it_reads_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no words"):
        Word2Vec(4).fit([[]], checkpoint=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_two_processes_do_not_share_a_run(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin({**asked(Settings()), "source": "text.txt"}, resume=False)
    before = sorted(path.name for path in run.folder.iterdir())
    with pytest.raises(OSError, match="another process"):
        Word2Vec(4).fit(a_text(1), checkpoint=run.folder)
    with pytest.raises(OSError, match="another process"):
        Word2Vec(4).fit(a_text(1), checkpoint=run.folder, resume=True)
    assert sorted(path.name for path in run.folder.iterdir()) == before
    run.end()
    assert Word2Vec(4, epochs=1).fit(a_text(1), checkpoint=run.folder).vectors.shape == (19, 4)


def test_a_run_killed_while_it_was_removed_leaves_nothing_for_the_next(tmp_path: Path) -> None:
    """Whatever was removed first, another run does not take up what is left."""
    how: dict[str, Any] = {"vector_size": 4, "negative": 2, "epochs": 1}
    for gone in range(1, 4):
        folder = tmp_path / str(gone)
        Word2Vec(**how).fit(a_text(1), checkpoint=folder)
        for name in ("state.npz", "vocabulary.npz", "text.ids")[:gone]:
            (folder / name).unlink()
        other = Word2Vec(6, negative=2, epochs=2, seed=9)
        again = other.fit(a_text(1), checkpoint=folder).vectors
        np.testing.assert_array_equal(
            again, Word2Vec(6, negative=2, epochs=2, seed=9).fit(a_text(1)).vectors
        )
