"""Specimens about arrays that are shared, modified or kept between calls, and about return values."""

from __future__ import annotations

from derivations.zoo.exhibits.networks import (
    CENTRED,
    KEPT_LAYER,
    LINE,
    RESIDUAL,
    ROOM_LAYER,
    UNIT,
)
from derivations.zoo.exhibits.words import SCORE, SKIPGRAM
from derivations.zoo.specimen import specimen

specimen(
    RESIDUAL, "two-names-for-one-array", "aliased",
    mistake="dE_dX and dE_dY are the same array, and adding to one changes the other.",
    right="dE_dX = dE_dY.copy()",
    wrong="dE_dX = dE_dY",
    symptom="The weights of the layer get an error that belongs to the layer below.",
    missed="The gradient that is modified on purpose is right; another one is wrong.",
    seen="A common mistake: an assignment in Python makes a second name, not a second array.",
)  # fmt: skip
specimen(
    CENTRED, "centred-in-place", "mutates-argument: X",
    mistake="The caller's X is centred in place.",
    right="X_centred = X - X.mean(axis=0)",
    wrong="X_centred = np.subtract(X, X.mean(axis=0), out=X)",
    symptom="The data change during training, and a second run on them gives other results.",
    missed="All numbers are right. A check that makes new data for each call cannot notice it.",
    seen="statsmodels #2928, moments: https://github.com/statsmodels/statsmodels/issues/2928",
)  # fmt: skip
specimen(
    SKIPGRAM, "step-inside-the-gradient", "mutates-argument: W_prime", "updated-too-early",
    mistake="W' is updated in place, inside the gradient and before the error is propagated back.",
    right="dE_dW_prime = np.outer(h, EI)",
    wrong="dE_dW_prime = np.outer(h, EI)\nW_prime -= 0.025 * dE_dW_prime",
    symptom="Each step is done twice: by the gradient function and again by the optimiser.",
    missed="A check that calls it once and compares with the weights that it left behind.",
    seen="A common mistake where a training loop is split into functions.",
)  # fmt: skip
specimen(
    SCORE, "returns-its-argument", "returns-view", "aliased",
    mistake="The gradient is the caller's own array, not a copy.",
    right="dE_dv = v_prime.copy()",
    wrong="dE_dv = v_prime",
    symptom="After v' -= rate * dv', the gradient of v has changed as well.",
    missed="All numbers are right until the first update.",
    seen="A common mistake: the derivative of a product is the other factor, which is returned as it is.",
)  # fmt: skip
specimen(
    KEPT_LAYER, "not-cleared", "differs-between-calls", "stale",
    mistake="The array that is kept between calls is added to and never set to 0.",
    right="dE_dW[:] = 0",
    wrong="",
    symptom="Steps grow from batch to batch until the loss diverges.",
    missed="A check that calls it once: the first call is right.",
    seen="zero_grad forgotten; asked in pytorch-examples #31: "
    "https://github.com/jcjohnson/pytorch-examples/issues/31",
)  # fmt: skip
specimen(
    ROOM_LAYER, "rest-of-a-larger-batch", "stale", "differs-between-calls",
    mistake="The whole buffer is summed, including rows that a larger batch has left in it.",
    right="dE_db = BUFFER[:B].sum(axis=0)",
    wrong="dE_db = BUFFER.sum(axis=0)",
    symptom="The last batch of an epoch, which is smaller, is trained on errors of the one before.",
    missed="Tests with one batch size; and the first call, which finds the rest of the buffer empty.",
    seen="A common mistake with buffers of a fixed size.",
)  # fmt: skip
specimen(
    UNIT, "nothing-returned", "returns-none",
    mistake="The return statement is missing.",
    right="return dE_dw",
    wrong="",
    symptom="TypeError: unsupported operand type(s) for *: 'float' and 'NoneType'.",
    missed="No check misses it, but few say what is wrong.",
)  # fmt: skip
specimen(
    LINE, "bias-not-returned", "wrong-count",
    mistake="The gradient of the bias is computed and not returned.",
    right="return dE_dw, dE_db",
    wrong="return dE_dw",
    symptom="The bias never changes, or the weights are unpacked into two names.",
    missed="A check that looks only at the first gradient.",
    seen="A common mistake when a bias is added to a model that had none.",
)  # fmt: skip
