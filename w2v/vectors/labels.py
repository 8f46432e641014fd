"""Where to write words beside dots, so that they cover neither each other nor the dots."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from numpy import ndarray as Array

GAP = 5.0
"""Pixels between a dot and its word."""
ANGLES = np.pi * np.array([0, 1, 0.5, 1.5, 0.25, 1.75, 0.75, 1.25, 0.125, 1.875, 0.875, 1.125])
RADII = (1.0, 2.0, 3.5, 5.0, 7.0, 9.5, 12.5)


def placed(
    dots: Float64[Array, "n 2"], sizes: Float64[Array, "n 2"], frame: Float64[Array, "4"]
) -> Float64[Array, "n 2"]:
    """The lower left corner of each word's box, for dots, boxes and a frame x0 y0 x1 y1 in pixels.

    Greedy: those in the thickest crowd choose last (they are to move away), every word takes the first of
    84 places, near ones and the right side first, that covers least: words twice, dots once, and the
    outside of the frame most of all. Then all choose once more, knowing where the others went.
    """
    order = np.argsort(_crowd(dots, sizes), kind="stable")
    offsets = np.array([(r * np.cos(a), r * np.sin(a)) for r in RADII for a in ANGLES])
    corners = np.full_like(dots, np.nan)
    marks = np.concatenate([dots - 3, dots + 3], axis=1)
    for _ in range(3):
        for i in order:
            choices = _beside(dots[i], sizes[i], offsets)
            boxes = np.concatenate([choices, choices + sizes[i]], axis=1)
            others = np.delete(np.concatenate([corners, corners + sizes], axis=1), i, axis=0)
            others = others[~np.isnan(others[:, 0])]
            area = float(np.prod(sizes[i]))
            outside = area - _covered(boxes, frame[None])
            cost = 2 * _covered(boxes, others) + _covered(boxes, marks) + 4 * outside
            away = np.hypot(*offsets.T) * 0.02 * area  # a word far from its dot is hard to find
            corners[i] = choices[np.argmin(cost + away)]
    return corners


def _beside(
    dot: Float64[Array, "2"], size: Float64[Array, "2"], offsets: Float64[Array, "c 2"]
) -> Float64[Array, "c 2"]:
    """Corners of a box that lies off a dot by GAP times the offset, on the side where the offset points."""
    side = offsets / np.abs(offsets).max(axis=1, keepdims=True)
    corners: Float64[Array, "c 2"] = dot + GAP * offsets + size * (side - 1) / 2
    return corners


def _crowd(dots: Float64[Array, "n 2"], sizes: Float64[Array, "n 2"]) -> Float64[Array, "n"]:
    """How many dots are about as near to each dot as its word is wide."""
    away = np.hypot(*(dots[:, None] - dots[None]).transpose(2, 0, 1))
    crowd: Float64[Array, "n"] = (away < sizes[:, :1]).sum(axis=1).astype(np.float64)
    return crowd


def _covered(boxes: Float64[Array, "c 4"], others: Float64[Array, "m 4"]) -> Float64[Array, "c"]:
    """How much of each box the others cover, added up, in square pixels."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    covered: Float64[Array, "c"] = np.prod(np.maximum(high - low, 0), axis=2).sum(axis=1)
    return covered
