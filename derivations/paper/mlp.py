"""§3, pp. 3-5: backpropagation through one hidden layer of sigmoids, with a squared error.

    x  --W-->  u  --σ-->  h  --W'-->  u'  --σ-->  y  -->  E  <--  t

Letters are the paper's: k indexes the K inputs, i the N hidden units, j the M outputs. The paper writes
the last term of a sum with the running index, h_1 w'_1j + ... + h_i w'_ij; it is read as the last term
of the sum, here i = N.

``@equation(4, 7, ...)`` labels the seventh equation of page 4. Functions whose first arguments are
indices compute one element: ``dE_dy(2, y, t)`` is the paper's j = 3. They also take an open grid of
indices, ``np.ogrid[:K, :N]``, and then compute all elements at once. The matrix forms and ``gradients``
come last. In the table, ``drawn`` says which values the tests choose for an input; ``-`` marks a
quantity that the forward pass computes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import check_arrays, notation

SECTION = "3"

NOTATION = notation("""
    name      paper   shape   drawn   meaning
    x         x_k     K       real    input
    t         t_j     M       real    target
    W         w_ki    K N     real    weights, input to hidden
    W_prime   w'_ij   N M     real    weights, hidden to output
    u         u_i     N       -       net input of hidden unit i
    h         h_i     N       -       activation of hidden unit i
    u_prime   u'_j    M       -       net input of output unit j
    y         y_j     M       -       activation of output unit j: the prediction
    E         E       ()      -       the error, a scalar
    EI_prime  EI'_j   M       -       error signal of output unit j, ∂E/∂u'_j
    EI        EI_i    N       -       error signal of hidden unit i, ∂E/∂u_i
