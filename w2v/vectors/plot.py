"""Chosen words as a picture: their vectors in the plane, by PCA or t-SNE.

Needs the extra ``plot``, matplotlib and scikit-learn.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy import ndarray as Array

from w2v.data.files import replacing
from w2v.vectors.labels import placed
from w2v.vectors.vectors import WordVectors

METHODS = ("pca", "tsne")
SUFFIXES = (".png", ".svg", ".pdf")
INSTALL = "pip install 'derivations[plot]'"

INK, GREY, DOT = "#1b1b1b", "#9a9a9a", "#2b6cb0"
FONTS = ("DejaVu Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans", "Arial Unicode MS")
"""The first is matplotlib's own; the others, where installed, have the letters that it lacks."""


def plot(
    wv: WordVectors,
    words: Sequence[str],
    file: str | os.PathLike[str],
    *,
    method: str = "pca",
    seed: int = 0,
) -> None:
    """Draw ``words`` where their vectors are, seen in two dimensions, into a PNG, SVG or PDF by suffix.

    Vectors are taken at length one, as for similarities. ``pca`` is the plane in which they vary most, and
    says how much of it can be seen there; ``tsne`` (van der Maaten and Hinton 2008) keeps neighbours
    together, with a perplexity that suits so few. The same seed gives the same picture.

    Raises UnknownWordError, a KeyError, for a word without vector; ValueError for fewer than three words,
    one direction for all, another method or suffix; ModuleNotFoundError, with the line to type, if the
    extra is not installed; OSError if the file cannot be written.
    """
    suffix = Path(file).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{file}: which picture is this? end it with {', '.join(SUFFIXES)}")
    words = list(dict.fromkeys(words))
    rows = [wv.place(word) for word in words]
    if len(rows) < 3:
        raise ValueError(f"{len(rows)} different words are no picture: give three or more")
    points, title = flat(np.array([wv.unit(row, row + 1)[0] for row in rows], np.float64), method, seed)
    draw(words, points, title, file, suffix)


def flat(vectors: Float64[Array, "n N"], method: str, seed: int) -> tuple[Float64[Array, "n 2"], str]:
    """The vectors in the plane, and what plane it is; ValueError if all are one, or for another method."""
    need("sklearn")
    if not np.ptp(vectors, axis=0).any():
        raise ValueError("these words all have the same direction, one dot: train longer, or give others")
    if method == "pca":
        from sklearn.decomposition import PCA

        if vectors.shape[1] == 1:
            vectors = np.pad(vectors, [(0, 0), (0, 1)])
        analysis = PCA(2, svd_solver="full", random_state=seed)
        points = analysis.fit_transform(vectors)
        return points, f"PCA, {100 * analysis.explained_variance_ratio_.sum():.0f} % of the variance"
    if method == "tsne":
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits

        perplexity = min(30.0, max(1.0, (len(vectors) - 1) / 3))
        start = "pca" if vectors.shape[1] > 1 else "random"
        embedding = TSNE(2, perplexity=perplexity, init=start, random_state=seed, n_jobs=1)
        with threadpool_limits(1):  # so few words are slower on more, and the sums come out differently
            points = embedding.fit_transform(vectors.astype(np.float32))
        return points.astype(np.float64), f"t-SNE, perplexity {perplexity:.2g}"
    raise ValueError(f"no method {method!r}: give one of {', '.join(METHODS)}")


def draw(
    words: Sequence[str],
    points: Float64[Array, "n 2"],
    title: str,
    file: str | os.PathLike[str],
    suffix: str,
) -> None:
    """A labelled scatter: dots, words beside them, a thin line where a word had to move away."""
    need("matplotlib")
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import get_font_names

    side = float(np.clip(4.5 + 0.35 * np.sqrt(len(words)) * 2, 6, 16))
    fonts = [font for font in FONTS if font in get_font_names()]
    settings: Any = {
        "font.family": fonts,
        "svg.hashsalt": "w2v",
        "svg.fonttype": "path",
        "pdf.fonttype": 42,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that no font here has is drawn as a box
        figure = Figure(figsize=(side * 1.25, side), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.scatter(points[:, 0], points[:, 1], s=16, color=DOT, linewidths=0, zorder=3)
        axes.set_title(title, loc="left", fontsize=10, color=GREY)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.margins(0.08)
        for spine in axes.spines.values():
            spine.set_color("#dddddd")
        figure.draw_without_rendering()
        label(axes, words, points)
        with replacing(file) as stream:
            when = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}[suffix]
            figure.savefig(stream, format=suffix[1:], dpi=160, metadata=when)


def label(axes: Any, words: Sequence[str], points: Float64[Array, "n 2"]) -> None:
    """Write the words near their dots, where there is room."""
    size = 9 if len(words) <= 120 else 7
    style = {"fontsize": size, "color": INK, "parse_math": False, "zorder": 4}
    texts = [axes.text(x, y, word, **style) for (x, y), word in zip(points, words, strict=True)]
    renderer = axes.figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in texts]
    sizes = np.array([[box.width, box.height] for box in boxes])
    frame = axes.get_window_extent(renderer)
    dots = axes.transData.transform(points)
    corners = placed(dots, sizes, np.array([frame.x0, frame.y0, frame.x1, frame.y1]))
    back = axes.transData.inverted()
    for text, dot, corner, extent in zip(texts, dots, corners, sizes, strict=True):
        text.set_position(back.transform(corner))
        text.set_verticalalignment("bottom")
        near = np.clip(dot, corner, corner + extent)
        if np.hypot(*(near - dot)) > 12:
            ends = back.transform(np.array([dot, near]))
            axes.plot(*ends.T, color=GREY, linewidth=0.5, zorder=2)


def need(module: str) -> None:
    """Say, by a ``ModuleNotFoundError`` of one line, what to type if the extra is missing."""
    if find_spec(module) is None:
        raise ModuleNotFoundError(f"pictures need matplotlib and scikit-learn: {INSTALL}")
