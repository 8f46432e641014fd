"""§8, p. 11: subsampling and the noise distribution (Mikolov et al. 2013b, arXiv 1310.4546).

    counts n  --/ Σ n-->  f  --threshold s-->  discard, or keep       subsampling of frequent words
    counts n  --^3/4, / Σ-->  P_n                                     distribution of the negative samples

Both depend on the word counts only. The paper prints the probability of discarding a word (eq. 5); its
program, word2vec.c, keeps words with another probability. Both are here, with their difference.

If the words of a mini-batch share K negative samples, each weighted by n / K, the expected loss and
gradient are those of n separate negative samples: the last equations.

i, j and k index V words. The paper's threshold t is called ``s`` here, ``sample`` in word2vec, because t
is the target elsewhere. ``check_counts`` and ``check_subsampling`` reject values for which the formulas
are not defined.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import notation
from derivations.paper.mlp import sigmoid
from derivations.techniques.negative_sampling import log_sigmoid

SECTION = "8"

NOTATION = notation("""
    name    paper   shape   drawn      meaning
    f       f_i     V       positive   relative frequencies of the words
    s       s       ()      fraction   threshold: sample in word2vec, t in the paper
    counts  n_i     V       positive   number of occurrences of each word, in any unit
    P       P_i     V       -          probability of discarding, as printed; negative if always kept
    r       r_i     V       -          √(s / f_i): the printed probability of keeping, if below 1
    Q       Q_i     V       -          printed probability of keeping, cut at 1
    K       K_i     V       -          probability of keeping in word2vec.c
    power   α       ()      fraction   the exponent of the counts, 3/4 in the paper
    P_n     Pn_k    V       -          the noise distribution
    q       q_j     V       positive   distribution of the negative samples, such as P_n
    u       u_j     V       real       score of each word as a negative sample
    n       n       ()      real       number of negatives in the loss
    E       E       ()      -          their expected loss, a scalar
