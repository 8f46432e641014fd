"""Specimens: a sign, and constants that are too many or missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray as Array

from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import softmax
from derivations.zoo.networks import LINE, MLP, RELU, UNIT
from derivations.zoo.softmaxes import REGRESSION, TEMPERATURE
from derivations.zoo.specimen import specimen
from derivations.zoo.texts import CBOW, CBOW_SUM, SKIPGRAM


@specimen(
    MLP, "wrong-sign",
    symptom="The loss rises from the first step, or falls if the step adds where it should subtract.",
    missed="A check that compares sizes or angles only, or squares the difference of the norms.",
    seen="deeplearning4j #345: labels less predictions, https://github.com/deeplearning4j/deeplearning4j/issues/345",
)  # fmt: skip
def wrong_sign(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The error is the target less the prediction."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = t - y
    EI_prime = dE_dy * y * (1 - y)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh * h * (1 - h)
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


@specimen(
    REGRESSION, "wrong-sign",
    symptom="The weights learn and the bias runs away from them; the loss falls, then stops too high.",
    missed="Biases are often left out of the check, or start at zero and are never looked at again.",
    seen="A common slip, where one line of several is copied from code that adds its steps.",
)  # fmt: skip
def wrong_sign_of_the_bias(X: Array, T: Array, W: Array, b: Array, decay: float) -> tuple[Array, Array]:
    """The bias alone has the wrong sign."""
    B = len(X)
    U = X @ W + b
    Y = softmax(U)
    e = (Y - T) / B
    dE_dW = X.T @ e + decay * W
    dE_db = -e.sum(axis=0)
    return dE_dW, dE_db


@specimen(
    UNIT, "constant-factor: 2",
    symptom="None but a learning rate that seems twice as large as in the book.",
    missed="Checks that compare directions, and everyone who then tunes the learning rate.",
    seen="fromscratchtoml #65, a softmax off by two: https://github.com/markroxor/fromscratchtoml/issues/65",
)  # fmt: skip
def forgot_the_half(x: Array, t: float, w: Array) -> Array:
    """The square brings its two down, though E was halved to cancel it."""
    y = sigmoid(x @ w)
    dE_dy = 2 * (y - t)
    dE_du = dE_dy * y * (1 - y)
    dE_dw = dE_du * x
    return dE_dw


@specimen(
    LINE, "constant-factor: 1/2",
    symptom="Training is half as fast as the same loss elsewhere.",
    missed="Nothing looks wrong: the loss falls, the optimum is the same.",
    seen="A common slip: the formula is remembered for a loss that is halved, this one is not.",
)  # fmt: skip
def a_half_that_is_not_there(X: Array, t: Array, w: Array, b: float) -> tuple[Array, Any]:
    """The two of the square is dropped, though nothing in E cancels it."""
    B = len(X)
    y = X @ w + b
    e = (y - t) / B
    dE_dw = X.T @ e
    dE_db = e.sum()
    return dE_dw, dE_db


@specimen(
    LINE, "constant-factor: B",
    symptom="A learning rate that suits one batch size diverges at a larger one.",
    missed="A check with one example, where the mean is the sum.",
    seen="A common slip in CS231n's first assignment, whose loss is divided by the number of examples.",
)  # fmt: skip
def forgot_to_divide_by_the_batch(X: Array, t: Array, w: Array, b: float) -> tuple[Array, Any]:
    """The loss is a mean, the gradient a sum."""
    B = len(X)
    y = X @ w + b
    e = 2 * (y - t)
    dE_dw = X.T @ e
    dE_db = e.sum()
    return dE_dw, dE_db


@specimen(
    LINE, "constant-factor: 1/B",
    symptom="The larger the batch, the slower the weights; the bias learns as it should.",
    missed="A check with one example; a check of the bias alone.",
    seen="A common slip: once where the error is computed, and again where it is used.",
)  # fmt: skip
def divided_by_the_batch_twice(X: Array, t: Array, w: Array, b: float) -> tuple[Array, Any]:
    """The batch size is divided by in the error and again in the gradient."""
    B = len(X)
    y = X @ w + b
    e = 2 * (y - t) / B
    dE_dw = X.T @ e / B
    dE_db = e.sum()
    return dE_dw, dE_db


@specimen(
    RELU, "constant-factor: 1/B",
    symptom="The output's bias learns too slowly, by as much as the batch is large.",
    missed="A check with a batch of one.",
    seen="K. Frans' notes on backpropagation, a mean for the bias: https://github.com/kvfrans/notes/issues/5",
)  # fmt: skip
def mean_for_the_bias(
    X: Array, T: Array, W: Array, b: Array, W_prime: Array, b_prime: Array
) -> tuple[Array, Array, Array, Array]:
    """The output's bias gets the mean over the batch, where E is a sum."""
    U = X @ W + b
    H = np.maximum(U, 0)
    Y = H @ W_prime + b_prime
    e = Y - T
    dE_db_prime = e.mean(axis=0)
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dU = np.where(U > 0, dE_dH, 0)
    dE_db = np.zeros_like(b)
    dE_db[:] = dE_dU.sum(axis=0)
    dE_dW = X.T @ dE_dU
    return dE_dW, dE_db, dE_dW_prime, dE_db_prime


