"""§6, pp. 9-10: the skip-gram's gradients as matrices, for one context word.

The paper sets C = 1, so the error e has one row: e_{1,j} is ``e[0, j]``. The outer product comes first,
then ∂E/∂W', then ∂E/∂W. The paper writes the last entry of a row or matrix with the running index:
[x_1, x_2, ..., x_k] ends at k = V. ``skipgram.gradients`` adds the gradients of C context words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import notation
from derivations.paper.skipgram import e as e_element
from derivations.paper.skipgram import forward, gradients, one_hot, reference
from derivations.paper.softmax_cross_entropy import log_softmax, softmax

__all__ = ["forward", "reference"]

SECTION = "6"

NOTATION = notation("""
    name      paper   shape   drawn    meaning
    x         x_k     V       input    input: the target word, one-hot
    t         t_cj    1 V     target   the one context word, one-hot
    W         w_ki    V N     real     weights, input to hidden
    W_prime   w'_ij   N V     real     weights, hidden to output
    h         h_i     N       -        hidden layer
    u         u_cj    1 V     -        scores
    y         y_cj    1 V     -        prediction
    e         e_cj    1 V     -        error signal, ∂E/∂u_1j
    E         E       ()      -        the loss, a scalar
    a         u_i     m       real     the vector u of the outer product
    b         v_j     n       real     the vector v of the outer product
    A         a_ij    m n     -        the outer product
    X         x_bk    B V     input    the target words of one training iteration, one per row
    T         t_bcj   B C V   target   their context words
""")


def e(c: Any, j: Any, y: Float[Array, "1 V"], t: Float[Array, "1 V"]) -> Any:
    """e_cj = y_cj - t_cj of p. 8, for c = 1."""
    return e_element(c, j, y, t)


# --- outer product --------------------------------------------------------------------------------


@definition(9, 2, r"\mathbf{u} = (u_1, u_2, \dots, u_m), \quad \mathbf{v} = (v_1, v_2, \dots, v_n)",
            label="vectors", lhs=lambda a, b: (a.size, b.size), model="outer")
def sizes_of_vectors(m: int, n: int) -> tuple[int, int]:
    """The sizes m and n of the two vectors; they need not be equal."""
    return m, n


@definition(9, 3, r"\mathbf{u} \otimes \mathbf{v} = \mathbf{A} = \begin{bmatrix} u_1 v_1 & u_1 v_2 &"
            r" \dots & u_1 v_n \\ u_2 v_1 & u_2 v_2 & \dots & u_2 v_n \\"
            r" \vdots & \vdots & \ddots & \vdots \\"
            r" u_m v_1 & u_m v_2 & \dots & u_m v_n \end{bmatrix}", lhs="A", model="outer")
def outer(i: Any, j: Any, a: Float[Array, "m"], b: Float[Array, "n"]) -> Any:
    """(u ⊗ v)_ij = u_i v_j, shape (m, n); in NumPy ``np.outer(u, v)``."""
    return a[i] * b[j]


# --- ∂E/∂W' (p. 9) -------------------------------------------------------------------------------

@equation(9, 4, r"\frac{\partial E}{\partial w'_{ij}} = e_{c,j} \cdot h_i", lhs="dE_dW_prime",
          note="With c = 1: there is one context word.")
def dE_dW_prime_of_one(i: Any, j: Any, e: Float[Array, "1 V"], h: Float[Array, "N"]) -> Any:
    """∂E/∂w'_ij = e_1j h_i: the equation of p. 8, where EI_j = e_1j for one context word."""
    return e[0, j] * h[i]


@definition(9, 5, r"h = [h_1, h_2, \dots, h_i]", lhs="h")
def h_row(h: Float[Array, "N"]) -> Float[Array, "N"]:
    """The entries of h, written out.

    Erratum (p. 9): every entry is printed h_1; they are h_1, h_2, ..., h_i.
    """
    return np.array([h[i] for i in range(len(h))])


@definition(9, 6, r"e = [e_{1,1}, e_{1,2}, \dots, e_{1,j}]", lhs="dE_du",
            view=lambda dE_du: dE_du[0])
@definition(9, 12, r"e = [e_{1,1}, e_{1,2}, \dots, e_{1,j}] \; (V,)", label="e_row_again", lhs="dE_du",
            view=lambda dE_du: dE_du[0])
def e_row(e: Float[Array, "1 V"]) -> Float[Array, "V"]:
    """The entries of e, written out.

    Erratum (p. 9): the first of the two printed rows repeats e_1,1; entry j is e_1,j.
    """
    return np.array([e[0, j] for j in range(e.shape[1])])


@equation(9, 7, r"\frac{\partial E}{\partial W'} = h \otimes e", lhs="dE_dW_prime")
@equation(10, 5, r"\frac{\partial E}{\partial W'} = h \otimes e", label="in_sum.dE_dW_prime",
          lhs="dE_dW_prime")
@equation(9, 1, r"\text{“the delta of } E \text{ with regard to } W' \text{”} = h \otimes e",
          label="announces_W_prime", lhs="dE_dW_prime",
          note="The sentence before the first matrix derivation. “C=1” for the first context word"
          " means c = 1; with one context word C = c = 1.")
