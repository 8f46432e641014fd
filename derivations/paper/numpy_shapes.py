"""§5, p. 7: the shapes that NumPy gives, and common shape errors.

On paper a vector is a column, (N, 1). In NumPy it has one axis, (N,), and is neither a column nor a row.
The paper's four caveats follow in its order, each as a function that returns the result. The last
function shows the most expensive error: a column and a vector that are broadcast to a matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import equation
from derivations.notation import notation

SECTION = "5"

NOTATION = notation("""
    name    paper   shape   drawn   meaning
    A       a_ij    M N     real    a matrix
    a       a_i     M       real    a vector
    b       b_j     N       real    a vector
    c       c_i     M       -       the product of A and b
""")


def example() -> tuple[Array, Array, Array]:
    """Return A (3, 5), a (3,), b (5,), all float64."""
    return np.arange(1.0, 16.0).reshape(3, 5), np.array([2.0, -1.0, 3.0]), np.arange(5.0) + 0.5


@equation(7, 1, r"\mathrm{shape}(b) = (N,)", lhs=lambda b: b.shape)
def shape_of_a_vector(N: int) -> tuple[int, ...]:
    """The shape of a 1-D array is a tuple with one size, written with a trailing comma.

    >>> A, a, b = example()
    >>> b.shape
    (5,)
    """
    return (N,)


@equation(7, 2, r"b^T = b \quad (N,)", lhs=lambda b: b.T)
def transpose_of_a_vector(b: Float[Array, "N"]) -> Float[Array, "N"]:
    """b^T = b: transposing reverses the order of the axes, and b has only one.

    >>> A, a, b = example()
    >>> b.T.shape, b[:, None].shape, b[:, None].T.shape
    ((5,), (5, 1), (1, 5))
    """
    return b


@equation(7, 3, r"A \cdot b = \Big( \sum_{j=1}^{N} a_{ij} b_j \Big)_i \quad"
          r" (M, N) \cdot (N,) \to (M,)", lhs="c", model="dot")
def dot(i: Any, A: Float[Array, "M N"], b: Float[Array, "N"]) -> Any:
    """(A·b)_i = Σ_j a_ij b_j: the last axis of A and the axis of b must have the same size.

    >>> A, a, b = example()
    >>> np.dot(A, b).shape
    (3,)
    >>> np.dot(A, a)
    Traceback (most recent call last):
    ...
    ValueError: shapes (3,5) and (3,) not aligned: 5 (dim 1) != 3 (dim 0)
    """
    return sum(A[i, j] * b[j] for j in range(len(b)))


@equation(7, 3.1, r"(M, N) \cdot (K,) \text{ is refused unless } K = N", lhs=lambda: True, ours=True)
def dot_refuses(A: Float[Array, "M N"], a: Float[Array, "M"], M: int, N: int) -> bool:
    """NumPy raises ``ValueError`` for the product of (M, N) and (M,) unless M = N."""
    try:
        return np.dot(A, a).shape == (M,) and M == N
    except ValueError:
        return M != N


@equation(7, 4, r"\mathrm{outer}(a, b) = \left( a_i b_j \right)_{ij} \quad (M,), (N,) \to (M, N)",
          lhs=lambda a, b: np.outer(a, b))
def outer(i: Any, j: Any, a: Float[Array, "M"], b: Float[Array, "N"]) -> Any:
    """outer(a, b)_ij = a_i b_j: every entry of a times every entry of b.

    >>> A, a, b = example()
    >>> np.outer(a, b).shape
    (3, 5)
    """
    return a[i] * b[j]


@equation(7, 4.1, r"(M, 1) - (M,) \to (M, M)", ours=True,
          lhs=lambda a: (a[:, None] - a).shape)
def column_minus_vector(M: int) -> tuple[int, int]:
    """(M, 1) - (M,) broadcasts to (M, M); no error is raised.

    With a prediction of shape (M, 1) and a target of shape (M,), a squared error has M² terms instead of M.

    >>> A, a, b = example()
    >>> (a[:, None] - a).shape, (a - a).shape
    ((3, 3), (3,))
    """
    return (M, M)


# --- the dot product in NumPy and in JAX ----------------------------------------------------------


def forward_dot(A: Float[Array, "M N"], b: Float[Array, "N"]) -> tuple[Any, ...]:
    """Compute the product of a matrix and a vector; return c (M,)."""
    c = np.dot(A, b)
    return (c,)


def reference_dot(A: Any, b: Any) -> Any:
    """Compute the product in JAX."""
    import jax.numpy as jnp

    c = jnp.einsum("ij,j->i", A, b)
    return c
