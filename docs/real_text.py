# %% [markdown]
# # Training on real text
#
# The paper trains on one sentence. Here are more than a million words, and the vectors that come of them:
# what the loss does, which words end up beside each other, and how far arithmetic on words goes. Every
# step is made of the functions that are verified on the pages of this companion.
#
# The page was run while it was built. What it says is asserted in it; a false sentence stops the build.
# Its numbers are those of the versions that were installed.
#
# ## The text
#
# No text comes with this repository, and none is fetched. But every machine that can build this page has
# English on it: the docstrings of the libraries that it needs. They are good prose on few subjects, and a
# sentence that is copied from function to function is taken once.

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
# The skip-gram with negative sampling: each word is asked about the words around it, and about five that
# were drawn at random. Three times through the text; `on_progress` is told the loss on the way.

# %%
seen = []
model = Word2Vec(vector_size=100, window=5, negative=5, epochs=3, seed=1)
model.fit(text, on_progress=seen.append)
print(f"{len(model.vocabulary):,} different words that are there five times or more")
print("loss of each epoch, nats a pair:", np.round(model.losses, 3))
assert model.losses[0] > model.losses[1] > model.losses[2]
assert len(model.vocabulary) > 4_000

# %% [markdown]
# A model that knows nothing answers one half to each of the 1 + 5 questions, and its loss is 6 log 2 =
# 4.16. That is where the curve begins. It falls steeply while the frequent words find their places, then
# slowly, for the rare ones.

# %% mystnb={"image": {"alt": "The loss falls from 4.2 to 2.4 in one epoch, then slowly to 2.1"}}
at = np.array([progress.words / progress.total_words * 3 for progress in seen if progress.loss])
losses = np.array([progress.loss for progress in seen if progress.loss])
smooth = np.convolve(losses, np.ones(15) / 15, "valid")

plt.figure(figsize=(8, 4.2), layout="constrained")
plt.plot(at, losses, ".", ms=4, alpha=0.5, label="measured, every 16,384 words")
plt.plot(at[7:-7], smooth, lw=2, label="mean of 15")
plt.axhline(6 * np.log(2), color="gray", lw=1, ls="--", label="knowing nothing, 6 log 2")
plt.xlabel("epochs")
plt.ylabel("loss, nats a pair")
plt.ylim(bottom=0)
plt.legend()
plt.show()
assert abs(losses[0] - 6 * np.log(2)) < 0.1
assert smooth[-1] < 0.7 * 6 * np.log(2)

# %% [markdown]
# ## Which words are alike
#
# Two words get vectors of nearly the same direction where they stand among the same words. So what comes
# out is which word could stand in another's place: `cos` for `sin`, and just as well `maximum` for
# `minimum`. The model was told nothing of meaning, and cannot tell a synonym from an opposite.

# %%
for word in ("rows", "sin", "minimum", "false", "float32", "eigenvalues", "red", "poisson", "left"):
    near = ", ".join(other for other, cosine in model.most_similar(word, topn=6))
    print(f"{word:12} {near}")


def beside(word, other, within=5):
    """Whether a word is among the nearest of another."""
    return other in [near for near, cosine in model.most_similar(word, topn=within)]


pairs = {
    "rows": "columns",
    "sin": "cos",
    "minimum": "maximum",
    "false": "true",
    "eigenvalues": "eigenvectors",
}
assert sum(beside(word, other) for word, other in pairs.items()) >= 4

# %% [markdown]
# ## Arithmetic on words
#
# What is to *sinh* as *cos* is to *sin*? Take the vector of `cos`, less that of `sin`, plus that of
# `sinh`, and ask for the nearest word.

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
# Such a list was chosen; it shows the good ones. To measure, one decides first what to ask. Here are
# twenty-five nouns with their plurals, and every question that can be made of two of them: as *row* is to
# *rows*, so *index* is to what? Beside it, what the subtraction is worth: without it, the answer is just
# the nearest word of *index*.

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
print(f"{right} of {len(asked)} right by arithmetic, {nearest} by the nearest word alone")
print(f"guessing would be right once in {len(model.vocabulary):,}")
assert len(nouns) == 25
assert right > len(asked) / 4

# %% [markdown]
# ## In the plane
#
# A hundred numbers a word cannot be seen. t-SNE puts words into a plane, keeps neighbours together, gives
# up all else. Here are words of six kinds, each in its colour. The model was never told of kinds; yet
# those of a kind lie in a heap, and in the hundred dimensions the cosine of two of a kind is far larger
# than that of two of different kinds.

# %% mystnb={"image": {"alt": "Words of a kind lie together: dtypes, functions, colours and others"}}
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
# `w2v` differentiates nothing. A step takes a block of forty-eight target words, draws their noise words,
# and calls four functions of `derivations`, each an equation of the ledger:
#
# - the error of every question, {equation}`batches.dE_dU`;
# - what of it comes back to the hidden vectors, {equation}`batches.dE_dH`;
# - the gradient of the output rows, {equation}`batches.dE_dV_prime`;
# - and, for CBOW, where a hidden vector is made of several rows, that of the input rows,
#   {equation}`batches.dE_dW`.
#
# They are imported, and not written again:

# %%
from derivations.techniques import batches
from w2v.train import steps

assert steps.dE_dU is batches.dE_dU
assert steps.dE_dH is batches.dE_dH
assert steps.dE_dV_prime is batches.dE_dV_prime
assert steps.dE_dW is batches.dE_dW

# %% [markdown]
# For one pair of words they are those of [negative sampling](paper/negative-sampling.md):
# {equation}`negative_sampling.dE_dW` and {equation}`negative_sampling.dE_dW_prime`.
#
# ## On a text of yours
#
#     w2v train text.txt.gz -o vectors.bin
#     w2v similar vectors.bin minimum
#     w2v analogy vectors.bin row rows index
#     w2v plot vectors.bin -o words.png --method tsne red green blue left right top bottom
#
# A million words take seconds; [how many a second](training.md), beside others, has its own page. To see
# one step of the paper's own training, number by number, there is [§7](paper/section-7.md).
