"""The diagnosis of a wrong gradient: the mistake of lowest cost that explains it, and the evidence.

``mistakes`` is the table of all mistakes: how each changes the computation, its sentence and its cost. Each
is made on purpose in the computation of the right gradient, and the result is compared with the candidate
gradient, every entry, on every test case. An explanation that fails on one of them is dropped; if none is
left, the argument is reported as unexplained.

    mistakes, _changes            the table, and what its rows do to arrays and error signals
    graph, trace                  the computation graph of the loss, built from JAX's trace of it
    observations                  test cases with the candidate, the right gradient and the graph
    predictions                   a mistake made at one place, and the gradient that it would give
    backward, terms, factors      all places at which the mistakes can be made
    sums, constants               wrong terms, with constants that have names, such as 2 or 1/B
    search, pairs                 which predictions fit all observations, one at a time and two
    location, returned            what is left: places of wrong entries, wrong shapes, previous calls
    diagnose                      all of it in order, and the sentences
"""

from __future__ import annotations

from derivations.checker.explain.diagnose import diagnose

__all__ = ["diagnose"]
