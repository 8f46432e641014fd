"""§8, p. 11: many target words at once, which is how the techniques are trained.

    A  --W-->  H  --W'-->  U  --σ or softmax-->  y  --log-->  E  <--  m, q

Negative sampling and hierarchical softmax ask questions: is it this word, is it this side of the tree?
Ask several hidden vectors about several output vectors, and the same question more than once where it
was drawn more than once. Count: m_bj is how often hidden vector b is asked about output vector j, and
q_bj how often the answer is yes. A question that is not asked has the count 0. The softmax asks one
question, which of the J words it is, and as often as it is answered: m_b is the sum of q_b1 ... q_bJ.
Whichever it is, ∂E/∂u_bj = m_bj y_bj - q_bj, and what follows from it is three products of matrices.

A says how hidden vectors are made of input rows: a one in the place of its word for the skip-gram, 1/C in
the places of its C context words for CBOW, and what a word gets that is there twice is twice that.

b counts B hidden vectors, r counts R input rows, i counts N hidden units, j counts J output vectors.
``dE_dU``, ``dE_dH``, ``dE_dW_prime``, ``dE_dV_prime`` and ``dE_dW`` use operators only, so they take
whatever arrays have them: NumPy's in any precision, JAX's while it traces. They check nothing;
``gradients`` does.
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
    A         a_br       B R     real    how each hidden vector is made of input rows
    W         w_ri       R N     real    input rows, one a word
    W_prime   w'_ij      N J     real    output vectors, one a column
    m         m_bj       B J     real    how often b is asked about j
    q         q_bj       B J     real    how often the answer is yes
    H         h_bi       B N     -       hidden vectors
    U         u_bj       B J     -       scores
    y         y_bj       B J     -       predictions
    E         E          ()      -       the loss, one number
    e         e_bj       B J     -       errors, ∂E/∂u_bj
    dE_dH     ∂E/∂h_bi   B N     -       what comes back to the hidden vectors
""")


def example() -> tuple[Array, Array, Array, Array, Array]:
    """Two hidden vectors, of one word and of the mean of two, asked about four output vectors.

    The second is asked twice about the last. Returns A (2, 3), W (3, 2), W' (2, 4), m (2, 4), q (2, 4),
    all float64.
    """
    A = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    W = np.sin(np.arange(1.0, 7.0)).reshape(3, 2)
    W_prime = np.cos(np.arange(1.0, 9.0)).reshape(2, 4)
    m = np.array([[1.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 2.0]])
    q = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    return A, W, W_prime, m, q


# --- forward: one operation a line ----------------------------------------------------------------


def forward(
    A: Float[Array, "B R"], W: Float[Array, "R N"], W_prime: Float[Array, "N J"],
    m: Float[Array, "B J"], q: Float[Array, "B J"],
) -> tuple[Any, ...]:
    """Questions with the answers yes and no; returns H (B, N), U (B, J), y (B, J), E ().

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
    """The question which of J words; returns H (B, N), U (B, J), y (B, J), m (B, 1), E ()."""
    H = A @ W
    U = H @ W_prime
    y = softmax(U)
    m = np.sum(q, axis=1, keepdims=True)
    E = -np.sum(q * log_softmax(U))
    return H, U, y, m, E


@definition(11, 1, r"h_{bi} = \sum_{r=1}^{R} a_{br} w_{ri}", ours=True)
def H(b: Any, i: Any, A: Float[Array, "B R"], W: Float[Array, "R N"]) -> Any:
    """A hidden vector: its input rows, weighed and added."""
    return sum(A[b, r] * W[r, i] for r in range(len(W)))


@definition(11, 2, r"u_{bj} = \sum_{i=1}^{N} h_{bi} w'_{ij}", ours=True)
def U(b: Any, j: Any, H: Float[Array, "B N"], W_prime: Float[Array, "N J"]) -> Any:
    """The score of output vector j for hidden vector b, asked for or not."""
    return sum(H[b, i] * W_prime[i, j] for i in range(len(W_prime)))


@definition(11, 3, r"y_{bj} = \sigma(u_{bj})", ours=True)
def y(b: Any, j: Any, U: Float[Array, "B J"]) -> Any:
    """The probability of a yes."""
    return sigmoid(U[b, j])


@definition(11, 4, r"E = -\sum_{b=1}^{B} \sum_{j=1}^{J} \left( q_{bj} \log \sigma(u_{bj})"
            r" + (m_{bj} - q_{bj}) \log \sigma(-u_{bj}) \right)", ours=True)
def E(m: Float[Array, "B J"], q: Float[Array, "B J"], U: Float[Array, "B J"]) -> Any:
    """The loss: a yes costs -log σ(u), a no -log σ(-u), each as often as it is given."""
    asked = np.ndindex(U.shape)
    return -sum(q[bj] * log_sigmoid(U[bj]) + (m[bj] - q[bj]) * log_sigmoid(-U[bj]) for bj in asked)


@definition(11, 5, r"y_{bj} = \frac{e^{u_{bj}}}{\sum_{l=1}^{J} e^{u_{bl}}}", ours=True,
            label="softmax.y", model="softmax", lhs="y")
def y_of_softmax(U: Float[Array, "B J"]) -> Float[Array, "B J"]:
    """The predictions of the softmax: §4's, once for each hidden vector."""
    return np.stack([softmax(U_b) for U_b in U])


