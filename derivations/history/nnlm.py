"""§8, p. 11: the neural language model that word2vec simplifies (Bengio et al. 2003, JMLR 3, eq. 1).

    w_c --F--> x_c  --H, d-->  o  --tanh-->  a  --U, b-->  y --softmax--> p --> E <-- t
                └-----------------W----------------------┘

The model predicts a word from the C words before it. Each of them selects a row of F; the concatenated
rows are the features x. The scores y = b + Wx + U tanh(d + Hx) depend on x through a hidden layer and, if
W is used, directly. CBOW and the skip-gram have neither the tanh nor the matrix products around it;
``operations`` counts the difference.

Letters are Bengio's, with the following exceptions, so that no name is both an array and a size:

    here        Bengio            here        Bengio
    F (V N)     C, |V| × m        C           n - 1, words of context
    e, EI, EX   -∂L/∂y, -∂L/∂o,   N           m, features of a word
                -∂L/∂x            K           h, hidden units
    E           -L, for one word  t           1_{j = w_t}, the next word

H and W have a separate axis for the context position: H.reshape(K, C * N) is Bengio's matrix and
x.ravel() his vector. k and j index V words, c C context positions, i N features, l K hidden units.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import check_arrays, notation
from derivations.paper.softmax_cross_entropy import check_target, log_softmax, softmax

SECTION = "8"

NOTATION = notation("""
    name    paper   shape   drawn    meaning
    w       w_ck    C V     input    the context words, one-hot, one per row
    t       t_j     V       target   the next word, one-hot
    F       f_ki    V N     real     features; row k is the vector of word k
    H       h_lci   K C N   real     weights, features to hidden
    d       d_l     K       real     biases of the hidden units
    U       u_jl    V K     real     weights, hidden to scores
    W       w_jci   V C N   real     weights, features to scores: direct connections
    b       b_j     V       real     biases of the scores
    x       x_ci    C N     -        features of the context words
    o       o_l     K       -        net inputs of the hidden units
    a       a_l     K       -        activations of the hidden units
    y       y_j     V       -        scores
    p       p_j     V       -        predictions
    E       E       ()      -        the loss, a scalar
    e       e_j     V       -        error signals of the scores, ∂E/∂y_j
    EI      EI_l    K       -        error signals of the hidden units, ∂E/∂o_l
    EX      EX_ci   C N     -        error signals of the features, ∂E/∂x_ci
