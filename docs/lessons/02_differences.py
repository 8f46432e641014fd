# %% [markdown]
# # 2. Differences, and how small a step
#
# **Claim.** A smaller step is not always better: a two-sided difference with a step of 1e-13 is worse than
# one with a step of 0.1. The best step is near 1e-5 and gives about 10 correct digits; a one-sided
# difference is best near 1e-7 and gives about 7. No step gives more.
#
# Lesson 1 changed each weight by a step s and divided. There are two such quotients:
#
# $$\text{one-sided:} \; \frac{E(w + s) - E(w)}{s}
#     \qquad \text{two-sided:} \; \frac{E(w + s) - E(w - s)}{2 s}$$

# %%
import matplotlib.pyplot as plt
import numpy as np

from derivations import mlp

x, t, W, W_prime = mlp.example()
true = mlp.gradients(x, t, W, W_prime)[1]  # ∂E/∂W', verified by `derivations verify`


def E(W_prime):
    """The error of §3 as a function of W' alone."""
    return mlp.forward(x, t, W, W_prime)[-1]


def differences(step, sides):
    """∂E/∂W' by changing one weight at a time, to one side or to both."""
    slope = np.empty_like(W_prime)
    for entry in np.ndindex(W_prime.shape):
        above, below = W_prime.copy(), W_prime.copy()
        above[entry] += step
        if sides == 2:
            below[entry] -= step
        slope[entry] = (E(above) - E(below)) / (sides * step)
    return slope


def error(step, sides):
    """The largest error, relative to the largest entry of the gradient."""
    return np.abs(differences(step, sides) - true).max() / np.abs(true).max()


# %% [markdown]
# ## Two errors with opposite behavior
#
# **Truncation.** The Taylor series gives the error of the quotient in exact arithmetic:
#
# $$E(w + s) = E + s E' + \tfrac{s^2}{2} E'' + \tfrac{s^3}{6} E''' + \dots$$
#
# Subtract E and divide by s: the one-sided quotient is E' plus (s/2) E''. In the two-sided one E'' is the
# same on both sides and cancels, and the error is (s²/6) E'''. A step ten times smaller makes the first
# error ten times smaller, and the second a hundred times.
#
# **Rounding.** float64 has 53 bits, so the rounding error of E is about 2⁻⁵³ E ≈ 1.1e-16 E, for every step.
# The two values in the numerator agree in nearly all digits; these cancel, the rounding errors do not, and
# the division by s makes the error 1.1e-16 E/s. A step ten times smaller makes this ten times *larger*.
#
# So on logarithmic axes the error is V-shaped: it falls with slope 1 on the left, rises with slope 1 or 2
# on the right, and is smallest where the two errors are equal.

# %% mystnb={"image": {"alt": "Two Vs; the two-sided one has its lowest point further right, and lower"}}
steps = np.logspace(-13, -1, 49)
curves = {sides: np.array([error(step, sides) for step in steps]) for sides in (1, 2)}

plt.figure(figsize=(8, 5))
for sides, name in ((1, "one-sided"), (2, "two-sided")):
    plt.loglog(steps, curves[sides], ".-", label=name)
in_use = {"SciPy check_grad": (1.5e-8, 1), "PyTorch gradcheck": (1e-6, 2), "CS224n": (1e-4, 2)}
for name, (step, sides) in in_use.items():
    star = step, error(step, sides)
    side, away = ("right", -12) if sides == 1 or step < 1e-5 else ("left", 12)
    plt.plot(*star, "k*", ms=10, zorder=3)
    plt.annotate(name, star, (away, -12), textcoords="offset points", ha=side)
plt.ylim(bottom=1e-12)
plt.xlabel("step")
plt.ylabel("error, relative to the largest entry")
plt.title("The error of a difference by its step")
plt.legend()
plt.show()

# %% [markdown]
# The stars are the default steps of three checkers. Now the same in numbers: the slopes on both sides,
# and the minima.


# %%
def slope_between(sides, low, high):
    """The slope of the curve between two steps, on logarithmic axes."""
    inside = (low <= steps) & (steps <= high)
    return np.polyfit(np.log10(steps[inside]), np.log10(curves[sides][inside]), 1)[0]


for sides in (1, 2):
    left, right = slope_between(sides, 1e-13, 1e-10), slope_between(sides, 1e-4, 1e-2)
    best = np.argmin(curves[sides])
    digits = -np.log10(curves[sides][best])
    near = 10 ** np.round(np.log10(steps[best]))
    print(f"{sides}-sided: slopes {left:+.1f} and {right:+.1f}; best near {near:.0e}: {int(digits)} digits")
    assert abs(left + 1) < 0.2
    assert abs(right - sides) < 0.05, f"the slope on the right is {right:.2f}"
    assert abs(digits - {1: 7.6, 2: 10.3}[sides]) < 0.8, f"{digits:.1f} correct digits"

print(f"two-sided: error {error(1e-13, 2):.0e} at a step of 1e-13, {error(0.1, 2):.0e} at a step of 0.1")
assert error(1e-13, 2) > error(0.1, 2)

# %% [markdown]
# ## Where the minimum is
#
# Set the two errors equal and solve for s. With ε = 1.1e-16:
#
# | | truncation | rounding | best step | error there |
# |---|---|---|---|---|
# | one-sided | (s/2) E'' | ε E/s | √(2ε E/E'') | proportional to √ε ≈ 1e-8 |
# | two-sided | (s²/6) E''' | ε E/s | ∛(6ε E/E''') | proportional to ε^(2/3) ≈ 2e-11 |
#
# A difference has half of the digits of E, or two thirds. No implementation and no step changes that. It is
# why a check by differences can require only 5 or 6 digits, and does not detect smaller errors: an
# intermediate result in float32 (lesson 8), an ε, a regularizer of 1e-6.
#
# ## The actual step differs from the requested one
#
# w + s is rounded too. Near w = 1 the spacing of float64 numbers is 2.2e-16, so a step of 1e-13 is rounded
# to a multiple of it and can be off by one part in a thousand:

# %%
taken = (1.0 + 1e-13) - 1.0
print(f"the step of 1e-13 at w = 1 is {taken:.4e}")
assert abs(taken / 1e-13 - 1) > 5e-4
assert (1.0 + 2.0**-40) - 1.0 == 2.0**-40, "a power of two is exact"
assert (1e9 + 1e-8) - 1e9 == 0.0, "a large weight does not change"

# %% [markdown]
# A power of two is exact at w = 1. For a weight of 1e9, a step of 1e-8 does not change the weight, and
# every derivative is computed as zero. No single step suits all weights.
#
# ## Break it
#
# **A constant.** Adding a constant to a loss changes no derivative. In `E`, change
#
#     return mlp.forward(x, t, W, W_prime)[-1]
#
# to
#
#     return 1e6 + mlp.forward(x, t, W, W_prime)[-1]
#
# Predict from the table above how the left side of the curve and its minimum change. Then run.
#
# **Half the bits.** In `E`, change
#
#     return mlp.forward(x, t, W, W_prime)[-1]
#
# to
#
#     return np.float32(mlp.forward(x, t, W, W_prime)[-1])
#
# float32 has ε = 6e-8. Predict the best step, and the number of digits there.
