# %% [markdown]
# # 3. The complex step
#
# **Claim.** With an imaginary step nothing cancels: a step of 1e-20 gives the derivative to 15 digits,
# where the best real step gave 10. But a single `abs` in the loss makes the result zero, without an error.
#
# A difference loses digits because it subtracts two numbers that are nearly equal. The idea (Squire and
# Trapp, 1998) is to separate the change from the value. Write i·s for s in the Taylor series; since i² =
# -1, the terms are alternately real and imaginary:
#
# $$E(w + i s) = \underbrace{E - \tfrac{s^2}{2} E'' + \dots}_{\text{real}}
#     + i \, \underbrace{\left( s E' - \tfrac{s^3}{6} E''' + \dots \right)}_{\text{imaginary}}$$
#
# The imaginary part is s E', and no subtraction is needed. After the division by s the error is (s²/6)
# E'''. With s = 1e-20 that is 1e-40, far below the unit roundoff.

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
print("E with a complex step =", E(moved))
print("E                     =", E(W_prime))
print("∂E/∂w' by hand        =", true[0, 0])
assert abs(E(moved).real - E(W_prime)) < 1e-15
assert abs(E(moved).imag / step - true[0, 0]) < 1e-15

# %% [markdown]
# The real part is E, up to rounding. The imaginary part is the derivative times the step; it has its own
# exponent and all its digits. With a real step the change of 1e-21 would be added to 0.4459, and lost.
#
# ## No minimum
#
# The same axes as in lesson 2. For smaller steps the error of the difference grows again; that of the
# complex step reaches the unit roundoff and stays there.


# %% mystnb={"image": {"alt": "Complex step: a flat line at 1e-16 below 1e-8; two sides: a V"}}
def complex_step(E, W_prime, step):
    """∂E/∂W' by adding an imaginary step to one weight at a time."""
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
    """The largest error, relative to the largest entry of the gradient."""
    return np.abs(method(E, W_prime, step) - true).max() / np.abs(true).max()


steps = np.logspace(-20, -1, 39)
plt.figure()
for method in (two_sided, complex_step):
    errors = np.array([error(method, step) for step in steps])
    print(f"{method.__name__:12}  at best {int(-np.log10(errors.min()))} digits")
    plt.loglog(steps, np.maximum(errors, 1e-17), ".-", label=method.__name__.replace("_", " "))
plt.axhline(2.0**-53, color="gray", lw=0.5)
plt.annotate("unit roundoff, 2⁻⁵³", (1e-1, 1.5e-16), ha="right")
plt.xlabel("step")
plt.ylabel("error, relative to the largest entry")
plt.title("Without a subtraction there is no cancellation")
plt.legend()
plt.show()

print(f"a step of 1e-20: complex {error(complex_step, 1e-20):.0e}, two-sided {error(two_sided, 1e-20):.0e}")
assert error(complex_step, 1e-20) < 1e-15
assert error(complex_step, 1e-200) < 1e-15, "every step that is small enough is as good"
assert error(two_sided, 1e-20) == 1.0, "w ± 1e-20 is w: all differences are zero"

# %% [markdown]
# This project uses the step 2⁻¹⁰⁰, about 8e-31: a power of two, so that neither the step nor the division
# is rounded. The complex step runs the NumPy forward pass without automatic differentiation, so it shares
# no code with the other reference methods.
#
# ## What it requires of the loss
#
# The complex step works for functions that have a Taylor series in the complex plane, such as +, ×, /,
# exp, log, tanh and @. These do not, and raise no error:
#
# - **abs**, and functions that use it, such as `np.linalg.norm`: |z| is real, so the imaginary part is
#   lost.
# - **conjugation**: `np.vdot(r, r)`, `r.conj() @ r`. The product of r and its conjugate is real.
# - **comparisons**: NumPy compares the real parts of complex numbers and, where those are equal, the
#   imaginary parts, so that the step decides. `mlp.sigmoid` therefore tests `np.real(u) < 0`.
# - **a cast** to float, such as an assignment to an entry of `np.zeros(n)`. Here NumPy warns.
#
# Half a squared error, written in four ways that are equal for real numbers:


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
        assert not slope.any(), "the imaginary part should be zero"

# %% [markdown]
# ## A wrong gradient that passes because of it
#
# This gradient returns zeros. The loss uses a norm and the check the complex step, and the two agree to
# the last digit: both are zero.


# %%
def unwritten(x, t, W, W_prime):
    return np.zeros_like(W), np.zeros_like(W_prime)


def E_by_norm(x, t, W, W_prime):
    return np.linalg.norm(t - mlp.forward(x, t, W, W_prime)[3]) ** 2 / 2


by_complex_step = complex_step(lambda W_prime: E_by_norm(x, t, W, W_prime), W_prime, 1e-20)
assert np.array_equal(unwritten(x, t, W, W_prime)[1], by_complex_step), "the complex step alone rejects it"
print("the complex step alone accepts it, with difference 0")

report = check_gradient(E_by_norm, unwritten, "K, M, K N, N M", wrt="W W_prime", examples=10)
print(f"check_gradient: {'right' if report.right else 'wrong'}, by {', '.join(report.judges)}")
assert not report.right
assert "complex step" not in report.judges

# %% [markdown]
# Every reference method has cases in which it fails. So `check_gradient` uses several, and they must agree
# with each other first. Here the complex step contradicted the differences and was not used. It is used
# beside JAX where the loss allows it.
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
# 1e-323 is one of the smallest positive float64 numbers. Predict the value of s E'.
#
# **A comparison.** ReLU can be written `u * (u > 0)`. Try, in place of `np.sum(r**2)`, a squared error
# that ignores negative differences: change
#
#     "np.sum(r**2)": lambda r: np.sum(r**2),
#
# to
#
#     "np.sum(r**2)": lambda r: np.sum((r * (np.real(r) > 0)) ** 2),
#
# Predict which assertion fails, and whether the complex step is the reason.
