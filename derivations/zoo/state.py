"""Specimens: arrays that are shared, changed or kept, and functions that return the wrong thing."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import softmax
from derivations.zoo.networks import (
    CENTRED,
    KEPT,
    KEPT_LAYER,
    LINE,
    RESIDUAL,
    ROOM,
    ROOM_LAYER,
    UNIT,
)
from derivations.zoo.specimen import specimen
from derivations.zoo.texts import SCORE, SKIPGRAM


@specimen(
    RESIDUAL, "aliased",
    symptom="The weights of the layer get an error that was meant for the layer below.",
    missed="The gradient that was changed on purpose is right; the one that suffers is another.",
    seen="A common slip: an assignment in Python gives a second name, not a second array.",
)  # fmt: skip
def two_names_for_one_array(X: Array, T: Array, W: Array) -> tuple[Array, Array]:
    """dE_dX is dE_dY by another name, and adding to one changes the other."""
    H = np.tanh(X @ W)
    dE_dY = X + H - T
    dE_dX = dE_dY
    dE_dX += (dE_dY * (1 - H**2)) @ W.T
    dE_dW = X.T @ (dE_dY * (1 - H**2))
    return dE_dX, dE_dW


@specimen(
    CENTRED, "mutates-argument: X",
    symptom="The data change while one trains; a second run on them differs from the first.",
    missed="All numbers are right. A check that makes new data for each call cannot see it.",
    seen="statsmodels #2928, moments: https://github.com/statsmodels/statsmodels/issues/2928",
)  # fmt: skip
def centred_in_place(X: Array, t: Array, w: Array) -> tuple[Array, Array]:
    """The caller's X is centred in place."""
    X_centred = np.subtract(X, X.mean(axis=0), out=X)
    e = X_centred @ w - t
    dE_dw = X_centred.T @ e
    dE_dX_centred = np.outer(e, w)
    dE_dX = dE_dX_centred - dE_dX_centred.mean(axis=0)
    return dE_dX, dE_dw


@specimen(
    SKIPGRAM, "mutates-argument: W_prime", "updated-too-early",
    symptom="Two steps in one: the gradient function trains already, and the optimiser once more.",
    missed="A check that calls it once, and compares with the weights it has left behind.",
    seen="A common slip where a training loop is cut into functions.",
)  # fmt: skip
def step_inside_the_gradient(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """W' takes its step in place, inside the gradient and before the error is sent back."""
    h = x @ W
    y = softmax(h @ W_prime)
    e = y - t
    EI = e.sum(axis=0)
    dE_dW_prime = np.outer(h, EI)
    W_prime -= 0.025 * dE_dW_prime
    dE_dh = W_prime @ EI
    dE_dW = np.outer(x, dE_dh)
    return dE_dW, dE_dW_prime


@specimen(
    SCORE, "returns-view", "aliased",
    symptom="After v -= rate * dv, the gradient of v' has changed as well.",
    missed="All numbers are right, until the first step.",
    seen="A common slip: the derivative of a product is the other factor, and is returned as it is.",
)  # fmt: skip
def returns_its_argument(v: Array, v_prime: Array) -> tuple[Array, Array]:
    """The gradient is the caller's own array, not a copy."""
    dE_dv = v_prime
    dE_dv_prime = v.copy()
    return dE_dv, dE_dv_prime


@specimen(
    KEPT_LAYER, "differs-between-calls", "stale",
    symptom="Steps grow from batch to batch until the loss explodes.",
    missed="A check that calls once; the first call is right.",
    seen="zero_grad forgotten; asked in pytorch-examples #31: "
    "https://github.com/jcjohnson/pytorch-examples/issues/31",
)  # fmt: skip
def not_cleared(X: Array, T: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """The array that is kept from call to call is added to and never cleared."""
    e = X @ W + b - T
    dE_dW = KEPT.setdefault(W.shape, np.zeros_like(W))
    dE_dW += X.T @ e
    return dE_dW.copy(), e.sum(axis=0)


@specimen(
    ROOM_LAYER, "stale", "differs-between-calls",
    symptom="The last batch of an epoch, which is smaller, is trained on errors of the one before.",
    missed="Tests with one batch size; the first call, which finds the rest of the room empty.",
    seen="A common slip with buffers of a fixed size.",
)  # fmt: skip
def rest_of_a_larger_batch(X: Array, T: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """The whole buffer is summed, with the rows that a larger batch has left in it."""
    B = len(X)
    ROOM[:B] = X @ W + b - T
    dE_dW = X.T @ ROOM[:B]
    dE_db = ROOM.sum(axis=0)
    return dE_dW, dE_db


@specimen(
    UNIT, "returns-none",
    symptom="TypeError: unsupported operand type(s) for *: 'float' and 'NoneType'.",
    missed="Nothing misses it, but few say what it is.",
    seen="Everyone's first function.",
)  # fmt: skip
def nothing_returned(x: Array, t: float, w: Array) -> None:
    """The return is missing."""
    y = sigmoid(x @ w)
    dE_dy = y - t
    dE_du = dE_dy * y * (1 - y)
    dE_dw = dE_du * x


@specimen(
    LINE, "wrong-count",
    symptom="The bias never moves, or the weights are unpacked into two names.",
    missed="A check that looks at the first gradient only.",
    seen="A common slip when a bias is added to what had none.",
)  # fmt: skip
def bias_not_returned(X: Array, t: Array, w: Array, b: float) -> Array:
    """The gradient of the bias is computed and not returned."""
    B = len(X)
    y = X @ w + b
    e = 2 * (y - t) / B
    dE_dw = X.T @ e
    dE_db = e.sum()
    return dE_dw