def h_outer_e(h: Float[Array, "N"], e: Float[Array, "1 V"]) -> Float[Array, "N V"]:
    """∂E/∂W' = h ⊗ e, shape (N, V).

    Erratum (p. 9): the text before this derivation announces ∂E/∂W; it derives ∂E/∂W'.
    """
    return np.outer(h, e[0])


@equation(9, 8, r"h \otimes e = \begin{bmatrix} h_1 e_{1,1} & \cdots & h_1 e_{1,j} \\ \vdots & \ddots &"
          r" \vdots \\ h_i e_{1,1} & \cdots & h_i e_{1,j} \end{bmatrix} (N, V)",
          lhs="dE_dW_prime", view=lambda G: G[np.ix_([0, -1], [0, -1])],
          note="The paper prints the four corners.")
def h_outer_e_corners(h: Float[Array, "N"], e: Float[Array, "1 V"]) -> Float[Array, "2 2"]:
    """The four corners of h ⊗ e.

    Erratum (p. 9): the lower left corner is printed h_i e_1,j; it is h_i e_1,1.
    """
    return np.array([[h[0] * e[0, 0], h[0] * e[0, -1]], [h[-1] * e[0, 0], h[-1] * e[0, -1]]])


@equation(9, 10, r"\frac{\partial E}{\partial w_{ki}} = \sum_{j=1}^{V} e_{c,j} \cdot w'_{ij} \cdot x_k",
          lhs="dE_dW", note="With c = 1: there is one context word.")
def dE_dW_of_one(
    k: Any, i: Any, e: Float[Array, "1 V"], W_prime: Float[Array, "N V"], x: Float[Array, "V"]
) -> Any:
    """∂E/∂w_ki = Σ_j e_1j w'_ij x_k: the equation of p. 8 for one context word.

    Erratum (p. 9): the printed equation lacks the factor x_k, which p. 8 has.
    """
    return sum(e[0, j] * W_prime[i, j] * x[k] for j in range(e.shape[1]))


@definition(9, 11, r"x = [x_1, x_2, \dots, x_k] \; (V,)", lhs="x")
def x_row(x: Float[Array, "V"]) -> Float[Array, "V"]:
    """The entries of x, written out."""
    return np.array([x[k] for k in range(len(x))])


@equation(9, 13, r"e \; (V,) \Rightarrow e^T (V,)", lhs="dE_du", view=lambda dE_du: dE_du[0])
@definition(9, 15, r"e^T = [e_{1,1}, e_{1,2}, \dots, e_{1,j}] \; (V,)", label="e_transposed_row",
            lhs="dE_du", view=lambda dE_du: dE_du[0])
def e_transposed(e: Float[Array, "1 V"]) -> Float[Array, "V"]:
    """e^T = e: the transpose of a vector (V,) is the same vector (§5)."""
    return e[0].T


@definition(9, 14, r"W' = \begin{bmatrix} w'_{11} & w'_{12} & \cdots & w'_{1j} \\ \vdots & \dots &"
            r" \ddots & \vdots \\ w'_{i1} & w'_{i2} & \cdots & w'_{ij} \end{bmatrix} (N, V)",
            lhs="W_prime")
def W_prime_written_out(W_prime: Float[Array, "N V"], N: int, V: int) -> Float[Array, "N V"]:
    """The entries of W', row i, column j."""
    return np.array([[W_prime[i, j] for j in range(V)] for i in range(N)])


@equation(9, 16, r"W' \cdot e^T = [e_{1,1} w'_{11} + \dots + e_{1,j} w'_{1j}, \; \dots, \;"
          r" e_{1,1} w'_{i1} + \dots + e_{1,j} w'_{ij}] \; (N,)", lhs="dE_dh")
def W_prime_e(W_prime: Float[Array, "N V"], e: Float[Array, "1 V"]) -> Float[Array, "N"]:
    """W'·e^T = ∂E/∂h, shape (N,): entry i is Σ_j e_1j w'_ij.

    Erratum (p. 9): both printed entries have the same factor e in all terms of the sum, e_1,1 in the first
    entry and e_1,j in the last; the factor of w'_ij is e_1,j.
    """
    return W_prime @ e[0].T


@equation(9, 9, r"\text{“the delta of } E \text{ with regard to } W \text{”} = x \otimes (W' \cdot e^T)",
          label="announces_W", lhs="dE_dW",
          note="The sentence before the second matrix derivation.")
@equation(10, 1, r"\frac{\partial E}{\partial W} = x \otimes (W' \cdot e^T)", lhs="dE_dW")
@equation(10, 6, r"\frac{\partial E}{\partial W} = x \otimes (W' \cdot e^T)", label="in_sum.dE_dW",
          lhs="dE_dW")
def x_outer_W_prime_e(
    x: Float[Array, "V"], W_prime: Float[Array, "N V"], e: Float[Array, "1 V"]
) -> Float[Array, "V N"]:
    """∂E/∂W = x ⊗ (W'·e^T), shape (V, N).

    Erratum (p. 9): the text before this derivation announces ∂E/∂W'; it derives ∂E/∂W.
    """
    return np.outer(x, W_prime_e(W_prime, e))


