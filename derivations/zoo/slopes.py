"""Specimens in which the derivative of an elementwise function is missing, wrong or not needed."""

from __future__ import annotations

from derivations.zoo.exhibits.networks import MLP, RECURRENT, RELU
from derivations.zoo.exhibits.softmaxes import LOGISTIC
from derivations.zoo.exhibits.words import SKIPGRAM
from derivations.zoo.specimen import specimen

specimen(
    MLP, "no-hidden-slope", "missing-factor: h * (1 - h)",
    mistake="The derivative of the hidden sigmoid is missing.",
    right="EI = dE_dh * h * (1 - h)",
    wrong="EI = dE_dh",
    symptom="It trains, because the missing factor is positive; hidden units saturate and stay saturated.",
    missed="The loss decreases; where all hidden units are near 1/2, the mistake looks like a factor of 4.",
)  # fmt: skip
specimen(
    MLP, "no-output-slope", "missing-factor: y * (1 - y)",
    mistake="The error y - t belongs to the cross-entropy; the loss here is a squared error.",
    right="EI_prime = dE_dy * y * (1 - y)",
    wrong="EI_prime = dE_dy",
    symptom="It trains, often better than before, because it is the gradient of the cross-entropy.",
    missed="Training looks healthy, and the formula is right for another loss.",
    seen="Bot-Academy's network: https://github.com/Bot-Academy/NeuralNetworkFromScratch/pull/3; "
    "asked about in DeepLearningZeroToAll #113: https://github.com/hunkim/DeepLearningZeroToAll/pull/113",
)  # fmt: skip
specimen(
    SKIPGRAM, "every-row-learns", "missing-factor: x",
    mistake="The input x_k is missing, so every row of W changes, not only the row of the word.",
    right="dE_dW = np.outer(x, dE_dh)",
    wrong="dE_dW = np.outer(np.ones_like(x), dE_dh)",
    symptom="All word vectors move together, whatever the input word is.",
    missed="A check with an input of ones.",
    seen="The paper, p. 9: its ∂E/∂w_ki has no x_k (skipgram_matrices.dE_dW_of_one, an erratum here).",
)  # fmt: skip
specimen(
    SKIPGRAM, "slope-of-no-sigmoid", "extra-factor: h * (1 - h)",
    mistake="The derivative of §3's sigmoid is used in §6, where the hidden layer is linear.",
    right="dE_dh = W_prime @ EI",
    wrong="dE_dh = W_prime @ EI * h * (1 - h)",
    symptom="Some updates have the wrong sign: h (1 - h) is negative where h is not between 0 and 1.",
    missed="A check with h near 1/2.",
    seen="A common mistake: the backward pass of §3 is copied to §6, which has no sigmoid.",
)  # fmt: skip
specimen(
    LOGISTIC, "slope-that-cancels", "extra-factor: sigmoid(u) * (1 - sigmoid(u))",
    mistake="The derivative of the sigmoid is multiplied in, although the logarithm has cancelled it.",
    right="e = y - t",
    wrong="e = (y - t) * y * (1 - y)",
    symptom="Confident wrong predictions are hardly corrected, and training is slow.",
    missed="The loss decreases; signs and zeros are right.",
    seen="A common mistake: the squared error needs this factor, the cross-entropy cancels it.",
)  # fmt: skip
specimen(
    MLP, "slope-with-the-target", "wrong-factor: y - t",
    mistake="The derivative of the output is y (y - t), as the paper prints it, instead of y (1 - y).",
    right="EI_prime = dE_dy * y * (1 - y)",
    wrong="EI_prime = dE_dy * y * (y - t)",
    symptom="The error is squared and loses its sign: outputs move the same way from both sides.",
    missed="Where t is 1, it is right except for its sign.",
    seen="The paper, p. 4: ∂y_j/∂u'_j is printed y_j (y_j - t_j) (mlp.dy_du_prime, an erratum here).",
)  # fmt: skip
specimen(
    MLP, "slope-of-the-activated", "wrong-factor: sigmoid(h)",
    mistake="σ' is evaluated at h, which is already σ(u): the sigmoid is applied twice.",
    right="EI = dE_dh * h * (1 - h)",
    wrong="EI = dE_dh * sigmoid(h) * (1 - sigmoid(h))",
    symptom="It trains: the factor is between 0.19 and 0.25, which acts as a smaller learning rate.",
    missed="The factor is positive and bounded, and it is a derivative of the sigmoid.",
    seen="Proposed in DeepLearnToolbox #165: https://github.com/rasmusbergpalm/DeepLearnToolbox/issues/165",
)  # fmt: skip
specimen(
    MLP, "slope-from-what-entered", "wrong-factor: u * (1 - u)",
    mistake="u (1 - u) instead of h (1 - h): the formula needs the value of σ and gets its argument.",
    right="EI = dE_dh * h * (1 - h)",
    wrong="EI = dE_dh * u * (1 - u)",
    symptom="Training diverges for hidden units with large u, where the factor is negative and large.",
    missed="A check with small weights, where u is near 0.",
    seen="x(1-x) given u: Sudo-Productivity #3, https://github.com/kyle8998/Sudo-Productivity/issues/3; "
    "interviews.ai #4, https://github.com/BoltzmannEntropy/interviews.ai/issues/4",
)  # fmt: skip
specimen(
    RECURRENT, "tanh-slope-from-what-entered", "wrong-factor: 1 - u_1**2",
    mistake="1 - u² instead of 1 - h².",
    right="dE_du_1 = dE_dh_1 * (1 - h_1**2)",
    wrong="dE_du_1 = dE_dh_1 * (1 - u_1**2)",
    symptom="Gradients are large where tanh saturates, where they should vanish.",
    missed="A check with small numbers: to first order, tanh(u) is u.",
)  # fmt: skip
specimen(
    RECURRENT, "sigmoid-slope-for-tanh", "wrong-factor: h_1 * (1 - h_1)",
    mistake="The derivative h (1 - h) of a sigmoid is used for tanh, whose derivative is 1 - h².",
    right="dE_du_1 = dE_dh_1 * (1 - h_1**2)",
    wrong="dE_du_1 = dE_dh_1 * h_1 * (1 - h_1)",
    symptom="Units with negative values are updated in the wrong direction.",
    missed="Readers know the formula, of the other function.",
    seen="A common mistake where a sigmoid was replaced by tanh in one place only.",
)  # fmt: skip
specimen(
    RELU, "no-mask", "mask-missing",
    mistake="The backward pass has no ReLU.",
    right="dE_dU = np.where(U > 0, dE_dH, 0)",
    wrong="dE_dU = dE_dH",
    symptom="Units learn from examples on which they are 0.",
    missed="Inputs for which no unit is negative; a published course test has only such inputs.",
    seen="A course exercise whose test data are all positive.",
)  # fmt: skip
specimen(
    RELU, "mask-on-the-gradient", "mask-on-gradient",
    mistake="The ReLU is applied to the gradient: it is 0 where the gradient is negative, not where u is.",
    right="dE_dU = np.where(U > 0, dE_dH, 0)",
    wrong="dE_dU = np.where(dE_dH > 0, dE_dH, 0)",
    symptom="Some parameters can only move in one direction; the loss decreases and then stops.",
    missed="Readers see a ReLU in the right line, and about half of the entries are right.",
    seen="Coursera's NLP specialization, course 2, week 4, in the lecture and in many solutions: "
    "https://community.deeplearning.ai/t/incorrect-backprop-equations-nlp-course-2-week-4/303955",
)  # fmt: skip
