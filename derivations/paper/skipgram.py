"""§6, p. 8 (and §1's one-hot words): the skip-gram with a softmax over the whole vocabulary.

    x  --W-->  h  --W'-->  u_c  --softmax-->  y_c  --cross-entropy-->  E  <--  t_c      c = 1 ... C

The model predicts the C context words of one target word. It differs from §3 in three ways: the hidden
layer has no activation function, the softmax of §4 replaces the sigmoids of the output layer, and the
losses of the context words are added. The scores do not depend on the context word: u_{c,j} is the same
for every c.

k indexes V input words, i N hidden units, j V output words, c C context words. Functions whose first
arguments are indices compute one element, and ``drawn`` in the table says which values the tests choose,
as in §3. ``gradients`` comes last. ``skipgram_matrices`` has the matrix equations of pp. 9-10, which the
paper derives for a single context word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import check_arrays, notation
from derivations.paper.softmax_cross_entropy import check_target, log_softmax, softmax

SECTION = "6"

NOTATION = notation("""
    name      paper   shape   drawn     meaning
    x         x_k     V       input     input: the target word, one-hot
    t         t_cj    C V     target    the context words, one-hot, one per row
    W         w_ki    V N     real      weights, input to hidden; row k is the vector of word k
    W_prime   w'_ij   N V     real      weights, hidden to output; one column per word
    one_hot   x_k     V       one-hot   an input that must be one-hot
    h         h_i     N       -         hidden layer
    u         u_cj    C V     -         scores
    y         y_cj    C V     -         predictions
    e         e_cj    C V     -         error signals, ∂E/∂u_cj
    E         E       ()      -         the loss, a scalar
    EI        EI_j    V       -         the error signals of all context words, added
""")


def example() -> tuple[Array, Array, Array, Array]:
    """Return the arrays for the second word of a sentence of five and its C = 2 neighbours (window 1).

    x (5,), t (2, 5), W (5, 3), W' (3, 5), all float64: V = 5, N = 3.
    """
    x = one_hot(1, 5)
    t = np.stack([one_hot(0, 5), one_hot(2, 5)])
    W = np.sin(np.arange(1.0, 16.0)).reshape(5, 3)
    W_prime = np.cos(np.arange(1.0, 16.0)).reshape(3, 5)
    return x, t, W, W_prime


# --- one-hot words (§1) ---------------------------------------------------------------------------


def one_hot(k: int, V: int) -> Float[Array, "V"]:
    """Return word k of V as a vector (V,), float64: 1 at index k, 0 elsewhere; ``k`` counts from zero.

    Raises ``ValueError`` if k is not in 0 ... V - 1.

    >>> one_hot(0, 2), one_hot(1, 2)
    (array([1., 0.]), array([0., 1.]))
    """
    if not 0 <= k < V:
        raise ValueError(f"word {k} is not in a vocabulary of {V}: give 0 to {V - 1}")
    return np.where(np.arange(V) == k, 1.0, 0.0)


@definition(1, 1, r"\text{Chicago} = [1 \; 0], \quad \text{Illinois} = [0, 1]", sizes={"V": 2},
            lhs=lambda: [[1, 0], [0, 1]])
def one_hot_words(V: int) -> Float[Array, "V V"]:
    """Return all words of a vocabulary as one-hot vectors, one per row: the identity matrix (V, V)."""
    return np.stack([one_hot(k, V) for k in range(V)])


@equation(1, 2, r"x_a \cdot x_b = 0 \quad (a \ne b)", lhs=lambda V: np.eye(V, dtype=float),
          note="Stated in the text: one-hot vectors contain no information about similarity.")
def association(V: int) -> Float[Array, "V V"]:
    """x_a · x_b for all pairs of words: 1 for a = b, otherwise 0."""
    words = one_hot_words(V)
    return words @ words.T


# --- forward pass, one operation per line ---------------------------------------------------------


def forward(
    x: Float[Array, "V"], t: Float[Array, "C V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Any, ...]:
    """Compute the forward pass for one target word; return h (N,), u (C, V), y (C, V), E ().

    >>> h, u, y, E = forward(*example())
    >>> h.round(4), y.shape, round(float(E), 4)
    (array([-0.7568, -0.9589, -0.2794]), (2, 5), 5.0198)
    """
    h = x @ W
    u = np.broadcast_to(h @ W_prime, t.shape)
    y = softmax(u)
    E = -np.sum(t * log_softmax(u))
    return h, u, y, E


@definition(8, 1, r"u_{c,j} = h_1 w'_{1j} + h_2 w'_{2j} + \dots + h_i w'_{ij}"
            r" = \sum_{i=1}^{N} h_i w'_{ij}",
            note="The last printed term is h_i w'_ij; it is read as h_N w'_Nj.")
def u(c: Any, j: Any, h: Float[Array, "N"], W_prime: Float[Array, "N V"]) -> Any:
    """u_cj = Σ_i h_i w'_ij: the score of word j, the same for every context word c."""
    return sum(h[i] * W_prime[i, j] for i in range(len(h)))


