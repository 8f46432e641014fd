"""Specimens with one wrong row, column or entry."""

from __future__ import annotations

from derivations.zoo.exhibits.networks import MLP_FIGURE, MLP_LOOPS
from derivations.zoo.exhibits.words import SKIPGRAM
from derivations.zoo.specimen import specimen

specimen(
    MLP_LOOPS, "last-row-left-out", "one-row", "zeros",
    mistake="The loop over the inputs stops one too early.",
    right="for k in range(len(x)):",
    wrong="for k in range(len(x) - 1):",
    symptom="The weights of one input never change.",
    missed="A random projection or a norm, in which one row of many is lost; or an input that is 0.",
    seen="A common mistake: a range that is one too short.",
)  # fmt: skip
specimen(
    SKIPGRAM, "word-of-padding", "one-column", "zeros",
    mistake="Word 0 is treated as padding and does not learn, although the loss counts it.",
    right="dE_dW_prime = np.outer(h, EI)",
    wrong="dE_dW_prime = np.outer(h, EI)\ndE_dW_prime[:, 0] = 0",
    symptom="One word is never predicted.",
    missed="A random projection or a norm, in which one column of many is lost.",
    seen="A common mistake: a padding index in a vocabulary that has none.",
)  # fmt: skip
specimen(
    MLP_FIGURE, "one-cell-copied-wrong", "one-cell",
    mistake="The entries are copied from the printed figure, in which w21 is printed w22.",
    right="dE_dW = np.outer(x, EI)",
    wrong="dE_dW = np.outer(x, EI)\ndE_dW[1, 0] = dE_dW[1, 1]",
    symptom="None that one would notice: one weight of fifteen gets the update of another.",
    missed="Every check that looks at a sum, a norm or a few entries.",
    seen="The paper's figures, pp. 3 and 7, print w22 in the place of w21; and a published worksheet "
    "for word2vec has one wrong cell.",
)  # fmt: skip
