# %% [markdown]
# # 7. Comparisons that miss mistakes
#
# **Claim.** Four comparisons, all in use, accept four wrong gradients: one with the wrong sign, one without
# the regularizer, one without a word, one with a wrong entry. For a vocabulary of 3000 words, more than
# 85 % of all random directions accept the last one. `check_gradient` rejects all four.
#
# In lesson 6 the test values were the reason. Here they are good, the reference is exact, and the
# comparison is the reason.

# %%
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from derivations import check_gradient, mlp, skipgram
from derivations.paper.skipgram import one_hot

rng = np.random.default_rng(0)
of_section_3, of_section_6 = "K, M, K N, N M", "V input, C V target, V N, N V"


def check_gradient_accepts(loss, gradient, shapes, wrt):
    """Whether `check_gradient` accepts it, on ten random shapes and values."""
    right = check_gradient(loss, gradient, shapes, wrt=wrt, examples=10).right
    print(f"check_gradient, {gradient.__name__}: {'right' if right else 'wrong'}")
    return right


# %% [markdown]
# ## 1. An absolute floor
#
# The rule of the course CS224n, used in many repositories, accepts an entry if
#
# $$\frac{|\text{manual} - \text{difference}|}{\max(1, |\text{manual}|, |\text{difference}|)} \le 10^{-5}$$
#
# The 1 avoids a division by zero. It also makes the tolerance absolute for every entry below 1. So an entry
# of 1e-3 can be wrong by one percent, and a gradient whose entries are all below 5e-6 can be anything.


# %%
def cs224n(manual, other):
    size = np.maximum(np.abs(manual), np.abs(other))
    return bool(np.all(np.abs(manual - other) / np.maximum(1, size) <= 1e-5))


def wrong_sign(x, t, W, W_prime):
    return -mlp.gradients(x, t, W, W_prime)[1]


x, t, W, W_prime = mlp.example()
for step in range(401):
    dE_dW, dE_dW_prime = mlp.gradients(x, t, W, W_prime)
    if step in {0, 400}:
        accepted = cs224n(wrong_sign(x, t, W, W_prime), dE_dW_prime)
        largest = np.abs(dE_dW_prime).max()
        print(f"after {step:3} steps, entries up to {largest:.0e}: -∂E/∂W' accepted: {accepted}")
        assert accepted == (step == 400)
    W, W_prime = W - dE_dW, W_prime - dE_dW_prime

assert np.allclose(1e-9, -1e-9), "NumPy's allclose has a floor of 1e-8"
assert not check_gradient_accepts(mlp.reference, wrong_sign, of_section_3, "W_prime")

# %% [markdown]
# Gradients are often small: if E is a mean over a batch of 256, for the rows of rare words, behind several
# sigmoids (each multiplies by at most 1/4), after training.
#
# ## 2. A large tolerance
#
# A right gradient failed the check, for the reasons of lesson 2 or 5, and the tolerance was increased to
# 1e-2. Now add weight decay to the loss, λ/2 |W'|² with λ = 1e-5, and forget it in the gradient:


# %%
DECAY = 1e-5


def decayed(x, t, W, W_prime):
    """§3 with a regularizer on W'."""
    return mlp.reference(x, t, W, W_prime) + DECAY / 2 * jnp.sum(W_prime**2)


def without_decay(x, t, W, W_prime):
    return mlp.gradients(x, t, W, W_prime)[1]


def within(tolerance, manual, other):
    return bool(np.all(np.abs(manual - other) <= tolerance * np.abs(other)))


x, t, W, W_prime = mlp.example()
manual, right = without_decay(x, t, W, W_prime), mlp.gradients(x, t, W, W_prime)[1] + DECAY * W_prime
for tolerance in (1e-2, 1e-6):
    print(
        f"relative {tolerance:.0e}: accepts the gradient without decay: {within(tolerance, manual, right)}"
    )
assert within(1e-2, manual, right)
assert not within(1e-6, manual, right)
assert not check_gradient_accepts(decayed, without_decay, of_section_3, "W_prime")

# %% [markdown]
# A regularizer, an ε, a bias correction: the terms that are added to a loss are often small, and a large
# tolerance does not detect that they are missing.
#
# ## 3. One number for a whole array
#
# Another rule from a well-known course: |a - b| / (|a| + |b|), with the norms of the whole arrays, at most
# 1e-7. It compares only the large entries. A word with a very small predicted probability has a small
# column in ∂E/∂W': its entries are y_j h_i. This gradient omits the last word of the vocabulary.


# %%
def one_number(manual, other):
    return np.linalg.norm(manual - other) / (np.linalg.norm(manual) + np.linalg.norm(other))


