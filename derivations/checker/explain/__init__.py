"""What is wrong with a gradient: the simplest mistake that explains it, and the evidence.

Every explanation is a prediction. Its mistake is made on purpose, in the graph of the loss, and what
comes out is compared with the hand's gradient, every entry, on every instance. An explanation that
fails on one of them is dropped; if none is left, that is what is said.

    staging, scenes        an instance, the hand's gradient on it and the right one, the graph of the loss
    guesses, edits         a mistake, and the gradient that it would give
    plain                  mistakes that show in the gradient itself: sign, transpose, rows, sums
    backward               mistakes on the way back over the graph: slopes, Jacobians;
      signals, paths,      with them factors and sums in one error signal, paths forgotten,
      substitutions        one quantity in the place of another; factors names them
    sums, terms            an error signal put together wrong; a term too many
    altered, stale         the right gradient of something else; what a buffer keeps
    returned               the wrong shape, and what is left from the call before
    search, pairs          which of these fits all instances, one at a time and two, simplest first
    constants, wording     what a factor is called, and the sentence
    places                 if nothing fits: where the wrong entries are
"""

from __future__ import annotations

from derivations.checker.explain.diagnose import diagnose

__all__ = ["diagnose"]
