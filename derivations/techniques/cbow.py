"""§8, p. 11: the continuous bag of words, CBOW: the context words predict the target word.

    x_1, ..., x_C  --mean-->  x  --W-->  h  --W'-->  u  --softmax-->  y  --cross-entropy-->  E  <--  t

CBOW exchanges the input and the output of the skip-gram. The vectors of the C context words are averaged,
or added, to h; the rest is the skip-gram with a single word to predict. In the backward pass ∂E/∂h is
multiplied by 1/C for each context word if the vectors are averaged, and by 1 if they are added. The
gradient of a word that occurs twice in the context is the sum of two such terms. word2vec.c and gensim
compute something else, see ``dE_dW`` and ``dE_dW_of_sum``; İrsoy, Benton and Stratos (2021, Corrected
CBOW Performs as well as Skip-gram) measure the effect.

The equations and most letters are those of Rong (2014, word2vec Parameter Learning Explained, arXiv
1411.2738), who starts with one context word, here C = 1. k indexes V input words, i N hidden units, j V
output words, c C context words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import check_arrays, notation
from derivations.paper.skipgram import one_hot
from derivations.paper.softmax_cross_entropy import check_target, log_softmax, softmax

SECTION = "8"

NOTATION = notation("""
    name      paper   shape   drawn    meaning
    X         x_ck    C V     input    the context words, one-hot, one per row
    t         t_j     V       target   the target word, one-hot
    W         w_ki    V N     real     weights, input to hidden; row k is the vector v_w of word k
    W_prime   w'_ij   N V     real     weights, hidden to output; column j is the vector v'_w of word j
    x         x_k     V       -        the mean, or sum, of the context words
    h         h_i     N       -        hidden layer: the mean, or sum, of their vectors
    u         u_j     V       -        scores
    y         y_j     V       -        prediction
    E         E       ()      -        the loss, a scalar
    e         e_j     V       -        error signals, ∂E/∂u_j
    EH        EH_i    N       -        error signal of the hidden layer, ∂E/∂h_i
""")


def example() -> tuple[Array, Array, Array, Array]:
    """Return X (3, 5), t (5,), W (5, 3), W' (3, 5), float64: context words 0, 2, 0 and target word 1."""
    X = np.stack([one_hot(0, 5), one_hot(2, 5), one_hot(0, 5)])
    t = one_hot(1, 5)
    W = np.sin(np.arange(1.0, 16.0)).reshape(5, 3)
    W_prime = np.cos(np.arange(1.0, 16.0)).reshape(3, 5)
    return X, t, W, W_prime


# --- forward pass, one operation per line ---------------------------------------------------------


