# %% [markdown]
# # 4. Automatic differentiation as reference
#
# **Claim.** Automatic differentiation has no step, and only rounding errors, here less than 1e-15. It can
# still be wrong: with one wrong rule the 2 modes of JAX agree on a wrong gradient, and the complex step
# contradicts them. And no method detects that the loss is not the one you meant.
#
# ## Dual numbers
#
# The complex step works because i² s² is negligible. Make it exactly zero: numbers v + d·ε with ε² = 0.
# Then there is no step to choose:
#
# $$(a + a'ε)(b + b'ε) = ab + (a b' + a' b)\,ε$$
#
# That is the product rule. A class with such a rule for each operation computes the derivative together
# with the forward pass. This is *forward mode*.

# %%
import jax
import jax.numpy as jnp
import numpy as np

from derivations import check_gradient, mlp


class Dual:
    """A value v and its derivative d."""

    __array_ufunc__ = None  # `array @ dual` calls __rmatmul__

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
# The rules of the class are those of your derivation, y(1 - y) for the sigmoid and so on. But there is one
# for each *operation*, not for each network: a few dozen short rules, tested by many users, and applied by
# a program that forgets no factor.
#
# ## Reverse mode
#
# The loop above ran the forward pass once for each of 15 weights. *Reverse mode* runs it once, keeps the
# intermediate values, and goes back from E, multiplying by one local derivative at a time: EI'_j, then
# EI_i, then the weights. It is the backpropagation of the paper. JAX has both modes, for functions written
# with `jax.numpy`.

# %%
with jax.enable_x64(True):
    reverse = np.asarray(jax.grad(mlp.reference, argnums=3)(x, t, W, W_prime))
    forward = np.asarray(jax.jacfwd(mlp.reference, argnums=3)(x, t, W, W_prime))
for mode, found in (("reverse", reverse), ("forward", forward)):
    print(f"JAX, {mode} mode: largest difference {np.abs(found - true_W_prime).max():.0e}")
    assert np.abs(found - true_W_prime).max() < 1e-15

# %% [markdown]
# `mlp.reference` is only the forward pass, written a second time; JAX finds the derivative itself.
#
# ## float32 by default
#
# Without `enable_x64` JAX computes in float32. A right gradient then fails at every useful tolerance, and
# people respond with a larger tolerance.

# %%
with jax.enable_x64(False):
    careless = np.asarray(jax.grad(mlp.reference, argnums=3)(x, t, W, W_prime))
worst = np.abs(careless / true_W_prime - 1).max()
print(f"JAX by default: {careless.dtype}, relative error up to {worst:.0e}")
assert careless.dtype == np.float32
assert 1e-9 < worst < 1e-4

# %% [markdown]
# ## The two modes are not independent
#
# JAX has one rule for each operation, for forward mode, and derives reverse mode from it by transposition.
# So a wrong rule is wrong in both. Here is one: a sigmoid whose rule is the derivative of tanh, 1 - h².
# Custom rules are written for speed or for numerical stability.


# %%
@jax.custom_jvp
def sigmoid(u):
    return jax.nn.sigmoid(u)


@sigmoid.defjvp
def slope_of_tanh(primals, tangents):
    h = sigmoid(primals[0])
    return h, (1 - h**2) * tangents[0]


def with_the_rule(x, t, W, W_prime):
    """§3 again, with right values and a wrong rule."""
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
assert np.allclose(reverse, forward, rtol=1e-14, atol=0), "the 2 modes agree on a wrong gradient"
assert np.abs(reverse - complex_one).max() > 0.01, "the complex step contradicts them"

# %% [markdown]
# So `check_gradient` has a third reference method that uses no rules, and compares a gradient with them
# only if they agree. For this loss it reports a finding about the loss:

# %%
report = check_gradient(with_the_rule, mlp.gradients, "K, M, K N, N M", wrt="W W_prime", examples=10)
print(report)
assert not report.right
assert [finding.kind for finding in report.findings] == ["loss"]

# %% [markdown]
# ## What no method detects
#
# A gradient check asks: is this the derivative of *this* loss? In the following forward pass the output
# sigmoid is missing, y = u'. The gradient is the derivative of this wrong loss, and so it passes.


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
# So the reference must share no code with what is checked. If the loss that is differentiated calls your
# own forward pass, a mistake in it is on both sides of the comparison. Each section of this edition has
# its forward pass twice, `forward` in NumPy and `reference` in JAX, and their values are compared too.
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
# This takes the derivative of the sigmoid at the wrong quantity: u' in place of y. Predict which assertion
# fails.
#
# **The right rule.** In `slope_of_tanh`, change
#
#     return h, (1 - h**2) * tangents[0]
#
# to
#
#     return h, h * (1 - h) * tangents[0]
#
# Predict which statement of the page is no longer true.
