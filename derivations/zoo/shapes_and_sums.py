"""Specimens: what stands in the wrong place, and what is added up too little or too much."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from derivations.paper.mlp import sigmoid
from derivations.zoo.networks import (
    CONVOLUTION,
    MLP,
    MLP_LOOPS,
    RECURRENT,
    RELU,
    RUNNING_SUM,
)
from derivations.zoo.specimen import specimen
from derivations.zoo.texts import PAIRS


@specimen(
    MLP, "wrong-shape: transpose", "transposed",
    symptom="NumPy refuses to add it to W', or, where N = M, says nothing at all.",
    missed="A test with as many hidden units as outputs.",
    seen="A common slip: an outer product with its factors exchanged.",
)  # fmt: skip
def outer_product_turned(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The outer product is taken the other way round."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy * y * (1 - y)
    dE_dW_prime = np.outer(EI_prime, h)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh * h * (1 - h)
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


@specimen(
    RECURRENT, "transposed",
    symptom="The recurrent layer forgets; the rest trains, since R is square and every shape fits.",
    missed="Shapes cannot tell, nor can a check of the sum or the norm of R's gradient.",
    seen="A common slip: an outer product with its factors exchanged.",
)  # fmt: skip
def recurrent_matrix_turned(x_1: Array, x_2: Array, t: Array, W: Array, R: Array) -> tuple[Array, Array]:
    """R's gradient is transposed; R is square."""
    u_1 = x_1 @ W
    h_1 = np.tanh(u_1)
    u_2 = x_2 @ W + h_1 @ R
    h_2 = np.tanh(u_2)
    dE_du_2 = (h_2 - t) * (1 - h_2**2)
    dE_dR = np.outer(dE_du_2, h_1)
    dE_dh_1 = R @ dE_du_2
    dE_du_1 = dE_dh_1 * (1 - h_1**2)
    dE_dW = np.outer(x_2, dE_du_2)
    dE_dW += np.outer(x_1, dE_du_1)
    return dE_dW, dE_dR


@specimen(
    RECURRENT, "transposed: R",
    symptom="Errors come back to the wrong units; long dependencies are not learned.",
    missed="R is square, R's own gradient is right, and a symmetric R, the identity say, hides it.",
    seen="A common slip: what went forward through R goes back through R once more, not through R^T.",
)  # fmt: skip
def back_through_the_same_side(x_1: Array, x_2: Array, t: Array, W: Array, R: Array) -> tuple[Array, Array]:
    """The error goes back through R as the signal went forward, so through its transpose."""
    u_1 = x_1 @ W
    h_1 = np.tanh(u_1)
    u_2 = x_2 @ W + h_1 @ R
    h_2 = np.tanh(u_2)
    dE_du_2 = (h_2 - t) * (1 - h_2**2)
    dE_dR = np.outer(h_1, dE_du_2)
    dE_dh_1 = dE_du_2 @ R
    dE_du_1 = dE_dh_1 * (1 - h_1**2)
    dE_dW = np.outer(x_2, dE_du_2)
    dE_dW += np.outer(x_1, dE_du_1)
    return dE_dW, dE_dR


