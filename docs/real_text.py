# %% [markdown]
# # Training on real text
#
# The paper trains on one sentence. This page trains on about a million words and shows the loss, the most
# similar words, and how well word analogies work. Every training step calls the functions that are
# verified on the pages of this companion.
#
# The page is run when the companion is built. Its claims are asserted, so a false one stops the build. Its
# numbers depend on the installed versions.
#
# ## The text
#
# This repository contains no text, and the page downloads none. It uses the docstrings of the libraries
# that are needed to build it. A sentence that several functions share is used once.

# %%
import importlib.metadata
import importlib.util
import itertools
import random
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from w2v import Word2Vec
from w2v.vectors.plot import flat, label

PACKAGES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "jax": "jax",
    "matplotlib": "matplotlib",
}
DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)
BREAK = re.compile(r"\n\s*\n|(?<=[.:;!?])\s+|\n\s*>>>.*")
WORD = re.compile(r"[a-z]+[0-9]*")


def sentences(package):
    """The sentences of a package's docstrings, as tuples of lower-case words."""
    (folder,) = importlib.util.find_spec(package).submodule_search_locations
    for file in sorted(Path(folder).rglob("*.py")):
        if "tests" not in file.parts:
            for docstring in DOCSTRING.findall(file.read_text(encoding="utf-8")):
                for sentence in BREAK.split(docstring):
                    words = tuple(WORD.findall(sentence.lower()))
                    if len(words) > 2:
                        yield words


known = {}
for package, distribution in PACKAGES.items():
    before = sum(map(len, known))
    known.update(dict.fromkeys(sentences(package)))
    words = sum(map(len, known)) - before
    print(f"{distribution:12} {importlib.metadata.version(distribution):8} {words:9,} words")

text = [list(sentence) for sentence in known]
random.Random(0).shuffle(text)
print(f"{'together':21} {sum(map(len, text)):9,} words in {len(text):,} sentences")
print("one of them:", " ".join(next(sentence for sentence in text if 10 < len(sentence) < 16)))
assert sum(map(len, text)) > 700_000

# %% [markdown]
# ## The training
#
# The skip-gram with negative sampling: each word is trained on the words in its context and on five random
# negatives for each. There are three epochs; `on_progress` is called with the loss.

# %%
seen = []
model = Word2Vec(vector_size=100, window=5, negative=5, epochs=3, seed=1)
model.fit(text, on_progress=seen.append)
print(f"{len(model.vocabulary):,} different words that occur five times or more")
print("loss of each epoch, nats per pair:", np.round(model.losses, 3))
assert model.losses[0] > model.losses[1] > model.losses[2]
assert len(model.vocabulary) > 4_000

# %% [markdown]
# An untrained model predicts one half for each of the 1 + 5 samples, and its loss is 6 log 2 = 4.16. There
# the curve begins. It falls steeply at first, as the vectors of frequent words are learned, then slowly.

# %% mystnb={"image": {"alt": "The loss falls from 4.2 to 2.4 in one epoch, then slowly to 2.1"}}
at = np.array([progress.words / progress.total_words * 3 for progress in seen if progress.loss])
losses = np.array([progress.loss for progress in seen if progress.loss])
smooth = np.convolve(losses, np.ones(15) / 15, "valid")

plt.figure(figsize=(8, 4.2), layout="constrained")
plt.plot(at, losses, ".", ms=4, alpha=0.5, label="measured, every 16,384 words")
plt.plot(at[7:-7], smooth, lw=2, label="mean of 15")
plt.axhline(6 * np.log(2), color="gray", lw=1, ls="--", label="untrained, 6 log 2")
plt.xlabel("epochs")
plt.ylabel("loss, nats per pair")
plt.ylim(bottom=0)
plt.legend()
plt.show()
assert abs(losses[0] - 6 * np.log(2)) < 0.1
assert smooth[-1] < 0.7 * 6 * np.log(2)

# %% [markdown]
# ## Similar words
#
# Words that occur in similar contexts get vectors of similar directions. So the nearest words of a word are
# those that could replace it: `cos` for `sin`, but also `maximum` for `minimum`. The vectors do not
# distinguish synonyms from antonyms.

# %%
for word in ("rows", "sin", "minimum", "false", "float32", "eigenvalues", "red", "poisson", "left"):
    near = ", ".join(other for other, cosine in model.most_similar(word, topn=6))
    print(f"{word:12} {near}")


def is_near(word, other, within=5):
    """Whether a word is among the nearest words of another."""
    return other in [near for near, cosine in model.most_similar(word, topn=within)]


pairs = {
    "rows": "columns",
    "sin": "cos",
    "minimum": "maximum",
    "false": "true",
    "eigenvalues": "eigenvectors",
}
assert sum(is_near(word, other) for word, other in pairs.items()) >= 4

# %% [markdown]
# ## Analogies
#
# What is to *sinh* as *cos* is to *sin*? Compute the vector of `cos` minus that of `sin` plus that of
# `sinh`, and find the nearest word.

