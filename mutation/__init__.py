"""Mutation testing of the section modules: no wrong formula may pass for a right one.

    operators   what is changed: cosmic-ray's operators, and ours for indices, axes and names
    mutants     where: every place of a section module that computes something
    killers     who must notice: doctests, the referee, facts, error messages
    trial       one mutant before the killers; ``loading`` runs it as a module
    run         all of them, on every core, held against ``survivors.toml``

``python -m mutation`` prints the table; ``tests/test_mutation.py`` demands that every survivor
is listed, with the reason why it computes the same. ``errata.py`` is left out: a misprint must fail,
and a mutated one that fails too proves nothing.
"""
