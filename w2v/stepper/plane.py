"""The word vectors in the plane of their largest variance (PCA), rotated so that the picture does not jump.

The axes of a PCA are determined only up to sign, and two with similar variance can swap between steps.
The plane is that of the current vectors; inside it the axes are rotated towards those of the previous
epoch, which is an orthogonal Procrustes problem.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray as Array


def principal_axes(W: Float64[Array, "V N"]) -> tuple[Float64[Array, "N 2"], float]:
    """Return the two directions of largest variance of the rows of W, and their share of the variance.

    With N = 1, the second axis is zero.
    """
    centered = W - W.mean(axis=0)
    if len(W) < W.shape[1]:  # the singular value decomposition costs V²N, the covariance N³
        _, spreads, directions = np.linalg.svd(centered, full_matrices=False)
        variances, axes = spreads**2, directions[:2].T
    else:
        variances, directions = np.linalg.eigh(centered.T @ centered)
        variances, axes = variances[::-1], directions[:, ::-1][:, :2]
    if axes.shape[1] == 1:
        axes = np.hstack([axes, np.zeros((1, 1))])
    total = variances.sum()
    return axes, float(variances[:2].sum() / total) if total > 0 else 1.0


def initial_axes(W: Float64[Array, "V N"]) -> Float64[Array, "N 2"]:
    """Return the axes of the initial matrix; the largest entry of each is positive."""
    axes, _ = principal_axes(W)
    largest = np.abs(axes).argmax(axis=0)
    return np.asarray(axes * np.where(axes[largest, [0, 1]] < 0, -1.0, 1.0))


def rotated(axes: Float64[Array, "N 2"], towards: Float64[Array, "N 2"]) -> Float64[Array, "N 2"]:
    """Return axes of the same plane that are as near as possible to ``towards``."""
    from scipy.linalg import orthogonal_procrustes  # slow to import

    rotation, _ = orthogonal_procrustes(axes, towards)
    return np.asarray(axes @ rotation)


def project(
    W: Float64[Array, "V N"], axes: Float64[Array, "N 2"], rows: Int64[Array, "R"]
) -> tuple[Float64[Array, "R 2"], float]:
    """Return some rows of W in the plane of all, rotated towards ``axes``; its share of the variance."""
    own, share = principal_axes(W)
    return (W[rows] - W.mean(axis=0)) @ rotated(own, axes), share
