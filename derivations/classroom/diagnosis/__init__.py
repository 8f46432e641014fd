"""What is wrong with a gradient: the simplest mistake that explains it, and the evidence.

Every explanation is a prediction. Its mistake is made on purpose, in the graph of the loss, and what
comes out is compared with the hand's gradient, every entry, on every instance. An explanation that
fails on one of them is dropped; if none is left, that is what is said.

    scenes      an instance, the hand's gradient on it and the right one
    plain       mistakes that show in the gradient itself: sign, transpose, rows, sums
    backward    mistakes on the way back: factors, paths, Jacobians, one quantity for another
    altered     the right gradient of something else: stale data, another operation
    terms       a term too many; an error signal put together wrong
    places      one row, one column, one cell
    calls       what was left from the call before
    search      all of these, one at a time and two, simplest first
"""

from __future__ import annotations

from derivations.classroom.diagnosis.diagnose import diagnose

__all__ = ["diagnose"]
