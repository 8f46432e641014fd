# %% [markdown]
# # 2. Differences, and how small a step
#
# **Claim.** A smaller step is not a better one: a two-sided difference with a step of 1e-13 is worse than
# one with a step of 0.1. The best step is near 1e-5 and gives about 10 right digits; a one-sided
# difference is at its best near 1e-7 and gives about 7. No step gives more.
#
# Lesson 1 moved each weight by a step s and divided. Two things can be done with the evaluations:
#
# $$\text{one-sided:} \; \frac{E(w + s) - E(w)}{s}
#     \qquad \text{two-sided:} \; \frac{E(w + s) - E(w - s)}{2 s}$$

# %%
import matplotlib.pyplot as plt
import numpy as np

from derivations import mlp

x, t, W, W_prime = mlp.example()
true = mlp.gradients(x, t, W, W_prime)[1]  # ∂E/∂W', proved right elsewhere: `derivations verify`


def E(W_prime):
    """The error of §3 as a function of W' alone."""
    return mlp.forward(x, t, W, W_prime)[-1]


def differences(step, sides):
    """∂E/∂W' by moving one weight at a time, to one side or to both."""
    slope = np.empty_like(W_prime)
    for entry in np.ndindex(W_prime.shape):
        above, below = W_prime.copy(), W_prime.copy()
        above[entry] += step
        if sides == 2:
            below[entry] -= step
        slope[entry] = (E(above) - E(below)) / (sides * step)
    return slope


def error(step, sides):
    """The worst entry's error, beside the largest entry of the gradient."""
    return np.abs(differences(step, sides) - true).max() / np.abs(true).max()


# %% [markdown]
# ## Two errors that pull apart
#
# **Truncation.** Taylor says what the quotient leaves out:
#
# $$E(w + s) = E + s E' + \tfrac{s^2}{2} E'' + \tfrac{s^3}{6} E''' + \dots$$
#
# Take E away and divide by s: the one-sided quotient is E' plus (s/2) E''. In the two-sided one E'' is
# the same on both sides and cancels: what is left is (s²/6) E'''. A step ten times smaller makes the
# first error ten times smaller, and the second a hundred times.
#
# **Rounding.** float64 keeps 53 bits, so E comes with an error of about 2⁻⁵³ E ≈ 1.1e-16 E, whatever the
# step. The two values in the numerator agree in nearly all digits; those cancel, the error does not, and
# dividing by s makes it 1.1e-16 E/s. A step ten times smaller makes this ten times *larger*.
#
# So the error is a V on logarithmic axes: its right arm rises with slope 1 or 2, its left arm falls with
# slope 1, and the bottom is where they meet.

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
plt.title("Smaller is better, until it is not")
plt.legend()
plt.show()

# %% [markdown]
# The stars are the steps that three checkers use unless told otherwise. Now the numbers behind the
# picture: the slopes of the arms, and the bottoms.


# %%
def arm(sides, low, high):
    """The slope of the curve between two steps, on logarithmic axes."""
    inside = (low <= steps) & (steps <= high)
    return np.polyfit(np.log10(steps[inside]), np.log10(curves[sides][inside]), 1)[0]


for sides in (1, 2):
    left, right = arm(sides, 1e-13, 1e-10), arm(sides, 1e-4, 1e-2)
    best = np.argmin(curves[sides])
    digits = -np.log10(curves[sides][best])
    near = 10 ** np.round(np.log10(steps[best]))
    print(f"{sides}-sided: slopes {left:+.1f} and {right:+.1f}; best near {near:.0e}: {int(digits)} digits")
    assert abs(left + 1) < 0.2
    assert abs(right - sides) < 0.05, f"the right arm has slope {right:.2f}"
    assert abs(digits - {1: 7.6, 2: 10.3}[sides]) < 0.8, f"{digits:.1f} right digits"

print(f"two-sided: error {error(1e-13, 2):.0e} at a step of 1e-13, {error(0.1, 2):.0e} at a step of 0.1")
assert error(1e-13, 2) > error(0.1, 2)

# %% [markdown]
# ## Where the bottom is
#
# Set the two errors equal and solve for s. With ε = 1.1e-16:
#
# | | truncation | rounding | best step | error there |
# |---|---|---|---|---|
# | one-sided | (s/2) E'' | ε E/s | √(2ε E/E'') | proportional to √ε ≈ 1e-8 |
# | two-sided | (s²/6) E''' | ε E/s | ∛(6ε E/E''') | proportional to ε^(2/3) ≈ 2e-11 |
#
# A difference knows half the digits of E, or two thirds. This is no fault of the program, and no step
# mends it. It is why checkers built on differences cannot ask for more than some 5 or 6 digits: at the
# ends of the V they do not have them. Everything smaller than that is invisible to them: float32 in the
# middle (lesson 8), an eps, a regulariser of 1e-6.
#
# ## The step that you ask for is not the one you get
#
# w + s is rounded too. Near w = 1 the float64 numbers lie 2.2e-16 apart, so a step of 1e-13 is taken to
# the nearest of them and may be off by one part in a thousand:

# %%
taken = (1.0 + 1e-13) - 1.0
print(f"asked for a step of 1e-13 at w = 1, got one of {taken:.4e}")
assert abs(taken / 1e-13 - 1) > 5e-4
assert (1.0 + 2.0**-40) - 1.0 == 2.0**-40, "a power of two is taken exactly"
assert (1e9 + 1e-8) - 1e9 == 0.0, "beside a large weight the step is not taken at all"

# %% [markdown]
# A power of two is exact at w = 1; beside a weight of 1e9, a step of 1e-8 is no step at all and every
# derivative comes out as zero. One step does not suit all weights.
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
# Predict, from the table above, by how much the left arm rises and where the bottom moves. Then run.
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
