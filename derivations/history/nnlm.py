"""§8, p. 11: the neural language model that the skip-gram left behind (Bengio et al. 2003, JMLR 3, eq. 1).

    w_c --F--> x_c  --H, d-->  o  --tanh-->  a  --U, b-->  y --softmax--> p --> E <-- t
                └-----------------W----------------------┘

The C words before a word predict it. Each is looked up in F; side by side their features are x, which
reaches the scores y = b + Wx + U tanh(d + Hx) by way of a hidden layer and, if W is there, directly. CBOW
and the skip-gram do without this tanh and the products around it; ``operations`` counts them.

Letters are Bengio's, but for these; no name is both an array and a size, as C and H are in the source:

    here        Bengio            here        Bengio
    F (V N)     C, |V| × m        C           n - 1, words of context
    e, EI, EX   -∂L/∂y, -∂L/∂o,   N           m, features of a word
                -∂L/∂x            K           h, hidden units
    E           -L, for one word  t           1_{j = w_t}, the word that comes

H and W keep the blocks of their columns, one block a context word, as an axis: H.reshape(K, C * N) is
Bengio's matrix and x.ravel() his vector. k and j count V words, c counts C places, i counts N features,
l counts K hidden units.
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
    w       w_ck    C V     input    the words before, one-hot, one row each
    t       t_j     V       target   the word that comes, one-hot
    F       f_ki    V N     real     features; a word's row is its vector
    H       h_lci   K C N   real     weights, features to hidden
    d       d_l     K       real     biases of the hidden units
    U       u_jl    V K     real     weights, hidden to scores
    W       w_jci   V C N   real     weights, features to scores, directly
    b       b_j     V       real     biases of the scores
    x       x_ci    C N     -        features of the words before
    o       o_l     K       -        what enters hidden unit l
    a       a_l     K       -        what leaves it
    y       y_j     V       -        scores
    p       p_j     V       -        predictions
    E       E       ()      -        the loss, one number
    e       e_j     V       -        error signal at the scores, ∂E/∂y_j
    EI      EI_l    K       -        error signal at the hidden units, ∂E/∂o_l
    EX      EX_ci   C N     -        error signal at the features, ∂E/∂x_ci
""")

EQ_1 = "Bengio et al. 2003, eq. 1"
FORWARD = "Bengio et al. 2003, §3.2, forward phase"
BACKWARD = "Bengio et al. 2003, §3.2, backward phase"


def example() -> tuple[Array, ...]:
    """V = 5 words, C = 2 of them before the next, N = 3 features, K = 4 hidden units.

    Returns w (2, 5), t (5,), F (5, 3), H (4, 2, 3), d (4,), U (5, 4), W (5, 2, 3), b (5,), all float64.
    """
    w, t = np.eye(5)[[3, 1]], np.eye(5)[2]
    F = np.sin(np.arange(1.0, 16.0)).reshape(5, 3)
    H = np.cos(np.arange(1.0, 25.0)).reshape(4, 2, 3)
    U = np.sin(np.arange(2.0, 22.0)).reshape(5, 4)
    W = np.cos(np.arange(2.0, 32.0)).reshape(5, 2, 3)
    return w, t, F, H, np.linspace(-0.3, 0.3, 4), U, W, np.linspace(0.2, -0.2, 5)


# --- forward: one operation a line ----------------------------------------------------------------


def forward(
    w: Float[Array, "C V"], t: Float[Array, "V"], F: Float[Array, "V N"], H: Float[Array, "K C N"],
    d: Float[Array, "K"], U: Float[Array, "V K"], W: Float[Array, "V C N"], b: Float[Array, "V"],
) -> tuple[Any, ...]:
    """From the words before to the loss; returns x (C, N), o (K,), a (K,), y (V,), p (V,), E ().

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
    """The features of the word at place c: one-hot, it picks out its row of F."""
    return sum(w[c, k] * F[k, i] for k in range(len(F)))


@definition(11, 2, r"o = d + H x, \quad o_l = d_l + \sum_{c=1}^{C} \sum_{i=1}^{N} h_{lci} x_{ci}",
            source=FORWARD)
def o(l: Any, d: Float[Array, "K"], H: Float[Array, "K C N"], x: Float[Array, "C N"]) -> Any:
    """What enters hidden unit l: every feature of every word before, C N products."""
    C, N = x.shape
    return d[l] + sum(H[l, c, i] * x[c, i] for c in range(C) for i in range(N))


@definition(11, 3, r"a = \tanh(o)", source=FORWARD)
def a(l: Any, o: Float[Array, "K"]) -> Any:
    """The non-linear hidden layer."""
    return np.tanh(o[l])


@definition(11, 4, r"y = b + W x + U \tanh(d + H x)", source=EQ_1)
def y(
    j: Any, b: Float[Array, "V"], W: Float[Array, "V C N"], x: Float[Array, "C N"],
    U: Float[Array, "V K"], a: Float[Array, "K"],
) -> Any:
    """The score of word j: its bias, the direct way, and the way through the hidden layer."""
    C, N = x.shape
    direct = sum(W[j, c, i] * x[c, i] for c in range(C) for i in range(N))
    return b[j] + direct + sum(U[j, l] * a[l] for l in range(len(a)))


@definition(11, 5, r"\hat{P}(w_t | w_{t-1}, \dots, w_{t-n+1}) = \frac{e^{y_{w_t}}}{\sum_i e^{y_i}}",
            source="Bengio et al. 2003, §2")
def p(j: Any, y: Float[Array, "V"]) -> Any:
    """The predictions: §4's softmax."""
    exp_y = np.exp(y - np.max(y))
    return exp_y[j] / sum(exp_y[k] for k in range(len(y)))


