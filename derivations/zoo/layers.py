"""Specimens: the softmax's Jacobian and axis, the regulariser, ways back that are forgotten."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import softmax
from derivations.zoo.networks import CENTRED, MLP, RECURRENT, RESIDUAL
from derivations.zoo.softmaxes import DISTANCE, LIKELIHOOD, LOGISTIC, REGRESSION
from derivations.zoo.specimen import specimen


@specimen(
    DISTANCE, "diagonal-jacobian",
    symptom="Outputs are not weighed against each other; training stalls away from the optimum.",
    missed="Signs are mostly right; and the formula is the sigmoid's, which everyone knows.",
    seen="libnd4j #440: https://github.com/deeplearning4j/libnd4j/issues/440; "
    "emer/axon #12: https://github.com/emer/axon/issues/12",
)  # fmt: skip
def softmax_as_if_elementwise(t: Array, u: Array) -> Array:
    """Only the diagonal y (1 - y) of the softmax's Jacobian is used, as if it were a sigmoid."""
    y = softmax(u)
    dE_dy = y - t
    dE_du = y * (1 - y) * dE_dy
    return dE_du


@specimen(
    LIKELIHOOD, "diagonal-jacobian",
    symptom="Only the true class learns: its score rises, no other falls.",
    missed="Raising the true score alone lowers the loss too.",
    seen="A common slip; see libnd4j #440: https://github.com/deeplearning4j/libnd4j/issues/440",
)  # fmt: skip
def jacobian_without_the_rest(t: Array, u: Array) -> Array:
    """The Jacobian's diagonal is kept, what the other classes lose is left out."""
    y = softmax(u)
    dE_dy = -t / y
    J = np.diag(y * (1 - y))
    dE_du = J @ dE_dy
    return dE_du


@specimen(
    REGRESSION, "wrong-axis",
    symptom="Predictions of an example do not sum to one; the loss is lower than it can be.",
    missed="A square batch, in which every shape fits; and all do in any case.",
    seen="deeplearning4j #345: https://github.com/deeplearning4j/deeplearning4j/issues/345",
)  # fmt: skip
def softmax_over_the_batch(X: Array, T: Array, W: Array, b: Array, decay: float) -> tuple[Array, Array]:
    """The softmax runs over the examples, not over the classes."""
    B = len(X)
    U = X @ W + b
    Y = softmax(U.T).T
    e = (Y - T) / B
    dE_dW = X.T @ e + decay * W
    dE_db = e.sum(axis=0)
    return dE_dW, dE_db


@specimen(
    REGRESSION, "regulariser",
    symptom="The penalty is reported with the loss, and the weights grow as if it were not there.",
    missed="A check that sets the penalty to 0, or weights that start at zero.",
    seen="A common slip in CS231n's first assignment.",
)  # fmt: skip
def regulariser_forgotten(X: Array, T: Array, W: Array, b: Array, decay: float) -> tuple[Array, Array]:
    """The penalty on the weights is in the loss and not in the gradient."""
    B = len(X)
    U = X @ W + b
    Y = softmax(U)
    e = (Y - T) / B
    dE_dW = X.T @ e
    dE_db = e.sum(axis=0)
    return dE_dW, dE_db


@specimen(
    REGRESSION, "regulariser",
    symptom="Biases are drawn to zero; classes that are frequent are predicted too rarely.",
    missed="Biases that start at zero, where the penalty has no slope.",
    seen="Coursera's machine learning course, exercise 4: "
    "https://github.com/JWarmenhoven/Coursera-Machine-Learning/issues/3; "
    "DeepLearnToolbox #32: https://github.com/rasmusbergpalm/DeepLearnToolbox/issues/32",
)  # fmt: skip
def regulariser_on_the_bias(X: Array, T: Array, W: Array, b: Array, decay: float) -> tuple[Array, Array]:
    """The bias is penalised too, though the loss penalises the weights only."""
    B = len(X)
    U = X @ W + b
    Y = softmax(U)
    e = (Y - T) / B
    dE_dW = X.T @ e + decay * W
    dE_db = e.sum(axis=0) + decay * b
    return dE_dW, dE_db


