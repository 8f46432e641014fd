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

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derivations.classroom import assert_gradient as assert_gradient
    from derivations.classroom import check_gradient as check_gradient

CLASSROOM = ("assert_gradient", "check_gradient")


def __getattr__(name: str) -> Any:
    """The checker, imported when it is first asked for: who reads a section does not need it."""
    if name not in CLASSROOM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from derivations import classroom

    return getattr(classroom, name)
