"""One step, computed: the verified functions of ``derivations``, given a word and its contexts.

The gradients are theirs and none is written here; what is added is the step itself, :func:`update`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray as Array

from derivations.paper import skipgram
from derivations.paper.skipgram import one_hot
from derivations.techniques import hierarchical_softmax, negative_sampling
from derivations.techniques.huffman import huffman_tree
from derivations.techniques.sampling import noise_distribution
from w2v.stepper.lines import Lines, lines_of
from w2v.stepper.settings import StepSettings
from w2v.stepper.text import Step, Text

NS_EXPONENT = 0.75
"""The power of the counts that noise words are drawn by (Mikolov et al. 2013b)."""

Quantities = dict[str, Any]


def update(
    W: Float[Array, "V N"],
    W_prime: Float[Array, "N J"],
    dE_dW: Float[Array, "V N"],
    dE_dW_prime: Float[Array, "N J"],
    alpha: float,
) -> tuple[Array, ...]:
    """The step against the gradient; returns alpha times each gradient, and the new tables."""
    step_W_prime = alpha * dE_dW_prime
    step_W = alpha * dE_dW
    W_new = W - step_W
    W_prime_new = W_prime - step_W_prime
    return step_W_prime, step_W, W_new, W_prime_new


class Loss(Protocol):
    """What a loss knows: its module of ``derivations``, and what a step asks."""

    module: ModuleType
    outputs: int
    rows: int
    """Rows of t or S in one step, at most."""

    def asked(self, step: Step, iteration: int) -> Quantities:
        """What is given to the module's ``gradients`` beside x, W and W'."""
        ...

    def questions(self, inputs: Mapping[str, Any]) -> list[tuple[int, int]] | None:
        """Which output columns are asked about, with the answers; None for the softmax, which asks all."""
        ...


class Softmax:
    """§6: one target word with all its contexts."""

    module = skipgram

    def __init__(self, text: Text, settings: StepSettings) -> None:
        self.outputs, self.rows = len(text.words), text.most_contexts

    def asked(self, step: Step, iteration: int) -> Quantities:
        """The contexts, one-hot: t (C, V)."""
        return {"t": np.stack([one_hot(word, self.outputs) for word, _ in step.contexts])}

    def questions(self, inputs: Mapping[str, Any]) -> None:
        """All words are asked about."""


class Negative:
    """Negative sampling: one (target, context) pair, and draws that depend on seed and iteration alone."""

    module = negative_sampling

    def __init__(self, text: Text, settings: StepSettings) -> None:
        self.text, self.settings = text, settings
        self.outputs, self.rows = len(text.words), 1 + settings.negative

    @cached_property
    def noise(self) -> Float64[Array, "V"]:
        """The noise distribution, added up."""
        total = np.cumsum(noise_distribution(self.text.counts.astype(float), NS_EXPONENT))
        return np.asarray(total / total[-1])

    def asked(self, step: Step, iteration: int) -> Quantities:
        """The true word, then the draws, one-hot: S (D, V)."""
        rng = np.random.default_rng([self.settings.seed, iteration])
        drawn = np.searchsorted(self.noise, rng.random(self.settings.negative), side="right")
        words = [step.contexts[0][0], *map(int, drawn)]
        return {"S": np.stack([one_hot(word, self.outputs) for word in words])}

    def questions(self, inputs: Mapping[str, Any]) -> list[tuple[int, int]]:
        """The words asked for; only the first was there."""
        return [(int(word), int(d == 0)) for d, word in enumerate(np.argmax(inputs["S"], axis=1))]


class Tree:
    """Hierarchical softmax: one (target, context) pair, and the context's way down the Huffman tree."""

    module = hierarchical_softmax

    def __init__(self, text: Text, settings: StepSettings) -> None:
        self.words, self.outputs = text.words, len(text.words) - 1
        self.paths, self.codes = huffman_tree(text.counts)
        self.rows = max(map(len, self.codes))

    def ways(self, most: int) -> str:
        """The ways down the tree to the first words, as ``i: node 2 yes, node 1 no``."""
        found = []
        for word, path, code in zip(self.words[:most], self.paths, self.codes, strict=False):
            answers = ["no" if bit else "yes" for bit in code]
            steps = [f"node {node + 1} {answer}" for node, answer in zip(path, answers, strict=True)]
            found.append(f"{word}: {', '.join(steps)}")
        return "; ".join(found) + ("; …" if len(self.words) > most else "")

    def asked(self, step: Step, iteration: int) -> Quantities:
        """The inner nodes on the way, S (L, J), and the answers that lead to the word, t (L,)."""
        word = step.contexts[0][0]
        path = self.paths[word]
        S = np.stack([one_hot(int(node), self.outputs) for node in path])
        return {"S": S, "t": 1.0 - self.codes[word]}

    def questions(self, inputs: Mapping[str, Any]) -> list[tuple[int, int]]:
        """The inner nodes on the way, with their answers."""
        nodes = np.argmax(inputs["S"], axis=1)
        return [(int(node), int(answer)) for node, answer in zip(nodes, inputs["t"], strict=True)]


KINDS = {"softmax": Softmax, "negative": Negative, "hs": Tree}


def loss_of(text: Text, settings: StepSettings) -> Loss:
    """The loss that the settings name, for a text."""
    kind: type[Any] = KINDS[settings.loss]
    loss: Loss = kind(text, settings)
    return loss


def compute(
    loss: Loss,
    step: Step,
    iteration: int,
    W: Float64[Array, "V N"],
    W_prime: Float64[Array, "N J"],
    alpha: float,
) -> Quantities:
    """Every quantity of one step by its name; the tables given are untouched.

    Raises FloatingPointError or ValueError where numbers are too large.
    """
    inputs = {"x": one_hot(step.target, len(W)), **loss.asked(step, iteration), "W": W, "W_prime": W_prime}
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        found = lines_of(loss.module.gradients).run(**inputs)
        moved = lines_of(update).run(W, W_prime, found["dE_dW"], found["dE_dW_prime"], alpha)
    if "dE_dW.last" in found:
        found["dE_dh"] = found["dE_dW.last"]
    return {**inputs, "alpha": alpha, **found, **moved}


def source_of(loss: Loss, line: str, name: str) -> tuple[str, str] | None:
    """The line of source that computed a quantity, and where it stands; None for what is given.

    ``line`` is what the table of quantities says: ``forward.h``, or ``update`` for :func:`update`.
    """
    if not line:
        return None
    function, _, quantity = line.partition(".")
    lines: Lines = lines_of(update if function == "update" else getattr(loss.module, function))
    return lines.line[quantity or name], lines.where