""")

PRINT = "Mikolov et al. 2013b"
PHI = (1 + 5**0.5) / 2
"""The golden ratio: 1/φ + 1/φ² = 1, so word2vec.c discards words with f > φ² s = 2.618 s."""


def example() -> tuple[Array, float]:
    """Return the counts of five words, float64 (5,), and a threshold s = 1e-3."""
    return np.array([60_000.0, 9_000.0, 900.0, 90.0, 10.0]), 1e-3


# --- subsampling of frequent words ----------------------------------------------------------------


@definition(11, 1, r"P(w_i) = 1 - \sqrt{\frac{s}{f(w_i)}}", source=f"{PRINT}, eq. 5", lhs="P",
            model="subsampling")
def discard_probability(f: Float[Array, "V"], s: float) -> Float[Array, "V"]:
    """P(w_i) = 1 - √(s / f_i): the probability of discarding word i, as printed; float64 (V,).

    It is negative for f_i < s, which means 0: a word below the threshold is always kept. For s = 0 it is 1,
    whereas s = 0 in word2vec means that all words are kept, see :func:`keep_probability`. Raises
    ``ValueError`` unless f > 0 and s ≥ 0.

    >>> counts, s = example()
    >>> discard_probability(counts / counts.sum(), s).round(3)
    array([ 0.966,  0.912,  0.721,  0.118, -1.646])
    """
    check_subsampling(f, s)
    return 1 - np.sqrt(s / np.asarray(f))


@equation(11, 1.1, r"\min \left( 1, \sqrt{\frac{s}{f_i}} \right) = 1 - \max(0, P(w_i))", lhs="Q",
          model="subsampling", ours=True)
def printed_keep_probability(f: Float[Array, "V"], s: float) -> Float[Array, "V"]:
    """min(1, √(s / f_i)) = 1 - max(0, P(w_i)): the keep probability of eq. 5; float64 (V,).

    >>> counts, s = example()
    >>> printed_keep_probability(counts / counts.sum(), s).round(3)
    array([0.034, 0.088, 0.279, 0.882, 1.   ])
    """
    check_subsampling(f, s)
    return np.minimum(1, np.sqrt(s / np.asarray(f)))


@definition(11, 2, r"K_i = \min \left( 1, \left( \sqrt{\frac{f_i}{s}} + 1 \right) \cdot"
            r" \frac{s}{f_i} \right)", source="word2vec.c, ran", lhs="K", model="subsampling")
def keep_probability(f: Float[Array, "V"], s: float) -> Float[Array, "V"]:
    """K_i = min(1, (√(f_i / s) + 1) s / f_i): the keep probability of word2vec.c and gensim; float64 (V,).

    For s = 0 all words are kept. Raises ``ValueError`` unless f > 0 and s ≥ 0.

    >>> counts, s = example()
    >>> keep_probability(counts / counts.sum(), s).round(3), keep_probability(counts, 0.0)
    (array([0.035, 0.096, 0.357, 1.   , 1.   ]), array([1., 1., 1., 1., 1.]))
    """
    check_subsampling(f, s)
    if s == 0:
        return np.ones(np.shape(f))
    f = np.asarray(f)
    return np.minimum(1, (np.sqrt(f / s) + 1) * s / f)


@equation(11, 2.1, r"\left( \sqrt{\frac{f_i}{s}} + 1 \right) \cdot \frac{s}{f_i} = (1 - P(w_i)) +"
          r" \frac{s}{f_i} = r_i + r_i^2", model="subsampling", ours=True,
          lhs=lambda f, s: (np.sqrt(f / s) + 1) * s / f,
          note="Before the minimum with 1. The two functions differ: word2vec.c keeps more.")
def keep_beside_the_print(f: Float[Array, "V"], s: float) -> Float[Array, "V"]:
    """r_i + r_i² with r_i = √(s / f_i): word2vec.c adds r_i² = s / f_i to the printed r_i = 1 - P(w_i)."""
    r = np.sqrt(s / f)
    return r + r * r


@equation(11, 2.2, r"K_i = 1 \iff f_i \le \varphi^2 s, \quad \varphi = \frac{1 + \sqrt{5}}{2}",
          model="subsampling", lhs=lambda f, s: keep_probability(f, s) == 1, ours=True,
          note="By eq. 5 the threshold is f > s. gensim computes a count threshold with 3 + √5.")
def always_kept(f: Float[Array, "V"], s: float) -> Bool[Array, "V"]:
    """K_i = 1 if and only if f_i ≤ φ² s = 2.618 s, because r + r² = 1 for r = 1/φ."""
    return f <= PHI**2 * s


@equation(11, 2.3, r"0 \le K_i - (1 - \max(0, P(w_i))) \le 2 - \varphi = 0.382", ours=True,
          model="subsampling", lhs=lambda V: np.ones(V, dtype=bool),
          note="The difference is largest at f = φ² s: word2vec.c keeps 100 %, eq. 5 keeps 61.8 %.")
def difference_is_bounded(f: Float[Array, "V"], s: float) -> Bool[Array, "V"]:
    """0 ≤ min(1, r + r²) - min(1, r) ≤ 1 - 1/φ: the difference of the two probabilities."""
    difference = keep_probability(f, s) - printed_keep_probability(f, s)
    return (difference >= 0) & (difference <= 2 - PHI + 1e-15)


# --- noise distribution ---------------------------------------------------------------------------


@definition(11, 3, r"P_n(w_i) = \frac{n_i^{3/4}}{\sum_{k=1}^{V} n_k^{3/4}}",
            source=f"{PRINT}, §2.2: the unigram distribution to the 3/4 power, over Z",
            lhs=lambda counts: counts**0.75 / np.sum(counts**0.75))
def three_quarters(counts: Float[Array, "V"]) -> Float[Array, "V"]:
    """P_n(w_i) ∝ n_i^{3/4}.

    The choice of the paper and of word2vec.c, between unigram (1) and uniform (0).
    """
    return noise_distribution(counts)


@definition(11, 3.01, r"P_n(w_i) = \frac{n_i^{\alpha}}{\sum_{k=1}^{V} n_k^{\alpha}}", lhs="P_n",
            ours=True, model="noise")
def noise_distribution(counts: Float[Array, "V"], power: float = 0.75) -> Float[Array, "V"]:
    """P_n(w_i) = n_i^α / Σ_k n_k^α: the probability of drawing word i as a negative; float64 (V,).

    counts may have any real dtype. Raises ``TypeError`` or ``ValueError`` unless counts are finite numbers
    greater than 0 and ``power``, α, is finite.

    >>> counts, s = example()
    >>> noise_distribution(counts).round(4)
    array([0.7734, 0.1864, 0.0331, 0.0059, 0.0011])
    """
    check_counts(counts)
    if not np.isfinite(power):
        raise ValueError(f"power is {power}: give a finite number, 0.75 in the paper")
    largest = np.max(counts)  # cancels in the fraction; avoids overflow
    weights = (np.asarray(counts, dtype=float) / largest) ** power
    return weights / np.sum(weights)


@equation(11, 3.1, r"\sum_{i=1}^{V} P_n(w_i) = 1", model="noise", lhs=lambda: 1.0, ours=True)
def sums_to_one(counts: Float[Array, "V"]) -> Any:
    """Σ_i P_n(w_i) = 1."""
    return np.sum(noise_distribution(counts))


@equation(11, 3.2, r"n_i < n_k \iff P_n(w_i) < P_n(w_k)", ours=True, model="noise",
          lhs=lambda counts: counts[:, None] < counts)
def order_is_kept(counts: Float[Array, "V"]) -> Bool[Array, "V V"]:
    """P_n(w_i) < P_n(w_k) if and only if n_i < n_k; shape (V, V)."""
    P_n = noise_distribution(counts)
    return P_n[:, None] < P_n


@equation(11, 3.3, r"\frac{P_n(w_i)}{P_n(w_k)} = \frac{f_i}{f_k} \cdot"
          r" \left( \frac{f_k}{f_i} \right)^{1/4}", ours=True, model="noise",
          lhs=lambda counts: np.divide.outer(noise_distribution(counts), noise_distribution(counts)))
def rare_words_gain(i: Any, k: Any, counts: Float[Array, "V"]) -> Any:
    """P_n(w_i) / P_n(w_k) = f_i / f_k · (f_k / f_i)^{1/4}: the last factor favours rare words."""
    return counts[i] / counts[k] * (counts[k] / counts[i]) ** 0.25


@equation(11, 3.4, r"P_n(a \cdot n) = P_n(n)", ours=True, model="noise",
          lhs=lambda counts: noise_distribution(1000 * counts))
def any_unit(counts: Float[Array, "V"]) -> Float[Array, "V"]:
    """P_n(a n) = P_n(n): counts, frequencies and counts per million give the same distribution."""
    return noise_distribution(counts)


@equation(11, 4, r"P_n = U(w_i) = \frac{n_i}{\sum_{k=1}^{V} n_k} \text{ for the power } 1", model="noise",
          source=f"{PRINT}, §2.2: the unigram distribution", lhs=lambda counts: counts / np.sum(counts))
def unigram(counts: Float[Array, "V"]) -> Float[Array, "V"]:
    """α = 1: words are drawn with their relative frequencies, the paper's first alternative."""
    return noise_distribution(counts, power=1.0)


