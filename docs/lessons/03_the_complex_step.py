# %% [markdown]
# # 3. The complex step
#
# **Claim.** Move a weight by an imaginary amount and nothing cancels: with a step of 1e-20 the derivative
# is right to 15 digits, where the best real step reached 10. And one `abs` in the loss turns it into
# zero, without a word.
#
# A difference loses digits because it subtracts two numbers that are nearly the same. The idea (Squire
# and Trapp, 1998) is to have the change arrive somewhere else than in the value itself. Put i·s in the
# place of s in Taylor's series; i² = -1 sorts the terms:
#
# $$E(w + i s) = \underbrace{E - \tfrac{s^2}{2} E'' + \dots}_{\text{real}}
#     + i \, \underbrace{\left( s E' - \tfrac{s^3}{6} E''' + \dots \right)}_{\text{imaginary}}$$
#
# The imaginary part is s E', with nothing to take away from it. Divide by s, and the error that is left
# is (s²/6) E'''. With s = 1e-20 that is 1e-40, far below any rounding.

# %%
import matplotlib.pyplot as plt
import numpy as np

from derivations import check_gradient, mlp

x, t, W, W_prime = mlp.example()
true = mlp.gradients(x, t, W, W_prime)[1]  # ∂E/∂W'


def E(W_prime):
    """The error of §3 as a function of W', which may be complex."""
    return mlp.forward(x, t, W, W_prime)[-1]


step = 1e-20
moved = W_prime.astype(complex)
moved[0, 0] += 1j * step
print("E with w'[0, 0] moved =", E(moved))
print("E, unmoved            =", E(W_prime))
print("∂E/∂w' by hand        =", true[0, 0])
assert abs(E(moved).real - E(W_prime)) < 1e-15
assert abs(E(moved).imag / step - true[0, 0]) < 1e-15

# %% [markdown]
# Look at the digits: the real part is E itself, but for a last rounding. The imaginary part holds the
# derivative, with its own exponent and all its own digits. A real step would have had to add 1e-21 to
# 0.4459, where there is no room for it.
#
# ## No bottom
#
# The same axes as in lesson 2. Going left, the difference turns around; the complex step arrives at the
# last digit and stays there.


# %% mystnb={"image": {"alt": "Complex step: a flat line at 1e-16 below 1e-8; two sides: a V"}}
def complex_step(E, W_prime, step):
    """∂E/∂W' by moving one weight at a time, to the side of the real line."""
    slope = np.empty_like(W_prime)
    for entry in np.ndindex(W_prime.shape):
        moved = W_prime.astype(complex)
        moved[entry] += 1j * step
        slope[entry] = E(moved).imag / step
    return slope


def two_sided(E, W_prime, step):
    """The same by a difference."""
    slope = np.empty_like(W_prime)
    for entry in np.ndindex(W_prime.shape):
        move = np.zeros_like(W_prime)
        move[entry] = step
        slope[entry] = (E(W_prime + move) - E(W_prime - move)) / (2 * step)
    return slope


def error(method, step):
    """The worst entry's error, beside the largest entry of the gradient."""
    return np.abs(method(E, W_prime, step) - true).max() / np.abs(true).max()


steps = np.logspace(-20, -1, 39)
plt.figure()
for method in (two_sided, complex_step):
    errors = np.array([error(method, step) for step in steps])
    print(f"{method.__name__:12}  at best {int(-np.log10(errors.min()))} digits")
    plt.loglog(steps, np.maximum(errors, 1e-17), ".-", label=method.__name__.replace("_", " "))
plt.axhline(2.0**-53, color="gray", lw=0.5)
plt.annotate("one rounding, 2⁻⁵³", (1e-1, 1.5e-16), ha="right")
plt.xlabel("step")
plt.ylabel("error, relative to the largest entry")
plt.title("Nothing to cancel, nothing to lose")
plt.legend()
plt.show()

print(f"a step of 1e-20: complex {error(complex_step, 1e-20):.0e}, two-sided {error(two_sided, 1e-20):.0e}")
assert error(complex_step, 1e-20) < 1e-15
assert error(complex_step, 1e-200) < 1e-15, "any step that is small enough will do"
assert error(two_sided, 1e-20) == 1.0, "w ± 1e-20 is w: all differences are zero"

