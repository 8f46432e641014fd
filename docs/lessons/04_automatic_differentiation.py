# %% [markdown]
# # 4. Automatic differentiation as referee
#
# **Claim.** Automatic differentiation has no step, and its error is a rounding, here less than 1e-15. It
# is no oracle: give JAX one wrong rule and its 2 modes agree with each other on a wrong gradient; the
# complex step contradicts them. And no judge notices that the loss is not the one you meant.
#
# ## Make i² zero
#
# The complex step works because i² s² is too small to notice. Make it exactly zero: numbers v + d·ε with
# ε² = 0. Then there is no step left to choose:
#
# $$(a + a'ε)(b + b'ε) = ab + (a b' + a' b)\,ε$$
#
# That is the product rule. Teach it to a class, one line for each operation, and a forward pass carries
# its own derivative along. This is *forward mode*.

# %%
import jax
import jax.numpy as jnp
import numpy as np

from derivations import check_gradient, mlp


class Dual:
    """A value v and its slope d."""

    __array_ufunc__ = None  # an array leaves `array @ dual` to us

    def __init__(self, v, d):
        self.v, self.d = v, d

    def __rmatmul__(self, array):
        return Dual(array @ self.v, array @ self.d)

    def __rsub__(self, array):
        return Dual(array - self.v, -self.d)

    def __mul__(self, other):
        return Dual(self.v * other.v, self.v * other.d + self.d * other.v)

    def sigmoid(self):
        y = mlp.sigmoid(self.v)
        return Dual(y, y * (1 - y) * self.d)


x, t, W, W_prime = mlp.example()
true_W, true_W_prime = mlp.gradients(x, t, W, W_prime)

slope = np.empty_like(W_prime)
for entry in np.ndindex(W_prime.shape):
    direction = np.zeros_like(W_prime)
    direction[entry] = 1.0
    h = mlp.sigmoid(x @ W)
    r = t - (h @ Dual(W_prime, direction)).sigmoid()
    slope[entry] = (r * r).d.sum() / 2

print(f"∂E/∂W' by dual numbers: largest difference {np.abs(slope - true_W_prime).max():.0e}")
assert np.allclose(slope, true_W_prime, rtol=1e-13, atol=0)

# %% [markdown]
# Compare this with what you do by hand. The rules in the class are the same lines as in your derivation,
# y(1 - y) for the sigmoid and so on. But they are written once for an *operation* and not once for a
# network: a few dozen short rules, used by everybody, and composed by a program that never drops a
# factor.
#
# ## The other direction
#
# The loop above ran the forward pass once for each of 15 weights. *Reverse mode* runs it once, keeps the
# quantities, and walks back from E, multiplying by one local slope at a time: EI'_j, then EI_i, then the
# weights. You know it: it is the backpropagation of the paper. JAX does either for any function that is
# written in its own NumPy.

# %%
with jax.enable_x64(True):
    reverse = np.asarray(jax.grad(mlp.reference, argnums=3)(x, t, W, W_prime))
    forward = np.asarray(jax.jacfwd(mlp.reference, argnums=3)(x, t, W, W_prime))
for mode, found in (("reverse", reverse), ("forward", forward)):
    print(f"JAX, {mode} mode: largest difference {np.abs(found - true_W_prime).max():.0e}")
    assert np.abs(found - true_W_prime).max() < 1e-15

# %% [markdown]
# `mlp.reference` is the forward pass alone, stated a second time; nobody told JAX a derivative.
#
# ## Half the digits, unless you ask
#
# Without `enable_x64` JAX computes in float32, and says so nowhere in the result. A right gradient then
# looks wrong at any tolerance worth having, and so the tolerance is turned up, and stays there.

# %%
with jax.enable_x64(False):
    careless = np.asarray(jax.grad(mlp.reference, argnums=3)(x, t, W, W_prime))
worst = np.abs(careless / true_W_prime - 1).max()
print(f"JAX as it comes: {careless.dtype}, relative error up to {worst:.0e}")
assert careless.dtype == np.float32
assert 1e-9 < worst < 1e-4

# %% [markdown]
# ## Two modes are not two witnesses
#
# JAX has one rule an operation, for forward mode, and makes reverse mode from it by transposing. So a
# wrong rule is wrong in both. We plant one: a sigmoid whose rule has the slope of tanh, 1 - h². People do
# write such rules, for speed or for stability.