def forward(
    X: Float[Array, "C V"], t: Float[Array, "V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Any, ...]:
    """Compute the forward pass with the mean; return x (V,), h (N,), u (V,), y (V,), E ().

    >>> x, h, u, y, E = forward(*example())
    >>> x.round(4), round(float(E), 4)
    (array([0.6667, 0.    , 0.3333, 0.    , 0.    ]), 1.3356)
    """
    x = np.mean(X, axis=0)
    h = x @ W
    u = h @ W_prime
    y = softmax(u)
    E = -np.sum(t * log_softmax(u))
    return x, h, u, y, E


def forward_sum(
    X: Float[Array, "C V"], t: Float[Array, "V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Any, ...]:
    """Compute the forward pass with the sum instead of the mean; return what :func:`forward` returns."""
    x = np.sum(X, axis=0)
    h = x @ W
    u = h @ W_prime
    y = softmax(u)
    E = -np.sum(t * log_softmax(u))
    return x, h, u, y, E


@definition(11, 1, r"h_i = \sum_{k=1}^{V} x_k w_{ki}", label="one_word.h", lhs="h", sizes={"C": 1},
            source="Rong 2014, eq. 1")
def h_of_one_word(i: Any, X: Float[Array, "1 V"], W: Float[Array, "V N"]) -> Any:
    """h_i = Σ_k x_k w_ki: for one context word, h is its row of W."""
    return sum(X[0, k] * W[k, i] for k in range(len(W)))


@definition(11, 10, r"h_i = \frac{1}{C} \sum_{c=1}^{C} \sum_{k=1}^{V} x_{ck} w_{ki}",
            source="Rong 2014, eq. 18")
def h(i: Any, X: Float[Array, "C V"], W: Float[Array, "V N"]) -> Any:
    """h_i = 1/C Σ_c Σ_k x_ck w_ki: the mean of the vectors of the context words."""
    C, V = X.shape
    return sum(X[c, k] * W[k, i] for c in range(C) for k in range(V)) / C


@definition(11, 10.1, r"h_i = \sum_{c=1}^{C} \sum_{k=1}^{V} x_{ck} w_{ki}", label="sum.h", lhs="h",
            model="sum", ours=True)
def h_of_sum(i: Any, X: Float[Array, "C V"], W: Float[Array, "V N"]) -> Any:
    """h_i = Σ_c Σ_k x_ck w_ki: the sum of the vectors of the context words."""
    C, V = X.shape
    return sum(X[c, k] * W[k, i] for c in range(C) for k in range(V))


@definition(11, 2, r"u_j = \sum_{i=1}^{N} h_i w'_{ij}", source="Rong 2014, eq. 2")
def u(j: Any, h: Float[Array, "N"], W_prime: Float[Array, "N V"]) -> Any:
    """u_j = Σ_i h_i w'_ij: the score of word j."""
    return sum(h[i] * W_prime[i, j] for i in range(len(h)))


@definition(11, 3, r"y_j = \frac{e^{u_j}}{\sum_{l=1}^{V} e^{u_l}}", source="Rong 2014, eq. 3")
def y(j: Any, u: Float[Array, "V"]) -> Any:
    """y_j = softmax(u)_j: the prediction, as in §4."""
    return softmax(u)[j]


@definition(11, 4, r"E = \log \sum_{l=1}^{V} e^{u_l} - \sum_{j=1}^{V} t_j u_j", source="Rong 2014, eq. 7",
            note="For Rong's one-hot t the last sum is the score of the target word. The equation is the"
            " same for several context words, eqs. 19 to 21.")
def E(t: Float[Array, "V"], u: Float[Array, "V"]) -> Any:
    """E = log Σ_l e^{u_l} - Σ_j t_j u_j: the loss of §4 as a function of the scores.

    The maximum is subtracted first; it cancels because the targets sum to 1.
    """
    u = u - np.max(u)
    return np.log(sum(np.exp(u_l) for u_l in u)) - t @ u


# --- partial derivatives --------------------------------------------------------------------------


@equation(11, 4.1, r"\frac{\partial u_j}{\partial w'_{ij}} = h_i", ours=True)
def du_dW_prime(i: Any, h: Float[Array, "N"]) -> Any:
    """∂u_j/∂w'_ij = h_i, as for the skip-gram."""
    return h[i]


@equation(11, 4.2, r"\frac{\partial u_j}{\partial h_i} = w'_{ij}", ours=True)
def du_dh(i: Any, j: Any, W_prime: Float[Array, "N V"]) -> Any:
    """∂u_j/∂h_i = w'_ij, as for the skip-gram."""
    return W_prime[i, j]


@equation(11, 4.3, r"\frac{\partial h_i}{\partial w_{ki}} = \frac{1}{C} \sum_{c=1}^{C} x_{ck}", ours=True)
def dh_dW(k: Any, X: Float[Array, "C V"]) -> Any:
    """∂h_i/∂w_ki = 1/C Σ_c x_ck: the number of times word k occurs in the context, divided by C."""
    return sum(X[c, k] for c in range(len(X))) / len(X)


@equation(11, 4.4, r"\frac{\partial h_i}{\partial w_{ki}} = \sum_{c=1}^{C} x_{ck}", ours=True,
          label="sum.dh_dW", lhs="dh_dW", model="sum")
def dh_dW_of_sum(k: Any, X: Float[Array, "C V"]) -> Any:
    """∂h_i/∂w_ki = Σ_c x_ck: the number of times word k occurs in the context."""
    return sum(X[c, k] for c in range(len(X)))


# --- error signals --------------------------------------------------------------------------------


@equation(11, 5, r"\frac{\partial E}{\partial u_j} = y_j - t_j = e_j", lhs="dE_du",
          source="Rong 2014, eq. 8")
def e(j: Any, y: Float[Array, "V"], t: Float[Array, "V"]) -> Any:
    """e_j = ∂E/∂u_j = y_j - t_j: the gradient of §4."""
    return y[j] - t[j]


@equation(11, 7, r"\frac{\partial E}{\partial h_i} = \sum_{j=1}^{V} e_j w'_{ij} = EH_i", lhs="dE_dh",
          source="Rong 2014, eq. 12")
def EH(i: Any, e: Float[Array, "V"], W_prime: Float[Array, "N V"]) -> Any:
    """EH_i = ∂E/∂h_i = Σ_j e_j w'_ij: h_i is an input of every score, so the chain rule sums over j."""
    return sum(e[j] * W_prime[i, j] for j in range(len(e)))


# --- gradients, element by element ----------------------------------------------------------------


@equation(11, 6, r"\frac{\partial E}{\partial w'_{ij}} = e_j h_i", source="Rong 2014, eq. 9")
def dE_dW_prime(i: Any, j: Any, e: Float[Array, "V"], h: Float[Array, "N"]) -> Any:
    """∂E/∂w'_ij = e_j h_i."""
    return e[j] * h[i]


@equation(11, 8, r"\frac{\partial E}{\partial w_{ki}} = EH_i x_k", label="one_word.dE_dW", lhs="dE_dW",
          sizes={"C": 1}, source="Rong 2014, eq. 14")
def dE_dW_of_one_word(k: Any, i: Any, X: Float[Array, "1 V"], EH: Float[Array, "N"]) -> Any:
    """∂E/∂w_ki = EH_i x_k: for one context word, 0 in every row but its own."""
    return EH[i] * X[0, k]


@equation(11, 11, r"\frac{\partial E}{\partial w_{ki}} = \frac{1}{C} EH_i \sum_{c=1}^{C} x_{ck}",
          source="Rong 2014, eq. 23", note="Printed as an update: -η EH / C for each context word.")
@equation(11, 12, r"\frac{\partial E}{\partial w_{ki}} = \frac{1}{C} EH_i \sum_{c=1}^{C} x_{ck}",
          label="as_in_word2vec_c", lhs="dE_dW", source="word2vec.c")
def dE_dW(k: Any, i: Any, X: Float[Array, "C V"], EH: Float[Array, "N"]) -> Any:
    """∂E/∂w_ki = EH_i · ∂h_i/∂w_ki = 1/C EH_i Σ_c x_ck.

    Erratum (word2vec.c): the program averages the vectors in the forward pass but omits the factor 1/C in
    the backward pass; its update is C times the gradient. gensim with ``cbow_mean=1`` does the same.
    """
    return EH[i] * dh_dW(k, X)


@equation(11, 13, r"\frac{\partial E}{\partial w_{ki}} = EH_i \sum_{c=1}^{C} x_{ck}",
          label="as_in_gensim", lhs="dE_dW", model="sum", source="gensim 4.4")
def dE_dW_of_sum(k: Any, i: Any, X: Float[Array, "C V"], EH: Float[Array, "N"]) -> Any:
    """∂E/∂w_ki = EH_i Σ_c x_ck, for the model that adds the vectors.

    Erratum (gensim 4.4): with ``cbow_mean=0`` the forward pass adds the vectors, but the backward pass has
    a factor 1/C.
    """
    return EH[i] * dh_dW_of_sum(k, X)


# --- gradients as matrices ------------------------------------------------------------------------


@equation(11, 9, r"\frac{\partial E}{\partial W} = x \otimes EH", lhs="dE_dW", source="Rong 2014, eq. 15")
def dE_dW_matrix(x: Float[Array, "V"], EH: Float[Array, "N"]) -> Float[Array, "V N"]:
    """∂E/∂W = x ⊗ EH, shape (V, N): rows of words that are not in the context are 0."""
    return np.outer(x, EH)


@equation(11, 13.1, r"\nabla E = \left( x \otimes (W' \cdot e), \; h \otimes e \right)",
          lhs="dE_dW dE_dW_prime", ours=True)
def gradients(
    X: Float[Array, "C V"], t: Float[Array, "V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Float[Array, "V N"], Float[Array, "N V"]]:
    """Return ∂E/∂W (V, N) and ∂E/∂W' (N, V) for the mean. The arguments are not modified.

    Raises ``TypeError`` or ``ValueError`` if an array does not match the notation table, and
    ``ValueError`` if t does not sum to 1.

    >>> dE_dW, dE_dW_prime = gradients(*example())
    >>> dE_dW[0].round(4), dE_dW.any(axis=1)
    (array([ 0.3518, -0.0862, -0.4007]), array([ True, False,  True, False, False]))
    """
    check_arrays(NOTATION, X=X, t=t, W=W, W_prime=W_prime)
    check_target(t)
    x, h, u, y, E = forward(X, t, W, W_prime)
    e = y - t
    EH = W_prime @ e
    dE_dW_prime = np.outer(h, e)
    dE_dW = np.outer(x, EH)
    return dE_dW, dE_dW_prime


@equation(11, 13.2, r"\nabla E = \left( x \otimes (W' \cdot e), \; h \otimes e \right)",
          lhs="dE_dW dE_dW_prime", label="sum.gradients", model="sum", ours=True)
def gradients_of_sum(
    X: Float[Array, "C V"], t: Float[Array, "V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Float[Array, "V N"], Float[Array, "N V"]]:
    """Return ∂E/∂W (V, N) and ∂E/∂W' (N, V) for the sum; errors as in :func:`gradients`."""
    check_arrays(NOTATION, X=X, t=t, W=W, W_prime=W_prime)
    check_target(t)
    x, h, u, y, E = forward_sum(X, t, W, W_prime)
    e = y - t
    return np.outer(x, W_prime @ e), np.outer(h, e)


# --- reference: the forward passes in JAX ---------------------------------------------------------


def reference(X: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """Compute the forward pass in JAX; ``jax.grad`` differentiates this function."""
    import jax
    import jax.numpy as jnp

    x = X.mean(axis=0)
    h = jnp.einsum("k,ki->i", x, W)
    u = jnp.einsum("i,ij->j", h, W_prime)
    y = jax.nn.softmax(u)
    E = -(t * jax.nn.log_softmax(u)).sum()
    return E


def reference_sum(X: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """Compute the forward pass with the sum in JAX."""
    import jax
    import jax.numpy as jnp

    x = X.sum(axis=0)
    h = jnp.einsum("k,ki->i", x, W)
    u = jnp.einsum("i,ij->j", h, W_prime)
    y = jax.nn.softmax(u)
    E = -(t * jax.nn.log_softmax(u)).sum()
    return E