@specimen(
    MLP, "wrong-shape", "swapped",
    symptom="NumPy refuses the step, or, where the shapes agree, each matrix gets the other's.",
    missed="A test that checks each array against a list it builds in the same order.",
    seen="The paper, p. 9, announces ∂E/∂W and derives ∂E/∂W', and then the other way round.",
)  # fmt: skip
def returned_in_the_other_order(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The two gradients are returned in the other order."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy * y * (1 - y)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh * h * (1 - h)
    dE_dW = np.outer(x, EI)
    return dE_dW_prime, dE_dW


@specimen(
    PAIRS, "swapped",
    symptom="Vectors of words that were not read move; the loss falls slowly, if at all.",
    missed="Both matrices have a row for each word, so shapes agree, as do the norms, nearly.",
    seen="A common slip where both matrices have one row a word, as in word2vec.c.",
)  # fmt: skip
def input_and_output_swapped(
    centre: Array, other: Array, t: Array, W: Array, W_prime: Array
) -> tuple[Array, Array]:
    """Input and output vectors get each other's gradient."""
    H = W[centre]
    V_prime = W_prime[other]
    y = sigmoid((H * V_prime).sum(axis=1))
    e = (y - t)[:, None]
    dE_dW, dE_dW_prime = np.zeros_like(W), np.zeros_like(W_prime)
    np.add.at(dE_dW, centre, e * V_prime)
    np.add.at(dE_dW_prime, other, e * H)
    return dE_dW_prime, dE_dW


@specimen(
    RUNNING_SUM, "permuted-rows",
    symptom="The first step of a sequence gets what belongs to the last.",
    missed="A check of the sum over the steps, a sequence of one step, a sequence that is a palindrome.",
    seen="A common slip: the way back collects its rows from the last to the first.",
)  # fmt: skip
def steps_left_in_reverse(X: Array, T: Array) -> Array:
    """The steps were collected from the last to the first, and stay in that order."""
    e = np.cumsum(X, axis=0) - T
    steps = []
    carried = np.zeros(X.shape[1])
    for e_l in e[::-1]:
        carried = carried + e_l
        steps.append(carried)
    dE_dX = np.stack(steps)
    return dE_dX


@specimen(
    CONVOLUTION, "permuted-columns",
    symptom="Filters learn mirrored, and then unlearn; symmetric ones come out right.",
    missed="A filter of width 1, and one that is symmetric.",
    seen="Which of the two turns the filter is mistaken even in print: "
    "https://github.com/srush/Autodiff-Puzzles/issues/12",
)  # fmt: skip
def filter_not_turned(x: Array, T: Array, w: Array) -> Array:
    """A convolution turns its filter round; its gradient is not turned back."""
    Y = np.stack([np.convolve(x, w_n, "valid") for w_n in w])
    e = Y - T
    dE_dw = np.stack([np.correlate(x, e_n, "valid") for e_n in e])
    return dE_dw


@specimen(
    MLP_LOOPS, "lost-sum", "only-one-counted",
    symptom="The hidden layer learns for the last output only.",
    missed="A test with one output.",
    seen="A common slip: = in the place of +=.",
)  # fmt: skip
def sum_over_the_outputs_lost(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """Each output overwrites what the one before sent back: the sum over j is lost."""
    h = sigmoid(x @ W)
    y = sigmoid(h @ W_prime)
    EI_prime = (y - t) * y * (1 - y)
    dE_dW, dE_dW_prime = np.zeros_like(W), np.zeros_like(W_prime)
    dE_dh = np.zeros_like(h)
    for j in range(len(y)):
        dE_dW_prime[:, j] = h * EI_prime[j]
        dE_dh = W_prime[:, j] * EI_prime[j]
    EI = dE_dh * h * (1 - h)
    for k in range(len(x)):
        dE_dW[k] = x[k] * EI
    return dE_dW, dE_dW_prime


@specimen(
    RELU, "wrong-shape", "lost-sum",
    symptom="The bias grows a second axis at the first step: b - rate * db broadcasts.",
    missed="A batch of one; and NumPy, which stretches the bias rather than refuse.",
    seen="jimfleming/differentiation #1: https://github.com/jimfleming/differentiation/issues/1",
)  # fmt: skip
def bias_for_each_example(
    X: Array, T: Array, W: Array, b: Array, W_prime: Array, b_prime: Array
) -> tuple[Array, Array, Array, Array]:
    """The bias has a gradient for each example: the sum over the batch is lost."""
    U = X @ W + b
    H = np.maximum(U, 0)
    Y = H @ W_prime + b_prime
    e = Y - T
    dE_db_prime = e
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dU = np.where(U > 0, dE_dH, 0)
    dE_db = np.zeros_like(b)
    dE_db[:] = dE_dU.sum(axis=0)
    dE_dW = X.T @ dE_dU
    return dE_dW, dE_db, dE_dW_prime, dE_db_prime


@specimen(
    RELU, "summed-too-far",
    symptom="All biases of a layer move together.",
    missed="It has the right shape, since one number fits every place; and one unit needs no axis.",
    seen="A common slip: sum() without its axis.",
)  # fmt: skip
def one_bias_for_all(
    X: Array, T: Array, W: Array, b: Array, W_prime: Array, b_prime: Array
) -> tuple[Array, Array, Array, Array]:
    """The hidden bias is summed over the units too, and the one number is written to all of them."""
    U = X @ W + b
    H = np.maximum(U, 0)
    Y = H @ W_prime + b_prime
    e = Y - T
    dE_db_prime = e.sum(axis=0)
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dU = np.where(U > 0, dE_dH, 0)
    dE_db = np.zeros_like(b)
    dE_db[:] = dE_dU.sum()
    dE_dW = X.T @ dE_dU
    return dE_dW, dE_db, dE_dW_prime, dE_db_prime


@specimen(
    RELU, "wrong-shape", "summed-too-far",
    symptom="All biases of the output move together.",
    missed="b - rate * db works with one number as well.",
    seen="A common slip: sum() without its axis.",
)  # fmt: skip
def bias_as_one_number(
    X: Array, T: Array, W: Array, b: Array, W_prime: Array, b_prime: Array
) -> tuple[Array, Array, Array, Array]:
    """The output's bias is summed to a single number."""
    U = X @ W + b
    H = np.maximum(U, 0)
    Y = H @ W_prime + b_prime
    e = Y - T
    dE_db_prime = e.sum()
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dU = np.where(U > 0, dE_dH, 0)
    dE_db = np.zeros_like(b)
    dE_db[:] = dE_dU.sum(axis=0)
    dE_dW = X.T @ dE_dU
    return dE_dW, dE_db, dE_dW_prime, dE_db_prime