def without_the_last_word(x, t, W, W_prime):
    dE_dW_prime = skipgram.gradients(x, t, W, W_prime)[1]
    dE_dW_prime[:, -1] = 0
    return dE_dW_prime


x, t, W, W_prime = skipgram.example()
h = x @ W
W_prime[:, -1] = -20 * h / (h @ h)  # the last word scores -20
manual, right = without_the_last_word(x, t, W, W_prime), skipgram.gradients(x, t, W, W_prime)[1]
print(f"the last column is {right[:, -1]}, and the rule finds {one_number(manual, right):.0e}")
assert one_number(manual, right) < 1e-7
assert (right[:, -1] != 0).all()
assert not check_gradient_accepts(skipgram.reference, without_the_last_word, of_section_6, "W_prime")

# %% [markdown]
# The vector of this word is never trained, and the check does not show it.
#
# ## 4. A random projection
#
# To save time, compare one number instead of all: draw a random direction v, and compare Σ v_ij (∂E/∂w_ij)
# with the derivative of E along v. This is what `jax.test_util.check_grads` does, and PyTorch's `gradcheck`
# with `fast_mode`: two evaluations in place of thousands.
#
# If one entry is off by δ, the sum is off by v δ. The sum has all n entries in it, and is about as large as
# the norm |g| of the whole gradient. With a relative tolerance of 1e-3 the fault passes if
#
# $$|v| \, \delta \le 10^{-3} |g|$$
#
# In a softmax over V words, |g| is determined by the few context words, whose errors are near 1. The other
# V - C have errors near 1/V. So an entry that is entirely wrong is off by about h/V, and passes if V is a
# few hundred.


# %% mystnb={"image": {"alt": "From 4 % at ten words the share rises to 94 % at three thousand"}}
def accepted_by(manual, right, directions=300):
    """The share of random directions along which the two agree to 1e-3."""
    agree = 0
    for _ in range(directions):
        v = rng.normal(size=right.shape)
        slope = np.sum(v * right)
        agree += abs(np.sum(v * manual) - slope) <= 1e-3 * abs(slope)
    return agree / directions


def wrong_entry(x, t, W, W_prime):
    dE_dW_prime = skipgram.gradients(x, t, W, W_prime)[1]
    dE_dW_prime[0, -1] *= -1
    return dE_dW_prime


vocabularies, shares = [10, 30, 100, 300, 1000, 3000], []
for V in vocabularies:
    x, t = one_hot(0, V), np.stack([one_hot(1, V), one_hot(2, V)])
    W, W_prime = rng.normal(size=(V, 10)), rng.normal(size=(10, V)) / 10
    arguments = x, t, W, W_prime
    shares.append(accepted_by(wrong_entry(*arguments), skipgram.gradients(*arguments)[1]))
    print(f"V = {V:4}: an entry with the wrong sign is accepted by {shares[-1]:.0%} of the directions")
assert shares[0] < 0.2
assert vocabularies[-1] == 3000
assert shares[-1] > 85 / 100
assert 0.1 < shares[-1] ** 10 < 0.9, "ten directions"
assert not check_gradient_accepts(skipgram.reference, wrong_entry, of_section_6, "W_prime")

plt.figure()
plt.semilogx(vocabularies, shares, "o-")
plt.xlabel("V, words in the vocabulary")
plt.ylabel("share of directions that accept it")
plt.ylim(0, 1)
plt.title("One of N V entries has the wrong sign")
plt.show()

# %% [markdown]
# More directions help slowly: at V = 3000, ten directions together still accept it about half of the time.
# And a projection does not show *where* the gradient is wrong. For arrays of a few hundred entries, as in
# most tests, it saves no time.
#
# ## What `check_gradient` compares
#
# Every entry, with a bound of its own (lesson 5). There is no absolute floor and no sum over entries, and
# there is no tolerance to increase. The arrays are small, so that comparing all entries is cheap.
#
# ## Break it
#
# **A stricter floor.** In `cs224n`, change
#
#     return bool(np.all(np.abs(manual - other) / np.maximum(1, size) <= 1e-5))
#
# to
#
#     return bool(np.all(np.abs(manual - other) / np.maximum(1, size) <= 1e-7))
#
# Predict what happens to the gradient with the wrong sign, and then after how many more steps it would pass
# again.
#
# **A sparse direction.** Most of `v` could be zeros, to save time. In `accepted_by`, change
#
#     v = rng.normal(size=right.shape)
#
# to
#
#     v = rng.normal(size=right.shape) * (rng.random(right.shape) < 0.1)
#
# Predict how the left side of the curve changes.
