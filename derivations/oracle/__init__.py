"""The referee: judges the equations of the ledger. It knows no model, only names and arrays.

Reading order: ``forward_pass`` (every line of a forward pass is a named quantity), ``primitives``
and ``programs`` (JAX's derivative, traced once, as NumPy), ``tolerance`` (what counts as equal),
``instances`` (random shapes and values), ``judges``, ``verdicts``, ``counterexamples``.
"""
