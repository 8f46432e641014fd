"""The manual gradients of the MLP and of the skip-gram against ``jax.grad``, every entry compared.

Hypothesis draws the sizes and the values. JAX is given the module's ``reference``, which states the forward
pass and no derivative. Nothing else of this project is used, so this file is all there is to read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from derivations import mlp, skipgram

SIZES = st.integers(1, 5)


def real(*shape: int) -> st.SearchStrategy[np.ndarray]:
    """Arrays whose entries are drawn one by one: by default Hypothesis fills most with one value."""
    return hnp.arrays(np.float64, shape, elements=st.floats(-2, 2), fill=st.nothing())


@st.composite
def mlp_inputs(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    """x (K,), t (M,), W (K, N), W' (N, M)."""
    K, N, M = draw(SIZES), draw(SIZES), draw(SIZES)
    return draw(st.tuples(real(K), real(M), real(K, N), real(N, M)))


@st.composite
def skipgram_inputs(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    """x (V,), the one-hot input word; t (C, V), the one-hot context words; W (V, N), W' (N, V)."""
    V, N, C = draw(SIZES), draw(SIZES), draw(SIZES)
    word = draw(st.integers(0, V - 1))
    context = draw(st.lists(st.integers(0, V - 1), min_size=C, max_size=C))
    return np.eye(V)[word], np.eye(V)[context], draw(real(V, N)), draw(real(N, V))


def assert_equals_jax(gradients: Callable[..., Any], reference: Any, inputs: Sequence[np.ndarray]) -> None:
    """Compare every entry of the gradients with respect to W and W', arguments 2 and 3."""
    with jax.enable_x64(True):
        expected = jax.grad(reference, argnums=(2, 3))(*inputs)
    for manual, automatic in zip(gradients(*inputs), expected, strict=True):
        assert manual.shape == automatic.shape
        np.testing.assert_allclose(manual, automatic, rtol=1e-11, atol=1e-14)


@given(mlp_inputs())
def test_mlp_gradients_equal_jax_grad(inputs: tuple[np.ndarray, ...]) -> None:
    assert_equals_jax(mlp.gradients, mlp.reference, inputs)


@given(skipgram_inputs())
def test_skipgram_gradients_equal_jax_grad(inputs: tuple[np.ndarray, ...]) -> None:
    assert_equals_jax(skipgram.gradients, skipgram.reference, inputs)


@pytest.mark.parametrize("module", [mlp, skipgram])
def test_an_error_of_one_part_in_a_million_in_one_entry_is_found(module: Any) -> None:
    def wrong(*inputs: np.ndarray) -> Any:
        dE_dW, dE_dW_prime = module.gradients(*inputs)
        dE_dW_prime[-1, -1] *= 1 + 1e-6
        return dE_dW, dE_dW_prime

    with pytest.raises(AssertionError):
        assert_equals_jax(wrong, module.reference, module.example())
