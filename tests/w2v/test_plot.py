"""Words as a picture: labels have room, the same seed gives the same picture, errors are one line."""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.vectors import plot as module
from w2v.vectors.labels import placed
from w2v.vectors.plot import flat, plot
from w2v.vectors.vectors import UnknownWordError, WordVectors


def words(number: int, size: int = 8) -> WordVectors:
    values = np.random.default_rng(number).normal(size=(number, size))
    return WordVectors([f"word{i}" for i in range(number)], values)


BEGINNING = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize("method", ["pca", "tsne"])
@pytest.mark.parametrize("suffix", BEGINNING)
def test_a_picture_is_of_its_kind_and_the_same_for_the_same_seed(
    tmp_path: Path, suffix: str, method: str
) -> None:
    wv = words(12)
    for name in ("1", "2"):
        plot(wv, wv.words, tmp_path / f"{name}{suffix}", method=method, seed=3)
    data = (tmp_path / f"1{suffix}").read_bytes()
    assert data.startswith(BEGINNING[suffix])
    assert data == (tmp_path / f"2{suffix}").read_bytes()


def test_every_word_is_written_once_whatever_its_letters(tmp_path: Path, monkeypatch: Any) -> None:
    given_ = ["$x_", "日本", "a\\b", "<&>", "😀", "naïve", "$x_"]
    wv = WordVectors(given_[:-1], np.random.default_rng(0).normal(size=(6, 3)))
    drawn: list[str] = []
    label = module.label

    def spy(axes: Any, these: list[str], points: Any) -> None:
        label(axes, these, points)
        drawn.extend(text.get_text() for text in axes.texts)

    monkeypatch.setattr(module, "label", spy)
    plot(wv, given_, tmp_path / "p.svg")
    assert drawn == given_[:-1]


@given(number=st.integers(3, 8), size=st.integers(1, 4), method=st.sampled_from(["pca", "tsne"]))
def test_few_words_of_few_numbers_have_a_place_each(number: int, size: int, method: str) -> None:
    vectors = np.random.default_rng(number).normal(size=(number, size))
    points, title = flat(vectors, method, 0)
    assert points.shape == (number, 2)
    assert np.isfinite(points).all()
    assert title.startswith({"pca": "PCA, ", "tsne": "t-SNE, perplexity "}[method])


def test_pca_says_how_much_is_seen() -> None:
    flat_ones = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0]])
    assert flat(flat_ones, "pca", 0)[1] == "PCA, 100 % of the variance"
    assert flat(np.eye(4), "pca", 0)[1] == "PCA, 67 % of the variance"


# --- labels -----------------------------------------------------------------------------------------

FRAME = np.array([0.0, 0, 1000, 800])


def overlap(one: Any, other: Any) -> float:
    """The area that two boxes x0 y0 x1 y1 share."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    return float(np.prod(np.maximum(high - low, 0)))


def boxes(dots: Any, sizes: Any) -> Any:
    corners = placed(dots, sizes, FRAME)
    return np.concatenate([corners, corners + sizes], axis=1)


@given(seed=st.integers(0, 1000), number=st.integers(1, 40))
def test_labels_have_room_beside_each_other_and_in_the_frame(seed: int, number: int) -> None:
    draw = np.random.default_rng(seed)
    dots = draw.uniform([20, 20], [980, 780], (number, 2))
    sizes = np.stack([draw.uniform(20, 80, number), np.full(number, 14.0)], axis=1)
    found = boxes(dots, sizes)
    assert sum(overlap(a, b) for a, b in combinations(found, 2)) < 0.01 * np.prod(sizes, axis=1).sum()
    assert all(overlap(box, FRAME) > 0.99 * np.prod(size) for box, size in zip(found, sizes, strict=True))


def test_words_at_one_place_move_apart() -> None:
    dots = np.full((8, 2), 400.0)
    found = boxes(dots, np.full((8, 2), [60.0, 14.0]))
    assert sum(overlap(a, b) for a, b in combinations(found, 2)) == 0


def test_a_lonely_word_is_right_of_its_dot() -> None:
    (box,) = boxes(np.array([[400.0, 300.0]]), np.array([[60.0, 14.0]]))
    assert box.tolist() == [405, 293, 465, 307]


# --- what cannot be ---------------------------------------------------------------------------------


def test_what_is_no_picture_is_refused_and_no_file_is_left(tmp_path: Path) -> None:
    wv = words(5)
    for these, name, method, reason in [
        (wv.words, "p.jpg", "pca", "p.jpg: which picture is this? end it with .png, .svg, .pdf"),
        (wv.words, "p", "pca", "which picture is this?"),
        (wv.words[:2], "p.png", "pca", "2 different words are no picture: give three or more"),
        (["word1"] * 9, "p.png", "pca", "1 different words are no picture"),
        (wv.words, "p.png", "umap", "no method 'umap': give one of pca, tsne"),
    ]:
        with pytest.raises(ValueError, match=r"picture|method") as problem:
            plot(wv, these, tmp_path / name, method=method)
        assert reason in str(problem.value)
    with pytest.raises(UnknownWordError, match="'word9' is not in the vocabulary: did you mean"):
        plot(wv, ["word9"], tmp_path / "p.png")
    same = WordVectors(["a", "b", "c"], np.ones((3, 2)))
    with pytest.raises(ValueError, match="these words all have the same direction"):
        plot(same, same.words, tmp_path / "p.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["matplotlib", "sklearn"])
def test_without_the_extra_the_line_to_type_is_given(
    tmp_path: Path, monkeypatch: Any, package: str
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == package else sys)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'derivations\[plot\]'"):
        plot(words(5), words(5).words, tmp_path / "p.png")


def test_a_full_disk_is_one_clear_line() -> None:
    wv = words(5)
    with pytest.raises(OSError, match="No space left on device; free some space"):
        module.draw(wv.words, np.eye(5)[:, :2], "title", "/dev/full", ".png")
