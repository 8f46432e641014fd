"""§8, p. 11: mini-batches: the gradients of many target words as matrix products.

    A  --W-->  H  --W'-->  U  --σ or softmax-->  y  --log-->  E  <--  m, q

Negative sampling and hierarchical softmax are sums of binary classifications of pairs (hidden vector b,
output vector j). In a mini-batch a pair can occur several times: m_bj counts its occurrences, and q_bj
counts those with label 1. A pair that does not occur has m_bj = 0. The softmax has J classes: q_bj counts
how often j is the word to predict for b, and m_b is the sum of q_bj over j. In all cases
∂E/∂u_bj = m_bj y_bj - q_bj, and three matrix products give the other gradients.

A says how hidden vectors are combined from rows of W: for the skip-gram, row b of A is one-hot; for CBOW
it has 1/C for each of the C context words, added up for words that occur more than once.

b indexes B hidden vectors, r R rows of W, i N hidden units, j J output vectors. ``dE_dU``, ``dE_dH``,
``dE_dW_prime``, ``dE_dV_prime`` and ``dE_dW`` use operators only, so they accept NumPy arrays of any
precision and JAX arrays and tracers. They do not check their arguments; ``gradients`` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import check_arrays, notation
from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import log_softmax, softmax
from derivations.techniques.negative_sampling import log_sigmoid

SECTION = "8"

NOTATION = notation("""
    name      paper      shape   drawn   meaning
    A         a_br       B R     real    coefficients of the rows of W in each hidden vector
    W         w_ri       R N     real    weights, input to hidden; one row per word
    W_prime   w'_ij      N J     real    weights, hidden to output; one column per output vector
    m         m_bj       B J     real    number of occurrences of the pair (b, j)
    q         q_bj       B J     real    number of those with label 1
    H         h_bi       B N     -       hidden vectors
    U         u_bj       B J     -       scores
    y         y_bj       B J     -       predictions
    E         E          ()      -       the loss, a scalar
    e         e_bj       B J     -       error signals, ∂E/∂u_bj
    dE_dH     ∂E/∂h_bi   B N     -       error signals of the hidden vectors
""")


def example() -> tuple[Array, Array, Array, Array, Array]:
    """Return arrays for two hidden vectors, of one word and of the mean of two, and four output vectors.

    The pair (1, 3) occurs twice. A (2, 3), W (3, 2), W' (2, 4), m (2, 4), q (2, 4), all float64.
    """
    A = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    W = np.sin(np.arange(1.0, 7.0)).reshape(3, 2)
    W_prime = np.cos(np.arange(1.0, 9.0)).reshape(2, 4)
    m = np.array([[1.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 2.0]])
    q = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    return A, W, W_prime, m, q


# --- forward pass, one operation per line ---------------------------------------------------------


def forward(
    A: Float[Array, "B R"], W: Float[Array, "R N"], W_prime: Float[Array, "N J"],
    m: Float[Array, "B J"], q: Float[Array, "B J"],
) -> tuple[Any, ...]:
    """Compute the forward pass of binary classifications; return H (B, N), U (B, J), y (B, J), E ().

    >>> H, U, y, E = forward(*example())
    >>> y.round(4), round(float(E), 4)
    (array([[0.671 , 0.6278, 0.4632, 0.3357],
           [0.409 , 0.4189, 0.5036, 0.5848]]), 4.7668)
    """
    H = A @ W
    U = H @ W_prime
    y = sigmoid(U)
    E = -np.sum(q * log_sigmoid(U) + (m - q) * log_sigmoid(-U))
    return H, U, y, E


def forward_softmax(
    A: Float[Array, "B R"], W: Float[Array, "R N"], W_prime: Float[Array, "N J"], q: Float[Array, "B J"]
) -> tuple[Any, ...]:
    """Compute the forward pass of the softmax; return H (B, N), U (B, J), y (B, J), m (B, 1), E ()."""
    H = A @ W
    U = H @ W_prime
    y = softmax(U)
    m = np.sum(q, axis=1, keepdims=True)
    E = -np.sum(q * log_softmax(U))
    return H, U, y, m, E


@definition(11, 1, r"h_{bi} = \sum_{r=1}^{R} a_{br} w_{ri}", ours=True)
def H(b: Any, i: Any, A: Float[Array, "B R"], W: Float[Array, "R N"]) -> Any:
    """h_bi = Σ_r a_br w_ri: a hidden vector, a linear combination of rows of W."""
    return sum(A[b, r] * W[r, i] for r in range(len(W)))


@definition(11, 2, r"u_{bj} = \sum_{i=1}^{N} h_{bi} w'_{ij}", ours=True)
def U(b: Any, j: Any, H: Float[Array, "B N"], W_prime: Float[Array, "N J"]) -> Any:
    """u_bj = Σ_i h_bi w'_ij: the score of output vector j for hidden vector b."""
    return sum(H[b, i] * W_prime[i, j] for i in range(len(W_prime)))