@specimen(
    REGRESSION, "regulariser",
    symptom="The best penalty is half of the one in the book.",
    missed="The penalty is small, and a loose tolerance does not see half of it.",
    seen="CS231n, whose notes and assignment differ by the half: "
    "https://github.com/cs231n/cs231n.github.io/issues/89",
)  # fmt: skip
def regulariser_doubled(X: Array, T: Array, W: Array, b: Array, decay: float) -> tuple[Array, Array]:
    """The square brings its two down, though the penalty was halved to cancel it."""
    B = len(X)
    U = X @ W + b
    Y = softmax(U)
    e = (Y - T) / B
    dE_dW = X.T @ e + 2 * decay * W
    dE_db = e.sum(axis=0)
    return dE_dW, dE_db


@specimen(
    LOGISTIC, "missing-path: t * u", "missing-term",
    symptom="Every answer tends to no.",
    missed="A check on examples whose answer is no.",
    seen="A common slip: the error is the prediction, the target was forgotten.",
)  # fmt: skip
def target_forgotten(X: Array, t: Array, w: Array) -> Array:
    """The error is the prediction alone."""
    y = sigmoid(X @ w)
    e = y
    dE_dw = X.T @ e
    return dE_dw


@specimen(
    MLP, "zeros",
    symptom="The hidden layer never changes; the output layer learns around it.",
    missed="The loss falls all the same; and an array of zeros has the right shape.",
    seen="The paper, p. 5: its row of partials goes through ∂w'_ij/∂h_i, which is 0 (mlp.dE_dh, an "
    "erratum here).",
)  # fmt: skip
def back_through_the_weights(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The way back goes through ∂w'/∂h, as printed; no weight depends on h, so it is 0."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy * y * (1 - y)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = np.zeros_like(W_prime) @ EI_prime
    EI = dE_dh * h * (1 - h)
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


@specimen(
    RECURRENT, "missing-path", "missing-term",
    symptom="The network learns what is in front of it and nothing that was there before.",
    missed="A check with one step, and any in which the first input is 0.",
    seen="A common slip, W is used twice and its second use is forgotten; cut on purpose, it is called "
    "truncated backpropagation.",
)  # fmt: skip
def first_step_forgotten(x_1: Array, x_2: Array, t: Array, W: Array, R: Array) -> tuple[Array, Array]:
    """W is used in both steps; its gradient comes from the last one only."""
    u_1 = x_1 @ W
    h_1 = np.tanh(u_1)
    u_2 = x_2 @ W + h_1 @ R
    h_2 = np.tanh(u_2)
    dE_du_2 = (h_2 - t) * (1 - h_2**2)
    dE_dR = np.outer(h_1, dE_du_2)
    dE_dh_1 = R @ dE_du_2
    dE_du_1 = dE_dh_1 * (1 - h_1**2)
    dE_dW = np.outer(x_2, dE_du_2)
    return dE_dW, dE_dR


@specimen(
    CENTRED, "missing-path", "missing-term",
    symptom="Deep networks with normalised layers train, but worse than they should.",
    missed="Weights below the layer are checked alone; errors that happen to sum to zero.",
    seen="CrypTen #143, batch normalisation: https://github.com/facebookresearch/CrypTen/pull/143",
)  # fmt: skip
def mean_taken_for_a_constant(X: Array, t: Array, w: Array) -> tuple[Array, Array]:
    """The mean is computed from X, and on the way back taken for a constant."""
    X_centred = X - X.mean(axis=0)
    e = X_centred @ w - t
    dE_dw = X_centred.T @ e
    dE_dX_centred = np.outer(e, w)
    dE_dX = dE_dX_centred
    return dE_dX, dE_dw


@specimen(
    RESIDUAL, "missing-path", "missing-term",
    symptom="A deep network with shortcuts trains as if it had none.",
    missed="A check of the weights of this layer, which are right.",
    seen="A common slip: the layer's own way back is written, the shortcut needs no code forward.",
)  # fmt: skip
def shortcut_forgotten(X: Array, T: Array, W: Array) -> tuple[Array, Array]:
    """The error comes back through the layer and not through the shortcut beside it."""
    H = np.tanh(X @ W)
    dE_dY = X + H - T
    dE_dX = np.zeros_like(dE_dY)
    dE_dX += (dE_dY * (1 - H**2)) @ W.T
    dE_dW = X.T @ (dE_dY * (1 - H**2))
    return dE_dX, dE_dW
