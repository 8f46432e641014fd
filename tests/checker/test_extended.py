"""A right formula that loses digits passes, with a note; a mistake of the same size does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from derivations import check_gradient

SHAPES = "N K, K, N, ()"


def loss(W: Any, x: Any, v: Any, t: Any) -> Any:
    h = 1 / (1 + np.exp(-(W @ x)))
    return (v @ h - t) ** 2 / 2


def by_tanh(W: Any, x: Any, v: Any, t: Any) -> Any:
    """σ(u) = (1 + tanh(u/2))/2, which is rounded to 1e-17 however small it is."""
    h = (1 + np.tanh((W @ x) / 2)) / 2
    return np.outer((v @ h - t) * v * h * (1 - h), x)


def test_a_formula_that_loses_digits_is_right_and_told() -> None:
    report = check_gradient(loss, by_tanh, SHAPES, wrt="W", examples=300)
    assert report.right, report
    assert any("loses digits" in note for note in report.notes)


@pytest.mark.parametrize("size", [1e-5, 1e-8, 1e-11])
def test_a_mistake_as_small_as_that_is_none_the_less_wrong(size: float) -> None:
    def wrong(W: Any, x: Any, v: Any, t: Any) -> Any:
        found = by_tanh(W, x, v, t)
        found.flat[0] *= 1 + size
        return found

    report = check_gradient(loss, wrong, SHAPES, wrt="W", examples=100)
    assert not report.right
    assert report.arguments[0].failed > 50


def test_single_precision_in_the_middle_is_not_taken_for_lost_digits() -> None:
    def wrong(W: Any, x: Any, v: Any, t: Any) -> Any:
        h = (1 / (1 + np.exp(-(W @ x)))).astype(np.float32)
        return np.outer((v @ h - t) * v * h * (1 - h), x).astype(float)

    assert not check_gradient(loss, wrong, SHAPES, wrt="W", examples=40).right