""")


def example() -> tuple[Array, Array, Array, Array]:
    """Return x (5,), t (5,), W (5, 3), W' (3, 5), float64: K = 5, N = 3, M = 5 as in the paper's figure."""
    x = np.array([0.5, -1.0, 2.0, 0.3, 0.7])
    t = np.array([0.1, 0.9, 0.4, 0.8, 0.2])
    W = np.sin(np.arange(1.0, 16.0)).reshape(5, 3)
    W_prime = np.cos(np.arange(1.0, 16.0)).reshape(3, 5)
    return x, t, W, W_prime


# --- forward pass, one operation per line ---------------------------------------------------------


def sigmoid(u: Any) -> Any:
    """σ(u) = 1 / (1 + e^-u), elementwise, for an array of any shape.

    The exponent is never positive, so no finite u overflows.
    """
    sign = np.where(np.real(u) < 0, -1.0, 1.0)  # u is complex in the complex-step check
    z = np.exp(-sign * u)  # at most 1: no overflow
    return np.where(sign > 0, 1.0, z) / (1 + z)


def forward(
    x: Float[Array, "K"], t: Float[Array, "M"], W: Float[Array, "K N"], W_prime: Float[Array, "N M"]
) -> tuple[Any, ...]:
    """Compute the forward pass; return u (N,), h (N,), u' (M,), y (M,), E ().

    >>> u, h, u_prime, y, E = forward(*example())
    >>> h.round(4), y.round(4), round(float(E), 4)
    (array([0.9323, 0.9778, 0.8128]), array([0.8094, 0.7379, 0.4188, 0.1995, 0.2362]), 0.4459)
    """
    u = x @ W
    h = sigmoid(u)
    u_prime = h @ W_prime
    y = sigmoid(u_prime)
    E = np.sum((t - y) ** 2) / 2
    return u, h, u_prime, y, E


@definition(4, 1, r"E = \frac{1}{2} \sum_{j=1}^{M} (t_j - y_j)^2")
def E(y: Float[Array, "M"], t: Float[Array, "M"]) -> Any:
    """E = ½ Σ_j (t_j - y_j)²: the squared error, a scalar."""
    return sum((t[j] - y[j]) ** 2 for j in range(len(t))) / 2


@definition(4, 2, r"y_j = \sigma(u'_j)")
def y(j: Any, u_prime: Float[Array, "M"]) -> Any:
    """y_j = σ(u'_j): the prediction, between 0 and 1."""
    return sigmoid(u_prime[j])


@definition(4, 3, r"u'_j = h_1 w'_{1j} + h_2 w'_{2j} + \dots + h_i w'_{ij}"
            r" = \sum_{i=1}^{N} h_i w'_{ij}",
            note="The last printed term is h_i w'_ij; it is read as h_N w'_Nj.")
def u_prime(j: Any, h: Float[Array, "N"], W_prime: Float[Array, "N M"]) -> Any:
    """u'_j = Σ_i h_i w'_ij: the net input of output unit j, h times column j of W'."""
    return sum(h[i] * W_prime[i, j] for i in range(len(h)))


@definition(4, 4, r"h_i = \sigma(u_i)")
def h(i: Any, u: Float[Array, "N"]) -> Any:
    """h_i = σ(u_i): the activation of hidden unit i, between 0 and 1."""
    return sigmoid(u[i])


@definition(4, 5, r"u_i = x_1 w_{1i} + x_2 w_{2i} + \dots + x_k w_{ki}", label="u_written_out",
            note="Both forms of the printed line are wrong; each is an entry of its own.")
@definition(4, 6, r"u_i = \sum_{k=1}^{K} x_k w_{ki}")
def u(i: Any, x: Float[Array, "K"], W: Float[Array, "K N"]) -> Any:
    """u_i = Σ_k x_k w_ki: the net input of hidden unit i, x times column i of W.

    Erratum (p. 4): the written-out sum prints w_1j and w_2j; u_i has no index j, so they are w_1i and w_2i.
    The sum over k prints x_i; it is x_k.
    """
    return sum(x[k] * W[k, i] for k in range(len(x)))


# --- partial derivatives, in the paper's order ----------------------------------------------------


@equation(4, 7, r"\frac{\partial E}{\partial y_j} = (y_j - t_j)")
def dE_dy(j: Any, y: Float[Array, "M"], t: Float[Array, "M"]) -> Any:
    """∂E/∂y_j = y_j - t_j: the factor 1/2 in E cancels the 2 from the square."""
    return y[j] - t[j]


@equation(4, 8, r"\frac{\partial y_j}{\partial u'_j} = y_j (1 - y_j)")
def dy_du_prime(j: Any, y: Float[Array, "M"]) -> Any:
    """∂y_j/∂u'_j = y_j (1 - y_j): the derivative of σ, expressed by its value y_j.

    Erratum (p. 4): printed y_j (y_j - t_j). The figure on p. 5 prints y_j (1 - y_j).
    """
    return y[j] * (1 - y[j])


@equation(4, 9, r"\frac{\partial u'_j}{\partial w'_{ij}} = h_i")
@equation(5, 6, r"\frac{\partial u'_j}{\partial w'_{ij}} = h_i", label="flow.du_prime_dW_prime")
def du_prime_dW_prime(i: Any, h: Float[Array, "N"]) -> Any:
    """∂u'_j/∂w'_ij = h_i. The derivative of u'_j by the weights of another output unit is 0."""
    return h[i]


@equation(4, 10, r"\frac{\partial u'_j}{\partial h_i} = w'_{ij}")
@equation(5, 9, r"\frac{\partial u'_j}{\partial h_i} = w'_{ij}", label="flow.du_prime_dh")
def du_prime_dh(i: Any, j: Any, W_prime: Float[Array, "N M"]) -> Any:
    """∂u'_j/∂h_i = w'_ij: h_i occurs only in the term h_i w'_ij of the sum u'_j."""
    return W_prime[i, j]


@equation(4, 11, r"\frac{\partial h_i}{\partial u_i} = h_i (1 - h_i)")
def dh_du(i: Any, h: Float[Array, "N"]) -> Any:
    """∂h_i/∂u_i = h_i (1 - h_i): the derivative of σ, expressed by its value h_i."""
    return h[i] * (1 - h[i])


@equation(4, 12, r"\frac{\partial u_i}{\partial w_{ki}} = x_k")
@equation(5, 5, r"\frac{\partial u_i}{\partial w_{ki}} = x_k", label="flow.du_dW")
@definition(5, 3, r"x_k \to w_{ki} \to u_i \to h_i \rightrightarrows w'_{ij} \to u'_j \to y_j \to E",
            label="flow.path",
            note="The first arrow, x_k → w_ki, is checked. It is right here and wrong on pp. 2 and 8.")
def du_dW(k: Any, x: Float[Array, "K"]) -> Any:
    """∂u_i/∂w_ki = x_k. The derivative of u_i by the weights of another hidden unit is 0."""
    return x[k]


@equation(4, 13, r"\text{all but } h_i \text{ is constant in } \frac{\partial u'_j}{\partial h_i}",
          lhs="du_prime_dh")
def all_but_h_constant(W_prime: Float[Array, "N M"]) -> Float[Array, "M N"]:
    """∂u'_j/∂h_i = w'_ij: with all other quantities constant, only the term h_i w'_ij of u'_j varies.

    Erratum (p. 4): the sentence refers to “formulas 1 and 2”, but no formula is numbered. The first two
    partial derivatives do not contain h_i, and in ∂u'_j/∂w'_ij it is h_i that is constant.
    """
    return np.stack(list(W_prime), axis=1)


@equation(4, 13.1, r"\frac{\partial w'_{lj}}{\partial h_i} = 0", ours=True)
def dW_prime_dh(N: int, M: int) -> Float[Array, "N M N"]:
    """∂w'_lj/∂h_i = 0: the weights do not depend on the hidden layer. Two errata of p. 5 use this."""
    return np.zeros((N, M, N))


@equation(5, 1, r"\frac{\partial u'}{\partial h} = {W'}^T \quad (\text{no entry left out})",
          lhs="du_prime_dh", note="The caption of the figure: row i of W' connects h_i to all outputs.")
def fan_out(W_prime: Float[Array, "N M"]) -> Float[Array, "M N"]:
    """∂u'/∂h = W'^T: hidden unit i is an input of every output unit j, with weight w'_ij."""
    return W_prime.T


# --- error signals --------------------------------------------------------------------------------


@equation(5, 7, r"\frac{\partial E}{\partial u'_j} = (y_j - t_j) \cdot y_j (1 - y_j) = EI'_j",
          label="flow.EI_prime", lhs="dE_du_prime")
def EI_prime(j: Any, y: Float[Array, "M"], t: Float[Array, "M"]) -> Any:
    """EI'_j = ∂E/∂u'_j = ∂E/∂y_j · ∂y_j/∂u'_j: the error signal of output unit j."""
    return dE_dy(j, y, t) * dy_du_prime(j, y)


@equation(5, 2, r"\frac{\partial E}{\partial h_i} = \sum_{j=1}^{M} \frac{\partial u'_j}{\partial h_i}"
          r" \cdot \frac{\partial E}{\partial u'_j}")
@equation(5, 10, r"\frac{\partial E}{\partial h_i} = \sum_{j=1}^{M} EI'_j \cdot w'_{ij}",
          label="flow.dE_dh")
def dE_dh(i: Any, EI_prime: Float[Array, "M"], W_prime: Float[Array, "N M"]) -> Any:
    """∂E/∂h_i = Σ_j EI'_j w'_ij: h_i is an input of every output unit, so the chain rule sums over j.

    Erratum (p. 5): the equation above the figure uses ∂w'_ij/∂h_i, which is 0 because a weight does not
    depend on a hidden unit. The factor that depends on h_i is u'_j.
    """
    return sum(EI_prime[j] * W_prime[i, j] for j in range(len(EI_prime)))


@equation(5, 11, r"\frac{\partial E}{\partial u_i} = \sum_{j=1}^{M} EI'_j \cdot w'_{ij} \cdot"
          r" h_i (1 - h_i) = EI_i", label="flow.EI", lhs="dE_du")
def EI(i: Any, EI_prime: Float[Array, "M"], W_prime: Float[Array, "N M"], h: Float[Array, "N"]) -> Any:
    """EI_i = ∂E/∂u_i = ∂E/∂h_i · ∂h_i/∂u_i: the error signal of hidden unit i."""
    return dE_dh(i, EI_prime, W_prime) * dh_du(i, h)


# --- gradients, element by element ----------------------------------------------------------------


@equation(5, 8, r"\frac{\partial E}{\partial w'_{ij}} = h_i \cdot EI'_j", label="flow.dE_dW_prime",
          note="No printed equation: the blue box, the colour of w'_ij, contains both factors.")
def dE_dW_prime(i: Any, j: Any, h: Float[Array, "N"], EI_prime: Float[Array, "M"]) -> Any:
    """∂E/∂w'_ij = h_i EI'_j: ∂u'_j/∂w'_ij times the error signal ∂E/∂u'_j."""
    return h[i] * EI_prime[j]


@equation(5, 12, r"\frac{\partial E}{\partial w_{ki}} = EI_i \cdot x_k", label="flow.dE_dW")
def dE_dW(k: Any, i: Any, x: Float[Array, "K"], EI: Float[Array, "N"]) -> Any:
    """∂E/∂w_ki = EI_i x_k: ∂u_i/∂w_ki times the error signal ∂E/∂u_i."""
    return EI[i] * x[k]


@equation(5, 4, r"\frac{\partial E}{\partial w_{ki}} = \frac{\partial u_i}{\partial w_{ki}} \cdot"
          r" \frac{\partial h_i}{\partial u_i} \cdot \sum_{j=1}^{M} \frac{\partial u'_j}{\partial h_i}"
          r" \cdot \frac{\partial y_j}{\partial u'_j} \cdot \frac{\partial E}{\partial y_j}",
          label="flow.partials", lhs="dE_dW",
          note="The partial derivatives printed below the path, multiplied along the arrows.")
def product_of_partials(
    k: Any, i: Any, x: Float[Array, "K"], h: Float[Array, "N"], W_prime: Float[Array, "N M"],
    y: Float[Array, "M"], t: Float[Array, "M"],
) -> Any:
    """The product of the partial derivatives in the flow figure, from E back to w_ki, summed over j.

    Erratum (p. 5): the printed row contains ∂w'_ij/∂h_i and ∂u'_j/∂w'_ij. The first is 0; the derivative
    that leads from u'_j to h_i is ∂u'_j/∂h_i.
    """
    paths = [du_prime_dh(i, j, W_prime) * dy_du_prime(j, y) * dE_dy(j, y, t) for j in range(len(y))]
    return du_dW(k, x) * dh_du(i, h) * sum(paths)


# --- gradients as matrices ------------------------------------------------------------------------


@equation(5, 12.1, r"\frac{\partial E}{\partial W'} = h \otimes EI'", lhs="dE_dW_prime", ours=True)
def dE_dW_prime_matrix(h: Float[Array, "N"], EI_prime: Float[Array, "M"]) -> Float[Array, "N M"]:
    """∂E/∂W' = h ⊗ EI', shape (N, M): row i is h_i EI'."""
    return np.outer(h, EI_prime)


@equation(5, 12.2, r"\frac{\partial E}{\partial W} = x \otimes EI", lhs="dE_dW", ours=True)
def dE_dW_matrix(x: Float[Array, "K"], EI: Float[Array, "N"]) -> Float[Array, "K N"]:
    """∂E/∂W = x ⊗ EI, shape (K, N): row k is x_k EI."""
    return np.outer(x, EI)


@equation(5, 12.3, r"\nabla E = \left( x \otimes EI, \; h \otimes EI' \right)",
          lhs="dE_dW dE_dW_prime", ours=True)
def gradients(
    x: Float[Array, "K"], t: Float[Array, "M"], W: Float[Array, "K N"], W_prime: Float[Array, "N M"]
) -> tuple[Float[Array, "K N"], Float[Array, "N M"]]:
    """Return ∂E/∂W (K, N) and ∂E/∂W' (N, M). The arguments are not modified.

    Raises ``TypeError`` or ``ValueError`` if an array does not match the notation table.

    >>> dE_dW, dE_dW_prime = gradients(*example())
    >>> dE_dW.shape, dE_dW_prime.shape
    ((5, 3), (3, 5))
    >>> dE_dW[0].round(4)
    array([ 0.0042,  0.0018, -0.003 ])
    """
    check_arrays(NOTATION, x=x, t=t, W=W, W_prime=W_prime)
    u, h, u_prime, y, E = forward(x, t, W, W_prime)
    EI_prime = (y - t) * y * (1 - y)
    EI = (W_prime @ EI_prime) * h * (1 - h)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


# --- reference: the forward pass in JAX -----------------------------------------------------------


def reference(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """Compute the forward pass in JAX; ``jax.grad`` differentiates this function."""
    import jax
    import jax.numpy as jnp

    u = jnp.einsum("k,ki->i", x, W)
    h = jax.nn.sigmoid(u)
    u_prime = jnp.einsum("i,ij->j", h, W_prime)
    y = jax.nn.sigmoid(u_prime)
    E = 0.5 * jnp.sum(jnp.square(t - y))
    return E
