"""What the paper prints where the print is wrong, as code; for §8, what two programs compute wrongly.

Each function computes the printed form literally; its label is the label of the correct equation, whose
function is in the section's module. ``derivations verify`` requires that the printed form fails and that
the correct one holds; otherwise it reports a failure.

If the printed form cannot be computed, because an index does not exist or two shapes do not match, the
function raises the error that NumPy raises for it. Indices on paper start at 1, array indices at 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray as Array

from derivations.ledger import misprint
from derivations.notation import read_cells

# --- §2 -------------------------------------------------------------------------------------------


@misprint("backpropagation.path", r"x_k \to w_i \to u \to f(u) \to y \to E",
          "w_i multiplies the input x_i, not the last input x_k")
@misprint("backpropagation.path_of_partials",
          r"x_k \to w_i \to \partial u \to \partial f(u) \to \partial y \to \partial E",
          "w_i multiplies the input x_i, not the last input x_k")
def path_from_x_k(i: Any, x: Array) -> Any:
    return x[-1] + 0 * i  # the same for every i


# --- §3 -------------------------------------------------------------------------------------------


@misprint("mlp_figure.W_cells",
          r"W = \begin{bmatrix} w_{11} & w_{12} & w_{13} \\ w_{22} & w_{22} & w_{23} \\"
          r" w_{31} & w_{32} & w_{33} \\ w_{41} & w_{42} & w_{43} \\ w_{51} & w_{52} & w_{53}"
          r" \end{bmatrix}", "the first cell of the second row is printed w22; it is w21")
@misprint("skipgram_figure.W_cells",
          r"W = \begin{bmatrix} w_{11} & w_{12} & w_{13} \\ w_{22} & w_{22} & w_{23} \\"
          r" w_{31} & w_{32} & w_{33} \\ w_{41} & w_{42} & w_{43} \\ w_{51} & w_{52} & w_{53}"
          r" \end{bmatrix}", "the first cell of the second row is printed w22, as on p. 3; it is w21")
def W_with_w22_twice(W: Array) -> Array:
    return read_cells("w11 w12 w13; w22 w22 w23; w31 w32 w33; w41 w42 w43; w51 w52 w53", {"w": W})


@misprint("mlp_figure.sizes_below",
          r"\text{Input layer } (V \times 1), \; W: \text{Weight 1 } (V \times N), \; \text{Hidden layer }"
          r" (N \times 1), \; W': \text{Weight 2 } (N \times V), \; \text{Output layer } (V \times 1)",
          "§3 does not define V; it stands for both K and M, which need not be equal (computed with V = K)")
def sizes_with_one_V(K: int, N: int) -> list[tuple[int, int]]:
    V = K  # by the label of the input layer
    return [(V, 1), (V, N), (N, 1), (N, V), (V, 1)]


@misprint("mlp_figure.error_column", r"E: \text{Error } (V \times 1)",
          "E is a scalar; the column is e, with one entry per output")
def column_of_E(E: Any, M: int) -> Array:
    return np.full(M, E)


@misprint("mlp.u_written_out", r"u_i = x_1 w_{1j} + x_2 w_{2j} + \dots + x_k w_{ki}",
          "u_i has no index j: the first two weights are w_1i and w_2i (computed with j = 1)")
@misprint("skipgram.h_written_out", r"h_i = x_1 w_{1j} + x_2 w_{2j} + \dots + x_k w_{ki}",
          "h_i has no index j: the first two weights are w_1i and w_2i (computed with j = 1)")
def row_with_a_free_j(i: Any, x: Array, W: Array) -> Any:
    j = 0
    first_two = sum(x[k] * W[k, j] for k in range(min(2, len(x) - 1)))
    rest = sum(x[k] * W[k, i] for k in range(min(2, len(x) - 1), len(x)))
    return first_two + rest


@misprint("mlp.u", r"u_i = \sum_{k=1}^{K} x_i w_{ki}", "the sum is over k, so the input is x_k, not x_i")
@misprint("skipgram.h", r"h_i = \sum_{k=1}^{K} x_i w_{ki}",
          "the sum is over k, so the input is x_k, not x_i; its upper limit is V, since §6 has no K")
def sum_of_x_i(i: Any, x: Array, W: Array) -> Any:
    return sum(x[i] * W[k, i] for k in range(len(x)))


@misprint("mlp.dy_du_prime", r"\frac{\partial y_j}{\partial u'_j} = y_j (y_j - t_j)",
          "the derivative of σ is y (1 - y) and does not contain the target; the figure on p. 5 is correct")
def slope_with_the_target(j: Any, y: Array, t: Array) -> Any:
    return y[j] * (y[j] - t[j])


@misprint("mlp.all_but_h_constant",
          r"\text{“in the formulas 1 and 2” all but } h_i \text{ is constant in a partial derivative}",
          "no formula is numbered; the first two partial derivatives do not contain h_i: with h_i as the"
          " only variable they would be 0",
          lhs="dE_dy")
def nothing_but_h_varies(y: Array) -> Array:
    return np.zeros_like(y)


@misprint("mlp.dE_dh", r"\frac{\partial E}{\partial h_i} = \sum_{j=1}^{M}"
          r" \frac{\partial w'_{ij}}{\partial h_i} \cdot \frac{\partial E}{\partial w'_{ij}}",
          "∂w'_ij/∂h_i is 0, because a weight does not depend on a hidden unit; the factor is ∂u'_j/∂h_i")
def error_through_the_weights(i: Any, h: Array, EI_prime: Array) -> Any:
    dw_prime_dh = 0.0  # verified as mlp.dW_prime_dh
    return sum(dw_prime_dh * h[i] * EI_prime[j] for j in range(len(EI_prime)))


@misprint("mlp.flow.partials", r"\frac{\partial u_i}{\partial w_{ki}} \;"
          r" \frac{\partial h_i}{\partial u_i} \; \frac{\partial w'_{ij}}{\partial h_i} \;"
          r" \frac{\partial u'_j}{\partial w'_{ij}} \; \frac{\partial y_j}{\partial u'_j} \;"
          r" \frac{\partial E}{\partial y_j}",
          "the third factor, ∂w'_ij/∂h_i, is 0, and so is the product; the factor is ∂u'_j/∂h_i")
def product_through_the_weights(k: Any, i: Any, x: Array, h: Array, y: Array, t: Array) -> Any:
    dw_prime_dh = 0.0
    outputs = [h[i] * y[j] * (1 - y[j]) * (y[j] - t[j]) for j in range(len(y))]
    return x[k] * h[i] * (1 - h[i]) * dw_prime_dh * sum(outputs)


# --- §6 -------------------------------------------------------------------------------------------


@misprint("skipgram_figure.scores_by_output_vectors", r"u = v'_w \quad (\text{“output vector”})",
          "in Rong's notation, which the paper uses, v'_w is a column of W' with N entries; it is printed"
          " below u, which has V")
def u_as_an_output_vector(W_prime: Array, C: int) -> Array:
    return np.stack([W_prime[:, 0] for _ in range(C)])


@misprint("skipgram.flow.path", r"x_i \to w_{ki} \to h_i \rightrightarrows w'_{ij} \to u_{c,j}"
          r" \rightrightarrows (softmax \; \& \; cross\_entropy) \to E",
          "w_ki multiplies the input x_k, and i indexes hidden units; the path on p. 5 is correct")
def path_from_x_i(k: Any, i: Any, x: Array) -> Any:
    return x[i] + 0 * k  # the same for every k


@misprint("skipgram.flow.partials", r"\frac{\partial h_i}{\partial w_{ki}} \;"
          r" \frac{\partial w'_{ij}}{\partial h_i} \; \frac{\partial u_{c,j}}{\partial w'_{ij}} \;"
          r" \frac{\partial E}{\partial u_{c,j}}",
          "the second factor, ∂w'_ij/∂h_i, is 0, and so is the product; the factor is ∂u_cj/∂h_i")
def skipgram_product_through_the_weights(k: Any, i: Any, x: Array, h: Array, e: Array) -> Any:
    dw_prime_dh = 0.0  # verified as skipgram.dW_prime_dh
    return x[k] * dw_prime_dh * h[i] * np.sum(e)


@misprint("skipgram_matrices.announces_W_prime",
          r"\text{“the delta of } E \text{ with regard to } W \text{”} = h \otimes e",
          "the text announces ∂E/∂W but derives ∂E/∂W'; the announcements are swapped", lhs="dE_dW")
def h_outer_e_as_dE_dW(h: Array, e: Array) -> Array:
    return np.outer(h, e[0])


@misprint("skipgram_matrices.announces_W",
          r"\text{“the delta of } E \text{ with regard to } W' \text{”} = x \otimes (W' \cdot e^T)",
          "the text announces ∂E/∂W' but derives ∂E/∂W; the announcements are swapped",
          lhs="dE_dW_prime")
def x_outer_W_prime_e_as_dE_dW_prime(x: Array, W_prime: Array, e: Array) -> Array:
    return np.outer(x, W_prime @ e[0])


@misprint("skipgram_matrices.h_row", r"h = [h_1, h_1, \dots, h_1]", "every entry is h_1; entry i is h_i")
def h_1_repeated(h: Array) -> Array:
    return np.array([h[0] for _ in h])


@misprint("skipgram_matrices.e_row", r"e = [e_{1,1}, e_{1,1}, \dots, e_{1,1}]",
          "every entry is e_1,1; entry j is e_1,j, as printed further down the page")
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
          "the factor x_k is missing, so every row of the gradient would be non-zero; p. 8 is correct")
def sum_without_x_k(k: Any, i: Any, e: Array, W_prime: Array) -> Any:
    return 0 * k + sum(e[0, j] * W_prime[i, j] for j in range(e.shape[1]))


@misprint("skipgram_matrices.W_prime_e",
          r"W' \cdot e^T = [e_{1,1} w'_{11} + \dots + e_{1,1} w'_{1j}, \; \dots, \;"
          r" e_{1,j} w'_{i1} + \dots + e_{1,j} w'_{ij}] \; (N,)",
          "all terms of the first sum contain e_1,1 and all terms of the last e_1,j; term j contains e_1,j")
def sums_with_one_e_each(W_prime: Array, e: Array) -> Array:
    N, V = W_prime.shape
    of_row = np.linspace(0, V - 1, N).astype(int)  # e_1,1 in the first row, e_1,j in the last
    return np.array([sum(e[0, of_row[i]] * W_prime[i, j] for j in range(V)) for i in range(N)])


@misprint("skipgram_matrices.column_times_row", r"x \otimes (W' \cdot e^T) = x^T \cdot (W' \cdot e^T)",
          "(V,)·(N,) and (1, V)·(N, 1) are undefined for V ≠ N; for V = N the product is a scalar")
def x_transposed_dot(x: Array, W_prime: Array, e: Array) -> Array:
    return np.dot(x.T, np.dot(W_prime, e[0].T))


@misprint("skipgram_matrices.column_times_sums",
          r"\frac{\partial E}{\partial W} = \begin{bmatrix} x_1 \\ x_2 \\ \dots \\ x_k \end{bmatrix}"
          r" [e_{1,1} w'_{11} + \dots + e_{1,1} w'_{1j}, \; \dots, \;"
          r" e_{1,j} w'_{i1} + \dots + e_{1,j} w'_{ij}]",
          "repeats the sums of p. 9 with the same error; the line below is correct")
def column_times_sums_with_one_e_each(x: Array, W_prime: Array, e: Array) -> Array:
    return x[:, None] @ sums_with_one_e_each(W_prime, e)[None, :]


# --- §8: what two programs compute ----------------------------------------------------------------


@misprint("cbow.as_in_word2vec_c", r"\frac{\partial E}{\partial w_{ki}} = EH_i \sum_{c=1}^{C} x_{ck}",
          "h is the mean of C vectors, so the gradient has the factor 1/C; word2vec.c omits it, and its"
          " update is C times the gradient")
def whole_error_to_each_word(k: Any, i: Any, X: Array, EH: Array) -> Any:
    return EH[i] * sum(X[c, k] for c in range(len(X)))


@misprint("cbow.as_in_gensim",
          r"\frac{\partial E}{\partial w_{ki}} = \frac{1}{C} EH_i \sum_{c=1}^{C} x_{ck}",
          "h is the sum of the vectors, so the gradient has no factor 1/C; gensim has the factor for the"
          " sum (cbow_mean=0) and lacks it for the mean (cbow_mean=1)")
def divided_error_to_each_word(k: Any, i: Any, X: Array, EH: Array) -> Any:
    return EH[i] * sum(X[c, k] for c in range(len(X))) / len(X)
