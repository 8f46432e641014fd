"""What is said beside a number: its symbol, its equations with page and status, its line of source."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from derivations.ledger import Entry, find
from derivations.report.page import mathml, statements
from w2v.stepper.losses import Loss, source_of
from w2v.stepper.quantities import STAGES, TEXTS, Named, computed_at, quantities_of

FLOW = (
    ("x", "h"), ("W", "h"), ("h", "v_prime"), ("h", "u"), ("W_prime", "v_prime"), ("v_prime", "u"),
    ("W_prime", "u"), ("u", "y"), ("y", "e"), ("t", "e"), ("y", "E"), ("e", "EI"), ("EI", "dE_dW_prime"),
    ("h", "dE_dW_prime"), ("EI", "dE_dh"), ("W_prime", "dE_dh"), ("dE_dh", "dE_dW"), ("x", "dE_dW"),
    ("e", "EH"), ("v_prime", "EH"), ("EH", "dE_dW"), ("S", "v_prime"), ("e", "dE_dW_prime"),
    ("S", "dE_dW_prime"), ("u", "p"), ("p", "E"), ("dE_dW_prime", "step_W_prime"),
    ("dE_dW", "step_W"), ("step_W_prime", "W_prime_new"), ("W_prime", "W_prime_new"), ("step_W", "W_new"),
    ("W", "W_new"),
)  # fmt: skip
"""The path of the data, over all losses: an arrow is a loss's own if a recipe or a line there goes that way."""


@cache
def math_of(latex: str) -> str:
    """An equation as MathML, one ``math`` for each of its statements."""
    return "\n".join(mathml(statement) for statement in statements(latex))


@cache
def equation_of(label: str) -> dict[str, Any]:
    """An entry of the ledger as plain data: the true equation, where it stands, and its status."""
    entry = find(label)
    latex = entry.corrected_latex or entry.latex
    return {
        "label": label,
        "latex": latex,
        "mathml": math_of(latex),
        "printed": math_of(entry.latex) if entry.misprint else None,
        "why": entry.misprint.why if entry.misprint else None,
        "page": entry.page,
        "section": entry.section,
        "where": where(entry),
        "status": entry.status,
        "ours": entry.ours,
        "note": entry.note or None,
    }


def where(entry: Entry) -> str:
    """Where an equation is printed."""
    if entry.ours:
        return f"a step that the paper does not print (§{entry.section})"
    return f"{entry.source} (§{entry.section}, p. {entry.page})" if entry.source else f"p. {entry.page}"


def quantity_of(named: Named, loss: Loss) -> dict[str, Any]:
    """A quantity as plain data, all but its numbers."""
    line, place = source_of(loss, named.line, named.id) or (None, None)
    return {
        "id": named.id,
        "symbol": plain(named.latex),
        "mathml": math_of(named.latex),
        "index": list(named.index),
        "name": named.name,
        "paper_shape": named.paper_shape,
        "numpy_shape": named.numpy_shape,
        "axes": list(named.axes),
        "equations": [equation_of(label) for label in named.labels],
        "code": line,
        "code_from": place,
        "stage": named.stage,
        "note": f"one row is shown: in NumPy it is {named.numpy_shape}, and every context word has the same"
        if named.repeats_rows
        else None,
        "recipe": named.recipe,
    }


@cache
def plain(latex: str) -> str:
    r"""A symbol in plain letters.

    >>> plain(r"\frac{\partial E}{\partial W'}"), plain(r"\alpha"), plain("W_{new}")
    ('∂E/∂W′', 'α', 'W new')
    """
    text = re.sub(r"\\frac\{(.*?)\}\{(.*?)\}", r"\1/\2", latex)
    text = text.replace(r"\partial ", "∂").replace(r"\alpha", "α").replace("'", "′")
    return re.sub(r"_\{?(\w+)\}?", r" \1", text).replace("α ", "α·")


def describe(name: str, loss: Loss) -> dict[str, Any]:
    """All that a loss's steps have in common: quantities, stages, arrows."""
    table = quantities_of(name)
    labels = {stage: computed_at(name, stage) for stage in range(len(STAGES))}
    return {
        "quantities": {key: quantity_of(named, loss) for key, named in table.items()},
        "stages": [
            {
                "name": stage,
                "title": stage.capitalize(),
                "text": text,
                "computes": labels[number],
                "equations": list(dict.fromkeys(e for key in labels[number] for e in table[key].labels)),
            }
            for number, (stage, text) in enumerate(zip(STAGES, TEXTS, strict=True))
        ],
        "arrows": arrows(name),
    }


def arrows(name: str) -> list[list[Any]]:
    """The path of the data as [from, to, stage], of the quantities that a loss has."""
    table = quantities_of(name)
    skip = {("W_prime", "u"), ("h", "v_prime")} if "v_prime" in table else {("h", "v_prime")}
    skip |= {("EI", "dE_dh")} if "EI" not in table else {("e", "dE_dW_prime")}
    if "p" in table:
        skip |= {("y", "E")}
    return [
        [one, other, table[other].stage]
        for one, other in FLOW
        if one in table and other in table and (one, other) not in skip
    ]
