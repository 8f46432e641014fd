"""Specimens with transposed, exchanged or permuted arrays, and with sums over too few or too many axes."""

from __future__ import annotations

from derivations.zoo.exhibits.networks import (
    CONVOLUTION,
    MLP,
    MLP_LOOPS,
    RECURRENT,
    RELU,
    RUNNING_SUM,
)
from derivations.zoo.exhibits.words import PAIRS
from derivations.zoo.specimen import specimen

specimen(
    MLP, "outer-product-turned", "wrong-shape: transpose", "transposed",
    mistake="The factors of the outer product are exchanged.",
    right="dE_dW_prime = np.outer(h, EI_prime)",
    wrong="dE_dW_prime = np.outer(EI_prime, h)",
    symptom="NumPy cannot add it to W', or, where N = M, adds it without an error.",
    missed="A test with as many hidden units as outputs.",
)  # fmt: skip
specimen(
    RECURRENT, "recurrent-matrix-turned", "transposed",
    mistake="The gradient of R is transposed; R is square.",
    right="dE_dR = np.outer(h_1, dE_du_2)",
    wrong="dE_dR = np.outer(dE_du_2, h_1)",
    symptom="The recurrent weights do not learn; the others do, and every shape is right.",
    missed="Checks of shapes, and of the sum or the norm of R's gradient.",
    seen="A common mistake: an outer product with its factors exchanged.",
)  # fmt: skip
specimen(
    RECURRENT, "back-through-the-same-side", "transposed: R",
    mistake="The error is propagated back through the transpose of the matrix that it should use.",
    right="dE_dh_1 = R @ dE_du_2",
    wrong="dE_dh_1 = dE_du_2 @ R",
    symptom="Errors reach the wrong units; long dependencies are not learned.",
    missed="R is square and its own gradient is right; a symmetric R, such as the identity, hides it.",
    seen="A common mistake: the backward pass multiplies by R from the same side as the forward pass.",
)  # fmt: skip
specimen(
    MLP, "returned-in-the-other-order", "wrong-shape", "swapped",
    mistake="The two gradients are returned in the other order.",
    right="return dE_dW, dE_dW_prime",
    wrong="return dE_dW_prime, dE_dW",
    symptom="NumPy cannot add them, or, where the shapes agree, each matrix gets the other's update.",
    missed="A test that compares with a list built in the same wrong order.",
    seen="The paper, p. 9, announces ∂E/∂W and derives ∂E/∂W', and then the other way round.",
)  # fmt: skip
specimen(
    PAIRS, "input-and-output-swapped", "swapped",
    mistake="Input and output vectors get each other's gradient.",
    right="return dE_dW, dE_dW_prime",
    wrong="return dE_dW_prime, dE_dW",
    symptom="Vectors of words that were not read move; the loss decreases slowly, if at all.",
    missed="Both matrices have a row for each word, so the shapes agree and the norms are similar.",
    seen="A common mistake where both matrices have one row for each word, as in word2vec.c.",
)  # fmt: skip
specimen(
    RUNNING_SUM, "steps-left-in-reverse", "permuted-rows",
    mistake="The rows are collected from the last step to the first and are left in that order.",
    right="dE_dX = np.stack(steps[::-1])",
    wrong="dE_dX = np.stack(steps)",
    symptom="The first step of a sequence gets the gradient of the last.",
    missed="A check of the sum over the steps, or of a sequence with one step.",
    seen="A common mistake: the backward pass collects its rows from the last to the first.",
)  # fmt: skip
specimen(
    CONVOLUTION, "filter-not-turned", "permuted-columns",
    mistake="A convolution reverses its filter; here its gradient is not reversed.",
    right='dE_dw = np.stack([np.correlate(x, e_n, "valid")[::-1] for e_n in e])',
    wrong='dE_dw = np.stack([np.correlate(x, e_n, "valid") for e_n in e])',
    symptom="Filters move towards their mirror images; symmetric ones come out right.",
    missed="A filter of width 1, or a symmetric one.",
    seen="Convolution and correlation are confused even in teaching material: "
    "https://github.com/srush/Autodiff-Puzzles/issues/12",
)  # fmt: skip
specimen(
    MLP_LOOPS, "sum-over-the-outputs-lost", "lost-sum", "only-one-counted",
    mistake="Each output overwrites the error of the output before: the sum over j is lost.",
    right="dE_dh += W_prime[:, j] * EI_prime[j]",
    wrong="dE_dh = W_prime[:, j] * EI_prime[j]",
    symptom="The hidden layer learns for the last output only.",
    missed="A test with one output.",
    seen="A common mistake: = instead of +=.",
)  # fmt: skip
specimen(
    RELU, "bias-for-each-example", "wrong-shape", "lost-sum",
    mistake="The bias has one gradient for each example: the sum over the batch is lost.",
    right="dE_db_prime = e.sum(axis=0)",
    wrong="dE_db_prime = e",
    symptom="The bias gets a second axis at the first step, because b - rate * db broadcasts.",
    missed="A batch of one; and NumPy broadcasts instead of raising an error.",
    seen="jimfleming/differentiation #1: https://github.com/jimfleming/differentiation/issues/1",
)  # fmt: skip
specimen(
    RELU, "one-bias-for-all", "summed-too-far",
    mistake="The gradient of the hidden bias is summed over the units as well, and all units get the sum.",
    right="dE_db[:] = dE_dU.sum(axis=0)",
    wrong="dE_db[:] = dE_dU.sum()",
    symptom="All biases of a layer change by the same amount.",
    missed="The shape is right, because a number can be assigned to a row; and a layer with one unit.",
    seen="A common mistake: sum() without its axis.",
)  # fmt: skip
specimen(
    RELU, "bias-as-one-number", "wrong-shape", "summed-too-far",
    mistake="The gradient of the output bias is summed to a single number.",
    right="dE_db_prime = e.sum(axis=0)",
    wrong="dE_db_prime = e.sum()",
    symptom="All output biases change by the same amount.",
    missed="b - rate * db works with a number as well.",
    seen="A common mistake: sum() without its axis.",
)  # fmt: skip