@equation(11, 5, r"P_n = \frac{1}{V} \text{ for the power } 0", model="noise",
          source=f"{PRINT}, §2.2: the uniform distribution", lhs=lambda V: np.full(V, 1 / V))
def uniform(counts: Float[Array, "V"]) -> Float[Array, "V"]:
    """α = 0: all words are drawn with the same probability, the paper's second alternative."""
    return noise_distribution(counts, power=0.0)


# --- shared negatives -----------------------------------------------------------------------------


@equation(11, 5.1, r"\mathbb{E} \left[ \frac{c_j}{K} \right] = q_j, \quad c_j = \text{how often } K"
          r" \text{ draws find word } j; \quad K = 1, 2, 3", model="shared", ours=True,
          lhs=lambda q: np.stack([q, q, q]))
def expected_share(q: Float[Array, "V"]) -> Float[Array, "3 V"]:
    """E[c_j / K] = q_j for K = 1, 2, 3: the expected share of word j in K draws, shape (3, V)."""
    return np.stack([expected_count(q, K) / K for K in (1, 2, 3)])


@equation(11, 6, r"\mathbb{E} \left[ \sum_{k=1}^{K} -\frac{n}{K} \log \sigma(-u_{w_k}) \right] ="
          r" -n \; \mathbb{E}_{w \sim q} \left[ \log \sigma(-u_w) \right], \quad K = 3", lhs="E",
          model="shared", source=f"{PRINT}, eq. 4, its second term for n negatives",
          note="By the equation above, for any K. Draws of the positive word may be omitted on both sides.")
