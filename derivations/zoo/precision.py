"""Specimens whose formula is right, or nearly, and whose arithmetic is not."""

from __future__ import annotations

from derivations.zoo.exhibits.networks import MLP, RELU
from derivations.zoo.exhibits.softmaxes import CROSS_ENTROPY, LIKELIHOOD, TEMPERATURE
from derivations.zoo.specimen import specimen

specimen(
    CROSS_ENTROPY, "eps-in-the-log", "eps-in-log",
    mistake="It is the gradient of log(y + 1e-7); the loss has no such constant.",
    right="dE_dy = -t / y",
    wrong="dE_dy = -t / (y + 1e-7)",
    symptom="None, until a prediction is as small as the constant; from then on it hardly changes.",
    missed="A tolerance of about 1e-6, as finite differences need it.",
    seen="A common mistake: a constant that avoids log(0) is in the gradient and not in the loss.",
)  # fmt: skip
specimen(
    LIKELIHOOD, "eps-before-the-softmax", "eps-in-log",
    mistake="A constant is added to the argument of the logarithm, and the softmax follows.",
    right="dE_dy = -t / y",
    wrong="dE_dy = -t / (y + 1e-9)",
    symptom="None that one would notice.",
    missed="A tolerance of about 1e-6.",
    seen="A common mistake; see eps-in-the-log.",
)  # fmt: skip
specimen(
    MLP, "float32-in-the-middle", "float32",
    mistake="What enters the hidden layer is rounded to float32; the result is float64 again.",
    right="u = x @ W",
    wrong="u = (x @ W).astype(np.float32)",
    symptom="Results differ in the seventh digit between machines.",
    missed="Every check by finite differences, whose own error is larger.",
    seen="A common mistake: an array that comes from a file, a GPU or another library.",
)  # fmt: skip
specimen(
    RELU, "whole-numbers-only", "wrong-dtype",
    mistake="The gradient is written into an array of integers.",
    right="dE_db = np.zeros_like(b)",
    wrong="dE_db = np.zeros(b.shape, int)",
    symptom="The bias changes by integers, and not at all when errors are below one.",
    missed="NumPy truncates on assignment, without a warning.",
    seen="A common mistake: zeros of an integer dtype, or zeros_like of an integer array.",
)  # fmt: skip
specimen(
    TEMPERATURE, "softmax-that-overflows", "not-finite",
    mistake="The largest score is not subtracted first, so e^u is infinite from u = 710 on.",
    right="exp_v = np.exp(v - v.max())",
    wrong="exp_v = np.exp(v)",
    symptom="Training works until one score is large; then every weight is NaN.",
    missed="Checks with small numbers, for which it is right to the last digit.",
    seen="wevi, corrected by hand: https://github.com/ronxin/wevi/commit/ef8d0a5",
)  # fmt: skip
