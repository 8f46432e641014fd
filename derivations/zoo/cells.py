"""Specimens: one row, one column, one cell."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from derivations.notation import read_cells
from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import softmax
from derivations.zoo.networks import MLP_FIGURE, MLP_LOOPS
from derivations.zoo.specimen import specimen
from derivations.zoo.texts import SKIPGRAM


@specimen(
    MLP_LOOPS, "one-row", "zeros",
    symptom="One input is never learned from.",
    missed="A random projection or a norm, in which one row of many is lost; an input that is 0.",
    seen="A common slip: a loop that ends one too early.",
)  # fmt: skip
def last_row_left_out(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The loop over the inputs ends one too early."""
    h = sigmoid(x @ W)
    y = sigmoid(h @ W_prime)
    EI_prime = (y - t) * y * (1 - y)
    dE_dW, dE_dW_prime = np.zeros_like(W), np.zeros_like(W_prime)
    dE_dh = np.zeros_like(h)
    for j in range(len(y)):
        dE_dW_prime[:, j] = h * EI_prime[j]
        dE_dh += W_prime[:, j] * EI_prime[j]
    EI = dE_dh * h * (1 - h)
    for k in range(len(x) - 1):
        dE_dW[k] = x[k] * EI
    return dE_dW, dE_dW_prime


@specimen(
    SKIPGRAM, "one-column", "zeros",
    symptom="One word is never predicted.",
    missed="A random projection or a norm, in which one column of many is lost.",
    seen="A common slip: a place for padding in a vocabulary that has none.",
)  # fmt: skip
def word_of_padding(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """Word 0 is taken for padding and does not learn, though the loss counts it."""
    h = x @ W
    y = softmax(h @ W_prime)
    e = y - t
    EI = e.sum(axis=0)
    dE_dW_prime = np.outer(h, EI)
    dE_dW_prime[:, 0] = 0
    dE_dh = W_prime @ EI
    dE_dW = np.outer(x, dE_dh)
    return dE_dW, dE_dW_prime


@specimen(
    MLP_FIGURE, "one-cell",
    symptom="None that one would see: one weight of fifteen goes its own way.",
    missed="Every check that looks at a sum, a norm or a few entries.",
    seen="The paper's figures, pp. 3 and 7, print w22 in the place of w21; and a published worksheet "
    "for word2vec has one wrong cell.",
)  # fmt: skip
def one_cell_copied_wrong(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The cells are copied from the printed figure, in which w21 is w22."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy * y * (1 - y)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh * h * (1 - h)
    dE_dW = np.outer(x, EI)
    dE_dW = read_cells("w11 w12 w13; w22 w22 w23; w31 w32 w33; w41 w42 w43; w51 w52 w53", {"w": dE_dW})
    return dE_dW, dE_dW_prime