# %%
@jax.custom_jvp
def sigmoid(u):
    return jax.nn.sigmoid(u)


@sigmoid.defjvp
def slope_of_tanh(primals, tangents):
    h = sigmoid(primals[0])
    return h, (1 - h**2) * tangents[0]


def with_the_rule(x, t, W, W_prime):
    """§3 again; the values are right, the rule is not."""
    y = sigmoid(sigmoid(x @ W) @ W_prime)
    return jnp.sum((t - y) ** 2) / 2


def by_complex_step(E, W_prime, step=2.0**-100):
    slope = np.empty_like(W_prime)
    for entry in np.ndindex(W_prime.shape):
        moved = W_prime.astype(complex)
        moved[entry] += 1j * step
        slope[entry] = E(moved).imag / step
    return slope


with jax.enable_x64(True):
    assert np.isclose(with_the_rule(x, t, W, W_prime), mlp.forward(x, t, W, W_prime)[-1], rtol=1e-14)
    reverse = np.asarray(jax.grad(with_the_rule, argnums=3)(x, t, W, W_prime))
    forward = np.asarray(jax.jacfwd(with_the_rule, argnums=3)(x, t, W, W_prime))
complex_one = by_complex_step(lambda W_prime: mlp.forward(x, t, W, W_prime)[-1], W_prime)

print(f"reverse and forward: {np.abs(reverse - forward).max():.0e} apart")
print(f"reverse and complex: {np.abs(reverse - complex_one).max():.0e} apart")
assert np.allclose(reverse, forward, rtol=1e-14, atol=0), "the 2 modes agree, on what is wrong"
assert np.abs(reverse - complex_one).max() > 0.01, "the complex step contradicts them"

# %% [markdown]
# That is why the referee has a third judge that knows no rules at all, and why all of them must agree
# before a hand is judged. Give `check_gradient` this loss and a gradient, and it speaks of the loss:

# %%
report = check_gradient(with_the_rule, mlp.gradients, "K, M, K N, N M", wrt="W W_prime", examples=10)
print(report)
assert not report.right
assert [finding.kind for finding in report.findings] == ["loss"]

# %% [markdown]
#
# ## What no judge can see
#
# A gradient check asks: is this the derivative of *this* loss? Here somebody forgot the output sigmoid, y
# = u'. The forward pass is wrong; the gradient is the right one of the wrong loss, and so it is right.


# %%
def loss(x, t, W, W_prime):
    y = jax.nn.sigmoid(x @ W) @ W_prime
    return jnp.sum((t - y) ** 2) / 2


def its_gradient(x, t, W, W_prime):
    h = mlp.sigmoid(x @ W)
    e = h @ W_prime - t
    return np.outer(x, (W_prime @ e) * h * (1 - h)), np.outer(h, e)


shapes = "K, M, K N, N M"
of_the_wrong_loss = check_gradient(loss, its_gradient, shapes, wrt="W W_prime", examples=10)
of_the_right_loss = check_gradient(mlp.reference, its_gradient, shapes, wrt="W W_prime", examples=10)
print(f"against its own loss: right = {of_the_wrong_loss.right}")
print(f"against the loss of §3: right = {of_the_right_loss.right}")
assert of_the_wrong_loss.right
assert not of_the_right_loss.right

# %% [markdown]
# So a referee must share no code with the one who is judged. If the loss that is differentiated calls
# your own forward pass, your mistake there is in both sides and cancels. Each section of this edition
# states its forward pass twice, `forward` in NumPy and `reference` in JAX, and the values are compared
# too.
#
# ## Break it
#
# **A rule.** In `Dual.sigmoid`, change
#
#     return Dual(y, y * (1 - y) * self.d)
#
# to
#
#     return Dual(y, self.v * (1 - self.v) * self.d)
#
# This is the slope of the sigmoid, of the wrong quantity: u' in the place of y. Predict what stops.
#
# **The culprit repaired.** In `slope_of_tanh`, change
#
#     return h, (1 - h**2) * tangents[0]
#
# to
#
#     return h, h * (1 - h) * tangents[0]
#
# Predict which sentence of the page is no longer true.
