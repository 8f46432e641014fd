# %% [markdown]
# # 7. Rules that make a check blind
#
# **Claim.** Four rules for "equal", all in use, accept these: the gradient with its sign turned, one
# without the regulariser, one that forgets a word, one with a wrong cell. The last is accepted along more
# than 85 % of all directions once the vocabulary has 3000 words. `check_gradient` rejects them all.
#
# In lesson 6 the numbers were to blame. Here they are good, the other derivative is exact, and what is
# blind is the comparison.

# %%
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from derivations import check_gradient, mlp, skipgram
from derivations.paper.skipgram import one_hot

rng = np.random.default_rng(0)
of_section_3, of_section_6 = "K, M, K N, N M", "V input, C V target, V N, N V"


def ours(loss, gradient, shapes, wrt):
    """Whether `check_gradient` accepts it, on ten random shapes and values."""
    right = check_gradient(loss, gradient, shapes, wrt=wrt, examples=10).right
    print(f"check_gradient, {gradient.__name__}: {'right' if right else 'wrong'}")
    return right


# %% [markdown]
# ## 1. An absolute floor
#
# The rule of the course CS224n, copied into many repositories, accepts an entry if
#
# $$\frac{|\text{hand} - \text{difference}|}{\max(1, |\text{hand}|, |\text{difference}|)} \le 10^{-5}$$
#
# The 1 is there so that nothing is divided by zero. It also makes the rule absolute for every entry below
# 1: it may be off by 1e-5, however small it is. So an entry of 1e-3 may be wrong by one percent. And if
# the whole gradient is below 5e-6 it may be anything at all.


# %%
def cs224n(hand, other):
    size = np.maximum(np.abs(hand), np.abs(other))
    return bool(np.all(np.abs(hand - other) / np.maximum(1, size) <= 1e-5))


def sign_turned(x, t, W, W_prime):
    return -mlp.gradients(x, t, W, W_prime)[1]


x, t, W, W_prime = mlp.example()
for step in range(401):
    dE_dW, dE_dW_prime = mlp.gradients(x, t, W, W_prime)
    if step in {0, 400}:
        accepted = cs224n(sign_turned(x, t, W, W_prime), dE_dW_prime)
        largest = np.abs(dE_dW_prime).max()
        print(f"after {step:3} steps, entries up to {largest:.0e}: -∂E/∂W' accepted: {accepted}")
        assert accepted == (step == 400)
    W, W_prime = W - dE_dW, W_prime - dE_dW_prime

assert np.allclose(1e-9, -1e-9), "and NumPy's own allclose has a floor of 1e-8"
assert not ours(mlp.reference, sign_turned, of_section_3, "W_prime")

# %% [markdown]
# A gradient is small more often than one thinks: when E is a mean over a batch of 256, for the rows of
# rare words, behind a few sigmoids (each multiplies by at most 1/4), after training.
#
# ## 2. A tolerance that was loosened
#
# A check failed once by a hair, for reasons of lesson 2 or 5, and somebody wrote 1e-2. Now add weight
# decay to the loss, λ/2 |W'|² with λ = 1e-5, and forget it in the gradient:


# %%
DECAY = 1e-5


def decayed(x, t, W, W_prime):
    """§3 with a regulariser on W'."""
    return mlp.reference(x, t, W, W_prime) + DECAY / 2 * jnp.sum(W_prime**2)


def forgets_the_decay(x, t, W, W_prime):
    return mlp.gradients(x, t, W, W_prime)[1]


def within(tolerance, hand, other):
    return bool(np.all(np.abs(hand - other) <= tolerance * np.abs(other)))


x, t, W, W_prime = mlp.example()
hand, right = forgets_the_decay(x, t, W, W_prime), mlp.gradients(x, t, W, W_prime)[1] + DECAY * W_prime
for tolerance in (1e-2, 1e-6):
    print(f"relative {tolerance:.0e}: accepts the gradient without decay: {within(tolerance, hand, right)}")
assert within(1e-2, hand, right)
assert not within(1e-6, hand, right)
assert not ours(decayed, forgets_the_decay, of_section_3, "W_prime")

# %% [markdown]
# A regulariser, an ε, a bias correction: what people add to a loss is small, and that is just what a
# loose tolerance cannot see.
#
# ## 3. One number for a whole array
#
# Another rule from a famous course: |a - b| / (|a| + |b|), with the lengths of the whole arrays, at most
# 1e-7. It sees what is large. A word that the model thinks impossible has a small column in ∂E/∂W': its
# entries are y_j h_i. Here is an off-by-one that leaves out the last word of the vocabulary.