@definition(8, 2, r"h_i = x_1 w_{1i} + x_2 w_{2i} + \dots + x_k w_{ki}", label="h_written_out",
            note="Both forms of the printed line are wrong; each is an entry of its own.")
@definition(8, 3, r"h_i = \sum_{k=1}^{V} x_k w_{ki}")
def h(i: Any, x: Float[Array, "V"], W: Float[Array, "V N"]) -> Any:
    """h_i = Σ_k x_k w_ki: the hidden layer has no sigmoid. For a one-hot x it is one row of W.

    Erratum (p. 8): the written-out sum prints w_1j and w_2j; h_i has no index j, so they are w_1i and w_2i.
    The sum over k prints x_i, which is x_k, and the upper limit K, which is V.
    """
    return sum(x[k] * W[k, i] for k in range(len(x)))


@definition(8, 3.1, r"y_{c,j} = \frac{e^{u_{c,j}}}{\sum_{k=1}^{V} e^{u_{c,k}}}", ours=True)
def y(u: Float[Array, "C V"]) -> Float[Array, "C V"]:
    """y_cj = softmax(u_c)_j: the softmax of §4 for each context word."""
    return np.stack([softmax(u_c) for u_c in u])


@definition(8, 3.2, r"E = -\sum_{c=1}^{C} \sum_{j=1}^{V} t_{c,j} \log y_{c,j}", ours=True)
def E(t: Float[Array, "C V"], u: Float[Array, "C V"]) -> Any:
    """E = -Σ_c Σ_j t_cj log y_cj: the cross-entropy of §4, summed over the context words."""
    return -sum(t[c] @ log_softmax(u[c]) for c in range(len(t)))


# --- partial derivatives, in the paper's order ----------------------------------------------------


@equation(8, 4, r"\frac{\partial u_{c,j}}{\partial w'_{ij}} = h_i")
@equation(8, 10, r"\frac{\partial u_{c,j}}{\partial w'_{ij}} = h_i", label="flow.du_dW_prime")
def du_dW_prime(i: Any, h: Float[Array, "N"]) -> Any:
    """∂u_cj/∂w'_ij = h_i for every c. The derivative of u_cj by the weights of another word is 0."""
    return h[i]


@equation(8, 5, r"\frac{\partial u_{c,j}}{\partial h_i} = w'_{ij}")
@equation(8, 14, r"\frac{\partial u_{c,j}}{\partial h_i} = w'_{ij}", label="flow.du_dh")
def du_dh(i: Any, j: Any, W_prime: Float[Array, "N V"]) -> Any:
    """∂u_cj/∂h_i = w'_ij for every c."""
    return W_prime[i, j]


@equation(8, 6, r"\frac{\partial h_i}{\partial w_{ki}} = x_k")
@definition(8, 7, r"x_k \to w_{ki} \to h_i \rightrightarrows w'_{ij} \to u_{c,j} \rightrightarrows"
            r" (softmax \; \& \; cross\_entropy) \to E", label="flow.path")
@equation(8, 9, r"\frac{\partial h_i}{\partial w_{ki}} = x_k", label="flow.dh_dW")
def dh_dW(k: Any, x: Float[Array, "V"]) -> Any:
    """∂h_i/∂w_ki = x_k: 1 in the row of the target word, 0 elsewhere.

    Erratum (p. 8): the path in the flow figure starts at x_i; the input that w_ki multiplies is x_k.
    """
    return x[k]


@equation(8, 6.1, r"\frac{\partial w'_{lj}}{\partial h_i} = 0", ours=True)
def dW_prime_dh(N: int, V: int) -> Float[Array, "N V N"]:
    """∂w'_lj/∂h_i = 0: the weights do not depend on the hidden layer. An erratum of p. 8 uses this."""
    return np.zeros((N, V, N))


# --- error signals --------------------------------------------------------------------------------


@equation(8, 11, r"\frac{\partial E}{\partial u_{c,j}} = y_{c,j} - t_{c,j} = e_{c,j}", label="flow.e",
          lhs="dE_du")
def e(c: Any, j: Any, y: Float[Array, "C V"], t: Float[Array, "C V"]) -> Any:
    """e_cj = ∂E/∂u_cj = y_cj - t_cj: the gradient of §4 for each context word."""
    return y[c, j] - t[c, j]


@equation(8, 12, r"\sum_{c=1}^{C} \frac{\partial E}{\partial u_{c,j}} = \sum_{c=1}^{C} e_{c,j} = EI_j",
          label="flow.EI", lhs="dE_du", view=lambda dE_du: np.sum(dE_du, axis=0))
def EI(j: Any, e: Float[Array, "C V"]) -> Any:
    """EI_j = Σ_c e_cj: the error signals of all context words, added."""
    return sum(e[c, j] for c in range(len(e)))


# --- gradients, element by element ----------------------------------------------------------------


@equation(8, 13, r"\frac{\partial E}{\partial w'_{ij}} = EI_j \cdot h_i", label="flow.dE_dW_prime")
def dE_dW_prime(i: Any, j: Any, EI: Float[Array, "V"], h: Float[Array, "N"]) -> Any:
    """∂E/∂w'_ij = EI_j h_i, because ∂u_cj/∂w'_ij = h_i for every c."""
    return EI[j] * h[i]


