"""Exhibits: the skip-gram, CBOW and negative sampling."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy import ndarray as Array

from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import softmax
from derivations.zoo.specimen import Exhibit

# --- §6: the skip-gram with C context words -------------------------------------------------------------


def skipgram_loss(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """§6: the skip-gram with C context words."""
    h = x @ W
    u = h @ W_prime
    log_y = jax.nn.log_softmax(u)
    E = -jnp.sum(t * log_y)
    return E


def skipgram_gradient(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """∂E/∂W (V, N) and ∂E/∂W' (N, V)."""
    h = x @ W
    y = softmax(h @ W_prime)
    e = y - t
    EI = e.sum(axis=0)
    dE_dW_prime = np.outer(h, EI)
    dE_dh = W_prime @ EI
    dE_dW = np.outer(x, dE_dh)
    return dE_dW, dE_dW_prime


def skipgram_gradient_word_by_word(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The same gradients, one context word at a time."""
    h = x @ W
    y = softmax(h @ W_prime)
    EI = np.zeros_like(y)
    for t_c in t:
        EI += y - t_c
    dE_dW_prime = np.outer(h, EI)
    dE_dW = np.outer(x, W_prime @ EI)
    return dE_dW, dE_dW_prime


def sentence_loss(S: Any, W: Any, W_prime: Any) -> Any:
    """A sentence of five words, window 1: every word predicts the one before it and the one after."""
    H = S @ W
    U = H @ W_prime
    log_Y = jax.nn.log_softmax(U)
    E = -jnp.sum(S[1:] * log_Y[:-1]) - jnp.sum(S[:-1] * log_Y[1:])
    return E


def sentence_gradient(S: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """∂E/∂W (V, N) and ∂E/∂W' (N, V), word by word, with the errors of the neighbours in one buffer."""
    errors = np.zeros((2, S.shape[1]))
    dE_dW, dE_dW_prime = np.zeros_like(W), np.zeros_like(W_prime)
    for k, x in enumerate(S):
        neighbours = [n for n in (k - 1, k + 1) if 0 <= n < len(S)]
        h = x @ W
        y = softmax(h @ W_prime)
        for c, n in enumerate(neighbours):
            errors[c] = y - S[n]
        EI = errors[: len(neighbours)].sum(axis=0)
        dE_dW_prime += np.outer(h, EI)
        dE_dW += np.outer(x, W_prime @ EI)
    return dE_dW, dE_dW_prime


# --- words by index ------------------------------------------------------------------------------


def lookup_loss(words: Any, T: Any, W: Any, W_prime: Any) -> Any:
    """A batch of words, given as indices, each with a target distribution."""
    H = W[words]
    U = H @ W_prime
    log_Y = jax.nn.log_softmax(U)
    E = -jnp.sum(T * log_Y)
    return E


def lookup_gradient(words: Array, T: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """∂E/∂W (V, N) and ∂E/∂W' (N, M)."""
    H = W[words]
    e = softmax(H @ W_prime) - T
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dW = np.zeros_like(W)
    np.add.at(dE_dW, words, dE_dH)
    return dE_dW, dE_dW_prime


def cbow_loss(context: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """§8: CBOW; the mean of the vectors of C context words predicts the word in the middle."""
    h = jnp.mean(W[context], axis=0)
    u = h @ W_prime
    log_y = jax.nn.log_softmax(u)
    E = -jnp.sum(t * log_y)
    return E


def cbow_gradient(context: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """∂E/∂W (V, N) and ∂E/∂W' (N, V)."""
    C = len(context)
    h = W[context].mean(axis=0)
    e = softmax(h @ W_prime) - t
    dE_dW_prime = np.outer(h, e)
    EH = W_prime @ e
    dE_dW = np.zeros_like(W)
    np.add.at(dE_dW, context, EH / C)
    return dE_dW, dE_dW_prime


def cbow_sum_loss(context: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """CBOW with the sum of the vectors instead of their mean."""
    h = jnp.sum(W[context], axis=0)
    u = h @ W_prime
    log_y = jax.nn.log_softmax(u)
    E = -jnp.sum(t * log_y)
    return E


def cbow_sum_gradient(context: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """∂E/∂W (V, N) and ∂E/∂W' (N, V)."""
    h = W[context].sum(axis=0)
    e = softmax(h @ W_prime) - t
    dE_dW_prime = np.outer(h, e)
    EH = W_prime @ e
    dE_dW = np.zeros_like(W)
    np.add.at(dE_dW, context, EH)
    return dE_dW, dE_dW_prime


# --- pairs of words ----------------------------------------------------------------------------


def pairs_loss(centre: Any, other: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """Negative sampling: for each pair of words, whether they are neighbours (1) or one was drawn (0)."""
    H = W[centre]
    V_prime = W_prime[other]
    u = jnp.sum(H * V_prime, axis=1)
    E = jnp.sum(jax.nn.softplus(u) - t * u)
    return E


def pairs_gradient(centre: Array, other: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """∂E/∂W and ∂E/∂W', both (V, N), with one row for each word."""
    H = W[centre]
    V_prime = W_prime[other]
    y = sigmoid((H * V_prime).sum(axis=1))
    e = (y - t)[:, None]
    dE_dW, dE_dW_prime = np.zeros_like(W), np.zeros_like(W_prime)
    np.add.at(dE_dW, centre, e * V_prime)
    np.add.at(dE_dW_prime, other, e * H)
    return dE_dW, dE_dW_prime


def score_loss(v: Any, v_prime: Any) -> Any:
    """The score of two word vectors: their dot product."""
    E = v @ v_prime
    return E


def score_gradient(v: Array, v_prime: Array) -> tuple[Array, Array]:
    """∂E/∂v and ∂E/∂v', both (N,): each is the other vector."""
    dE_dv = v_prime.copy()
    dE_dv_prime = v.copy()
    return dE_dv, dE_dv_prime


SKIPGRAM = Exhibit(
    "skip-gram",
    skipgram_loss,
    skipgram_gradient,
    "x: V one-hot, t: C V target, W: V N, W_prime: N V",
    "W W_prime",
)
SKIPGRAM_LOOP = Exhibit(
    "skip-gram word by word", skipgram_loss, skipgram_gradient_word_by_word, SKIPGRAM.shapes, SKIPGRAM.wrt
)
SENTENCE = Exhibit(
    "sentence", sentence_loss, sentence_gradient, "S: 5 V one-hot, W: V N, W_prime: N V", "W W_prime"
)
LOOKUP = Exhibit(
    "lookup",
    lookup_loss,
    lookup_gradient,
    "words: B words of V, T: B M target, W: V N, W_prime: N M",
    "W W_prime",
)
CBOW = Exhibit(
    "cbow",
    cbow_loss,
    cbow_gradient,
    "context: C words of V, t: V target, W: V N, W_prime: N V",
    "W W_prime",
)
CBOW_SUM = Exhibit("cbow of a sum", cbow_sum_loss, cbow_sum_gradient, CBOW.shapes, CBOW.wrt)
PAIRS = Exhibit(
    "pairs", pairs_loss, pairs_gradient,
    "centre: B words of V, other: B words of V, t: B answers, W: V N, W_prime: V N", "W W_prime",
)  # fmt: skip
SCORE = Exhibit("score", score_loss, score_gradient, "v: N, v_prime: N", "v v_prime")