@definition(11, 6, r"m_b = \sum_{j=1}^{J} q_{bj}, \quad E = -\sum_{b=1}^{B} \sum_{j=1}^{J}"
            r" q_{bj} \log y_{bj}", ours=True, label="softmax.E", model="softmax", lhs="E")
def E_of_softmax(q: Float[Array, "B J"], U: Float[Array, "B J"]) -> Any:
    """The loss of the softmax: each word that was there costs -log y."""
    return -sum(q_b @ log_softmax(U_b) for q_b, U_b in zip(q, U, strict=True))


# --- the errors, element by element ---------------------------------------------------------------


@equation(11, 7, r"\frac{\partial E}{\partial u_{bj}} = m_{bj} y_{bj} - q_{bj} = e_{bj}", ours=True,
          lhs="dE_dU", note="As often as asked, what was predicted; less as often as the answer is yes.")
@equation(11, 8, r"\frac{\partial E}{\partial u_{bj}} = m_b y_{bj} - q_{bj}", ours=True,
          label="softmax.e", model="softmax", lhs="dE_dU")
def e(b: Any, j: Any, m: Float[Array, "B #J"], y: Float[Array, "B J"], q: Float[Array, "B J"]) -> Any:
    """e_bj = ∂E/∂u_bj. The softmax has one m for all of a row: NumPy stretches it."""
    return np.broadcast_to(m, q.shape)[b, j] * y[b, j] - q[b, j]


# --- the gradients as matrices: operators only, so that they are also what training calls ---------


@equation(11, 9, r"\frac{\partial E}{\partial U} = m \odot y - q", ours=True)
@equation(11, 10, r"\frac{\partial E}{\partial U} = m \odot y - q", ours=True, label="softmax.dE_dU",
          model="softmax")
def dE_dU(m: Float[Array, "B #J"], y: Float[Array, "B J"], q: Float[Array, "B J"]) -> Float[Array, "B J"]:
    """∂E/∂U, all errors at once; m is (B, J), or (B, 1) where all J are asked about equally often."""
    return m * y - q


@equation(11, 11, r"\frac{\partial E}{\partial H} = e \cdot {W'}^T", ours=True)
@equation(11, 12, r"\frac{\partial E}{\partial H} = e \cdot {W'}^T", ours=True, label="softmax.dE_dH",
          model="softmax")
def dE_dH(e: Float[Array, "B J"], W_prime: Float[Array, "N J"]) -> Float[Array, "B N"]:
    """∂E/∂h_bi = Σ_j e_bj w'_ij: the errors come back along the output vectors that were asked about."""
    return e @ W_prime.T


