"""§8, p. 11: negative sampling: one observed word is distinguished from K randomly drawn words.

    x  --W-->  h  -----.
                       u  --σ-->  y  --log-->  E  <--  t
    S  --W'-->  v'  ---'

The softmax needs the scores of all V words. Negative sampling replaces it by D = 1 + K binary
classifications: the observed word is a positive sample, label t = 1; K words drawn from a noise
distribution are negative samples, t = 0. The prediction for each sample is a sigmoid of its score. The
gradient of W' is non-zero only in the columns of the D samples.

S selects the samples: row 0 is the positive sample, each further row one draw. Every row is one term of
the loss. A word that is drawn twice contributes two terms; the observed word, if it is also drawn,
contributes one positive and one negative term. (word2vec.c and gensim omit such a draw, so S has one
row less.)

The equations are those of Rong (2014, arXiv 1411.2738, §2.2) and Mikolov et al. (2013b, arXiv 1310.4546).
k indexes V input words, i N hidden units, d D samples, j V output words, c C context words. From h on,
the skip-gram and CBOW are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import check_arrays, notation
from derivations.paper.mlp import sigmoid
from derivations.paper.skipgram import one_hot

SECTION = "8"

NOTATION = notation("""
    name      paper   shape   drawn   meaning
    x         x_k     V       input   input: one word, one-hot; for CBOW the mean of several
    X         x_ck    C V     input   CBOW: the context words, one-hot, one per row
    S         s_dj    D V     input   the samples, one-hot: one positive, then the negatives
    W         w_ki    V N     real    weights, input to hidden
    W_prime   w'_ij   N V     real    weights, hidden to output; one column per word
    h         h_i     N       -       hidden layer
    v_prime   v'_di   D N     -       the output vectors of the samples
    u         u_d     D       -       scores
    t         t_d     D       -       labels: 1 for the positive sample, 0 for the others
    y         y_d     D       -       predicted probabilities of label 1
    E         E       ()      -       the loss, a scalar
    e         e_d     D       -       error signals, ∂E/∂u_d
    EH        EH_i    N       -       error signal of the hidden layer, ∂E/∂h_i
""")


def example() -> tuple[Array, Array, Array, Array]:
    """Return arrays for input word 0, positive sample 1 and negative samples 3, 4, 3.

    x (5,), S (4, 5), W (5, 3), W' (3, 5), all float64.
    """
    x = one_hot(0, 5)
    S = np.stack([one_hot(1, 5), one_hot(3, 5), one_hot(4, 5), one_hot(3, 5)])
    W = np.sin(np.arange(1.0, 16.0)).reshape(5, 3)
    W_prime = np.cos(np.arange(1.0, 16.0)).reshape(3, 5)
    return x, S, W, W_prime


# --- forward pass, one operation per line ---------------------------------------------------------


def log_sigmoid(u: Any) -> Any:
    """log σ(u), elementwise, for an array of any shape; unlike log(sigmoid(u)), finite for any finite u."""
    sign = np.where(np.real(u) < 0, -1.0, 1.0)  # u is complex in the complex-step check
    return np.where(sign > 0, 0.0, u) - np.log1p(np.exp(-sign * u))


def forward(
    x: Float[Array, "V"], S: Float[Array, "D V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Any, ...]:
    """Compute the forward pass; return h (N,), v' (D, N), u (D,), t (D,), y (D,), E ().

    >>> h, v_prime, u, t, y, E = forward(*example())
    >>> t, y.round(4), round(float(E), 4)
    (array([1., 0., 0., 0.]), array([0.6117, 0.2044, 0.3472, 0.2044]), 1.3752)
    """
    h = x @ W
    v_prime = S @ W_prime.T
    u = v_prime @ h
    t = one_hot(0, len(S))
    y = sigmoid(u)
    E = -log_sigmoid(u[0]) - np.sum(log_sigmoid(-u[1:]))
    return h, v_prime, u, t, y, E


def forward_cbow(
    X: Float[Array, "C V"], S: Float[Array, "D V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Any, ...]:
    """Compute the forward pass of CBOW; return x (V,), then what :func:`forward` returns."""
    x = np.mean(X, axis=0)
    h = x @ W
    v_prime = S @ W_prime.T
    u = v_prime @ h
    t = one_hot(0, len(S))
    y = sigmoid(u)
    E = -log_sigmoid(u[0]) - np.sum(log_sigmoid(-u[1:]))
    return x, h, v_prime, u, t, y, E


@definition(11, 1, r"h_i = \sum_{k=1}^{V} x_k w_{ki}", source="Rong 2014, eq. 24")
@definition(11, 2, r"h_i = \sum_{k=1}^{V} x_k w_{ki}, \quad x_k = \frac{1}{C} \sum_{c=1}^{C} x_{ck}",
            label="cbow.h", model="cbow", source="Rong 2014, eq. 18")
def h(i: Any, x: Float[Array, "V"], W: Float[Array, "V N"]) -> Any:
    """h_i = Σ_k x_k w_ki: the vector of the input word, or for CBOW the mean of several."""
    return sum(x[k] * W[k, i] for k in range(len(x)))


@definition(11, 2.1, r"v'_{di} = \sum_{j=1}^{V} s_{dj} w'_{ij}", ours=True)
def v_prime(d: Any, i: Any, S: Float[Array, "D V"], W_prime: Float[Array, "N V"]) -> Any:
    """v'_di = Σ_j s_dj w'_ij: the output vector of sample d, a column of W'."""
    return sum(S[d, j] * W_prime[i, j] for j in range(S.shape[1]))


