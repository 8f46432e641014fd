"""A verified edition of *word2vec Implementation Review* (Changsoo Kim, 2020).

Every equation of the paper is one NumPy function, with a test against JAX. Read the modules beside the
paper, in this order:

    backpropagation         §2       one unit and the chain rule
    mlp, mlp_figure         §3       sigmoid and squared error
    softmax_cross_entropy   §4       with the proof of y - t
    numpy_shapes            §5       array shapes and common errors
    skipgram, skipgram_figure, skipgram_matrices
                            §6       the skip-gram, by element and as matrices
    errata                           the misprints of the paper

``notation`` reads the tables of symbols, and ``ledger`` is the list of all labelled equations. ``oracle``
checks them against JAX; ``derivations verify`` runs it. Importing a section imports NumPy but not JAX.

``check_gradient`` and ``assert_gradient`` check your own gradient in the same way and explain the
differences: see ``checker``.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # without the import of typing: see derivations._signals
if TYPE_CHECKING:
    from typing import Any

    from derivations.checker import assert_gradient as assert_gradient
    from derivations.checker import check_gradient as check_gradient
    from derivations.history import nnlm as nnlm
    from derivations.history import operations as operations
    from derivations.history import rnnlm as rnnlm
    from derivations.paper import backpropagation as backpropagation
    from derivations.paper import errata as errata
    from derivations.paper import mlp as mlp
    from derivations.paper import mlp_figure as mlp_figure
    from derivations.paper import numpy_shapes as numpy_shapes
    from derivations.paper import skipgram as skipgram
    from derivations.paper import skipgram_figure as skipgram_figure
    from derivations.paper import skipgram_matrices as skipgram_matrices
    from derivations.paper import softmax_cross_entropy as softmax_cross_entropy
    from derivations.techniques import batches as batches
    from derivations.techniques import cbow as cbow
    from derivations.techniques import hierarchical_softmax as hierarchical_softmax
    from derivations.techniques import huffman as huffman
    from derivations.techniques import negative_sampling as negative_sampling
    from derivations.techniques import sampling as sampling

CHECKER = ("assert_gradient", "check_gradient")


def __getattr__(name: str) -> Any:
    """Import a section module or the checker on first use, so that a section needs only NumPy."""
    from derivations.ledger import SECTIONS, section_module

    if name in CHECKER:
        return getattr(importlib.import_module("derivations.checker"), name)
    if name in (*SECTIONS, "errata"):
        return section_module(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
