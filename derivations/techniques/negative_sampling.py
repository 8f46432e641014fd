"""§8, p. 11: negative sampling: the word that was there, told from a few that were drawn.

    x  --W-->  h  -----.
                       u  --σ-->  y  --log-->  E  <--  t
    S  --W'-->  v'  ---'

The softmax asks which of V words it was, and so needs all their output vectors. Negative sampling asks of
1 + K words whether it was this one: of the word that was there, where the answer is yes, and of K that
were drawn at random, where it is no. Each question has its own sigmoid; only the vectors asked for learn.

S picks the words: its first row is the word that was there, each further row one draw, and D counts them
all, D = 1 + K. Every row is a question of its own. A word drawn twice is asked for twice and learns twice;
the true word, if it is drawn too, is asked for with both answers. (word2vec.c and gensim leave such a
draw out: a row less.)

Equations are those of Rong (2014, arXiv 1411.2738, §2.2) and Mikolov et al. (2013b, arXiv 1310.4546). k
counts V input words, i counts N hidden units, d counts D questions, j counts V output words, c counts C
context words. From h on the skip-gram and CBOW are the same.
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
    X         x_ck    C V     input   CBOW: the context words, one-hot, one row each
    S         s_dj    D V     input   the words asked for, one-hot: the true one, then the draws
    W         w_ki    V N     real    weights, input to hidden
    W_prime   w'_ij   N V     real    weights, hidden to output; a column a word
    h         h_i     N       -       hidden layer
    v_prime   v'_di   D N     -       the output vectors of the words asked for
    u         u_d     D       -       scores
    t         t_d     D       -       answers: yes to the first, no to the rest
    y         y_d     D       -       predictions: how likely a yes is
    E         E       ()      -       the loss, one number
    e         e_d     D       -       errors, ∂E/∂u_d
    EH        EH_i    N       -       what comes back to the hidden layer, ∂E/∂h_i
""")


def example() -> tuple[Array, Array, Array, Array]:
    """Word 0 is seen beside word 1; words 3, 4 and again 3 are drawn.

    Returns x (5,), S (4, 5), W (5, 3), W' (3, 5), all float64.
    """
    x = one_hot(0, 5)
    S = np.stack([one_hot(1, 5), one_hot(3, 5), one_hot(4, 5), one_hot(3, 5)])
    W = np.sin(np.arange(1.0, 16.0)).reshape(5, 3)
    W_prime = np.cos(np.arange(1.0, 16.0)).reshape(3, 5)
    return x, S, W, W_prime


# --- forward: one operation a line ----------------------------------------------------------------


def log_sigmoid(u: Any) -> Any:
    """log σ(u), of any shape; finite for scores as large as they like, as log(sigmoid(u)) is not."""
    sign = np.where(np.real(u) < 0, -1.0, 1.0)  # u is complex in the referee's complex step
    return np.where(sign > 0, 0.0, u) - np.log1p(np.exp(-sign * u))


