"""Specimens about the softmax, the regulariser, and paths of the gradient that are left out."""

from __future__ import annotations

from derivations.zoo.exhibits.networks import CENTRED, MLP, RECURRENT, RESIDUAL
from derivations.zoo.exhibits.softmaxes import DISTANCE, LIKELIHOOD, LOGISTIC, REGRESSION
from derivations.zoo.specimen import specimen

specimen(
    DISTANCE, "softmax-as-if-elementwise", "diagonal-jacobian",
    mistake="Only the diagonal y (1 - y) of the softmax's Jacobian is used, as for a sigmoid.",
    right="dE_du = y * (dE_dy - y @ dE_dy)",
    wrong="dE_du = y * (1 - y) * dE_dy",
    symptom="Training stops away from the minimum, because outputs do not affect each other.",
    missed="Signs are mostly right; and the formula is the well-known one of the sigmoid.",
    seen="libnd4j #440: https://github.com/deeplearning4j/libnd4j/issues/440; "
    "emer/axon #12: https://github.com/emer/axon/issues/12",
)  # fmt: skip
specimen(
    LIKELIHOOD, "jacobian-without-the-rest", "diagonal-jacobian",
    mistake="The diagonal of the softmax's Jacobian is used and the other entries are left out.",
    right="J = np.diag(y) - np.outer(y, y)",
    wrong="J = np.diag(y * (1 - y))",
    symptom="Only the score of the true class changes: it increases, and no other decreases.",
    missed="Increasing the true score alone also decreases the loss.",
    seen="A common mistake; see libnd4j #440: https://github.com/deeplearning4j/libnd4j/issues/440",
)  # fmt: skip
specimen(
    REGRESSION, "softmax-over-the-batch", "wrong-axis",
    mistake="The softmax is taken over the examples, not over the classes.",
    right="Y = softmax(U)",
    wrong="Y = softmax(U.T).T",
    symptom="The predictions for an example do not sum to one.",
    missed="All shapes are right.",
    seen="deeplearning4j #345: https://github.com/deeplearning4j/deeplearning4j/issues/345",
)  # fmt: skip
specimen(
    REGRESSION, "regulariser-forgotten", "regulariser",
    mistake="The penalty on the weights is in the loss but not in the gradient.",
    right="dE_dW = X.T @ e + decay * W",
    wrong="dE_dW = X.T @ e",
    symptom="The weights grow as if there were no penalty.",
    missed="A check with a penalty of 0, or with weights that are zero.",
    seen="A common mistake in CS231n's first assignment.",
)  # fmt: skip
specimen(
    REGRESSION, "regulariser-on-the-bias", "regulariser",
    mistake="The gradient penalises the bias too, but the loss penalises only the weights.",
    right="dE_db = e.sum(axis=0)",
    wrong="dE_db = e.sum(axis=0) + decay * b",
    symptom="Biases shrink towards zero, and frequent classes are predicted too rarely.",
    missed="Biases that are zero, where the penalty has no gradient.",
    seen="Coursera's machine learning course, exercise 4: "
    "https://github.com/JWarmenhoven/Coursera-Machine-Learning/issues/3; "
    "DeepLearnToolbox #32: https://github.com/rasmusbergpalm/DeepLearnToolbox/issues/32",
)  # fmt: skip
specimen(
    REGRESSION, "regulariser-doubled", "regulariser",
    mistake="The derivative of the penalty has a factor 2, which the 1/2 in the penalty should cancel.",
    right="dE_dW = X.T @ e + decay * W",
    wrong="dE_dW = X.T @ e + 2 * decay * W",
    symptom="The best penalty is half as large as with the right gradient.",
    missed="The penalty is small, and a loose tolerance does not notice half of it.",
    seen="CS231n, whose notes and assignment differ by the 1/2: "
    "https://github.com/cs231n/cs231n.github.io/issues/89",
)  # fmt: skip
specimen(
    LOGISTIC, "target-forgotten", "missing-path: t * u", "missing-term",
    mistake="The error is the prediction alone, without the target.",
    right="e = y - t",
    wrong="e = y",
    symptom="Every prediction tends to 0.",
    missed="A check on examples whose target is 0.",
)  # fmt: skip
specimen(
    MLP, "back-through-the-weights", "zeros",
    mistake="The chain rule uses ∂w'/∂h, as printed, which is 0 because no weight depends on h.",
    right="dE_dh = W_prime @ EI_prime",
    wrong="dE_dh = np.zeros_like(W_prime) @ EI_prime",
    symptom="The hidden layer never changes; only the output layer learns.",
    missed="The loss decreases all the same; and an array of zeros has the right shape.",
    seen="The paper, p. 5: its row of partials goes through ∂w'_ij/∂h_i, which is 0 (mlp.dE_dh, an "
    "erratum here).",
)  # fmt: skip
specimen(
    RECURRENT, "first-step-forgotten", "missing-path", "missing-term",
    mistake="W is used in both steps, but its gradient has only the contribution of the last.",
    right="dE_dW += np.outer(x_1, dE_du_1)",
    wrong="",
    symptom="The network learns from the current input and not from the one before it.",
    missed="A check with one step, or with a first input of 0.",
    seen="A common mistake where a matrix is used twice; done on purpose, it is called truncated "
    "backpropagation.",
)  # fmt: skip
specimen(
    CENTRED, "mean-taken-for-a-constant", "missing-path", "missing-term",
    mistake="The mean is computed from X, but the backward pass treats it as a constant.",
    right="dE_dX = dE_dX_centred - dE_dX_centred.mean(axis=0)",
    wrong="dE_dX = dE_dX_centred",
    symptom="Deep networks with normalised layers train worse than they should.",
    missed="A check of the weights above the layer; errors that happen to sum to zero.",
    seen="CrypTen #143, batch normalisation: https://github.com/facebookresearch/CrypTen/pull/143",
)  # fmt: skip
specimen(
    RESIDUAL, "shortcut-forgotten", "missing-path", "missing-term",
    mistake="The error is propagated through the layer but not through the shortcut beside it.",
    right="dE_dX = dE_dY.copy()",
    wrong="dE_dX = np.zeros_like(dE_dY)",
    symptom="A deep network with shortcuts trains as if it had none.",
    missed="A check of the weights of this layer, whose gradient is right.",
    seen="A common mistake: the shortcut has no parameters, and its gradient is overlooked.",
)  # fmt: skip
