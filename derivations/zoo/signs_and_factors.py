"""Specimens with a wrong sign or a wrong constant factor."""

from __future__ import annotations

from derivations.zoo.exhibits.networks import LINE, MLP, RELU, UNIT
from derivations.zoo.exhibits.softmaxes import REGRESSION, TEMPERATURE
from derivations.zoo.exhibits.words import CBOW, CBOW_SUM, SKIPGRAM
from derivations.zoo.specimen import specimen

specimen(
    MLP, "wrong-sign", "wrong-sign",
    mistake="The error is the target minus the prediction.",
    right="dE_dy = y - t",
    wrong="dE_dy = t - y",
    symptom="The loss increases from the first step, unless the update adds where it should subtract.",
    missed="Checks that compare only norms or absolute values.",
    seen="deeplearning4j #345, targets minus predictions: https://github.com/deeplearning4j/deeplearning4j/issues/345",
)  # fmt: skip
specimen(
    REGRESSION, "wrong-sign-of-the-bias", "wrong-sign",
    mistake="Only the gradient of the bias has the wrong sign.",
    right="dE_db = e.sum(axis=0)",
    wrong="dE_db = -e.sum(axis=0)",
    symptom="The weights learn, the bias moves the wrong way, and the loss stops decreasing too early.",
    missed="Biases are often left out of the check.",
    seen="A common mistake where one line is copied from code that adds its steps.",
)  # fmt: skip
specimen(
    UNIT, "forgot-the-half", "constant-factor: 2",
    mistake="The derivative of the square has a factor 2, which the 1/2 in E should have cancelled.",
    right="dE_dy = y - t",
    wrong="dE_dy = 2 * (y - t)",
    symptom="None, except that the learning rate seems to be twice as large as it is.",
    missed="Checks that compare directions; and tuning the learning rate hides it.",
    seen="fromscratchtoml #65, a softmax off by a factor of two: https://github.com/markroxor/fromscratchtoml/issues/65",
)  # fmt: skip
specimen(
    LINE, "a-half-that-is-not-there", "constant-factor: 1/2",
    mistake="The factor 2 of the square is dropped, although E has no 1/2 to cancel it.",
    right="e = 2 * (y - t) / B",
    wrong="e = (y - t) / B",
    symptom="Training takes twice as many steps as the same loss elsewhere.",
    missed="The loss decreases and its minimum is the same.",
    seen="A common mistake: the formula is that of a loss with a factor 1/2, and this loss has none.",
)  # fmt: skip
specimen(
    LINE, "forgot-to-divide-by-the-batch", "constant-factor: B",
    mistake="The loss is a mean over the batch, the gradient a sum.",
    right="e = 2 * (y - t) / B",
    wrong="e = 2 * (y - t)",
    symptom="A learning rate that works for one batch size diverges for a larger one.",
    missed="A check with one example, where the mean equals the sum.",
    seen="A common mistake in CS231n's first assignment, whose loss is divided by the number of examples.",
)  # fmt: skip
specimen(
    LINE, "divided-by-the-batch-twice", "constant-factor: 1/B",
    mistake="The gradient of the weights is divided by the batch size twice.",
    right="dE_dw = X.T @ e",
    wrong="dE_dw = X.T @ e / B",
    symptom="The larger the batch, the slower the weights learn; the bias learns normally.",
    missed="A check with one example, or of the bias alone.",
    seen="A common mistake: once where the error is computed and again where it is used.",
)  # fmt: skip
specimen(
    RELU, "mean-for-the-bias", "constant-factor: 1/B",
    mistake="The gradient of the output bias is a mean over the batch, but E is a sum.",
    right="dE_db_prime = e.sum(axis=0)",
    wrong="dE_db_prime = e.mean(axis=0)",
    symptom="The output bias learns too slowly, the more so the larger the batch.",
    missed="A check with a batch of one.",
    seen="K. Frans' notes on backpropagation, a mean for the bias: https://github.com/kvfrans/notes/issues/5",
)  # fmt: skip
specimen(
    RELU, "mean-of-what-was-divided", "constant-factor: 1/B**2", "constant-factor: 1/B",
    mistake="The gradient of the output bias is divided by the batch size twice, but E is a sum.",
    right="dE_db_prime = e.sum(axis=0)",
    wrong="dE_db_prime = (e / len(X)).mean(axis=0)",
    symptom="With large batches the output bias hardly changes.",
    missed="A check with a batch of one.",
    seen="A common mistake: a mean is taken of what was already divided.",
)  # fmt: skip
specimen(
    SKIPGRAM, "mean-over-the-contexts", "constant-factor: 1/C",
    mistake="The errors of the context words are averaged, but E sums them.",
    right="EI = e.sum(axis=0)",
    wrong="EI = e.mean(axis=0)",
    symptom="A word with many neighbours learns no faster than a word with one.",
    missed="A check with one context word.",
    seen="A common mistake: §6 of the paper sums the errors of the context words.",
)  # fmt: skip
specimen(
    CBOW, "mean-not-divided", "constant-factor: C",
    mistake="The forward pass averages the vectors, and in the backward pass each gets the whole error.",
    right="np.add.at(dE_dW, context, EH / C)",
    wrong="np.add.at(dE_dW, context, EH)",
    symptom="CBOW seems worse than the skip-gram; its input vectors move C times too far.",
    missed="The output vectors are right, and the direction of the error is right.",
    seen="word2vec.c, and gensim with cbow_mean=1: https://github.com/piskvorky/gensim/issues/1873; "
    "İrsoy, Benton and Stratos (2021) measured the effect.",
)  # fmt: skip
specimen(
    CBOW_SUM, "sum-divided", "constant-factor: 1/C",
    mistake="The forward pass sums the vectors, and the backward pass divides the error among them.",
    right="np.add.at(dE_dW, context, EH)",
    wrong="np.add.at(dE_dW, context, EH / len(context))",
    symptom="Training is slower than it should be, the more so the wider the window.",
    missed="A check with one context word.",
    seen="gensim 4.4 with cbow_mean=0: https://github.com/piskvorky/gensim/issues/697",
)  # fmt: skip
specimen(
    TEMPERATURE, "forgot-the-temperature", "missing-factor: tau", "constant-factor: tau",
    mistake="The chain rule stops at u / τ; the factor 1/τ is missing.",
    right="dE_du = (y - t) / tau",
    wrong="dE_du = y - t",
    symptom="At low temperature, training is slower than it should be.",
    missed="A check at temperature 1.",
    seen="A common mistake: y - t is taken for the gradient of every softmax.",
)  # fmt: skip
