"""§8, p. 11: the recurrent language model, and backpropagation through time (Mikolov et al. 2010).

    w(t) --U--> s(t) --V--> u(t) --softmax--> y(t) --> E <-- d(t)      t = 1 ... T, added
                ↑  |
                W  └--> s(t+1), by W

The model reads a text word by word. The hidden state s(t) is a sigmoid of the current word w(t) and the
previous state s(t-1). Each weight is used at every step, so its gradient is a sum over the steps, and the
error signal of step t is computed from the output of step t and the error signal of step t+1. This
recursion, ``delta``, is backpropagation through time over the whole text. The truncated form of the
source, which stops after a few steps, is not the gradient of E.

The source's V, hidden to output, is ``W_prime`` here, as in §6, because V is the number of words; its
error vector d(t) - y(t) is -``e``. t indexes T steps, i and k V words, j and l N hidden units. The state
s(0) is an input. ``b`` is added to the net inputs of the hidden units and is 0 in the source; it makes
δ_tj = ∂E/∂b_tj a derivative that can be checked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import check_arrays, notation
from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import check_target, log_softmax, softmax

SECTION = "8"

NOTATION = notation("""
    name      paper    shape   drawn    meaning
    w         w_ti     T V     input    the text, one-hot, one word per row
    d         d_tk     T V     target   the next word at each step, one-hot
    s_0       s(0)_l   N       real     the state before the first step
    b         b_tj     T N     real     added to the net inputs of the hidden units
    U         u_ji     N V     real     weights, word to hidden; one column per word
    W         w_jl     N N     real     weights, previous state to state
    W_prime   v_kj     V N     real     weights, hidden to output: the source's V
    s         s_tj     T N     -        states
    before    s_tl     T N     -        previous states: s(0), ..., s(T-1)
    u         u_tk     T V     -        scores
    y         y_tk     T V     -        predictions
    E         E        ()      -        the loss of all steps, a scalar
    e         e_tk     T V     -        error signals of the scores, ∂E/∂u_tk
    delta     δ_tj     T N     -        error signals of the hidden units, ∂E/∂b_tj