@equation(11, 13, r"\frac{\partial E}{\partial W'} = H^T \cdot e", ours=True)
@equation(11, 14, r"\frac{\partial E}{\partial W'} = H^T \cdot e", ours=True,
          label="softmax.dE_dW_prime", model="softmax")
def dE_dW_prime(H: Float[Array, "B N"], e: Float[Array, "B J"]) -> Float[Array, "N J"]:
    """∂E/∂w'_ij = Σ_b h_bi e_bj: an outer product for each hidden vector, added up."""
    return H.T @ e


@equation(11, 14.1, r"\left( \frac{\partial E}{\partial W'} \right)^T = e^T \cdot H", ours=True,
          lhs="dE_dW_prime", view=lambda dE_dW_prime: dE_dW_prime.T)
@equation(11, 14.2, r"\left( \frac{\partial E}{\partial W'} \right)^T = e^T \cdot H", ours=True,
          label="softmax.dE_dV_prime", lhs="dE_dW_prime", model="softmax",
          view=lambda dE_dW_prime: dE_dW_prime.T)
def dE_dV_prime(H: Float[Array, "B N"], e: Float[Array, "B J"]) -> Float[Array, "J N"]:
    """The same with the output vectors as rows, which is how a program keeps them: V' is W'^T."""
    return e.T @ H


@equation(11, 15, r"\frac{\partial E}{\partial W} = A^T \cdot \frac{\partial E}{\partial H}", ours=True)
@equation(11, 16, r"\frac{\partial E}{\partial W} = A^T \cdot \frac{\partial E}{\partial H}", ours=True,
          label="softmax.dE_dW", model="softmax")
def dE_dW(A: Float[Array, "B R"], dE_dH: Float[Array, "B N"]) -> Float[Array, "R N"]:
    """∂E/∂w_ri = Σ_b a_br ∂E/∂h_bi: a row learns by as much as it took part, from all that it was in."""
    return A.T @ dE_dH


@equation(11, 17, r"\nabla E = \left( A^T \cdot e \cdot {W'}^T, \; H^T \cdot e \right)", ours=True,
          lhs="dE_dW dE_dW_prime")
def gradients(
    A: Float[Array, "B R"], W: Float[Array, "R N"], W_prime: Float[Array, "N J"],
    m: Float[Array, "B J"], q: Float[Array, "B J"],
) -> tuple[Float[Array, "R N"], Float[Array, "N J"]]:
    """The whole section, for questions: ∂E/∂W (R, N), ∂E/∂W' (N, J); its arguments are untouched.

    Raises ``TypeError`` or ``ValueError``, in one line, for arrays that do not fit the notation.

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
    """The whole section, for the softmax: ∂E/∂W (R, N), ∂E/∂W' (N, J); its arguments are untouched."""
    check_arrays(NOTATION, A=A, W=W, W_prime=W_prime, q=q)
    H, U, y, m, E = forward_softmax(A, W, W_prime, q)
    e = dE_dU(m, y, q)
    return dE_dW(A, dE_dH(e, W_prime)), dE_dW_prime(H, e)


# --- for JAX: the forward passes again, and nothing else --------------------------------------------


def reference(A: Any, W: Any, W_prime: Any, m: Any, q: Any) -> Any:
    """The forward pass, stated once more in JAX: log σ(u) is u less the softplus, log(1 + e^u)."""
    import jax
    import jax.numpy as jnp

    H = jnp.einsum("br,ri->bi", A, W)
    U = jnp.einsum("bi,ij->bj", H, W_prime)
    y = jax.nn.sigmoid(U)
    E = jnp.sum(q * (jax.nn.softplus(U) - U) + (m - q) * jax.nn.softplus(U))
    return E


def reference_softmax(A: Any, W: Any, W_prime: Any, q: Any) -> Any:
    """The forward pass of the softmax, in JAX."""
    import jax
    import jax.numpy as jnp

    H = jnp.einsum("br,ri->bi", A, W)
    U = jnp.einsum("bi,ij->bj", H, W_prime)
    y = jax.nn.softmax(U)
    m = q.sum(axis=1, keepdims=True)
    E = -(q * jax.nn.log_softmax(U)).sum()
    return E
