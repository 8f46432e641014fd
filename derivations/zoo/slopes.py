"""Specimens: elementwise factors: a slope that is missing, one too many, one in another's place."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import softmax
from derivations.zoo.networks import MLP, RECURRENT, RELU
from derivations.zoo.softmaxes import LOGISTIC
from derivations.zoo.specimen import specimen
from derivations.zoo.texts import SKIPGRAM


@specimen(
    MLP, "missing-factor: h * (1 - h)",
    symptom="It learns, since the missing factor is positive; hidden units saturate and stay there.",
    missed="The loss falls; where all hidden units are near 1/2, it looks like a factor of four.",
    seen="A common slip.",
)  # fmt: skip
def no_hidden_slope(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The slope of the hidden sigmoid is missing."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy * y * (1 - y)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


@specimen(
    MLP, "missing-factor: y * (1 - y)",
    symptom="It learns, and often better: it is the gradient of the cross-entropy.",
    missed="Training looks healthy, and the formula is a right one, of another loss.",
    seen="Bot-Academy's network: https://github.com/Bot-Academy/NeuralNetworkFromScratch/pull/3; "
    "asked for in DeepLearningZeroToAll #113: https://github.com/hunkim/DeepLearningZeroToAll/pull/113",
)  # fmt: skip
def no_output_slope(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """y - t is taken from the cross-entropy; the loss here is a squared error."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh * h * (1 - h)
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