@definition(11, 2.2, r"u_d = \sum_{i=1}^{N} v'_{di} h_i", ours=True)
def u(d: Any, v_prime: Float[Array, "D N"], h: Float[Array, "N"]) -> Any:
    """u_d = Σ_i v'_di h_i: the score of sample d."""
    return sum(v_prime[d, i] * h[i] for i in range(len(h)))


@definition(11, 2.3, r"y_d = \sigma(u_d)", ours=True)
def y(d: Any, u: Float[Array, "D"]) -> Any:
    """y_d = σ(u_d): the predicted probability that sample d is positive."""
    return sigmoid(u[d])


@definition(11, 3, r"E = -\log \sigma(u_1) - \sum_{d=2}^{D} \log \sigma(-u_d)", source="Rong 2014, eq. 55",
            note="Mikolov et al. 2013b, eq. 4, is -E, with the expectation over the draws.")
def E(u: Float[Array, "D"]) -> Any:
    """E = -log σ(u_1) - Σ_{d>1} log σ(-u_d).

    The binary cross-entropy of one positive and K negative samples.
    """
    return -log_sigmoid(u[0]) - sum(log_sigmoid(-u[d]) for d in range(1, len(u)))


# --- partial derivatives --------------------------------------------------------------------------


@equation(11, 3.1, r"\frac{\partial u_d}{\partial v'_{di}} = h_i", ours=True)
def du_dv_prime(i: Any, h: Float[Array, "N"]) -> Any:
    """∂u_d/∂v'_di = h_i. The derivative of u_d by the vector of another sample is 0."""
    return h[i]


@equation(11, 3.2, r"\frac{\partial u_d}{\partial h_i} = v'_{di}", ours=True)
def du_dh(d: Any, i: Any, v_prime: Float[Array, "D N"]) -> Any:
    """∂u_d/∂h_i = v'_di."""
    return v_prime[d, i]


# --- error signals --------------------------------------------------------------------------------


@equation(11, 4, r"\frac{\partial E}{\partial u_d} = \sigma(u_d) - t_d = e_d", lhs="dE_du",
          source="Rong 2014, eq. 57")
def e(d: Any, y: Float[Array, "D"], t: Float[Array, "D"]) -> Any:
    """e_d = ∂E/∂u_d = y_d - t_d.

    The derivative of a sigmoid with binary cross-entropy, as for the softmax.
    """
    return y[d] - t[d]


@equation(11, 6, r"\frac{\partial E}{\partial h_i} = \sum_{d=1}^{D} e_d v'_{di} = EH_i", lhs="dE_dh",
          source="Rong 2014, eq. 61")
def EH(i: Any, e: Float[Array, "D"], v_prime: Float[Array, "D N"]) -> Any:
    """EH_i = ∂E/∂h_i = Σ_d e_d v'_di: the chain rule sums over D samples instead of V words."""
    return sum(e[d] * v_prime[d, i] for d in range(len(e)))


# --- gradients, element by element ----------------------------------------------------------------


@equation(11, 5, r"\frac{\partial E}{\partial v'_{di}} = e_d h_i", source="Rong 2014, eq. 58")
def dE_dv_prime(d: Any, i: Any, e: Float[Array, "D"], h: Float[Array, "N"]) -> Any:
    """∂E/∂v'_di = e_d h_i, for each sample separately."""
    return e[d] * h[i]


