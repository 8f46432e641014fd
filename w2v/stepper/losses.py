"""One training step, computed by the verified functions of ``derivations`` for a target and its contexts.

The gradients are theirs; only the update of the weights, :func:`update`, is written here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from types import ModuleType

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray as Array

from derivations.paper import skipgram
from derivations.paper.skipgram import one_hot
from derivations.techniques import hierarchical_softmax, negative_sampling
from derivations.techniques.huffman import huffman_tree
from derivations.techniques.sampling import noise_distribution
from w2v.stepper.instrument import Quantities, instrument
from w2v.stepper.settings import StepSettings
from w2v.stepper.text import Step, Text

NOISE_EXPONENT = 0.75
"""The exponent of the word counts in the noise distribution (Mikolov et al. 2013b)."""

Binary = list[tuple[int, int]]
"""Output columns with their labels, 1 or 0."""


def update(
    W: Float[Array, "V N"],
    W_prime: Float[Array, "N J"],
    dE_dW: Float[Array, "V N"],
    dE_dW_prime: Float[Array, "N J"],
    alpha: float,
) -> tuple[Array, ...]:
    """Take the gradient step; return alpha times each gradient, and the new matrices."""
    step_W_prime = alpha * dE_dW_prime
    step_W = alpha * dE_dW
    W_new = W - step_W
    W_prime_new = W_prime - step_W_prime
    return step_W_prime, step_W, W_new, W_prime_new


class Loss(ABC):
    """A loss: its module of ``derivations``, and the inputs of a step besides x, W and W'."""

    module: ModuleType
    outputs: int
    """The columns of W'."""
    rows: int
    """The largest number of rows of t or S in one step."""

    @abstractmethod
    def inputs(self, step: Step, iteration: int) -> Quantities:
        """Return the other inputs of the module's ``gradients``."""

    def binary(self, inputs: Quantities) -> Binary | None:
        """Return the output columns that a step classifies, with their labels; None for the softmax."""
        return None

    def note(self) -> str | None:
        """Return a remark about S, if there is one."""
        return None

    def source_of(self, line: str, name: str) -> tuple[str, str] | None:
        """Return the source line of a quantity, and where it stands; None for an input.

        ``line`` is that of the table of quantities: ``forward.h``, or ``update`` for :func:`update`.
        """
        if not line:
            return None
        function, _, quantity = line.partition(".")
        found = instrument(update if function == "update" else getattr(self.module, function))
        return found.source[quantity or name], found.place


class Softmax(Loss):
    """§6: one target word with all its contexts."""

    module = skipgram

    def __init__(self, text: Text, settings: StepSettings) -> None:
        self.outputs, self.rows = len(text.words), text.max_contexts

    def inputs(self, step: Step, iteration: int) -> Quantities:
        """Return the contexts, one-hot: t (C, V)."""
        return {"t": one_hot_rows((context.word for context in step.contexts), self.outputs)}


class NegativeSampling(Loss):
    """One (target, context) pair with negative samples that depend on seed and iteration alone."""

    module = negative_sampling

    def __init__(self, text: Text, settings: StepSettings) -> None:
        self.text, self.settings = text, settings
        self.outputs, self.rows = len(text.words), 1 + settings.negative

    @cached_property
    def cumulative_noise(self) -> Float64[Array, "V"]:
        """The cumulative noise distribution."""
        total = np.cumsum(noise_distribution(self.text.counts.astype(float), NOISE_EXPONENT))
        return np.asarray(total / total[-1])

    def inputs(self, step: Step, iteration: int) -> Quantities:
        """Return the context word and the negative samples, one-hot: S (D, V)."""
        rng = np.random.default_rng([self.settings.seed, iteration])
        samples = np.searchsorted(self.cumulative_noise, rng.random(self.settings.negative), side="right")
        return {"S": one_hot_rows([step.contexts[0].word, *map(int, samples)], self.outputs)}

    def binary(self, inputs: Quantities) -> Binary:
        """Return the words of S; only the first has label 1."""
        return [(int(word), int(d == 0)) for d, word in enumerate(np.argmax(inputs["S"], axis=1))]


class HierarchicalSoftmax(Loss):
    """One (target, context) pair, and the context's path in the Huffman tree."""

    module = hierarchical_softmax
    words_in_note = 8

    def __init__(self, text: Text, settings: StepSettings) -> None:
        self.words, self.outputs = text.words, len(text.words) - 1
        self.paths, self.codes = huffman_tree(text.counts)
        self.rows = max(map(len, self.codes))

    def inputs(self, step: Step, iteration: int) -> Quantities:
        """Return the inner nodes on the path, S (L, J), and the labels that lead to the word, t (L,)."""
        word = step.contexts[0].word
        return {"S": one_hot_rows(map(int, self.paths[word]), self.outputs), "t": 1.0 - self.codes[word]}

    def binary(self, inputs: Quantities) -> Binary:
        """Return the inner nodes on the path, with their labels."""
        nodes = np.argmax(inputs["S"], axis=1)
        return [(int(node), int(label)) for node, label in zip(nodes, inputs["t"], strict=True)]

    def note(self) -> str:
        """Return the paths of the first words, as ``i: node 2 → 1, node 1 → 0``."""
        first = zip(self.words[: self.words_in_note], self.paths, self.codes, strict=False)
        paths = [
            f"{word}: {', '.join(f'node {n + 1} → {1 - c:.0f}' for n, c in zip(path, code, strict=True))}"
            for word, path, code in first
        ]
        more = "; …" if len(self.words) > self.words_in_note else ""
        return f"The paths in the tree, with the label at each node: {'; '.join(paths)}{more}."


LOSS_CLASSES: dict[str, type[Softmax | NegativeSampling | HierarchicalSoftmax]] = {
    "softmax": Softmax,
    "negative": NegativeSampling,
    "hs": HierarchicalSoftmax,
}


def one_hot_rows(indices: Iterable[int], size: int) -> Float64[Array, "_ size"]:
    """Return a matrix with a one-hot row for each index."""
    return np.stack([one_hot(index, size) for index in indices])


def compute(
    loss: Loss,
    step: Step,
    iteration: int,
    W: Float64[Array, "V N"],
    W_prime: Float64[Array, "N J"],
    alpha: float,
) -> Quantities:
    """Return every quantity of one step by name; the given matrices are not changed.

    Raises FloatingPointError or ValueError where numbers are too large.
    """
    inputs = {"x": one_hot(step.target, len(W)), **loss.inputs(step, iteration), "W": W, "W_prime": W_prime}
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        found = instrument(loss.module.gradients).run(**inputs)
        moved = instrument(update).run(W, W_prime, found["dE_dW"], found["dE_dW_prime"], alpha)
    if "dE_dW.last" in found:
        found["dE_dh"] = found["dE_dW.last"]
    return {**inputs, "alpha": np.asarray(alpha), **found, **moved}
