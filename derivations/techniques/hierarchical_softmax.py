"""§8, p. 11: hierarchical softmax: one binary decision at each inner node of a tree.

    x  --W-->  h  -----.
                       u  --σ-->  y  --log-->  E  <--  t
    S  --W'-->  v'  ---'

The words are the leaves of a binary tree (see ``huffman``). W' has one vector per inner node instead of
one per word. The probability of a word is the product of the decisions on the path from the root to it:
σ(u) for the target t = 1 and σ(-u) for t = 0. These probabilities sum to 1 over all words, and about
log2 V decisions replace the V scores of the softmax.

S selects the inner nodes on the path to the word, one per row, and t has the target of each decision;
``questions`` computes both from a path and a code. From h on, the skip-gram and CBOW are the same. The
gradients have the same form as those of negative sampling, with inner nodes instead of samples.

The equations are those of Rong (2014, arXiv 1411.2738, §2.1). k indexes V input words, i N hidden units,
l the L decisions on the path, j J inner nodes, c C context words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import check_arrays, notation
from derivations.paper.mlp import sigmoid
from derivations.paper.skipgram import one_hot
from derivations.techniques.huffman import huffman_tree
from derivations.techniques.negative_sampling import log_sigmoid

__all__ = ["huffman_tree"]

SECTION = "8"

NOTATION = notation("""
    name      paper   shape   drawn     meaning
    x         x_k     V       input     input: one word, one-hot; for CBOW the mean of several
    X         x_ck    C V     input     CBOW: the context words, one-hot, one per row
    S         s_lj    L J     input     the inner nodes on the path, one-hot, one per row
    t         t_l     L       answers   targets of the decisions: 1 - code
    W         w_ki    V N     real      weights, input to hidden
    W_prime   w'_ij   N J     real      weights, hidden to output; one column per inner node
    h         h_i     N       -         hidden layer
    v_prime   v'_li   L N     -         the vectors of the inner nodes on the path
    u         u_l     L       -         scores
    y         y_l     L       -         predicted probabilities of target 1
    p         p       ()      -         probability of the word
    E         E       ()      -         the loss, a scalar
    e         e_l     L       -         error signals, ∂E/∂u_l
    EH        EH_i    N       -         error signal of the hidden layer, ∂E/∂h_i
""")


def example() -> tuple[Array, Array, Array, Array, Array]:
    """Return arrays for input word 0 and output word 2 of four words; the path to word 2 has three nodes.

    x (4,), S (3, 3), t (3,), W (4, 2), W' (2, 3), all float64.
    """
    paths, codes = huffman_tree(np.array([10.0, 5.0, 2.0, 1.0]))
    S, t = questions(paths[2], codes[2], 3)
    W = np.sin(np.arange(1.0, 9.0)).reshape(4, 2)
    W_prime = np.cos(np.arange(1.0, 7.0)).reshape(2, 3)
    return one_hot(0, 4), S, t, W, W_prime


def questions(
    path: Int[Array, "L"], code: Int[Array, "L"], J: int
) -> tuple[Float[Array, "L J"], Float[Array, "L"]]:
    """Return the decisions on a path as S (L, J) and t (L,), float64: t = 1 - code, as in word2vec.c.

    >>> S, t = questions(np.array([2, 0]), np.array([0, 1]), 3)
    >>> S, t
    (array([[0., 0., 1.],
           [1., 0., 0.]]), array([1., 0.]))
    """
    return np.eye(J)[path], 1.0 - code


# --- forward pass, one operation per line ---------------------------------------------------------


def forward(
    x: Float[Array, "V"], S: Float[Array, "L J"], t: Float[Array, "L"], W: Float[Array, "V N"],
    W_prime: Float[Array, "N J"],
) -> tuple[Any, ...]:
    """Compute the forward pass; return h (N,), v' (L, N), u (L,), y (L,), p (), E ().

    >>> h, v_prime, u, y, p, E = forward(*example())
    >>> y.round(4), round(float(p), 4), round(float(E), 4)
    (array([0.51  , 0.477 , 0.4651]), 0.1301, 2.0394)
    """
    h = x @ W
    v_prime = S @ W_prime.T
    u = v_prime @ h
    y = sigmoid(u)
    p = np.prod(sigmoid((2 * t - 1) * u))
    E = -np.sum(log_sigmoid((2 * t - 1) * u))
    return h, v_prime, u, y, p, E


def forward_cbow(
    X: Float[Array, "C V"], S: Float[Array, "L J"], t: Float[Array, "L"], W: Float[Array, "V N"],
    W_prime: Float[Array, "N J"],
) -> tuple[Any, ...]:
    """Compute the forward pass of CBOW; return x (V,), then what :func:`forward` returns."""
    x = np.mean(X, axis=0)
    h = x @ W
    v_prime = S @ W_prime.T
    u = v_prime @ h
    y = sigmoid(u)
    p = np.prod(sigmoid((2 * t - 1) * u))
    E = -np.sum(log_sigmoid((2 * t - 1) * u))
    return x, h, v_prime, u, y, p, E


@definition(11, 0.1, r"h_i = \sum_{k=1}^{V} x_k w_{ki}", ours=True)
@definition(11, 0.2, r"h_i = \sum_{k=1}^{V} x_k w_{ki}, \quad x_k = \frac{1}{C} \sum_{c=1}^{C} x_{ck}",
            label="cbow.h", model="cbow", ours=True)
def h(i: Any, x: Float[Array, "V"], W: Float[Array, "V N"]) -> Any:
    """h_i = Σ_k x_k w_ki: the vector of the input word, or for CBOW the mean of several."""
    return sum(x[k] * W[k, i] for k in range(len(x)))


@definition(11, 0.3, r"v'_{li} = \sum_{j=1}^{J} s_{lj} w'_{ij}", ours=True)
def v_prime(l: Any, i: Any, S: Float[Array, "L J"], W_prime: Float[Array, "N J"]) -> Any:
    """v'_li = Σ_j s_lj w'_ij: the vector of the l-th inner node on the path, a column of W'."""
    return sum(S[l, j] * W_prime[i, j] for j in range(S.shape[1]))