@specimen(
    SKIPGRAM, "missing-factor: x",
    symptom="All word vectors move together, whatever word was read.",
    missed="A check on an input of ones.",
    seen="The paper, p. 9: its ∂E/∂w_ki has no x_k (skipgram_matrices.dE_dW_of_one, an erratum here).",
)  # fmt: skip
def every_row_learns(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The input x_k is missing, so every row of W learns, not only the word's own."""
    h = x @ W
    y = softmax(h @ W_prime)
    e = y - t
    EI = e.sum(axis=0)
    dE_dW_prime = np.outer(h, EI)
    dE_dh = W_prime @ EI
    dE_dW = np.outer(np.ones_like(x), dE_dh)
    return dE_dW, dE_dW_prime


@specimen(
    SKIPGRAM, "extra-factor: h * (1 - h)",
    symptom="Vectors shrink or flip, since h(1-h) is negative where h is not between 0 and 1.",
    missed="A check near h = 1/2, and readers who know the line from §3.",
    seen="A common slip: §3's backward pass, taken over to §6, which has no sigmoid.",
)  # fmt: skip
def slope_of_no_sigmoid(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """§3's slope is left in §6, where the hidden layer is linear."""
    h = x @ W
    y = softmax(h @ W_prime)
    e = y - t
    EI = e.sum(axis=0)
    dE_dW_prime = np.outer(h, EI)
    dE_dh = W_prime @ EI * h * (1 - h)
    dE_dW = np.outer(x, dE_dh)
    return dE_dW, dE_dW_prime


@specimen(
    LOGISTIC, "extra-factor: sigmoid(u) * (1 - sigmoid(u))",
    symptom="Confident mistakes are hardly corrected; training crawls where it should leap.",
    missed="The loss falls; signs and zeros are right.",
    seen="A common slip: the slope that the squared error needs and the cross-entropy cancels.",
)  # fmt: skip
def slope_that_cancels(X: Array, t: Array, w: Array) -> Array:
    """The slope of the sigmoid is multiplied in, though the logarithm has cancelled it."""
    y = sigmoid(X @ w)
    e = (y - t) * y * (1 - y)
    dE_dw = X.T @ e
    return dE_dw


@specimen(
    MLP, "wrong-factor: y - t",
    symptom="The error is squared: its sign is lost, and outputs move the same way from both sides.",
    missed="Where t is 1 it is right but for its sign.",
    seen="The paper, p. 4: ∂y_j/∂u'_j is printed y_j (y_j - t_j) (mlp.dy_du_prime, an erratum here).",
)  # fmt: skip
def slope_with_the_target(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The slope of the output is y (y - t), as the paper prints it, in the place of y (1 - y)."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy * y * (y - t)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh * h * (1 - h)
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


@specimen(
    MLP, "wrong-factor: sigmoid(h)",
    symptom="It learns: the factor is between 0.19 and 0.25, a smaller learning rate by another name.",
    missed="It is positive, it is bounded, and it is called the derivative of the sigmoid.",
    seen="Proposed in DeepLearnToolbox #165: https://github.com/rasmusbergpalm/DeepLearnToolbox/issues/165",
)  # fmt: skip
def slope_of_the_activated(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """σ' is taken at h, which is σ(u) already: the sigmoid is applied twice."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy * y * (1 - y)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh * sigmoid(h) * (1 - sigmoid(h))
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


@specimen(
    MLP, "wrong-factor: u * (1 - u)",
    symptom="Hidden units with large u run away: the factor is negative and grows with u squared.",
    missed="A check with small weights, where u is near 0 and the gradient merely small.",
    seen="x(1-x) given u: Sudo-Productivity #3, https://github.com/kyle8998/Sudo-Productivity/issues/3; "
    "interviews.ai #4, https://github.com/BoltzmannEntropy/interviews.ai/issues/4",
)  # fmt: skip
def slope_from_what_entered(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """u (1 - u) in the place of h (1 - h): a derivative that wants σ's value is given its argument."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy * y * (1 - y)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh * u * (1 - u)
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


@specimen(
    RECURRENT, "wrong-factor: 1 - u_1**2",
    symptom="Gradients grow without bound where tanh saturates, which is where they should vanish.",
    missed="A check with small numbers: to first order tanh(u) is u.",
    seen="A common slip, the tanh's form of x(1-x) given u.",
)  # fmt: skip
def tanh_slope_from_what_entered(
    x_1: Array, x_2: Array, t: Array, W: Array, R: Array
) -> tuple[Array, Array]:
    """1 - u² in the place of 1 - h²."""
    u_1 = x_1 @ W
    h_1 = np.tanh(u_1)
    u_2 = x_2 @ W + h_1 @ R
    h_2 = np.tanh(u_2)
    dE_du_2 = (h_2 - t) * (1 - h_2**2)
    dE_dR = np.outer(h_1, dE_du_2)
    dE_dh_1 = R @ dE_du_2
    dE_du_1 = dE_dh_1 * (1 - u_1**2)
    dE_dW = np.outer(x_2, dE_du_2)
    dE_dW += np.outer(x_1, dE_du_1)
    return dE_dW, dE_dR


@specimen(
    RECURRENT, "wrong-factor: h_1 * (1 - h_1)",
    symptom="Units below zero are pushed the wrong way.",
    missed="It is the right formula, of the other function; it was copied, not typed.",
    seen="A common slip where a sigmoid was replaced by tanh in one place only.",
)  # fmt: skip
def sigmoid_slope_for_tanh(x_1: Array, x_2: Array, t: Array, W: Array, R: Array) -> tuple[Array, Array]:
    """The sigmoid's slope h (1 - h) for a tanh, whose slope is 1 - h²."""
    u_1 = x_1 @ W
    h_1 = np.tanh(u_1)
    u_2 = x_2 @ W + h_1 @ R
    h_2 = np.tanh(u_2)
    dE_du_2 = (h_2 - t) * (1 - h_2**2)
    dE_dR = np.outer(h_1, dE_du_2)
    dE_dh_1 = R @ dE_du_2
    dE_du_1 = dE_dh_1 * h_1 * (1 - h_1)
    dE_dW = np.outer(x_2, dE_du_2)
    dE_dW += np.outer(x_1, dE_du_1)
    return dE_dW, dE_dR


@specimen(
    RELU, "mask-missing",
    symptom="Units that are off keep learning from examples that they did not see.",
    missed="A published course test passes without it: its inputs never go negative.",
    seen="A course exercise whose test data are all positive, so that every unit is on.",
)  # fmt: skip
def no_mask(
    X: Array, T: Array, W: Array, b: Array, W_prime: Array, b_prime: Array
) -> tuple[Array, Array, Array, Array]:
    """The ReLU is forgotten on the way back."""
    U = X @ W + b
    H = np.maximum(U, 0)
    Y = H @ W_prime + b_prime
    e = Y - T
    dE_db_prime = e.sum(axis=0)
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dU = dE_dH
    dE_db = np.zeros_like(b)
    dE_db[:] = dE_dU.sum(axis=0)
    dE_dW = X.T @ dE_dU
    return dE_dW, dE_db, dE_dW_prime, dE_db_prime


@specimen(
    RELU, "mask-on-gradient",
    symptom="Weights can only move one way; the loss falls and then stays.",
    missed="It is a ReLU, it is in the right line, and half of the entries are right.",
    seen="Coursera's NLP specialization, course 2, week 4, in the lecture and in many solutions: "
    "https://community.deeplearning.ai/t/incorrect-backprop-equations-nlp-course-2-week-4/303955",
)  # fmt: skip
def mask_on_the_gradient(
    X: Array, T: Array, W: Array, b: Array, W_prime: Array, b_prime: Array
) -> tuple[Array, Array, Array, Array]:
    """The ReLU is applied to the gradient: it is cut where the gradient is negative, not where u is."""
    U = X @ W + b
    H = np.maximum(U, 0)
    Y = H @ W_prime + b_prime
    e = Y - T
    dE_db_prime = e.sum(axis=0)
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dU = np.where(dE_dH > 0, dE_dH, 0)
    dE_db = np.zeros_like(b)
    dE_db[:] = dE_dU.sum(axis=0)
    dE_dW = X.T @ dE_dU
    return dE_dW, dE_db, dE_dW_prime, dE_db_prime