def forward(
    x: Float[Array, "V"], S: Float[Array, "D V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Any, ...]:
    """From one word to the loss; returns h (N,), v' (D, N), u (D,), t (D,), y (D,), E ().

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
    """The same from the mean of C words; returns x (V,) and what :func:`forward` does."""
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
    """The hidden layer: a word's vector, or the mean of several; see ``skipgram`` and ``cbow``."""
    return sum(x[k] * W[k, i] for k in range(len(x)))


@definition(11, 2.1, r"v'_{di} = \sum_{j=1}^{V} s_{dj} w'_{ij}", ours=True)
def v_prime(d: Any, i: Any, S: Float[Array, "D V"], W_prime: Float[Array, "N V"]) -> Any:
    """The output vector that question d asks for: its word's column of W', as a row."""
    return sum(S[d, j] * W_prime[i, j] for j in range(S.shape[1]))


@definition(11, 2.2, r"u_d = \sum_{i=1}^{N} v'_{di} h_i", ours=True)
def u(d: Any, v_prime: Float[Array, "D N"], h: Float[Array, "N"]) -> Any:
    """The score of question d."""
    return sum(v_prime[d, i] * h[i] for i in range(len(h)))


@definition(11, 2.3, r"y_d = \sigma(u_d)", ours=True)
def y(d: Any, u: Float[Array, "D"]) -> Any:
    """How likely the answer is yes."""
    return sigmoid(u[d])


@definition(11, 3, r"E = -\log \sigma(u_1) - \sum_{d=2}^{D} \log \sigma(-u_d)", source="Rong 2014, eq. 55",
            note="Mikolov et al. 2013b, eq. 4, is its negative, with the expectation of the draws.")
def E(u: Float[Array, "D"]) -> Any:
    """The loss: yes to the word that was there, no to each that was drawn."""
    return -log_sigmoid(u[0]) - sum(log_sigmoid(-u[d]) for d in range(1, len(u)))


# --- the partials ---------------------------------------------------------------------------------


@equation(11, 3.1, r"\frac{\partial u_d}{\partial v'_{di}} = h_i", ours=True)
def du_dv_prime(i: Any, h: Float[Array, "N"]) -> Any:
    """∂u_d/∂v'_di = h_i; the vectors of other questions do not enter u_d."""
    return h[i]


@equation(11, 3.2, r"\frac{\partial u_d}{\partial h_i} = v'_{di}", ours=True)
def du_dh(d: Any, i: Any, v_prime: Float[Array, "D N"]) -> Any:
    """∂u_d/∂h_i = v'_di."""
    return v_prime[d, i]


# --- the error signals ----------------------------------------------------------------------------


@equation(11, 4, r"\frac{\partial E}{\partial u_d} = \sigma(u_d) - t_d = e_d", lhs="dE_du",
          source="Rong 2014, eq. 57")
def e(d: Any, y: Float[Array, "D"], t: Float[Array, "D"]) -> Any:
    """e_d = ∂E/∂u_d = y_d - t_d: what was predicted, less the answer; as for the softmax."""
    return y[d] - t[d]


@equation(11, 6, r"\frac{\partial E}{\partial h_i} = \sum_{d=1}^{D} e_d v'_{di} = EH_i", lhs="dE_dh",
          source="Rong 2014, eq. 61")
def EH(i: Any, e: Float[Array, "D"], v_prime: Float[Array, "D N"]) -> Any:
    """EH_i = ∂E/∂h_i: the output vectors asked for, each weighed by its error; D of them, not V."""
    return sum(e[d] * v_prime[d, i] for d in range(len(e)))


# --- the gradients, element by element ------------------------------------------------------------


@equation(11, 5, r"\frac{\partial E}{\partial v'_{di}} = e_d h_i", source="Rong 2014, eq. 58")
def dE_dv_prime(d: Any, i: Any, e: Float[Array, "D"], h: Float[Array, "N"]) -> Any:
    """∂E/∂v'_di = e_d h_i, for each question by itself."""
    return e[d] * h[i]


@equation(11, 6.1, r"\frac{\partial E}{\partial w'_{ij}} = h_i \sum_{d=1}^{D} e_d s_{dj}", ours=True)
def dE_dW_prime(i: Any, j: Any, h: Float[Array, "N"], e: Float[Array, "D"], S: Float[Array, "D V"]) -> Any:
    """∂E/∂w'_ij: the errors of all questions about word j, added; 0 for a word not asked for."""
    return h[i] * sum(e[d] * S[d, j] for d in range(len(e)))


@equation(11, 6.2, r"\frac{\partial E}{\partial w_{ki}} = EH_i x_k", ours=True)
@equation(11, 6.3, r"\frac{\partial E}{\partial w_{ki}} = EH_i x_k, \quad x_k = \frac{1}{C}"
          r" \sum_{c=1}^{C} x_{ck}", label="cbow.dE_dW", model="cbow", ours=True)
def dE_dW(k: Any, i: Any, x: Float[Array, "V"], EH: Float[Array, "N"]) -> Any:
    """∂E/∂w_ki = EH_i x_k: the word's own vector; for CBOW each word's, by its share in the mean."""
    return EH[i] * x[k]


# --- the gradients as matrices --------------------------------------------------------------------


@equation(11, 6.4, r"\nabla E = \left( x \otimes (e \cdot v'), \; h \otimes (e \cdot S) \right)",
          lhs="dE_dW dE_dW_prime", ours=True)
def gradients(
    x: Float[Array, "V"], S: Float[Array, "D V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Float[Array, "V N"], Float[Array, "N V"]]:
    """The whole section, for the skip-gram: ∂E/∂W (V, N), ∂E/∂W' (N, V); its arguments are untouched.

    Raises ``TypeError`` or ``ValueError``, in one line, for arrays that do not fit the notation.

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
    """The whole section, for CBOW with the mean of its context; like :func:`gradients` otherwise."""
    check_arrays(NOTATION, X=X, S=S, W=W, W_prime=W_prime)
    x, h, v_prime, u, t, y, E = forward_cbow(X, S, W, W_prime)
    e = y - t
    return np.outer(x, e @ v_prime), np.outer(h, e @ S)


# --- for JAX: the forward passes again, and nothing else --------------------------------------------


def reference(x: Any, S: Any, W: Any, W_prime: Any) -> Any:
    """The forward pass, stated once more in JAX: a yes costs log(1 + e^u) - u, a no log(1 + e^u)."""
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
    """The same from the mean of C words, in JAX."""
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