@definition(11, 0.4, r"u_l = \sum_{i=1}^{N} v'_{li} h_i", ours=True)
def u(l: Any, v_prime: Float[Array, "L N"], h: Float[Array, "N"]) -> Any:
    """u_l = Σ_i v'_li h_i: the score of decision l."""
    return sum(v_prime[l, i] * h[i] for i in range(len(h)))


@definition(11, 1, r"p = \prod_{l=1}^{L} \sigma \left( (2 t_l - 1) u_l \right)", source="Rong 2014, eq. 37",
            note="Rong's double brackets are 2 t - 1: 1 for t = 1 and -1 for t = 0.")
def p(t: Float[Array, "L"], u: Float[Array, "L"]) -> Any:
    """p = Π_l σ((2 t_l - 1) u_l): the probability of the word, the product of its decisions."""
    return np.prod([sigmoid(u_l) if t_l else sigmoid(-u_l) for t_l, u_l in zip(t, u, strict=True)])


@definition(11, 2, r"y_l = \sigma(u_l)", source="Rong 2014, eq. 38", note="By eq. 39, t_l = 0 has 1 - y_l.")
def y(l: Any, u: Float[Array, "L"]) -> Any:
    """y_l = σ(u_l): the predicted probability of t_l = 1, in Rong's figure of going left."""
    return sigmoid(u[l])


@definition(11, 3, r"E = -\sum_{l=1}^{L} \log \sigma \left( (2 t_l - 1) u_l \right)",
            source="Rong 2014, eq. 45")
def E(t: Float[Array, "L"], u: Float[Array, "L"]) -> Any:
    """E = -log p = -Σ_l log σ((2 t_l - 1) u_l): the loss."""
    return -sum(log_sigmoid(u_l) if t_l else log_sigmoid(-u_l) for t_l, u_l in zip(t, u, strict=True))


# --- partial derivatives --------------------------------------------------------------------------


@equation(11, 3.1, r"\frac{\partial u_l}{\partial v'_{li}} = h_i", ours=True)
def du_dv_prime(i: Any, h: Float[Array, "N"]) -> Any:
    """∂u_l/∂v'_li = h_i. The derivative of u_l by the vector of another node is 0."""
    return h[i]


@equation(11, 3.2, r"\frac{\partial u_l}{\partial h_i} = v'_{li}", ours=True)
def du_dh(l: Any, i: Any, v_prime: Float[Array, "L N"]) -> Any:
    """∂u_l/∂h_i = v'_li."""
    return v_prime[l, i]


# --- error signals --------------------------------------------------------------------------------


@equation(11, 4, r"\frac{\partial E}{\partial u_l} = \sigma(u_l) - t_l = e_l", lhs="dE_du",
          source="Rong 2014, eq. 48")
def e(l: Any, y: Float[Array, "L"], t: Float[Array, "L"]) -> Any:
    """e_l = ∂E/∂u_l = y_l - t_l, as for negative sampling."""
    return y[l] - t[l]


@equation(11, 6, r"\frac{\partial E}{\partial h_i} = \sum_{l=1}^{L} e_l v'_{li} = EH_i", lhs="dE_dh",
          source="Rong 2014, eq. 53")
def EH(i: Any, e: Float[Array, "L"], v_prime: Float[Array, "L N"]) -> Any:
    """EH_i = ∂E/∂h_i = Σ_l e_l v'_li: the chain rule sums over the decisions on the path."""
    return sum(e[l] * v_prime[l, i] for l in range(len(e)))


