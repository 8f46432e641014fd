"""The notation tables are read right, and wrong arrays are refused in one line with the repair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from derivations.notation import check_arrays, notation, read_cells
from derivations.paper import backpropagation, mlp, skipgram, softmax_cross_entropy

HEADER = "name  paper  shape  drawn  meaning\n"


def test_a_row_is_a_quantity_with_one_index_letter_an_axis() -> None:
    row = mlp.NOTATION["W_prime"]
    assert (row.symbol, row.indices, row.shape) == ("w'_ij", "ij", ("N", "M"))
    assert row.sizes({"N": 3, "M": 5}) == (3, 5)
    assert mlp.NOTATION["E"].indices == ""


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("x  x_k  K  real", "starts with name paper shape"),
        (HEADER + "x  x_k  K  real", "five columns"),
        (HEADER + "x  x_k  K  reel  input", "drawn 'reel'; known kinds"),
        (HEADER + "W  w_k  K N  real  weights", "has not one index letter for each size"),
    ],
)
def test_a_table_that_is_wrong_is_refused(table: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        notation(table)


def good() -> dict[str, Any]:
    x, t, W, W_prime = mlp.example()
    return {"x": x, "t": t, "W": W, "W_prime": W_prime}


def changed(**arrays: Any) -> dict[str, Any]:
    return good() | arrays


WRONG = [
    (changed(x=[1.0, 2.0]), TypeError, r"^x is a list: make it an array, np.asarray\(x, dtype=float\)$"),
    (changed(x=np.arange(5)), TypeError, r"^x has shape \(5,\) and dtype int64: .* use x.astype\(float\)$"),
    (changed(x=np.ones(5, complex)), TypeError, r"^x has shape \(5,\) and dtype complex128"),
    (changed(x=np.ones((5, 1))), ValueError, r"^x has shape \(5, 1\), expected \(K,\): use x.ravel\(\)"),
    (changed(W=np.ones(5)), ValueError, r"^W has shape \(5,\), expected \(K, N\): give it 2 axes$"),
    (changed(W=np.ones((4, 3))), ValueError, r"^W has shape \(4, 3\), so K = 4, but K = 5 in x \(5,\)"),
    (changed(W_prime=np.ones((3, 0))), ValueError, r"^W_prime has shape \(3, 0\), so M = 0"),
    (changed(t=np.array([0, 1, np.nan, 1, 0])), ValueError, r"^t\[2\] is nan \(shape \(5,\)\): replace it"),
    (changed(W=np.full((5, 3), np.inf)), ValueError, r"^W\[0, 0\] is inf \(shape \(5, 3\)\)"),
]


@pytest.mark.parametrize(("arrays", "error", "message"), WRONG, ids=[row[2][:40] for row in WRONG])
def test_wrong_arrays_are_refused_in_one_line(arrays: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message) as refusal:
        mlp.gradients(**arrays)
    assert "\n" not in str(refusal.value)


def test_every_public_gradient_checks_its_arguments() -> None:
    x, t, W, W_prime = skipgram.example()
    with pytest.raises(ValueError, match="W_prime has shape"):
        skipgram.gradients(x, t, W, W_prime[:, :-1])
    with pytest.raises(ValueError, match=r"a row that sums to 2: .* divide t by its sum"):
        skipgram.gradients(x, 2 * t, W, W_prime)
    with pytest.raises(ValueError, match="a row that sums to 2"):
        softmax_cross_entropy.gradient(np.zeros(3), np.array([1.0, 0.5, 0.5]))
    with pytest.raises(ValueError, match="K = 4, but K = 5"):
        backpropagation.gradient(np.ones(5), np.ones(4), 0.5)


@given(hnp.arrays(float, hnp.array_shapes(min_dims=1, max_dims=3), elements=st.floats(-1, 1)))
def test_an_array_of_any_shape_is_taken_or_refused_clearly(x: np.ndarray) -> None:
    if x.ndim == 1:
        assert check_arrays(mlp.NOTATION, x=x) == {"K": len(x)}
    else:
        with pytest.raises(ValueError, match=r"^x has shape \(\d+, .*\), expected \(K,\)"):
            check_arrays(mlp.NOTATION, x=x)


def test_float32_is_a_float() -> None:
    assert check_arrays(mlp.NOTATION, x=np.ones(2, np.float32)) == {"K": 2}


def test_cells_are_read_by_their_printed_labels() -> None:
    W = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(read_cells("w11 w12; w21 w22; w31 w32", {"w": W}), W)
    assert read_cells("w32 w11", {"w": W}).tolist() == [[5.0, 0.0]]
    with pytest.raises(IndexError):
        read_cells("w41", {"w": W})
    with pytest.raises(KeyError, match="v"):
        read_cells("v11", {"w": W})


@pytest.mark.parametrize(("k", "V"), [(-1, 3), (3, 3)])
def test_a_word_that_is_not_in_the_vocabulary_is_refused(k: int, V: int) -> None:
    with pytest.raises(ValueError, match=f"word {k} is not in a vocabulary of 3: give 0 to 2"):
        skipgram.one_hot(k, V)