@specimen(
    RELU, "constant-factor: 1/B**2", "constant-factor: 1/B",
    symptom="Large batches hardly train at all.",
    missed="A check with a batch of one, where all three are the same.",
    seen="A common slip: a mean is taken of what was divided already, of a loss that is a sum.",
)  # fmt: skip
def mean_of_what_was_divided(
    X: Array, T: Array, W: Array, b: Array, W_prime: Array, b_prime: Array
) -> tuple[Array, Array, Array, Array]:
    """The output's bias is divided by the batch size twice, where E is a sum and asks for neither."""
    U = X @ W + b
    H = np.maximum(U, 0)
    Y = H @ W_prime + b_prime
    e = Y - T
    dE_db_prime = (e / len(X)).mean(axis=0)
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dU = np.where(U > 0, dE_dH, 0)
    dE_db = np.zeros_like(b)
    dE_db[:] = dE_dU.sum(axis=0)
    dE_dW = X.T @ dE_dU
    return dE_dW, dE_db, dE_dW_prime, dE_db_prime


@specimen(
    SKIPGRAM, "constant-factor: 1/C",
    symptom="Words with many neighbours learn as slowly as words with one.",
    missed="A check with one context word.",
    seen="A common slip: §6 adds the errors of the context words, and a mean looks tidier.",
)  # fmt: skip
def mean_over_the_contexts(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The errors of the context words are averaged, where E adds them."""
    h = x @ W
    y = softmax(h @ W_prime)
    e = y - t
    EI = e.mean(axis=0)
    dE_dW_prime = np.outer(h, EI)
    dE_dh = W_prime @ EI
    dE_dW = np.outer(x, dE_dh)
    return dE_dW, dE_dW_prime


@specimen(
    CBOW, "constant-factor: C",
    symptom="CBOW seems worse than the skip-gram; its input vectors move C times too far.",
    missed="The output vectors are right, the direction is right, and no check was run.",
    seen="word2vec.c, and gensim with cbow_mean=1: https://github.com/piskvorky/gensim/issues/1873; "
    "İrsoy, Benton and Stratos (2021) measured what it costs.",
)  # fmt: skip
def mean_not_divided(context: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The vectors are averaged on the way forward, and on the way back each gets the whole error."""
    C = len(context)
    h = W[context].mean(axis=0)
    e = softmax(h @ W_prime) - t
    dE_dW_prime = np.outer(h, e)
    EH = W_prime @ e
    dE_dW = np.zeros_like(W)
    np.add.at(dE_dW, context, EH)
    return dE_dW, dE_dW_prime


@specimen(
    CBOW_SUM, "constant-factor: 1/C",
    symptom="Slower than it should be, the more so the wider the window.",
    missed="A check with one context word.",
    seen="gensim 4.4 with cbow_mean=0: https://github.com/piskvorky/gensim/issues/697",
)  # fmt: skip
def sum_divided(context: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The vectors are added on the way forward, and on the way back the error is divided."""
    h = W[context].sum(axis=0)
    e = softmax(h @ W_prime) - t
    dE_dW_prime = np.outer(h, e)
    EH = W_prime @ e
    dE_dW = np.zeros_like(W)
    np.add.at(dE_dW, context, EH / len(context))
    return dE_dW, dE_dW_prime


@specimen(
    TEMPERATURE, "missing-factor: tau", "constant-factor: tau",
    symptom="At low temperature training is slower than the loss is steep.",
    missed="A check at temperature 1.",
    seen="A common slip: y - t is remembered as the gradient of a softmax, whatever it was given.",
)  # fmt: skip
def forgot_the_temperature(t: Array, u: Array, tau: float) -> Array:
    """The chain ends at u / τ, one factor too early."""
    v = u / tau
    exp_v = np.exp(v - v.max())
    y = exp_v / exp_v.sum()
    dE_du = y - t
    return dE_du