@definition(11, 3, r"y_{bj} = \sigma(u_{bj})", ours=True)
def y(b: Any, j: Any, U: Float[Array, "B J"]) -> Any:
    """y_bj = σ(u_bj): the predicted probability of label 1."""
    return sigmoid(U[b, j])


@definition(11, 4, r"E = -\sum_{b=1}^{B} \sum_{j=1}^{J} \left( q_{bj} \log \sigma(u_{bj})"
            r" + (m_{bj} - q_{bj}) \log \sigma(-u_{bj}) \right)", ours=True)
def E(m: Float[Array, "B J"], q: Float[Array, "B J"], U: Float[Array, "B J"]) -> Any:
    """E = -Σ_bj (q_bj log σ(u_bj) + (m_bj - q_bj) log σ(-u_bj)).

    A pair with label 1 contributes -log σ(u), a pair with label 0 contributes -log σ(-u).
    """
    asked = np.ndindex(U.shape)
    return -sum(q[bj] * log_sigmoid(U[bj]) + (m[bj] - q[bj]) * log_sigmoid(-U[bj]) for bj in asked)


@definition(11, 5, r"y_{bj} = \frac{e^{u_{bj}}}{\sum_{l=1}^{J} e^{u_{bl}}}", ours=True,
            label="softmax.y", model="softmax", lhs="y")
def y_of_softmax(U: Float[Array, "B J"]) -> Float[Array, "B J"]:
    """y_bj = softmax(u_b)_j: the softmax of §4 for each hidden vector."""
    return np.stack([softmax(U_b) for U_b in U])


@definition(11, 6, r"m_b = \sum_{j=1}^{J} q_{bj}, \quad E = -\sum_{b=1}^{B} \sum_{j=1}^{J}"
            r" q_{bj} \log y_{bj}", ours=True, label="softmax.E", model="softmax", lhs="E")
def E_of_softmax(q: Float[Array, "B J"], U: Float[Array, "B J"]) -> Any:
    """E = -Σ_bj q_bj log y_bj: the cross-entropy of §4, summed over the words to predict."""
    return -sum(q_b @ log_softmax(U_b) for q_b, U_b in zip(q, U, strict=True))


# --- error signals, element by element ------------------------------------------------------------


@equation(11, 7, r"\frac{\partial E}{\partial u_{bj}} = m_{bj} y_{bj} - q_{bj} = e_{bj}", ours=True,
          lhs="dE_dU", note="m_bj occurrences contribute y_bj each, minus q_bj labels.")
@equation(11, 8, r"\frac{\partial E}{\partial u_{bj}} = m_b y_{bj} - q_{bj}", ours=True,
          label="softmax.e", model="softmax", lhs="dE_dU")
def e(b: Any, j: Any, m: Float[Array, "B #J"], y: Float[Array, "B J"], q: Float[Array, "B J"]) -> Any:
    """e_bj = ∂E/∂u_bj = m_bj y_bj - q_bj; for the softmax m is (B, 1) and is broadcast."""
    return np.broadcast_to(m, q.shape)[b, j] * y[b, j] - q[b, j]


# --- gradients as matrices, by operators only: w2v calls these functions --------------------------


@equation(11, 9, r"\frac{\partial E}{\partial U} = m \odot y - q", ours=True)
@equation(11, 10, r"\frac{\partial E}{\partial U} = m \odot y - q", ours=True, label="softmax.dE_dU",
          model="softmax")
def dE_dU(m: Float[Array, "B #J"], y: Float[Array, "B J"], q: Float[Array, "B J"]) -> Float[Array, "B J"]:
    """∂E/∂U = m ⊙ y - q, shape (B, J); m is (B, J), or (B, 1) if it is the same for all j."""
    return m * y - q


@equation(11, 11, r"\frac{\partial E}{\partial H} = e \cdot {W'}^T", ours=True)
@equation(11, 12, r"\frac{\partial E}{\partial H} = e \cdot {W'}^T", ours=True, label="softmax.dE_dH",
          model="softmax")
def dE_dH(e: Float[Array, "B J"], W_prime: Float[Array, "N J"]) -> Float[Array, "B N"]:
    """∂E/∂H = e·W'^T, shape (B, N): ∂E/∂h_bi = Σ_j e_bj w'_ij."""
    return e @ W_prime.T


@equation(11, 13, r"\frac{\partial E}{\partial W'} = H^T \cdot e", ours=True)
@equation(11, 14, r"\frac{\partial E}{\partial W'} = H^T \cdot e", ours=True,
          label="softmax.dE_dW_prime", model="softmax")
def dE_dW_prime(H: Float[Array, "B N"], e: Float[Array, "B J"]) -> Float[Array, "N J"]:
    """∂E/∂W' = H^T·e, shape (N, J): the sum over b of the outer products h_b ⊗ e_b."""
    return H.T @ e


