"""How good a pair of tables is: the loss on lines that were kept out, word pairs, analogies."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray as Array

from derivations.techniques.negative_sampling import log_sigmoid
from derivations.techniques.sampling import keep_probability, noise_distribution
from w2v.vectors.evaluation import evaluate_word_analogies, evaluate_word_pairs
from w2v.vectors.vectors import WordVectors

TARGETS, AT_ONCE = 2_000, 100
"""Target words of the held-out text, the same for all; their scores are computed some at a time."""
FILES = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt", "analogies": "questions-words.txt"}
RESTRICT_VOCAB = 30_000


def quality(
    words: list[str], counts: Array, W: Array, V_prime: Array, held: str, how: Any
) -> dict[str, float]:
    """All numbers for input rows W (V, N), output rows V' (V, N); ``how`` has window, negative, sample."""
    from gensim.test.utils import datapath

    wv = WordVectors(words, W.astype(np.float32), counts)
    found = {"held_out": held_out_loss(words, counts, W, V_prime, held, how)}
    for name in ("wordsim353", "simlex999"):
        found[name] = evaluate_word_pairs(wv, datapath(FILES[name])).spearman[0]
    questions = datapath(FILES["analogies"])
    found["analogies"] = evaluate_word_analogies(
        wv, questions, restrict_vocab=RESTRICT_VOCAB
    ).total.accuracy
    return found


def held_out_loss(words: list[str], counts: Array, W: Array, V_prime: Array, held: str, how: Any) -> float:
    """The loss of negative sampling for a (target, context) pair of the held-out text, in nats.

    The noise is not drawn: its expectation is computed over all words. Nor is the width of the window: a
    context at distance d counts as often as word2vec reads it, (window - d + 1) / window. The text is
    subsampled, and the targets are drawn, by a seed of their own.
    """
    rng = np.random.default_rng(0)
    window = how["window"]
    ids, sentence = encoded(words, held)
    kept = rng.random(len(ids)) < keep_probability(counts / counts.sum(), how["sample"])[ids]
    ids, sentence = ids[kept], sentence[kept]
    places = np.arange(window, len(ids) - window)
    places = np.sort(rng.choice(places, min(TARGETS, len(places)), replace=False))
    P_n = noise_distribution(counts.astype(float), 0.75)
    total = weight = 0.0
    for first, stop in pairwise((*range(0, len(places), AT_ONCE), len(places))):
        at = places[first:stop]
        U = (W[ids[at]].astype(np.float64)) @ V_prime.T
        noise = -log_sigmoid(-U) @ P_n
        for d in (d for d in range(-window, window + 1) if d):
            share = (window - abs(d) + 1) / window
            inside = sentence[at] == sentence[at + d]
            losses = -log_sigmoid(U[np.arange(len(at)), ids[at + d]]) + how["negative"] * noise
            total += share * losses[inside].sum()
            weight += share * inside.sum()
    return float(total / weight)


def encoded(words: list[str], held: str) -> tuple[Array, Array]:
    """The known words of a text as rows, and the line of each."""
    index = {word: row for row, word in enumerate(words)}
    lines = Path(held).read_text(encoding="utf-8").split("\n")
    rows = [[index[word] for word in line.split() if word in index] for line in lines]
    return np.concatenate(rows).astype(np.int64), np.repeat(
        np.arange(len(rows)), [len(row) for row in rows]
    )