@definition(11, 6, r"E = -\log \hat{P}(w_t | w_{t-1}, \dots, w_{t-n+1}) = -L",
            source="Bengio et al. 2003, §2",
            note="The source climbs L, the log-likelihood; this edition descends E: every sign turns.")
def E(t: Float[Array, "V"], y: Float[Array, "V"]) -> Any:
    """The loss: §4's cross-entropy."""
    return -(t @ log_softmax(y))


# --- the partials, from the scores back -------------------------------------------------------------


@equation(11, 6.1, r"\frac{\partial y_j}{\partial u_{jl}} = a_l", ours=True)
def dy_dU(l: Any, a: Float[Array, "K"]) -> Any:
    """∂y_j/∂u_jl = a_l; another word's weights do not enter y_j at all."""
    return a[l]


@equation(11, 6.2, r"\frac{\partial y_j}{\partial w_{jci}} = x_{ci}", ours=True)
@equation(11, 6.5, r"\frac{\partial o_l}{\partial h_{lci}} = x_{ci}", label="do_dH", lhs="do_dH", ours=True)
def dy_dW(c: Any, i: Any, x: Float[Array, "C N"]) -> Any:
    """∂y_j/∂w_jci = ∂o_l/∂h_lci = x_ci: what a weight carries, in both layers."""
    return x[c, i]


@equation(11, 6.3, r"\frac{\partial y_j}{\partial a_l} = u_{jl}", ours=True)
def dy_da(j: Any, l: Any, U: Float[Array, "V K"]) -> Any:
    """∂y_j/∂a_l = u_jl."""
    return U[j, l]


@equation(11, 6.4, r"\frac{\partial a_l}{\partial o_l} = 1 - a_l^2", ours=True)
def da_do(l: Any, a: Float[Array, "K"]) -> Any:
    """∂a_l/∂o_l = 1 - a_l²: the slope of tanh, from its value, as in §2."""
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
    """∂y_j/∂x_ci: two ways lead from the features to a score, and their slopes add."""
    hidden = sum(dy_da(j, l, U) * da_do(l, a) * do_dx(l, c, i, H) for l in range(len(a)))
    return W[j, c, i] + hidden


@equation(11, 6.8, r"\frac{\partial x_{ci}}{\partial f_{ki}} = w_{ck}", ours=True)
def dx_dF(c: Any, k: Any, w: Float[Array, "C V"]) -> Any:
    """∂x_ci/∂f_ki = w_ck: 1 for the word that stands at place c, 0 for the others."""
    return w[c, k]


# --- the error signals ----------------------------------------------------------------------------


@equation(11, 7, r"\frac{\partial E}{\partial y_j} = p_j - 1_{j = w_t} = e_j",
          lhs="dE_dy", source=BACKWARD)
@equation(11, 11, r"\frac{\partial E}{\partial b_j} = e_j", label="dE_db", lhs="dE_db", source=BACKWARD)
def e(j: Any, p: Float[Array, "V"], t: Float[Array, "V"]) -> Any:
    """e_j = ∂E/∂y_j = ∂E/∂b_j = p_j - t_j: §4; a bias is the weight of a unit that is always 1."""
    return p[j] - t[j]


@equation(11, 8, r"\frac{\partial E}{\partial a_l} = \sum_{j=1}^{V} e_j \cdot u_{jl}", source=BACKWARD)
def dE_da(l: Any, e: Float[Array, "V"], U: Float[Array, "V K"]) -> Any:
    """∂E/∂a_l: the whole vocabulary sends its error back to each hidden unit."""
    return sum(e[j] * U[j, l] for j in range(len(e)))


@equation(11, 9, r"\frac{\partial E}{\partial o_l} = (1 - a_l^2) \frac{\partial E}{\partial a_l} = EI_l",
          lhs="dE_do", source=BACKWARD)
@equation(11, 14, r"\frac{\partial E}{\partial d_l} = EI_l", label="dE_dd", lhs="dE_dd", source=BACKWARD)
def EI(l: Any, a: Float[Array, "K"], e: Float[Array, "V"], U: Float[Array, "V K"]) -> Any:
    """EI_l = ∂E/∂o_l = ∂E/∂d_l: what came back to hidden unit l, times the slope of its tanh."""
    return da_do(l, a) * dE_da(l, e, U)


@equation(11, 10, r"\frac{\partial E}{\partial x_{ci}} = \sum_{j=1}^{V} e_j \cdot w_{jci} + \sum_{l=1}^{K}"
          r" EI_l \cdot h_{lci} = EX_{ci}", lhs="dE_dx", source=BACKWARD)