@equation(11, 14.1, r"\left( \frac{\partial E}{\partial W'} \right)^T = e^T \cdot H", ours=True,
          lhs="dE_dW_prime", view=lambda dE_dW_prime: dE_dW_prime.T)
@equation(11, 14.2, r"\left( \frac{\partial E}{\partial W'} \right)^T = e^T \cdot H", ours=True,
          label="softmax.dE_dV_prime", lhs="dE_dW_prime", model="softmax",
          view=lambda dE_dW_prime: dE_dW_prime.T)
def dE_dV_prime(H: Float[Array, "B N"], e: Float[Array, "B J"]) -> Float[Array, "J N"]:
    """∂E/∂V' = e^T·H, shape (J, N), for V' = W'^T, which has the output vectors as rows."""
    return e.T @ H


@equation(11, 15, r"\frac{\partial E}{\partial W} = A^T \cdot \frac{\partial E}{\partial H}", ours=True)
@equation(11, 16, r"\frac{\partial E}{\partial W} = A^T \cdot \frac{\partial E}{\partial H}", ours=True,
          label="softmax.dE_dW", model="softmax")
def dE_dW(A: Float[Array, "B R"], dE_dH: Float[Array, "B N"]) -> Float[Array, "R N"]:
    """∂E/∂W = A^T·∂E/∂H, shape (R, N): ∂E/∂w_ri = Σ_b a_br ∂E/∂h_bi."""
    return A.T @ dE_dH


@equation(11, 17, r"\nabla E = \left( A^T \cdot e \cdot {W'}^T, \; H^T \cdot e \right)", ours=True,
          lhs="dE_dW dE_dW_prime")
def gradients(
    A: Float[Array, "B R"], W: Float[Array, "R N"], W_prime: Float[Array, "N J"],
    m: Float[Array, "B J"], q: Float[Array, "B J"],
) -> tuple[Float[Array, "R N"], Float[Array, "N J"]]:
    """Return ∂E/∂W (R, N) and ∂E/∂W' (N, J) of binary classifications. The arguments are not modified.

    Raises ``TypeError`` or ``ValueError`` if an array does not match the notation table.

    >>> W_gradient, W_prime_gradient = gradients(*example())
    >>> W_gradient.round(4), W_prime_gradient.shape
    (array([[-0.6585,  0.4606],
           [-0.026 , -0.2142],
           [-0.026 , -0.2142]]), (2, 4))
    """
    check_arrays(NOTATION, A=A, W=W, W_prime=W_prime, m=m, q=q)
    H, U, y, E = forward(A, W, W_prime, m, q)
    e = dE_dU(m, y, q)
    return dE_dW(A, dE_dH(e, W_prime)), dE_dW_prime(H, e)


@equation(11, 18, r"\nabla E = \left( A^T \cdot e \cdot {W'}^T, \; H^T \cdot e \right)", ours=True,
          label="softmax.gradients", model="softmax", lhs="dE_dW dE_dW_prime")
def gradients_of_softmax(
    A: Float[Array, "B R"], W: Float[Array, "R N"], W_prime: Float[Array, "N J"], q: Float[Array, "B J"]
) -> tuple[Float[Array, "R N"], Float[Array, "N J"]]:
    """Return ∂E/∂W (R, N) and ∂E/∂W' (N, J) of the softmax; errors as in :func:`gradients`."""
    check_arrays(NOTATION, A=A, W=W, W_prime=W_prime, q=q)
    H, U, y, m, E = forward_softmax(A, W, W_prime, q)
    e = dE_dU(m, y, q)
    return dE_dW(A, dE_dH(e, W_prime)), dE_dW_prime(H, e)


# --- reference: the forward passes in JAX ---------------------------------------------------------


def reference(A: Any, W: Any, W_prime: Any, m: Any, q: Any) -> Any:
    """Compute the forward pass in JAX; ``jax.grad`` differentiates this function.

    log σ(u) = u - log(1 + e^u) and log σ(-u) = -log(1 + e^u).
    """
    import jax
    import jax.numpy as jnp

    H = jnp.einsum("br,ri->bi", A, W)
    U = jnp.einsum("bi,ij->bj", H, W_prime)
    y = jax.nn.sigmoid(U)
    E = jnp.sum(q * (jax.nn.softplus(U) - U) + (m - q) * jax.nn.softplus(U))
    return E


def reference_softmax(A: Any, W: Any, W_prime: Any, q: Any) -> Any:
    """Compute the forward pass of the softmax in JAX."""
    import jax
    import jax.numpy as jnp

    H = jnp.einsum("br,ri->bi", A, W)
    U = jnp.einsum("bi,ij->bj", H, W_prime)
    y = jax.nn.softmax(U)
    m = q.sum(axis=1, keepdims=True)
    E = -(q * jax.nn.log_softmax(U)).sum()
    return E