@equation(8, 15, r"\frac{\partial E}{\partial h_i} = \sum_{j=1}^{V} EI_j \cdot w'_{ij}",
          label="flow.dE_dh")
def dE_dh(i: Any, EI: Float[Array, "V"], W_prime: Float[Array, "N V"]) -> Any:
    """∂E/∂h_i = Σ_j EI_j w'_ij.

    H_i is an input of the score of every word, so the chain rule sums over j.
    """
    return sum(EI[j] * W_prime[i, j] for j in range(len(EI)))


@equation(8, 16, r"\frac{\partial E}{\partial w_{ki}} = \sum_{j=1}^{V} EI_j \cdot w'_{ij} \cdot x_k",
          label="flow.dE_dW")
def dE_dW(
    k: Any, i: Any, EI: Float[Array, "V"], W_prime: Float[Array, "N V"], x: Float[Array, "V"]
) -> Any:
    """∂E/∂w_ki = Σ_j EI_j w'_ij x_k: 0 in every row but the row of the target word."""
    return sum(EI[j] * W_prime[i, j] * x[k] for j in range(len(EI)))


@equation(8, 8, r"\frac{\partial E}{\partial w_{ki}} = \frac{\partial h_i}{\partial w_{ki}} \cdot"
          r" \sum_{j=1}^{V} \sum_{c=1}^{C} \frac{\partial u_{c,j}}{\partial h_i} \cdot"
          r" \frac{\partial E}{\partial u_{c,j}}", label="flow.partials", lhs="dE_dW",
          note="The partial derivatives printed below the path, multiplied along the arrows.")
def product_of_partials(
    k: Any, i: Any, x: Float[Array, "V"], W_prime: Float[Array, "N V"], e: Float[Array, "C V"]
) -> Any:
    """The product of the partial derivatives in the flow figure, from E back to w_ki, summed over j and c.

    Erratum (p. 8): as on p. 5, the printed row contains ∂w'_ij/∂h_i, which is 0.
    """
    C, V = e.shape
    paths = [du_dh(i, j, W_prime) * e[c, j] for j in range(V) for c in range(C)]
    return dh_dW(k, x) * sum(paths)


# --- the gradients as matrices, for every context word and every target word (p. 10) ----------------


@equation(10, 6.1, r"\nabla E = \left( x \otimes (W' \cdot EI), \; h \otimes EI \right)",
          lhs="dE_dW dE_dW_prime", ours=True)
def gradients(
    x: Float[Array, "V"], t: Float[Array, "C V"], W: Float[Array, "V N"], W_prime: Float[Array, "N V"]
) -> tuple[Float[Array, "V N"], Float[Array, "N V"]]:
    """Return ∂E/∂W (V, N) and ∂E/∂W' (N, V). The arguments are not modified.

    Raises ``TypeError`` or ``ValueError`` if an array does not match the notation table, and
    ``ValueError`` if a row of t does not sum to 1.

    >>> dE_dW, dE_dW_prime = gradients(*example())
    >>> dE_dW[1].round(4), dE_dW.any(axis=1)
    (array([-0.4212, -1.9522, -0.6863]), array([False,  True, False, False, False]))
    """
    check_arrays(NOTATION, x=x, t=t, W=W, W_prime=W_prime)
    check_target(t)
    h, u, y, E = forward(x, t, W, W_prime)
    e = y - t
    EI = e.sum(axis=0)
    dE_dW_prime = np.outer(h, EI)
    dE_dW = np.outer(x, W_prime @ EI)
    return dE_dW, dE_dW_prime


@equation(10, 7, r"\nabla E = \sum_{c=1}^{C} \left( x \otimes (W' \cdot e_c^T), \; h \otimes e_c \right)",
          lhs="dE_dW dE_dW_prime",
          note="Stated in the text: apply the formula to each context word. The sum of the results is the"
          " gradient; updating the weights between two context words is not equivalent.")
def each_context_word(
    x: Float[Array, "V"], h: Float[Array, "N"], W_prime: Float[Array, "N V"], e: Float[Array, "C V"]
) -> tuple[Array, Array]:
    """Add the gradients of the C context words, each computed by the formulas for one context word."""
    dE_dW = np.sum([np.outer(x, W_prime @ e_c) for e_c in e], axis=0)
    dE_dW_prime = np.sum([np.outer(h, e_c) for e_c in e], axis=0)
    return dE_dW, dE_dW_prime


# --- reference: the forward pass in JAX -----------------------------------------------------------


def reference(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """Compute the forward pass in JAX; ``jax.grad`` differentiates this function."""
    import jax
    import jax.numpy as jnp

    h = jnp.einsum("k,ki->i", x, W)
    u = jnp.broadcast_to(jnp.einsum("i,ij->j", h, W_prime), t.shape)
    y = jax.nn.softmax(u)
    E = -(t * jax.nn.log_softmax(u)).sum()
    return E