# --- gradients, element by element ----------------------------------------------------------------


@equation(11, 5, r"\frac{\partial E}{\partial v'_{li}} = e_l h_i", source="Rong 2014, eq. 49")
def dE_dv_prime(l: Any, i: Any, e: Float[Array, "L"], h: Float[Array, "N"]) -> Any:
    """∂E/∂v'_li = e_l h_i."""
    return e[l] * h[i]


@equation(11, 6.1, r"\frac{\partial E}{\partial w'_{ij}} = h_i \sum_{l=1}^{L} e_l s_{lj}", ours=True)
def dE_dW_prime(i: Any, j: Any, h: Float[Array, "N"], e: Float[Array, "L"], S: Float[Array, "L J"]) -> Any:
    """∂E/∂w'_ij = h_i Σ_l e_l s_lj: 0 for inner nodes that are not on the path."""
    return h[i] * sum(e[l] * S[l, j] for l in range(len(e)))


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
    x: Float[Array, "V"], S: Float[Array, "L J"], t: Float[Array, "L"], W: Float[Array, "V N"],
    W_prime: Float[Array, "N J"],
) -> tuple[Float[Array, "V N"], Float[Array, "N J"]]:
    """Return ∂E/∂W (V, N) and ∂E/∂W' (N, J) of the skip-gram. The arguments are not modified.

    Raises ``TypeError`` or ``ValueError`` if an array does not match the notation table, and
    ``ValueError`` if an entry of t is neither 0 nor 1.

    >>> dE_dW, dE_dW_prime = gradients(*example())
    >>> dE_dW.any(axis=1), dE_dW_prime[0].round(4)
    (array([ True, False, False, False]), array([ 0.3914, -0.4401, -0.4123]))
    """
    check_arrays(NOTATION, x=x, S=S, t=t, W=W, W_prime=W_prime)
    check_answers(t)
    h, v_prime, u, y, p, E = forward(x, S, t, W, W_prime)
    e = y - t
    EH = e @ v_prime
    dE_dW_prime = np.outer(h, e @ S)
    dE_dW = np.outer(x, EH)
    return dE_dW, dE_dW_prime


@equation(11, 6.5, r"\nabla E = \left( x \otimes (e \cdot v'), \; h \otimes (e \cdot S) \right)",
          label="cbow.gradients", lhs="dE_dW dE_dW_prime", model="cbow", ours=True)
def gradients_of_cbow(
    X: Float[Array, "C V"], S: Float[Array, "L J"], t: Float[Array, "L"], W: Float[Array, "V N"],
    W_prime: Float[Array, "N J"],
) -> tuple[Float[Array, "V N"], Float[Array, "N J"]]:
    """Return ∂E/∂W (V, N) and ∂E/∂W' (N, J) of CBOW with the mean; errors as in :func:`gradients`."""
    check_arrays(NOTATION, X=X, S=S, t=t, W=W, W_prime=W_prime)
    check_answers(t)
    x, h, v_prime, u, y, p, E = forward_cbow(X, S, t, W, W_prime)
    e = y - t
    return np.outer(x, e @ v_prime), np.outer(h, e @ S)


def check_answers(t: Float[Array, "L"]) -> None:
    """Raise ``ValueError`` unless every target is 0 or 1, so that 2 t - 1 is a sign."""
    wrong = np.flatnonzero((t != 0) & (t != 1))
    if wrong.size:
        raise ValueError(f"t[{wrong[0]}] is {t[wrong[0]]}: give 1 for a yes and 0 for a no, t = 1 - code")


# --- reference: the forward passes in JAX ---------------------------------------------------------


def reference(x: Any, S: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """Compute the forward pass in JAX; ``jax.grad`` differentiates this function.

    -log σ(u) = log(1 + e^u) - u and -log σ(-u) = log(1 + e^u), so E = Σ_l (log(1 + e^u_l) - t_l u_l).
    """
    import jax
    import jax.numpy as jnp

    h = jnp.einsum("k,ki->i", x, W)
    v_prime = jnp.einsum("lj,ij->li", S, W_prime)
    u = jnp.einsum("li,i->l", v_prime, h)
    y = jax.nn.sigmoid(u)
    E = jnp.sum(jax.nn.softplus(u) - t * u)
    p = jnp.exp(-E)
    return p


def reference_cbow(X: Any, S: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """Compute the forward pass of CBOW in JAX."""
    import jax
    import jax.numpy as jnp

    x = X.mean(axis=0)
    h = jnp.einsum("k,ki->i", x, W)
    v_prime = jnp.einsum("lj,ij->li", S, W_prime)
    u = jnp.einsum("li,i->l", v_prime, h)
    y = jax.nn.sigmoid(u)
    E = jnp.sum(jax.nn.softplus(u) - t * u)
    p = jnp.exp(-E)
    return p
