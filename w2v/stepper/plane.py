"""The word vectors in the plane where they vary most (PCA), turned so that the picture does not jump.

The axes of a PCA are known but for their signs, and two that vary alike can change places from one step to
the next. The plane is that of the vectors as they are; inside it the axes are turned to lie as near as they
can to those of the epoch before (the polar factor of the two, an orthogonal Procrustes problem).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray as Array


def principal(W: Float64[Array, "V N"]) -> tuple[Float64[Array, "N 2"], float]:
    """The two directions in which the rows of W vary most, and their share of the variance.

    Vectors of one dimension get an axis of zeros beside theirs.
    """
    centered = W - W.mean(axis=0)
    if len(W) < W.shape[1]:  # few words of many dimensions: those are not looked for one by one
        _, spreads, directions = np.linalg.svd(centered, full_matrices=False)
        variances, axes = spreads**2, directions[:2].T
    else:
        variances, directions = np.linalg.eigh(centered.T @ centered)
        variances, axes = variances[::-1], directions[:, ::-1][:, :2]
    if axes.shape[1] == 1:
        axes = np.hstack([axes, np.zeros((1, 1))])
    total = variances.sum()
    return axes, float(variances[:2].sum() / total) if total > 0 else 1.0


def first_axes(W: Float64[Array, "V N"]) -> Float64[Array, "N 2"]:
    """The axes of the first tables; each points to where its largest entry is positive."""
    axes, _ = principal(W)
    largest = np.abs(axes).argmax(axis=0)
    return np.asarray(axes * np.where(axes[largest, [0, 1]] < 0, -1.0, 1.0))


def turned(axes: Float64[Array, "N 2"], before: Float64[Array, "N 2"]) -> Float64[Array, "N 2"]:
    """The axes of a plane, turned inside it to lie as ``before`` does."""
    left, _, right = np.linalg.svd(axes.T @ before)
    return np.asarray(axes @ (left @ right))


def axes_like(W: Float64[Array, "V N"], before: Float64[Array, "N 2"]) -> Float64[Array, "N 2"]:
    """The axes of W's plane, turned to lie as ``before`` does."""
    return turned(principal(W)[0], before)


def points(
    W: Float64[Array, "V N"], axes: Float64[Array, "N 2"], rows: Int64[Array, "R"]
) -> tuple[Float64[Array, "R 2"], float]:
    """Some rows of W in the plane of all, which lies as ``axes`` do; the share of the variance there."""
    own, share = principal(W)
    return (W[rows] - W.mean(axis=0)) @ turned(own, axes), share