# %%
def one_number(hand, other):
    return np.linalg.norm(hand - other) / (np.linalg.norm(hand) + np.linalg.norm(other))


def forgets_the_last_word(x, t, W, W_prime):
    dE_dW_prime = skipgram.gradients(x, t, W, W_prime)[1]
    dE_dW_prime[:, -1] = 0
    return dE_dW_prime


x, t, W, W_prime = skipgram.example()
h = x @ W
W_prime[:, -1] = -20 * h / (h @ h)  # the last word scores -20
hand, right = forgets_the_last_word(x, t, W, W_prime), skipgram.gradients(x, t, W, W_prime)[1]
print(f"the last column is {right[:, -1]}, and the rule finds {one_number(hand, right):.0e}")
assert one_number(hand, right) < 1e-7
assert (right[:, -1] != 0).all()
assert not ours(skipgram.reference, forgets_the_last_word, of_section_6, "W_prime")

# %% [markdown]
# The word never learns, and nobody is told.
#
# ## 4. A random projection
#
# To save time, compare one number instead of all: take a random direction v, and ask whether Σ v_ij
# (∂E/∂w_ij) by hand is the slope of E along v. This is what `jax.test_util.check_grads` does, and
# PyTorch's `gradcheck` with `fast_mode`. Two evaluations in place of thousands.
#
# If one cell is off by δ, the sum is off by v δ. The sum itself has all n cells in it, and is about as
# large as the length |g| of the whole gradient. With a relative tolerance of 1e-3 the fault passes if
#
# $$|v| \, \delta \le 10^{-3} |g|$$
#
# In a softmax over V words, |g| comes from the few context words, whose errors are near 1. The other V -
# C have errors near 1/V. So a cell that is entirely wrong is off by something like h/V, and passes if V
# is some hundreds.


# %% mystnb={"image": {"alt": "From 4 % at ten words the share rises to 94 % at three thousand"}}
def accepted_by(hand, right, directions=300):
    """The share of random directions along which hand and right agree to 1e-3."""
    agree = 0
    for _ in range(directions):
        v = rng.normal(size=right.shape)
        slope = np.sum(v * right)
        agree += abs(np.sum(v * hand) - slope) <= 1e-3 * abs(slope)
    return agree / directions


def wrong_cell(x, t, W, W_prime):
    dE_dW_prime = skipgram.gradients(x, t, W, W_prime)[1]
    dE_dW_prime[0, -1] *= -1
    return dE_dW_prime


vocabularies, shares = [10, 30, 100, 300, 1000, 3000], []
for V in vocabularies:
    x, t = one_hot(0, V), np.stack([one_hot(1, V), one_hot(2, V)])
    W, W_prime = rng.normal(size=(V, 10)), rng.normal(size=(10, V)) / 10
    arguments = x, t, W, W_prime
    shares.append(accepted_by(wrong_cell(*arguments), skipgram.gradients(*arguments)[1]))
    print(f"V = {V:4}: a cell with the wrong sign is accepted along {shares[-1]:.0%} of the directions")
assert shares[0] < 0.2
assert vocabularies[-1] == 3000
assert shares[-1] > 85 / 100
assert 0.1 < shares[-1] ** 10 < 0.9, "ten directions"
assert not ours(skipgram.reference, wrong_cell, of_section_6, "W_prime")

plt.figure()
plt.semilogx(vocabularies, shares, "o-")
plt.xlabel("V, words in the vocabulary")
plt.ylabel("share of directions that accept it")
plt.ylim(0, 1)
plt.title("One cell of N V has the wrong sign")
plt.show()

# %% [markdown]
# More directions help slowly: at V = 3000, ten of them together still accept it about every second time.
# And a projection cannot say *where* something is wrong. On arrays of a few hundred entries, where a test
# lives, there is no time to be saved.
#
# ## What ours compares
#
# Every entry, each against a bound that was made for it (lesson 5). There is no floor and no sum in which
# an entry could drown, and the sizes are small, so comparing everything is cheap. Nothing is left to
# loosen.
#
# ## Break it
#
# **A stricter floor.** In `cs224n`, change
#
#     return bool(np.all(np.abs(hand - other) / np.maximum(1, size) <= 1e-5))
#
# to
#
#     return bool(np.all(np.abs(hand - other) / np.maximum(1, size) <= 1e-7))
#
# Predict what happens to the gradient with its sign turned, and then after how many more steps it would
# pass again.
#
# **A rarer direction.** Most of `v` could be zeros, to save time. In `accepted_by`, change
#
#     v = rng.normal(size=right.shape)
#
# to
#
#     v = rng.normal(size=right.shape) * (rng.random(right.shape) < 0.1)
#
# Predict what becomes of the curve on its left side.