def expected_loss(u: Float[Array, "V"], q: Float[Array, "V"], n: Any) -> Any:
    """The expected loss of K shared negatives with weight n / K equals that of n separate negatives."""
    return np.sum(n / 3 * expected_count(q, 3) * -log_sigmoid(-u))


@equation(11, 6.1, r"\mathbb{E} \left[ \frac{n}{K} c_j \, \sigma(u_j) \right] ="
          r" \frac{\partial E}{\partial u_j} = n \, q_j \, \sigma(u_j), \quad K = 3", lhs="dE_du",
          model="shared", ours=True)
def expected_gradient(u: Float[Array, "V"], q: Float[Array, "V"], n: Any) -> Float[Array, "V"]:
    """The expected gradient of K shared negatives equals that of n separate negatives."""
    return n / 3 * expected_count(q, 3) * sigmoid(u)


def expected_count(q: Float[Array, "V"], K: int) -> Float[Array, "V"]:
    """Return how often K draws select each word on average, over all V^K draws; float64 (V,).

    >>> expected_count(np.array([0.5, 0.25, 0.25]), 2)
    array([1. , 0.5, 0.5])
    """
    draws = np.indices((len(q),) * K).reshape(K, -1)
    probability = np.prod(q[draws], axis=0)
    return np.sum([np.bincount(words, probability, len(q)) for words in draws], axis=0)


# --- checks of the arguments ----------------------------------------------------------------------


def check_counts(counts: Any) -> None:
    """Raise ``TypeError`` or ``ValueError`` unless counts (V,) are finite numbers > 0 and V > 0."""
    _check_positive("counts", counts, "drop the words that do not occur")


def check_subsampling(f: Any, s: Any) -> None:
    """Raise ``TypeError`` or ``ValueError`` unless f (V,) are finite numbers > 0 and s ≥ 0 is finite."""
    _check_positive("f", f, "give counts / counts.sum()")
    if not (isinstance(s, int | float | np.number) and 0 <= s < np.inf):
        raise ValueError(f"s is {s}: give one number from 0 up, such as 1e-3; 0 keeps every word")


def _check_positive(name: str, numbers: Any, repair: str) -> None:
    array = np.asarray(numbers)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} has dtype {array.dtype}: give an array of numbers, one for each word")
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}: give one number for each word, at least one")
    wrong = np.flatnonzero(~((array > 0) & (array < np.inf)))
    if wrong.size:
        raise ValueError(f"{name}[{wrong[0]}] is {array[wrong[0]]}, which is not above 0: {repair}")


# --- forward passes, and the references by logarithms ---------------------------------------------


def forward_subsampling(f: Float[Array, "V"], s: float) -> tuple[Any, ...]:
    """Compute the keep probabilities from the frequencies; return P, r, Q, K, each (V,)."""
    P = 1 - np.sqrt(s / f)
    r = np.sqrt(s / f)
    Q = 1 - np.maximum(0, P)
    K = np.minimum(1, r + r * r)
    return P, r, Q, K


def reference_subsampling(f: Any, s: Any) -> Any:
    """Compute the keep probabilities in JAX, with √x = exp(log(x) / 2)."""
    import jax.numpy as jnp

    r = jnp.exp((jnp.log(s) - jnp.log(f)) / 2)
    P = 1 - r
    Q = 1 - jnp.maximum(1 - r, 0)
    K = 1 - jnp.maximum(1 - r - r * r, 0)
    return K


def forward_shared(u: Float[Array, "V"], q: Float[Array, "V"], n: Any) -> tuple[Any, ...]:
    """Compute the expected loss of n negatives; return E ()."""
    E = -n * np.sum(q * log_sigmoid(-u))
    return (E,)


def reference_shared(u: Any, q: Any, n: Any) -> Any:
    """Compute the expected loss of n negatives in JAX."""
    import jax
    import jax.numpy as jnp

    E = n * jnp.sum(q * jax.nn.softplus(u))
    return E


def forward_noise(counts: Float[Array, "V"], power: float) -> tuple[Any, ...]:
    """Compute the noise distribution from the counts; return P_n (V,)."""
    P_n = counts**power / np.sum(counts**power)
    return (P_n,)


def reference_noise(counts: Any, power: Any) -> Any:
    """Compute the noise distribution in JAX: n^α / Σ n^α is the softmax of α log n."""
    import jax
    import jax.numpy as jnp

    P_n = jax.nn.softmax(power * jnp.log(counts))
    return P_n
