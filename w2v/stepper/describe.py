"""What is said beside a number: its symbol, its equations with page and status, its line of source."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from derivations.latex import to_mathml
from derivations.ledger import Entry, find
from w2v.stepper.losses import Loss, Tree, source_of
from w2v.stepper.quantities import STAGES, TEXTS, Named, computed_at, quantities_of
from w2v.stepper.recipes import references

NO_RULE = (
    "The paper prints no rule for this step; it speaks of moving “a little” (§2, p. 2)."
    " The little is α here, and η in the inequality, which holds for a small one: a large α overshoots."
)

MOST_WAYS = 8
"""Words whose ways down the tree are told."""


@cache
def math_of(latex: str) -> str:
    """An equation as MathML, one ``math`` for each of its statements."""
    return to_mathml(latex)


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
        "on_paper": bool(named.paper),
        "numpy_shape": named.numpy_shape,
        "axes": list(named.axes),
        "equations": [equation_of(label) for label in named.labels],
        "code": line,
        "code_from": place,
        "stage": named.stage,
        "rule": math_of(named.rule) if named.rule else None,
        "note": note_of(named, loss),
        "recipe": named.recipe,
    }


def note_of(named: Named, loss: Loss) -> str | None:
    """What a reader might wonder about."""
    if named.repeats_rows:
        return f"One row is shown: in NumPy it is {named.numpy_shape}, and every context word has the same."
    if named.id == "S" and isinstance(loss, Tree):
        return f"The ways down the tree: {loss.ways(MOST_WAYS)}."
    return NO_RULE if named.rule else None


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
    """The path of the data as [from, to, stage]: what the numbers of each quantity are made of."""
    return [
        [one, other, named.stage]
        for other, named in quantities_of(name).items()
        for one in dict.fromkeys(named.arrows or references(named.recipe or []))
        if one != "alpha"
    ]