@equation(11, 6.1, r"\frac{\partial E}{\partial w'_{ij}} = h_i \sum_{d=1}^{D} e_d s_{dj}", ours=True)
def dE_dW_prime(i: Any, j: Any, h: Float[Array, "N"], e: Float[Array, "D"], S: Float[Array, "D V"]) -> Any:
    """∂E/∂w'_ij = h_i Σ_d e_d s_dj: the sum over all samples that are word j; 0 if there are none."""
    return h[i] * sum(e[d] * S[d, j] for d in range(len(e)))


@equation(11, 6.2, r"\frac{\partial E}{\partial w_{ki}} = EH_i x_k", ours=True)
@equation(11, 6.3, r"\frac{\partial E}{\partial w_{ki}} = EH_i x_k, \quad x_k = \frac{1}{C}"
          r" \sum_{c=1}^{C} x_{ck}", label="cbow.dE_dW", model="cbow", ours=True)
def dE_dW(k: Any, i: Any, x: Float[Array, "V"], EH: Float[Array, "N"]) -> Any:
    """∂E/∂w_ki = EH_i x_k.

    Non-zero only for the input word; for CBOW, x_k is word k's share of the mean.
    """
    return EH[i] * x[k]


# --- gradients as matrices ------------------------------------------------------------------------


@equation(11, 6.4, r"\nabla E = \left( x \otimes (e \cdot v'), \; h \otimes (e \cdot S) \right)",
          lhs="dE_dW dE_dW_prime", ours=True)
def gradients(
    x: Float[Array, "V"], S: Float[Array, "D V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Float[Array, "V N"], Float[Array, "N V"]]:
    """Return ∂E/∂W (V, N) and ∂E/∂W' (N, V) of the skip-gram. The arguments are not modified.

    Raises ``TypeError`` or ``ValueError`` if an array does not match the notation table.

    >>> dE_dW, dE_dW_prime = gradients(*example())
    >>> dE_dW.any(axis=1), dE_dW_prime.any(axis=0)
    (array([ True, False, False, False, False]), array([False,  True, False,  True,  True]))
    """
    check_arrays(NOTATION, x=x, S=S, W=W, W_prime=W_prime)
    h, v_prime, u, t, y, E = forward(x, S, W, W_prime)
    e = y - t
    EH = e @ v_prime
    dE_dW_prime = np.outer(h, e @ S)
    dE_dW = np.outer(x, EH)
    return dE_dW, dE_dW_prime


@equation(11, 6.5, r"\nabla E = \left( x \otimes (e \cdot v'), \; h \otimes (e \cdot S) \right)",
          label="cbow.gradients", lhs="dE_dW dE_dW_prime", model="cbow", ours=True)
def gradients_of_cbow(
    X: Float[Array, "C V"], S: Float[Array, "D V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Float[Array, "V N"], Float[Array, "N V"]]:
    """Return ∂E/∂W (V, N) and ∂E/∂W' (N, V) of CBOW with the mean; errors as in :func:`gradients`."""
    check_arrays(NOTATION, X=X, S=S, W=W, W_prime=W_prime)
    x, h, v_prime, u, t, y, E = forward_cbow(X, S, W, W_prime)
    e = y - t
    return np.outer(x, e @ v_prime), np.outer(h, e @ S)


# --- reference: the forward passes in JAX ---------------------------------------------------------


def reference(x: Any, S: Any, W: Any, W_prime: Any) -> Any:
    """Compute the forward pass in JAX; ``jax.grad`` differentiates this function.

    -log σ(u) = log(1 + e^u) - u and -log σ(-u) = log(1 + e^u), so E = Σ_d (log(1 + e^u_d) - t_d u_d).
    """
    import jax
    import jax.numpy as jnp

    h = jnp.einsum("k,ki->i", x, W)
    v_prime = jnp.einsum("dj,ij->di", S, W_prime)
    u = jnp.einsum("di,i->d", v_prime, h)
    t = 1.0 * (jnp.arange(S.shape[0]) == 0)
    y = jax.nn.sigmoid(u)
    E = jnp.sum(jax.nn.softplus(u) - t * u)
    return E


def reference_cbow(X: Any, S: Any, W: Any, W_prime: Any) -> Any:
    """Compute the forward pass of CBOW in JAX."""
    import jax
    import jax.numpy as jnp

    x = X.mean(axis=0)
    h = jnp.einsum("k,ki->i", x, W)
    v_prime = jnp.einsum("dj,ij->di", S, W_prime)
    u = jnp.einsum("di,i->d", v_prime, h)
    t = 1.0 * (jnp.arange(S.shape[0]) == 0)
    y = jax.nn.sigmoid(u)
    E = jnp.sum(jax.nn.softplus(u) - t * u)
    return E
