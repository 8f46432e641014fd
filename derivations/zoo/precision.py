"""Specimens: right on paper, wrong in the digits."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import softmax
from derivations.zoo.networks import MLP, RELU
from derivations.zoo.softmaxes import CROSS_ENTROPY, LIKELIHOOD, TEMPERATURE
from derivations.zoo.specimen import specimen


@specimen(
    CROSS_ENTROPY, "eps-in-log",
    symptom="None, until a prediction is as small as the constant; then learning stops there.",
    missed="A tolerance of 1e-6 or so, which is what differences allow.",
    seen="A common slip: a constant that saves the loss from log 0 and is in one of the two only.",
)  # fmt: skip
def eps_in_the_log(t: Array, y: Array) -> Array:
    """The gradient is that of log(y + 1e-7); the loss has no such constant."""
    dE_dy = -t / (y + 1e-7)
    return dE_dy


@specimen(
    LIKELIHOOD, "eps-in-log",
    symptom="None that one would see.",
    missed="A tolerance of 1e-6 or so, and y - t, which hides the logarithm altogether.",
    seen="A common slip; see eps-in-the-log.",
)  # fmt: skip
def eps_before_the_softmax(t: Array, u: Array) -> Array:
    """The same constant, seen through the softmax's Jacobian."""
    y = softmax(u)
    dE_dy = -t / (y + 1e-9)
    J = np.diag(y) - np.outer(y, y)
    dE_du = J @ dE_dy
    return dE_du


@specimen(
    MLP, "float32",
    symptom="Results differ in the seventh digit from machine to machine.",
    missed="Every check by differences, whose own error is larger.",
    seen="A common slip: an array that came from a file, a GPU or another library.",
)  # fmt: skip
def float32_in_the_middle(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """What enters the hidden layer is rounded to float32; what is returned is float64 again."""
    u = (x @ W).astype(np.float32)
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy * y * (1 - y)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh * h * (1 - h)
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


@specimen(
    RELU, "wrong-dtype",
    symptom="The bias moves by whole numbers, and when errors are below one, not at all.",
    missed="NumPy cuts the fractions off without a word.",
    seen="A common slip: zeros of an integer type, or zeros_like of an integer array.",
)  # fmt: skip
def whole_numbers_only(
    X: Array, T: Array, W: Array, b: Array, W_prime: Array, b_prime: Array
) -> tuple[Array, Array, Array, Array]:
    """The gradient is written into an array of integers."""
    U = X @ W + b
    H = np.maximum(U, 0)
    Y = H @ W_prime + b_prime
    e = Y - T
    dE_db_prime = e.sum(axis=0)
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dU = np.where(U > 0, dE_dH, 0)
    dE_db = np.zeros(b.shape, int)
    dE_db[:] = dE_dU.sum(axis=0)
    dE_dW = X.T @ dE_dU
    return dE_dW, dE_db, dE_dW_prime, dE_db_prime


@specimen(
    TEMPERATURE, "not-finite",
    symptom="All is well until one score is large; then every weight is NaN.",
    missed="Checks with small numbers, for which it is right to the last digit.",
    seen="wevi, mended by hand: https://github.com/ronxin/wevi/commit/ef8d0a5",
)  # fmt: skip
def softmax_that_overflows(t: Array, u: Array, tau: float) -> Array:
    """The largest score is not taken off first, so e^u is infinite from 710 on."""
    v = u / tau
    exp_v = np.exp(v)
    y = exp_v / exp_v.sum()
    dE_du = (y - t) / tau
    return dE_du