""")

RNNLM = "Mikolov et al. 2010, §2"
BPTT = "Mikolov 2012 (thesis), backpropagation through time"


def example() -> tuple[Array, ...]:
    """Return arrays for a text of T = 4 words, one of them twice, with V = 5 and N = 3.

    w (4, 5), d (4, 5), s(0) (3,), U (3, 5), W (3, 3), W' (5, 3), all float64.
    """
    words = np.eye(5)[[1, 3, 1, 0, 4]]
    U = np.sin(np.arange(1.0, 16.0)).reshape(3, 5)
    W = np.cos(np.arange(1.0, 10.0)).reshape(3, 3)
    W_prime = np.sin(np.arange(2.0, 17.0)).reshape(5, 3)
    return words[:-1], words[1:], np.full(3, 0.1), U, W, W_prime


# --- forward pass, one operation per line, one of them a recursion --------------------------------


@definition(11, 1, r"s(t) = f(U w(t) + W s(t-1)), \quad f(z) = \frac{1}{1 + e^{-z}}", lhs="s",
            source=f"{RNNLM}: s_j(t) = f(Σ_i x_i(t) u_ji), x(t) = w(t) + s(t-1) side by side")
def states(
    w: Float[Array, "T V"], s_0: Float[Array, "N"], U: Float[Array, "N V"], W: Float[Array, "N N"]
) -> Float[Array, "T N"]:
    """s(t) = σ(U w(t) + W s(t-1)) for t = 1 ... T, shape (T, N)."""
    s = [s_0]
    for w_t in w:
        s.append(sigmoid(U @ w_t + W @ s[-1]))
    return np.stack(s[1:])


def forward(
    w: Float[Array, "T V"], d: Float[Array, "T V"], s_0: Float[Array, "N"], U: Float[Array, "N V"],
    W: Float[Array, "N N"], W_prime: Float[Array, "V N"],
) -> tuple[Any, ...]:
    """Compute the forward pass; return s (T, N), u (T, V), y (T, V), E ().

    >>> s, u, y, E = forward(*example())
    >>> s.shape, s[-1].round(4), round(float(E), 4)
    ((4, 3), array([0.632 , 0.4625, 0.2778]), 7.1621)
    """
    s = states(w, s_0, U, W)
    u = s @ W_prime.T
    y = softmax(u)
    E = -np.sum(d * log_softmax(u))
    return s, u, y, E


@definition(11, 2, r"y(t) = g(V s(t)), \quad u_{tk} = \sum_{j=1}^{N} v_{kj} s_{tj}", source=RNNLM)
def u(t: Any, k: Any, s: Float[Array, "T N"], W_prime: Float[Array, "V N"]) -> Any:
    """u_tk = Σ_j v_kj s_tj: the score of word k at step t."""
    return sum(W_prime[k, j] * s[t, j] for j in range(s.shape[1]))


@definition(11, 3, r"y_k(t) = g(u_k(t)), \quad g(z_m) = \frac{e^{z_m}}{\sum_k e^{z_k}}", source=RNNLM)
def y(u: Float[Array, "T V"]) -> Float[Array, "T V"]:
    """y_tk = softmax(u_t)_k: the prediction, as in §4, at each step."""
    return np.stack([softmax(u_t) for u_t in u])


@definition(11, 4, r"E = -\sum_{t=1}^{T} \sum_{k=1}^{V} d_{tk} \log y_{tk}", source=RNNLM,
            note="The source minimizes the loss of each step; E is the sum over the steps of a text.")
def E(d: Float[Array, "T V"], u: Float[Array, "T V"]) -> Any:
    """E = -Σ_t Σ_k d_tk log y_tk: the cross-entropy of §4, summed over the steps."""
    return -sum(d[t] @ log_softmax(u[t]) for t in range(len(d)))


@definition(11, 4.01, r"s(t-1) \text{ for } t = 1 \dots T", ours=True,
            lhs=lambda s_0, s: np.array([*s_0[None], *s])[: len(s)])
def before(s_0: Float[Array, "N"], s: Float[Array, "T N"]) -> Float[Array, "T N"]:
    """The previous states s(0), s(1), ..., s(T-1), shape (T, N)."""
    return np.vstack([s_0, s[:-1]])


# --- partial derivatives of one step --------------------------------------------------------------


@equation(11, 4.1, r"\frac{\partial s_{tj}}{\partial b_{tj}} = s_{tj} (1 - s_{tj}), \quad T = 1",
          lhs="ds_db", model="moved", sizes={"T": 1}, ours=True)
def slope(t: Any, j: Any, s: Float[Array, "T N"]) -> Any:
    """∂s_tj/∂b_tj = s_tj (1 - s_tj): the derivative of σ, expressed by its value, as in §3."""
    return s[t, j] * (1 - s[t, j])


@equation(11, 4.2, r"\frac{\partial s_{tj}}{\partial u_{ji}} = s_{tj} (1 - s_{tj}) \cdot w_{ti},"
          r" \quad T = 1", sizes={"T": 1}, ours=True)
def ds_dU(t: Any, j: Any, i: Any, s: Float[Array, "T N"], w: Float[Array, "T V"]) -> Any:
    """∂s_tj/∂u_ji = s_tj (1 - s_tj) w_ti, within one step."""
    return slope(t, j, s) * w[t, i]


@equation(11, 4.3, r"\frac{\partial s_{tj}}{\partial s_{t-1,l}} = s_{tj} (1 - s_{tj}) \cdot w_{jl},"
          r" \quad T = 1", lhs="ds_ds_0", sizes={"T": 1}, ours=True)
def ds_dbefore(t: Any, j: Any, l: Any, s: Float[Array, "T N"], W: Float[Array, "N N"]) -> Any:
    """∂s_tj/∂s_{t-1,l} = s_tj (1 - s_tj) w_jl, within one step."""
    return slope(t, j, s) * W[j, l]


@equation(11, 4.4, r"\frac{\partial s(t)}{\partial s(0)} = \prod_{\tau=t}^{1} \mathrm{diag}\big(s(\tau)"
          r" (1 - s(\tau))\big) \, W", ours=True,
          note="Each step contributes a factor of at most 1/4 besides W: the vanishing gradient.")
def ds_ds_0(s: Float[Array, "T N"], W: Float[Array, "N N"]) -> Float[Array, "T N N"]:
    """∂s(t)/∂s(0), shape (T, N, N): the product of the Jacobians of t steps."""
    product, left = np.eye(len(W)), []
    for s_t in s:
        product = (s_t * (1 - s_t))[:, None] * (W @ product)
        left.append(product)
    return np.stack(left)


# --- error signals: backpropagation through time --------------------------------------------------


@equation(11, 5, r"\frac{\partial E}{\partial u_{tk}} = y_{tk} - d_{tk} = e_{tk}", lhs="dE_du",
          source=f"{RNNLM}: error(t) = desired(t) - y(t), its negative")
def e(t: Any, k: Any, y: Float[Array, "T V"], d: Float[Array, "T V"]) -> Any:
    """e_tk = ∂E/∂u_tk = y_tk - d_tk: the gradient of §4 at each step."""
    return y[t, k] - d[t, k]


@equation(11, 5.1, r"\frac{\partial E}{\partial s_{tj}} = \sum_{k=1}^{V} e_{tk} \cdot v_{kj}"
          r" \text{ with all other states held}", ours=True)
def dE_ds(t: Any, j: Any, e: Float[Array, "T V"], W_prime: Float[Array, "V N"]) -> Any:
    """∂E/∂s_tj = Σ_k e_tk v_kj, through the output of step t only."""
    return sum(e[t, k] * W_prime[k, j] for k in range(len(W_prime)))


@equation(11, 6, r"\delta(t) = \left( V^T e(t) + W^T \delta(t+1) \right) \circ s(t) \circ (1 - s(t)), \quad"
          r" \delta(T+1) = 0", lhs="dE_db", model="moved", source=BPTT)
def delta(
    e: Float[Array, "T V"], s: Float[Array, "T N"], W: Float[Array, "N N"], W_prime: Float[Array, "V N"]
) -> Float[Array, "T N"]:
    """δ(t) = (V^T e(t) + W^T δ(t+1)) ∘ s(t) ∘ (1 - s(t)), shape (T, N).

    s(t) is an input of the output of step t and of the state of step t+1; the chain rule adds both terms.
    """
    later, found = np.zeros(len(W)), []
    for e_t, s_t in zip(e[::-1], s[::-1], strict=True):
        delta_t = (e_t @ W_prime + later) * s_t * (1 - s_t)
        later = delta_t @ W
        found.append(delta_t)
    return np.stack(found[::-1])


@equation(11, 6.1, r"\frac{\partial E}{\partial s_l(0)} = \sum_{j=1}^{N} \delta_{1j} \cdot w_{jl}",
          ours=True)
def dE_ds_0(l: Any, delta: Float[Array, "T N"], W: Float[Array, "N N"]) -> Any:
    """∂E/∂s_l(0) = Σ_j δ_1j w_jl: s(0) is an input of the first state only."""
    return sum(delta[0, j] * W[j, l] for j in range(len(W)))


# --- gradients, element by element: sums over the steps -------------------------------------------


@equation(11, 7, r"\frac{\partial E}{\partial v_{kj}} = \sum_{t=1}^{T} e_{tk} \cdot s_{tj}", source=BPTT)
def dE_dW_prime(k: Any, j: Any, e: Float[Array, "T V"], s: Float[Array, "T N"]) -> Any:
    """∂E/∂v_kj = Σ_t e_tk s_tj: the sum over the steps; no error signal of another step is needed."""
    return sum(e[t, k] * s[t, j] for t in range(len(s)))


@equation(11, 8, r"\frac{\partial E}{\partial u_{ji}} = \sum_{t=1}^{T} \delta_{tj} \cdot w_{ti}",
          source=BPTT)
def dE_dU(j: Any, i: Any, delta: Float[Array, "T N"], w: Float[Array, "T V"]) -> Any:
    """∂E/∂u_ji = Σ_t δ_tj w_ti: the sum over the steps whose word is i."""
    return sum(delta[t, j] * w[t, i] for t in range(len(w)))


@equation(11, 9, r"\frac{\partial E}{\partial w_{jl}} = \sum_{t=1}^{T} \delta_{tj} \cdot s_l(t-1)",
          source=BPTT)
def dE_dW(j: Any, l: Any, delta: Float[Array, "T N"], before: Float[Array, "T N"]) -> Any:
    """∂E/∂w_jl = Σ_t δ_tj s_l(t-1): the sum over the steps."""
    return sum(delta[t, j] * before[t, l] for t in range(len(delta)))


# --- gradients as matrices ------------------------------------------------------------------------


@equation(11, 9.1, r"\nabla E = \left( \delta^T w, \; \delta^T s(\cdot - 1), \; e^T s \right)",
          lhs="dE_dU dE_dW dE_dW_prime", ours=True)
def gradients(
    w: Float[Array, "T V"], d: Float[Array, "T V"], s_0: Float[Array, "N"], U: Float[Array, "N V"],
    W: Float[Array, "N N"], W_prime: Float[Array, "V N"],
) -> tuple[Float[Array, "N V"], Float[Array, "N N"], Float[Array, "V N"]]:
    """Return ∂E/∂U (N, V), ∂E/∂W (N, N), ∂E/∂V (V, N) for a text of any length T.

    Raises ``TypeError`` or ``ValueError`` if an array does not match the notation table, and
    ``ValueError`` if a row of d does not sum to 1.

    >>> dE_dU, dE_dW, dE_dW_prime = gradients(*example())
    >>> dE_dU.any(axis=0), dE_dW[0].round(4)
    (array([ True,  True, False,  True, False]), array([0.1562, 0.1109, 0.0683]))
    """
    check_arrays(NOTATION, w=w, d=d, s_0=s_0, U=U, W=W, W_prime=W_prime)
    check_target(d)
    s, u, y, E = forward(w, d, s_0, U, W, W_prime)
    e = y - d
    errors = delta(e, s, W, W_prime)
    return errors.T @ w, errors.T @ before(s_0, s), e.T @ s


# --- reference: the forward pass in JAX -----------------------------------------------------------


def reference(w: Any, d: Any, s_0: Any, U: Any, W: Any, W_prime: Any) -> Any:
    """Compute the forward pass in JAX; ``jax.grad`` differentiates this function."""
    import jax
    import jax.numpy as jnp

    z = jnp.einsum("ti,ji->tj", w, U)
    s = reference_states(z, s_0, W)
    u = jnp.einsum("tj,kj->tk", s, W_prime)
    y = jax.nn.softmax(u)
    E = -(d * jax.nn.log_softmax(u)).sum()
    return E


def reference_states(z: Any, s_0: Any, W: Any) -> Any:
    """Compute all states with ``jax.lax.scan``; z (T, N) is U w(t) + b(t)."""
    import jax

    def step(before: Any, z_t: Any) -> Any:
        s_t = jax.nn.sigmoid(z_t + W @ before)
        return s_t, s_t

    return jax.lax.scan(step, s_0, z)[1]


# The model with b added to the net inputs of the hidden units.


def forward_moved(
    w: Float[Array, "T V"], d: Float[Array, "T V"], s_0: Float[Array, "N"], b: Float[Array, "T N"],
    U: Float[Array, "N V"], W: Float[Array, "N N"], W_prime: Float[Array, "V N"],
) -> tuple[Any, ...]:
    """Compute :func:`forward` with b, by appending b to w and the identity matrix to U."""
    s = states(np.hstack([w, b]), s_0, np.hstack([U, np.eye(len(U))]), W)
    u = s @ W_prime.T
    y = softmax(u)
    E = -np.sum(d * log_softmax(u))
    return s, u, y, E


def reference_moved(w: Any, d: Any, s_0: Any, b: Any, U: Any, W: Any, W_prime: Any) -> Any:
    """Compute :func:`reference` with b."""
    import jax
    import jax.numpy as jnp

    z = jnp.einsum("ti,ji->tj", w, U) + b
    s = reference_states(z, s_0, W)
    u = jnp.einsum("tj,kj->tk", s, W_prime)
    y = jax.nn.softmax(u)
    E = -(d * jax.nn.log_softmax(u)).sum()
    return E