@equation(10, 2, r"\frac{\partial E}{\partial W} = x \cdot (W' \cdot e^T)^T,"
          r" \quad (V, 1) \cdot (1, N) \to (V, N)", lhs="dE_dW")
@equation(10, 3, r"\frac{\partial E}{\partial W} = \begin{bmatrix} x_1 \\ x_2 \\ \dots \\ x_k"
          r" \end{bmatrix} [e_{1,1} w'_{11} + \dots + e_{1,j} w'_{1j}, \; \dots, \;"
          r" e_{1,1} w'_{i1} + \dots + e_{1,j} w'_{ij}]", label="column_times_sums", lhs="dE_dW")
def column_times_row(
    x: Float[Array, "V"], W_prime: Float[Array, "N V"], e: Float[Array, "1 V"]
) -> Float[Array, "V N"]:
    """∂E/∂W = x (W'·e^T)^T: the outer product as the matrix product of a column (V, 1) and a row (1, N).

    Erratum (p. 10): printed x^T·(W'·e^T). Neither (V,)·(N,) nor (1, V)·(N, 1) is a matrix (V, N). The next
    line repeats the wrong sums of p. 9.
    """
    return x[:, None] @ W_prime_e(W_prime, e)[None, :]


@equation(10, 4, r"\frac{\partial E}{\partial W} = \begin{bmatrix} 1 \\ 0 \\ \dots \\ 0 \end{bmatrix}"
          r" \Big[ \sum_{j=1}^{V} e_{1,j} \cdot w'_{1j}, \; \dots, \; \sum_{j=1}^{V} e_{1,j} \cdot"
          r" w'_{ij} \Big]", lhs="dE_dW", model="first_word",
          note="x is written out for the first word of the vocabulary, x = (1, 0, ..., 0).")
def first_word_times_sums(W_prime: Float[Array, "N V"], e: Float[Array, "1 V"]) -> Array:
    """∂E/∂W for the first word of the vocabulary.

    Its row has the sums Σ_j e_1j w'_ij, the other rows are 0.
    """
    N, V = W_prime.shape
    sums = np.array([sum(e[0, j] * W_prime[i, j] for j in range(V)) for i in range(N)])
    return one_hot(0, V)[:, None] * sums



# --- one training iteration (p. 10) ----------------------------------------------------------------


@equation(10, 8, r"\nabla \sum_b E_b = \sum_b \nabla E_b", lhs="dE_dW dE_dW_prime", model="iteration",
          note="Stated in the text: one training iteration computes this for all target words.")
def every_target_word(
    X: Float[Array, "B V"], T: Float[Array, "B C V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Array, Array]:
    """The gradient of a sum of losses is the sum of the gradients of the B target words."""
    pairs = [gradients(x, t, W, W_prime) for x, t in zip(X, T, strict=True)]
    return np.sum([of_W for of_W, _ in pairs], axis=0), np.sum([of for _, of in pairs], axis=0)


# Forward passes of the outer product, of the first word (p. 10) and of a training iteration.


def forward_outer(a: Float[Array, "m"], b: Float[Array, "n"]) -> tuple[Any, ...]:
    """Compute u ⊗ v as a column times a row; return A (m, n)."""
    A = a[:, None] @ b[None, :]
    return (A,)


def reference_outer(a: Any, b: Any) -> Any:
    """Compute the outer product in JAX."""
    import jax.numpy as jnp

    A = jnp.einsum("i,j->ij", a, b)
    return A


def forward_first_word(
    t: Float[Array, "1 V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Any, ...]:
    """Compute the forward pass for word 0; return h (N,), u (1, V), y (1, V), E ()."""
    h = W[0]
    u = np.broadcast_to(h @ W_prime, t.shape)
    y = softmax(u)
    E = -np.sum(t * log_softmax(u))
    return h, u, y, E


def reference_first_word(t: Any, W: Any, W_prime: Any) -> Any:
    """Compute the forward pass for word 0 in JAX."""
    import jax
    import jax.numpy as jnp

    x = jnp.where(jnp.arange(W.shape[0]) == 0, 1.0, 0.0)
    h = jnp.einsum("k,ki->i", x, W)
    u = jnp.broadcast_to(jnp.einsum("i,ij->j", h, W_prime), t.shape)
    y = jax.nn.softmax(u)
    E = -(t * jax.nn.log_softmax(u)).sum()
    return E


def forward_iteration(
    X: Float[Array, "B V"], T: Float[Array, "B C V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Any, ...]:
    """Compute the sum of the losses of B target words; return E ()."""
    U = X @ W @ W_prime
    E = -np.sum(T * log_softmax(U)[:, None, :])
    return (E,)


def reference_iteration(X: Any, T: Any, W: Any, W_prime: Any) -> Any:
    """Compute the sum of the losses of B target words in JAX."""
    import jax
    import jax.numpy as jnp

    U = jnp.einsum("bk,ki,ij->bj", X, W, W_prime)
    E = -jnp.sum(jnp.sum(T, axis=1) * jax.nn.log_softmax(U))
    return E