def EX(
    c: Any, i: Any, e: Float[Array, "V"], W: Float[Array, "V C N"], EI: Float[Array, "K"],
    H: Float[Array, "K C N"],
) -> Any:
    """EX_ci = ∂E/∂x_ci: both ways lead back."""
    direct = sum(e[j] * W[j, c, i] for j in range(len(e)))
    return direct + EX_without_direct(c, i, EI, H)


@equation(11, 10.1, r"\frac{\partial E}{\partial x_{ci}} = \sum_{l=1}^{K} EI_l \cdot h_{lci}"
          r" \text{ for } W = 0", lhs="dE_dx", model="without_direct", ours=True,
          note="Bengio's W is optional. Without it this is the one formula that changes.")
def EX_without_direct(c: Any, i: Any, EI: Float[Array, "K"], H: Float[Array, "K C N"]) -> Any:
    """∂E/∂x_ci without direct connections: only the hidden layer leads back."""
    return sum(EI[l] * H[l, c, i] for l in range(len(EI)))


# --- the gradients, element by element ------------------------------------------------------------


@equation(11, 12, r"\frac{\partial E}{\partial w_{jci}} = e_j \cdot x_{ci}", source=BACKWARD)
def dE_dW(j: Any, c: Any, i: Any, e: Float[Array, "V"], x: Float[Array, "C N"]) -> Any:
    """∂E/∂w_jci = e_j x_ci: V C N numbers."""
    return e[j] * x[c, i]


@equation(11, 13, r"\frac{\partial E}{\partial u_{jl}} = e_j \cdot a_l", source=BACKWARD)
def dE_dU(j: Any, l: Any, e: Float[Array, "V"], a: Float[Array, "K"]) -> Any:
    """∂E/∂u_jl = e_j a_l: V K numbers, for every word of the text."""
    return e[j] * a[l]


@equation(11, 15, r"\frac{\partial E}{\partial h_{lci}} = EI_l \cdot x_{ci}", source=BACKWARD)
def dE_dH(l: Any, c: Any, i: Any, EI: Float[Array, "K"], x: Float[Array, "C N"]) -> Any:
    """∂E/∂h_lci = EI_l x_ci."""
    return EI[l] * x[c, i]


@equation(11, 16, r"\frac{\partial E}{\partial f_{ki}} = \sum_{c=1}^{C} w_{ck} \cdot EX_{ci}",
          source=BACKWARD)
def dE_dF(k: Any, i: Any, w: Float[Array, "C V"], EX: Float[Array, "C N"]) -> Any:
    """∂E/∂f_ki = Σ_c w_ck EX_ci: only the words before learn, one that stands twice from both places."""
    return sum(w[c, k] * EX[c, i] for c in range(len(w)))


# --- the gradients as matrices --------------------------------------------------------------------


@equation(11, 16.1, r"\nabla E = \left( w^T EX, \; EI \otimes x, \; EI, \; e \otimes a, \; e \otimes x, \;"
          r" e \right)", lhs="dE_dF dE_dH dE_dd dE_dU dE_dW dE_db", ours=True)
def gradients(
    w: Float[Array, "C V"], t: Float[Array, "V"], F: Float[Array, "V N"], H: Float[Array, "K C N"],
    d: Float[Array, "K"], U: Float[Array, "V K"], W: Float[Array, "V C N"], b: Float[Array, "V"],
) -> tuple[Array, ...]:
    """∂E/∂F (V, N), ∂E/∂H (K, C, N), ∂E/∂d (K,), ∂E/∂U (V, K), ∂E/∂W (V, C, N), ∂E/∂b (V,).

    Without direct connections give zeros for W, and leave ∂E/∂W alone. Raises ``TypeError`` or
    ``ValueError``, in one line, for arrays that do not fit the notation and for a target that does not
    sum to one.

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


# --- for JAX: the forward pass again, and nothing else ----------------------------------------------


def reference(w: Any, t: Any, F: Any, H: Any, d: Any, U: Any, W: Any, b: Any) -> Any:
    """The forward pass, stated once more in JAX; differentiating it is JAX's job."""
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
    """:func:`forward` without W; returns x (C, N), a (K,), y (V,), p (V,), E ()."""
    x = w @ F
    a = np.tanh(d + H.reshape(len(d), -1) @ x.ravel())
    y = b + U @ a
    p = softmax(y)
    E = -np.sum(t * log_softmax(y))
    return x, a, y, p, E


def reference_without_direct(w: Any, t: Any, F: Any, H: Any, d: Any, U: Any, b: Any) -> Any:
    """:func:`reference` without W."""
    import jax
    import jax.numpy as jnp

    x = jnp.einsum("ck,ki->ci", w, F)
    a = jnp.tanh(d + jnp.einsum("lci,ci->l", H, x))
    y = b + jnp.einsum("jl,l->j", U, a)
    p = jax.nn.softmax(y)
    E = -(t * jax.nn.log_softmax(y)).sum()
    return E