""")

EQ_1 = "Bengio et al. 2003, eq. 1"
FORWARD = "Bengio et al. 2003, §3.2, forward phase"
BACKWARD = "Bengio et al. 2003, §3.2, backward phase"


def example() -> tuple[Array, ...]:
    """Return arrays with V = 5 words, C = 2 context words, N = 3 features and K = 4 hidden units.

    w (2, 5), t (5,), F (5, 3), H (4, 2, 3), d (4,), U (5, 4), W (5, 2, 3), b (5,), all float64.
    """
    w, t = np.eye(5)[[3, 1]], np.eye(5)[2]
    F = np.sin(np.arange(1.0, 16.0)).reshape(5, 3)
    H = np.cos(np.arange(1.0, 25.0)).reshape(4, 2, 3)
    U = np.sin(np.arange(2.0, 22.0)).reshape(5, 4)
    W = np.cos(np.arange(2.0, 32.0)).reshape(5, 2, 3)
    return w, t, F, H, np.linspace(-0.3, 0.3, 4), U, W, np.linspace(0.2, -0.2, 5)


# --- forward pass, one operation per line ---------------------------------------------------------


def forward(
    w: Float[Array, "C V"], t: Float[Array, "V"], F: Float[Array, "V N"], H: Float[Array, "K C N"],
    d: Float[Array, "K"], U: Float[Array, "V K"], W: Float[Array, "V C N"], b: Float[Array, "V"],
) -> tuple[Any, ...]:
    """Compute the forward pass; return x (C, N), o (K,), a (K,), y (V,), p (V,), E ().

    >>> x, o, a, y, p, E = forward(*example())
    >>> x.shape, a.round(4), round(float(E), 4)
    ((2, 3), array([0.2984, 0.4771, 0.5924, 0.6624]), 2.6286)
    """
    x = w @ F
    o = d + H.reshape(len(d), -1) @ x.ravel()
    a = np.tanh(o)
    y = b + W.reshape(len(b), -1) @ x.ravel() + U @ a
    p = softmax(y)
    E = -np.sum(t * log_softmax(y))
    return x, o, a, y, p, E


@definition(11, 1, r"x = (C(w_{t-1}), \dots, C(w_{t-n+1})), \quad x_{ci} = \sum_{k=1}^{V} w_{ck} f_{ki}",
            source=FORWARD)
def x(c: Any, i: Any, w: Float[Array, "C V"], F: Float[Array, "V N"]) -> Any:
    """x_ci = Σ_k w_ck f_ki: the features of the context word c, a row of F if w_c is one-hot."""
    return sum(w[c, k] * F[k, i] for k in range(len(F)))


@definition(11, 2, r"o = d + H x, \quad o_l = d_l + \sum_{c=1}^{C} \sum_{i=1}^{N} h_{lci} x_{ci}",
            source=FORWARD)
def o(l: Any, d: Float[Array, "K"], H: Float[Array, "K C N"], x: Float[Array, "C N"]) -> Any:
    """o_l = d_l + Σ_c Σ_i h_lci x_ci: the net input of hidden unit l."""
    C, N = x.shape
    return d[l] + sum(H[l, c, i] * x[c, i] for c in range(C) for i in range(N))


@definition(11, 3, r"a = \tanh(o)", source=FORWARD)
def a(l: Any, o: Float[Array, "K"]) -> Any:
    """a_l = tanh(o_l): the activation of hidden unit l."""
    return np.tanh(o[l])


@definition(11, 4, r"y = b + W x + U \tanh(d + H x)", source=EQ_1)
def y(
    j: Any, b: Float[Array, "V"], W: Float[Array, "V C N"], x: Float[Array, "C N"],
    U: Float[Array, "V K"], a: Float[Array, "K"],
) -> Any:
    """y_j = b_j + Σ_ci w_jci x_ci + Σ_l u_jl a_l: bias, direct connections and hidden layer."""
    C, N = x.shape
    direct = sum(W[j, c, i] * x[c, i] for c in range(C) for i in range(N))
    return b[j] + direct + sum(U[j, l] * a[l] for l in range(len(a)))


@definition(11, 5, r"\hat{P}(w_t | w_{t-1}, \dots, w_{t-n+1}) = \frac{e^{y_{w_t}}}{\sum_i e^{y_i}}",
            source="Bengio et al. 2003, §2")
def p(j: Any, y: Float[Array, "V"]) -> Any:
    """p_j = softmax(y)_j: the prediction, as in §4."""
    exp_y = np.exp(y - np.max(y))
    return exp_y[j] / sum(exp_y[k] for k in range(len(y)))


@definition(11, 6, r"E = -\log \hat{P}(w_t | w_{t-1}, \dots, w_{t-n+1}) = -L",
            source="Bengio et al. 2003, §2",
            note="The source maximizes the log-likelihood L; here E = -L is minimized: all signs change.")
def E(t: Float[Array, "V"], y: Float[Array, "V"]) -> Any:
    """E = -Σ_j t_j log p_j: the cross-entropy of §4."""
    return -(t @ log_softmax(y))


# --- partial derivatives, from the scores to the features -----------------------------------------


@equation(11, 6.1, r"\frac{\partial y_j}{\partial u_{jl}} = a_l", ours=True)
def dy_dU(l: Any, a: Float[Array, "K"]) -> Any:
    """∂y_j/∂u_jl = a_l. The derivative of y_j by the weights of another word is 0."""
    return a[l]


@equation(11, 6.2, r"\frac{\partial y_j}{\partial w_{jci}} = x_{ci}", ours=True)
@equation(11, 6.5, r"\frac{\partial o_l}{\partial h_{lci}} = x_{ci}", label="do_dH", lhs="do_dH", ours=True)
def dy_dW(c: Any, i: Any, x: Float[Array, "C N"]) -> Any:
    """∂y_j/∂w_jci = ∂o_l/∂h_lci = x_ci: the input that the weight multiplies, in both layers."""
    return x[c, i]


@equation(11, 6.3, r"\frac{\partial y_j}{\partial a_l} = u_{jl}", ours=True)
def dy_da(j: Any, l: Any, U: Float[Array, "V K"]) -> Any:
    """∂y_j/∂a_l = u_jl."""
    return U[j, l]


@equation(11, 6.4, r"\frac{\partial a_l}{\partial o_l} = 1 - a_l^2", ours=True)
def da_do(l: Any, a: Float[Array, "K"]) -> Any:
    """∂a_l/∂o_l = 1 - a_l²: the derivative of tanh, expressed by its value, as in §2."""
    return (1 - a[l]) * (1 + a[l])


@equation(11, 6.6, r"\frac{\partial o_l}{\partial x_{ci}} = h_{lci}", ours=True)
def do_dx(l: Any, c: Any, i: Any, H: Float[Array, "K C N"]) -> Any:
    """∂o_l/∂x_ci = h_lci."""
    return H[l, c, i]


@equation(11, 6.7, r"\frac{\partial y_j}{\partial x_{ci}} = w_{jci} + \sum_{l=1}^{K} u_{jl} (1 - a_l^2)"
          r" h_{lci}", ours=True)
def dy_dx(
    j: Any, c: Any, i: Any, W: Float[Array, "V C N"], U: Float[Array, "V K"], a: Float[Array, "K"],
    H: Float[Array, "K C N"],
) -> Any:
    """∂y_j/∂x_ci = w_jci + Σ_l u_jl (1 - a_l²) h_lci: y_j depends on x directly and through a."""
    hidden = sum(dy_da(j, l, U) * da_do(l, a) * do_dx(l, c, i, H) for l in range(len(a)))
    return W[j, c, i] + hidden


@equation(11, 6.8, r"\frac{\partial x_{ci}}{\partial f_{ki}} = w_{ck}", ours=True)
def dx_dF(c: Any, k: Any, w: Float[Array, "C V"]) -> Any:
    """∂x_ci/∂f_ki = w_ck: 1 for the word at position c, 0 for the others."""
    return w[c, k]


# --- error signals --------------------------------------------------------------------------------


@equation(11, 7, r"\frac{\partial E}{\partial y_j} = p_j - 1_{j = w_t} = e_j",
          lhs="dE_dy", source=BACKWARD)
@equation(11, 11, r"\frac{\partial E}{\partial b_j} = e_j", label="dE_db", lhs="dE_db", source=BACKWARD)
def e(j: Any, p: Float[Array, "V"], t: Float[Array, "V"]) -> Any:
    """e_j = ∂E/∂y_j = p_j - t_j, as in §4; also ∂E/∂b_j, because ∂y_j/∂b_j = 1."""
    return p[j] - t[j]


@equation(11, 8, r"\frac{\partial E}{\partial a_l} = \sum_{j=1}^{V} e_j \cdot u_{jl}", source=BACKWARD)
def dE_da(l: Any, e: Float[Array, "V"], U: Float[Array, "V K"]) -> Any:
    """∂E/∂a_l = Σ_j e_j u_jl: a_l is an input of every score, so the chain rule sums over j."""
    return sum(e[j] * U[j, l] for j in range(len(e)))


@equation(11, 9, r"\frac{\partial E}{\partial o_l} = (1 - a_l^2) \frac{\partial E}{\partial a_l} = EI_l",
          lhs="dE_do", source=BACKWARD)
@equation(11, 14, r"\frac{\partial E}{\partial d_l} = EI_l", label="dE_dd", lhs="dE_dd", source=BACKWARD)
def EI(l: Any, a: Float[Array, "K"], e: Float[Array, "V"], U: Float[Array, "V K"]) -> Any:
    """EI_l = ∂E/∂o_l = (1 - a_l²) ∂E/∂a_l; also ∂E/∂d_l, because ∂o_l/∂d_l = 1."""
    return da_do(l, a) * dE_da(l, e, U)


@equation(11, 10, r"\frac{\partial E}{\partial x_{ci}} = \sum_{j=1}^{V} e_j \cdot w_{jci} + \sum_{l=1}^{K}"
          r" EI_l \cdot h_{lci} = EX_{ci}", lhs="dE_dx", source=BACKWARD)
def EX(
    c: Any, i: Any, e: Float[Array, "V"], W: Float[Array, "V C N"], EI: Float[Array, "K"],
    H: Float[Array, "K C N"],
) -> Any:
    """EX_ci = ∂E/∂x_ci = Σ_j e_j w_jci + Σ_l EI_l h_lci: direct connections plus hidden layer."""
    direct = sum(e[j] * W[j, c, i] for j in range(len(e)))
    return direct + EX_without_direct(c, i, EI, H)


@equation(11, 10.1, r"\frac{\partial E}{\partial x_{ci}} = \sum_{l=1}^{K} EI_l \cdot h_{lci}"
          r" \text{ for } W = 0", lhs="dE_dx", model="without_direct", ours=True,
          note="W is optional in the source. Without it only this equation changes.")
def EX_without_direct(c: Any, i: Any, EI: Float[Array, "K"], H: Float[Array, "K C N"]) -> Any:
    """∂E/∂x_ci = Σ_l EI_l h_lci, for the model without direct connections."""
    return sum(EI[l] * H[l, c, i] for l in range(len(EI)))


# --- gradients, element by element ----------------------------------------------------------------


@equation(11, 12, r"\frac{\partial E}{\partial w_{jci}} = e_j \cdot x_{ci}", source=BACKWARD)
def dE_dW(j: Any, c: Any, i: Any, e: Float[Array, "V"], x: Float[Array, "C N"]) -> Any:
    """∂E/∂w_jci = e_j x_ci, shape (V, C, N)."""
    return e[j] * x[c, i]


@equation(11, 13, r"\frac{\partial E}{\partial u_{jl}} = e_j \cdot a_l", source=BACKWARD)
def dE_dU(j: Any, l: Any, e: Float[Array, "V"], a: Float[Array, "K"]) -> Any:
    """∂E/∂u_jl = e_j a_l, shape (V, K)."""
    return e[j] * a[l]


@equation(11, 15, r"\frac{\partial E}{\partial h_{lci}} = EI_l \cdot x_{ci}", source=BACKWARD)
def dE_dH(l: Any, c: Any, i: Any, EI: Float[Array, "K"], x: Float[Array, "C N"]) -> Any:
    """∂E/∂h_lci = EI_l x_ci, shape (K, C, N)."""
    return EI[l] * x[c, i]


@equation(11, 16, r"\frac{\partial E}{\partial f_{ki}} = \sum_{c=1}^{C} w_{ck} \cdot EX_{ci}",
          source=BACKWARD)
def dE_dF(k: Any, i: Any, w: Float[Array, "C V"], EX: Float[Array, "C N"]) -> Any:
    """∂E/∂f_ki = Σ_c w_ck EX_ci: the sum over the positions of word k; 0 for words not in the context."""
    return sum(w[c, k] * EX[c, i] for c in range(len(w)))


# --- gradients as matrices ------------------------------------------------------------------------


@equation(11, 16.1, r"\nabla E = \left( w^T EX, \; EI \otimes x, \; EI, \; e \otimes a, \; e \otimes x, \;"
          r" e \right)", lhs="dE_dF dE_dH dE_dd dE_dU dE_dW dE_db", ours=True)
def gradients(
    w: Float[Array, "C V"], t: Float[Array, "V"], F: Float[Array, "V N"], H: Float[Array, "K C N"],
    d: Float[Array, "K"], U: Float[Array, "V K"], W: Float[Array, "V C N"], b: Float[Array, "V"],
) -> tuple[Array, ...]:
    """Return ∂E/∂F (V, N), ∂E/∂H (K, C, N), ∂E/∂d (K,), ∂E/∂U (V, K), ∂E/∂W (V, C, N), ∂E/∂b (V,).

    For the model without direct connections pass zeros for W and ignore ∂E/∂W.
    Raises ``TypeError`` or ``ValueError`` if an array does not match the notation table, and
    ``ValueError`` if t does not sum to 1.

    >>> dE_dF, dE_dH, dE_dd, dE_dU, dE_dW, dE_db = gradients(*example())
    >>> dE_dF.any(axis=1), dE_dd.round(4)
    (array([False,  True, False,  True, False]), array([ 0.2788,  1.0297,  0.7364, -0.0601]))
    """
    check_arrays(NOTATION, w=w, t=t, F=F, H=H, d=d, U=U, W=W, b=b)
    check_target(t)
    x, o, a, y, p, E = forward(w, t, F, H, d, U, W, b)
    e = p - t
    EI = (1 - a) * (1 + a) * (e @ U)
    EX = np.tensordot(e, W, 1) + np.tensordot(EI, H, 1)
    dE_dF = w.T @ EX
    return dE_dF, np.multiply.outer(EI, x), EI, np.outer(e, a), np.multiply.outer(e, x), e


# --- reference: the forward pass in JAX -----------------------------------------------------------


def reference(w: Any, t: Any, F: Any, H: Any, d: Any, U: Any, W: Any, b: Any) -> Any:
    """Compute the forward pass in JAX; ``jax.grad`` differentiates this function."""
    import jax
    import jax.numpy as jnp

    x = jnp.einsum("ck,ki->ci", w, F)
    o = d + jnp.einsum("lci,ci->l", H, x)
    a = jnp.tanh(o)
    y = b + jnp.einsum("jci,ci->j", W, x) + jnp.einsum("jl,l->j", U, a)
    p = jax.nn.softmax(y)
    E = -(t * jax.nn.log_softmax(y)).sum()
    return E


# Without direct connections.


def forward_without_direct(
    w: Float[Array, "C V"], t: Float[Array, "V"], F: Float[Array, "V N"], H: Float[Array, "K C N"],
    d: Float[Array, "K"], U: Float[Array, "V K"], b: Float[Array, "V"],
) -> tuple[Any, ...]:
    """Compute :func:`forward` without W; return x (C, N), a (K,), y (V,), p (V,), E ()."""
    x = w @ F
    a = np.tanh(d + H.reshape(len(d), -1) @ x.ravel())
    y = b + U @ a
    p = softmax(y)
    E = -np.sum(t * log_softmax(y))
    return x, a, y, p, E


def reference_without_direct(w: Any, t: Any, F: Any, H: Any, d: Any, U: Any, b: Any) -> Any:
    """Compute :func:`reference` without W."""
    import jax
    import jax.numpy as jnp

    x = jnp.einsum("ck,ki->ci", w, F)
    a = jnp.tanh(d + jnp.einsum("lci,ci->l", H, x))
    y = b + jnp.einsum("jl,l->j", U, a)
    p = jax.nn.softmax(y)
    E = -(t * jax.nn.log_softmax(y)).sum()
    return E
