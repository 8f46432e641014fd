"""What the paper prints where the print is wrong, as code; for §8, what two programs get wrong.

Each function computes a printed form to the letter, so that its failure can be shown and not only
asserted. Its label is that of the right equation, whose function stands in the section's module. A
misprint must fail: one that holds turns ``derivations verify`` red, as does a wrong correction.

Where the print cannot be computed at all, because an index does not exist or two shapes do not fit,
the function fails as NumPy fails on it. Paper indices count from one, array indices from zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray as Array

from derivations.ledger import misprint
from derivations.notation import read_cells

# --- §2 -------------------------------------------------------------------------------------------


@misprint("backpropagation.path", r"x_k \to w_i \to u \to f(u) \to y \to E",
          "x_k, the last input, does not pass through w_i; x_i does")
@misprint("backpropagation.path_of_partials",
          r"x_k \to w_i \to \partial u \to \partial f(u) \to \partial y \to \partial E",
          "x_k, the last input, does not pass through w_i; x_i does")
def path_from_x_k(i: Any, x: Array) -> Any:
    return x[-1] + 0 * i  # the same for every i


# --- §3 -------------------------------------------------------------------------------------------


@misprint("mlp_figure.W_cells",
          r"W = \begin{bmatrix} w_{11} & w_{12} & w_{13} \\ w_{22} & w_{22} & w_{23} \\"
          r" w_{31} & w_{32} & w_{33} \\ w_{41} & w_{42} & w_{43} \\ w_{51} & w_{52} & w_{53}"
          r" \end{bmatrix}", "the second row starts with w22 instead of w21")
@misprint("skipgram_figure.W_cells",
          r"W = \begin{bmatrix} w_{11} & w_{12} & w_{13} \\ w_{22} & w_{22} & w_{23} \\"
          r" w_{31} & w_{32} & w_{33} \\ w_{41} & w_{42} & w_{43} \\ w_{51} & w_{52} & w_{53}"
          r" \end{bmatrix}", "the second row starts with w22 instead of w21, as on p. 3")
def W_with_w22_twice(W: Array) -> Array:
    return read_cells("w11 w12 w13; w22 w22 w23; w31 w32 w33; w41 w42 w43; w51 w52 w53", {"w": W})


@misprint("mlp_figure.sizes_below",
          r"\text{Input layer } (V \times 1), \; W: \text{Weight 1 } (V \times N), \; \text{Hidden layer }"
          r" (N \times 1), \; W': \text{Weight 2 } (N \times V), \; \text{Output layer } (V \times 1)",
          "§3 has no V; it would have to be both K and M, which need not be equal (read here as K)")
def sizes_with_one_V(K: int, N: int) -> list[tuple[int, int]]:
    V = K  # as the input layer's label has it
    return [(V, 1), (V, N), (N, 1), (N, V), (V, 1)]


@misprint("mlp_figure.error_column", r"E: \text{Error } (V \times 1)",
          "E is one number; the column is e, with one entry for each output")
def column_of_E(E: Any, M: int) -> Array:
    return np.full(M, E)


@misprint("mlp.u_written_out", r"u_i = x_1 w_{1j} + x_2 w_{2j} + \dots + x_k w_{ki}",
          "u_i has no j: the first two weights are w_1i and w_2i (read here with j = 1)")
@misprint("skipgram.h_written_out", r"h_i = x_1 w_{1j} + x_2 w_{2j} + \dots + x_k w_{ki}",
          "h_i has no j: the first two weights are w_1i and w_2i (read here with j = 1)")
def row_with_a_free_j(i: Any, x: Array, W: Array) -> Any:
    j = 0
    first_two = sum(x[k] * W[k, j] for k in range(min(2, len(x) - 1)))
    rest = sum(x[k] * W[k, i] for k in range(min(2, len(x) - 1), len(x)))
    return first_two + rest


@misprint("mlp.u", r"u_i = \sum_{k=1}^{K} x_i w_{ki}", "the sum runs over k, the input must be x_k")
@misprint("skipgram.h", r"h_i = \sum_{k=1}^{K} x_i w_{ki}",
          "the sum runs over k, the input must be x_k; and §6 has no K, its inputs are V")
def sum_of_x_i(i: Any, x: Array, W: Array) -> Any:
    return sum(x[i] * W[k, i] for k in range(len(x)))


@misprint("mlp.dy_du_prime", r"\frac{\partial y_j}{\partial u'_j} = y_j (y_j - t_j)",
          "the slope of σ is y (1 - y); the target has no part in it. The figure on p. 5 has it right")
def slope_with_the_target(j: Any, y: Array, t: Array) -> Any:
    return y[j] * (y[j] - t[j])


@misprint("mlp.all_but_h_constant",
          r"\text{“in the formulas 1 and 2” all but } h_i \text{ is constant in a partial derivative}",
          "no formula is numbered; the first two partials do not contain h_i, and would be 0",
          lhs="dE_dy")
def nothing_but_h_varies(y: Array) -> Array:
    return np.zeros_like(y)


@misprint("mlp.dE_dh", r"\frac{\partial E}{\partial h_i} = \sum_{j=1}^{M}"
          r" \frac{\partial w'_{ij}}{\partial h_i} \cdot \frac{\partial E}{\partial w'_{ij}}",
          "∂w'_ij/∂h_i is 0: a weight does not depend on a hidden unit; u'_j does")
def error_through_the_weights(i: Any, h: Array, EI_prime: Array) -> Any:
    dw_prime_dh = 0.0  # mlp.dW_prime_dh: JAX finds the same
    return sum(dw_prime_dh * h[i] * EI_prime[j] for j in range(len(EI_prime)))


@misprint("mlp.flow.partials", r"\frac{\partial u_i}{\partial w_{ki}} \;"
          r" \frac{\partial h_i}{\partial u_i} \; \frac{\partial w'_{ij}}{\partial h_i} \;"
          r" \frac{\partial u'_j}{\partial w'_{ij}} \; \frac{\partial y_j}{\partial u'_j} \;"
          r" \frac{\partial E}{\partial y_j}",
          "the third factor, ∂w'_ij/∂h_i, is 0, and so is the product; ∂u'_j/∂h_i leads back to h_i")
def product_through_the_weights(k: Any, i: Any, x: Array, h: Array, y: Array, t: Array) -> Any:
    dw_prime_dh = 0.0
    outputs = [h[i] * y[j] * (1 - y[j]) * (y[j] - t[j]) for j in range(len(y))]
    return x[k] * h[i] * (1 - h[i]) * dw_prime_dh * sum(outputs)


# --- §6 -------------------------------------------------------------------------------------------


@misprint("skipgram_figure.scores_by_output_vectors", r"u = v'_w \quad (\text{“output vector”})",
          "in Rong's notation, which the paper takes, v'_w is a column of W', with N entries; it stands"
          " under u, which has V")
def u_as_an_output_vector(W_prime: Array, C: int) -> Array:
    return np.stack([W_prime[:, 0] for _ in range(C)])


@misprint("skipgram.flow.path", r"x_i \to w_{ki} \to h_i \rightrightarrows w'_{ij} \to u_{c,j}"
          r" \rightrightarrows (softmax \; \& \; cross\_entropy) \to E",
          "the input of w_ki is x_k; i counts hidden units. The path on p. 5 has it right")
def path_from_x_i(k: Any, i: Any, x: Array) -> Any:
    return x[i] + 0 * k  # the same for every k


@misprint("skipgram.flow.partials", r"\frac{\partial h_i}{\partial w_{ki}} \;"
          r" \frac{\partial w'_{ij}}{\partial h_i} \; \frac{\partial u_{c,j}}{\partial w'_{ij}} \;"
          r" \frac{\partial E}{\partial u_{c,j}}",
          "the second factor, ∂w'_ij/∂h_i, is 0, and so is the product; ∂u_cj/∂h_i leads back to h_i")
def skipgram_product_through_the_weights(k: Any, i: Any, x: Array, h: Array, e: Array) -> Any:
    dw_prime_dh = 0.0  # skipgram.dW_prime_dh: JAX finds the same
    return x[k] * dw_prime_dh * h[i] * np.sum(e)


@misprint("skipgram_matrices.announces_W_prime",
          r"\text{“the delta of } E \text{ with regard to } W \text{”} = h \otimes e",
          "the text announces ∂E/∂W and derives ∂E/∂W'; the next announcement is swapped too", lhs="dE_dW")
def h_outer_e_as_dE_dW(h: Array, e: Array) -> Array:
    return np.outer(h, e[0])


@misprint("skipgram_matrices.announces_W",
          r"\text{“the delta of } E \text{ with regard to } W' \text{”} = x \otimes (W' \cdot e^T)",
          "the text announces ∂E/∂W' and derives ∂E/∂W; the announcement before is swapped too",
          lhs="dE_dW_prime")
def x_outer_W_prime_e_as_dE_dW_prime(x: Array, W_prime: Array, e: Array) -> Array:
    return np.outer(x, W_prime @ e[0])


@misprint("skipgram_matrices.h_row", r"h = [h_1, h_1, \dots, h_1]", "every entry is the first one")
def h_1_repeated(h: Array) -> Array:
    return np.array([h[0] for _ in h])


@misprint("skipgram_matrices.e_row", r"e = [e_{1,1}, e_{1,1}, \dots, e_{1,1}]",
          "every entry is the first one; further down the page e is right")
def e_11_repeated(e: Array) -> Array:
    return np.array([e[0, 0] for _ in e[0]])


@misprint("skipgram_matrices.h_outer_e_corners",
          r"h \otimes e = \begin{bmatrix} h_1 e_{1,1} & \cdots & h_1 e_{1,j} \\ \vdots & \ddots &"
          r" \vdots \\ h_i e_{1,j} & \cdots & h_i e_{1,j} \end{bmatrix} (N, V)",
          "the first entry of the last row is h_i e_1,1, not h_i e_1,j")
def corners_with_e_1j_twice(h: Array, e: Array) -> Array:
    return np.array([[h[0] * e[0, 0], h[0] * e[0, -1]], [h[-1] * e[0, -1], h[-1] * e[0, -1]]])


@misprint("skipgram_matrices.dE_dW_of_one",
          r"\frac{\partial E}{\partial w_{ki}} = \sum_{j=1}^{V} e_{c,j} \cdot w'_{ij}",
          "the factor x_k is missing, so every row of W would learn; p. 8 has it")
def sum_without_x_k(k: Any, i: Any, e: Array, W_prime: Array) -> Any:
    return 0 * k + sum(e[0, j] * W_prime[i, j] for j in range(e.shape[1]))


@misprint("skipgram_matrices.W_prime_e",
          r"W' \cdot e^T = [e_{1,1} w'_{11} + \dots + e_{1,1} w'_{1j}, \; \dots, \;"
          r" e_{1,j} w'_{i1} + \dots + e_{1,j} w'_{ij}] \; (N,)",
          "e_1,1 runs through the first sum and e_1,j through the last; each sum needs all of e")
def sums_with_one_e_each(W_prime: Array, e: Array) -> Array:
    N, V = W_prime.shape
    of_row = np.linspace(0, V - 1, N).astype(int)  # e_1,1 in the first row, e_1,j in the last
    return np.array([sum(e[0, of_row[i]] * W_prime[i, j] for j in range(V)) for i in range(N)])


@misprint("skipgram_matrices.column_times_row", r"x \otimes (W' \cdot e^T) = x^T \cdot (W' \cdot e^T)",
          "(V,)·(N,) does not fit, nor does (1, V)·(N, 1); where V = N it is one number")
def x_transposed_dot(x: Array, W_prime: Array, e: Array) -> Array:
    return np.dot(x.T, np.dot(W_prime, e[0].T))


@misprint("skipgram_matrices.column_times_sums",
          r"\frac{\partial E}{\partial W} = \begin{bmatrix} x_1 \\ x_2 \\ \dots \\ x_k \end{bmatrix}"
          r" [e_{1,1} w'_{11} + \dots + e_{1,1} w'_{1j}, \; \dots, \;"
          r" e_{1,j} w'_{i1} + \dots + e_{1,j} w'_{ij}]",
          "the sums of p. 9, with the same fault; the line below has them right")
def column_times_sums_with_one_e_each(x: Array, W_prime: Array, e: Array) -> Array:
    return x[:, None] @ sums_with_one_e_each(W_prime, e)[None, :]


# --- §8: what two programs compute ------------------------------------------------------------------


@misprint("cbow.as_in_word2vec_c", r"\frac{\partial E}{\partial w_{ki}} = EH_i \sum_{c=1}^{C} x_{ck}",
          "h is the mean of the vectors, so each of them gets its error divided by C; whole, as here, it"
          " moves them C times as far as the gradient says")
def whole_error_to_each_word(k: Any, i: Any, X: Array, EH: Array) -> Any:
    return EH[i] * sum(X[c, k] for c in range(len(X)))


@misprint("cbow.as_in_gensim",
          r"\frac{\partial E}{\partial w_{ki}} = \frac{1}{C} EH_i \sum_{c=1}^{C} x_{ck}",
          "h is the sum of the vectors, so each of them gets its error whole; the division belongs to the"
          " mean, where cbow_mean=1 leaves it out")
def divided_error_to_each_word(k: Any, i: Any, X: Array, EH: Array) -> Any:
    return EH[i] * sum(X[c, k] for c in range(len(X))) / len(X)
