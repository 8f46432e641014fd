"""The edition of a paper that cannot be wrong.

*word2vec Implementation Review* (Changsoo Kim, 2020), derived by hand in NumPy, one function an
equation, and judged by JAX. Read the modules beside the paper, in this order:

    backpropagation         §2       one unit and the chain rule
    mlp, mlp_figure         §3       sigmoid and squared error
    softmax_cross_entropy   §4       with the proof of y - t
    numpy_shapes            §5       the shape traps
    skipgram, skipgram_figure, skipgram_matrices
                            §6       the skip-gram, by element and as matrices
    errata                           what the paper prints where the print is wrong

``notation`` and ``ledger`` say how to read them; ``referee`` judges them; ``derivations verify``
runs it. Importing a section imports NumPy and no JAX.

``check_gradient`` and ``assert_gradient`` hold a gradient of your own against the same referee, and say
what is wrong with it: see ``classroom``.
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
    """Import a section module, or the checker, when it is first used: a section needs only NumPy."""
    from derivations.ledger import SECTIONS, section_module

    if name in CHECKER:
        return getattr(importlib.import_module("derivations.checker"), name)
    if name in (*SECTIONS, "errata"):
        return section_module(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