# %% [markdown]
# The referee of this project steps by 2⁻¹⁰⁰, about 8e-31: a power of two, so that neither the step nor
# the division is rounded. It runs the NumPy forward pass and no automatic differentiation, so it shares
# no code with the other judges.
#
# ## What it asks of your loss
#
# The trick holds for functions that have a Taylor series in the complex plane. +, ×, /, exp, log, tanh, @
# all do. These do not, and give no error:
#
# - **abs**, and whatever is built on it, `np.linalg.norm` too: |z| is real, so the imaginary part is
#   gone.
# - **conjugation**: `np.vdot(r, r)`, `r.conj() @ r`. The product of r and its conjugate is real.
# - **comparisons**: complex numbers have no order, so NumPy compares real parts and, where those are
#   equal, imaginary ones. At a tie it is the step that decides. `mlp.sigmoid` asks for `np.real(u) < 0`,
#   to be plain about it.
# - **a cast** to float, such as storing into an array that was made by `np.zeros(n)`. NumPy at least
#   warns there.
#
# Half a squared error, written in four ways that are the same for real numbers:


# %%
def loss(square):
    """§3 with another way to write the sum of squares of r = t - y."""
    return lambda W_prime: square(t - mlp.forward(x, t, W, W_prime)[3]) / 2


ways = {
    "np.sum(r**2)": lambda r: np.sum(r**2),
    "np.sum(np.abs(r)**2)": lambda r: np.sum(np.abs(r) ** 2),
    "np.linalg.norm(r)**2": lambda r: np.linalg.norm(r) ** 2,
    "np.vdot(r, r)": lambda r: np.vdot(r, r),
}
for way, square in ways.items():
    assert np.isclose(loss(square)(W_prime), E(W_prime)), "they are all the same E"
    slope = complex_step(loss(square), W_prime, 1e-20)
    print(f"{way:21}  largest entry of ∂E/∂W' by the complex step: {np.abs(slope).max():.4f}")
    if way == "np.sum(r**2)":
        assert np.allclose(slope, true, rtol=1e-14)
    else:
        assert not slope.any(), "the imaginary part should be gone"

# %% [markdown]
# ## A check that is blind because of it
#
# Somebody never wrote the gradient and returns zeros. The loss is written with a norm, the check uses the
# complex step, and everything agrees to the last digit: zero with zero.


# %%
def unwritten(x, t, W, W_prime):
    return np.zeros_like(W), np.zeros_like(W_prime)


def E_by_norm(x, t, W, W_prime):
    return np.linalg.norm(t - mlp.forward(x, t, W, W_prime)[3]) ** 2 / 2


by_complex_step = complex_step(lambda W_prime: E_by_norm(x, t, W, W_prime), W_prime, 1e-20)
assert np.array_equal(unwritten(x, t, W, W_prime)[1], by_complex_step), "the naive check objects"
print("the complex step alone: right, difference 0")

report = check_gradient(E_by_norm, unwritten, "K, M, K N, N M", wrt="W W_prime", examples=10)
print(f"check_gradient: {'right' if report.right else 'wrong'}, judged by {', '.join(report.judges)}")
assert not report.right
assert "complex step" not in report.judges

# %% [markdown]
# One judge can be fooled in its own way. So ours hears more than one, and they must agree with each other
# before anybody is judged. Here the complex step contradicted the differences and was sent home. Where a
# loss allows it, it sits beside JAX.
#
# ## Break it
#
# **A step too small.** Change
#
#     step = 1e-20
#
# to
#
#     step = 1e-323
#
# 1e-323 is one of the smallest numbers that float64 has. Predict what becomes of s E'.
#
# **A comparison.** ReLU can be written `u * (u > 0)`. Try, in place of `np.sum(r**2)`, a squared error
# that skips negative differences: change
#
#     "np.sum(r**2)": lambda r: np.sum(r**2),
#
# to
#
#     "np.sum(r**2)": lambda r: np.sum((r * (np.real(r) > 0)) ** 2),
#
# Predict which assertion stops it, and whether the complex step is to blame.