# %%
questions = [
    "sin cos sinh",
    "min max smallest",
    "float32 float64 complex64",
    "row rows column",
    "first last left",
]
for a, b, c in map(str.split, questions):
    print(f"{a} : {b} = {c} : {', '.join(word for word, cosine in model.analogy(a, b, c, topn=3))}")

# %% [markdown]
# These examples were selected. For a measurement the questions must be chosen first. Here are twenty-five
# nouns with their plurals, and all questions from two of them: as *row* is to *rows*, so *index* is to
# what? For comparison, the nearest word of *index* alone, without the subtraction.

# %%
PLURALS = """row rows, column columns, matrix matrices, vector vectors, value values, sample samples,
index indices, feature features, array arrays, function functions, parameter parameters, point points,
weight weights, label labels, element elements, coefficient coefficients, eigenvalue eigenvalues,
method methods, class classes, cluster clusters, number numbers, estimator estimators, axis axes,
distribution distributions, dimension dimensions"""
nouns = [pair.split() for pair in PLURALS.split(",")]
asked = [(a, b, c, d) for a, b in nouns for c, d in nouns if a != c]
right = sum(model.analogy(a, b, c, topn=1)[0][0] == d for a, b, c, d in asked)
nearest = sum(model.most_similar(c, topn=1)[0][0] == d for _, _, c, d in asked)
print(f"{right} of {len(asked)} right by the analogy, {nearest} by the nearest word alone")
print(f"a random word is right once in {len(model.vocabulary):,}")
assert len(nouns) == 25
assert right > len(asked) / 4

# %% [markdown]
# ## In the plane
#
# t-SNE maps the hundred dimensions to a plane and keeps near words together; larger distances mean nothing.
# Here are words of six kinds, each in its color. Words of a kind form a cluster, and in the hundred
# dimensions the mean cosine of two words of a kind is far larger than that of two of different kinds.

# %% mystnb={"image": {"alt": "Words of a kind lie together: dtypes, functions, colors and others"}}
KINDS = """int8 int16 int32 uint8 float16 float32 float64 complex64 complex128
sin cos tan sinh cosh tanh arctan
poisson cauchy pareto rayleigh bernoulli laplace
red green blue gray black
left right top bottom
svd qr lu cholesky"""
kinds = [[word for word in line.split() if word in model.wv] for line in KINDS.splitlines()]
words = [(word, kind) for kind, row in enumerate(kinds) for word in row]

cosines = {True: [], False: []}
for (a, a_kind), (b, b_kind) in itertools.combinations(words, 2):
    cosines[a_kind == b_kind].append(model.similarity(a, b))
same, different = np.mean(cosines[True]), np.mean(cosines[False])
print(f"mean cosine: {same:.2f} of two of a kind, {different:.2f} of two of different kinds")
assert same > different + 0.2

vectors = np.array([model.wv[word] / np.linalg.norm(model.wv[word]) for word, _ in words])
points, title = flat(vectors, "tsne", seed=0)
figure, axes = plt.subplots(figsize=(7, 5.2), layout="constrained")
axes.scatter(*points.T, c=[f"C{kind}" for _, kind in words], s=22)
axes.set(title=title, xticks=[], yticks=[])
axes.margins(0.1)
figure.draw_without_rendering()
label(axes, [word for word, _ in words], points)
plt.show()

# %% [markdown]
# ## Where the gradients come from
#
# `w2v` contains no derivatives of its own. A step takes a mini-batch of forty-eight target words, draws
# their negatives, and calls four functions of `derivations`, each an equation of the ledger:
#
# - the error of every sample, {equation}`batches.dE_dU`;
# - the gradient of the hidden vectors, {equation}`batches.dE_dH`;
# - the gradient of the output rows, {equation}`batches.dE_dV_prime`;
# - and, for CBOW, whose hidden vectors are means of several rows, the gradient of the input rows,
#   {equation}`batches.dE_dW`.
#
# They are imported:

# %%
from derivations.techniques import batches
from w2v.train import steps

assert steps.dE_dU is batches.dE_dU
assert steps.dE_dH is batches.dE_dH
assert steps.dE_dV_prime is batches.dE_dV_prime
assert steps.dE_dW is batches.dE_dW

# %% [markdown]
# For one pair of words they are the equations of [negative sampling](paper/negative-sampling.md):
# {equation}`negative_sampling.dE_dW` and {equation}`negative_sampling.dE_dW_prime`.
#
# ## On your own text
#
#     w2v train text.txt.gz -o vectors.bin
#     w2v similar vectors.bin minimum
#     w2v analogy vectors.bin row rows index
#     w2v plot vectors.bin -o words.png --method tsne red green blue left right top bottom
#
# A million words take seconds; another page has [the speed](training.md) compared with other programs.
# [§7](paper/section-7.md) shows every number of one training step on the paper's sentence.
