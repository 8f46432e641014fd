"""The text beside a number: its symbol, its equations with page and status, its line of source."""

from __future__ import annotations

import re
from functools import cache

from derivations.latex import to_mathml
from derivations.ledger import Entry, find
from w2v.stepper.losses import Loss
from w2v.stepper.quantities import STAGES, TEXTS, Quantity, computed_at, quantities_of

Record = dict[str, object]

NO_RULE = (
    "The paper prints no rule for this step; it speaks of moving “a little” (§2, p. 2)."
    " That is α here, and η in the inequality, which holds for a small one: a large α overshoots."
)


def describe(name: str, loss: Loss) -> Record:
    """Return what all steps of a loss have in common: quantities, stages, arrows."""
    table = quantities_of(name)
    stages = zip(STAGES, TEXTS, strict=True)
    return {
        "quantities": {key: describe_quantity(quantity, loss) for key, quantity in table.items()},
        "stages": [
            {
                "name": stage,
                "title": stage.capitalize(),
                "text": text,
                "computes": computed_at(name, number),
            }
            for number, (stage, text) in enumerate(stages)
        ],
        "arrows": [[one, key, other.stage] for key, other in table.items() for one in other.arrows],
    }


def describe_quantity(quantity: Quantity, loss: Loss) -> Record:
    """Return a quantity as plain data, without its numbers."""
    line, place = loss.source_of(quantity.line, quantity.id) or (None, None)
    return {
        "id": quantity.id,
        "symbol": plain(quantity.latex),
        "mathml": math_of(quantity.latex),
        "index": list(quantity.index),
        "name": quantity.name,
        "on_paper": bool(quantity.paper),
        "axes": list(quantity.axes),
        "equations": [equation_of(label) for label in quantity.labels],
        "code": line,
        "code_from": place,
        "stage": quantity.stage,
        "rule": math_of(quantity.rule) if quantity.rule else None,
        "note": note_of(quantity, loss),
    }


def note_of(quantity: Quantity, loss: Loss) -> str | None:
    """Return a remark about a quantity, if there is one."""
    if quantity.repeats_rows:
        return f"One row is shown: in NumPy it is {quantity.numpy_shape}, one row per context word."
    if quantity.id == "S":
        return loss.note()
    return NO_RULE if quantity.rule else None


@cache
def equation_of(label: str) -> Record:
    """Return an entry of the ledger as plain data: the correct equation, where it stands, its status."""
    entry = find(label)
    return {
        "label": label,
        "mathml": math_of(entry.corrected_latex or entry.latex),
        "printed": math_of(entry.latex) if entry.misprint else None,
        "why": entry.misprint.why if entry.misprint else None,
        "where": where(entry),
        "status": entry.status,
        "ours": entry.ours,
    }


def where(entry: Entry) -> str:
    """Return where an equation is printed."""
    if entry.ours:
        return f"a step that the paper does not print (§{entry.section})"
    return f"{entry.source} (§{entry.section}, p. {entry.page})" if entry.source else f"p. {entry.page}"


@cache
def math_of(latex: str) -> str:
    """Return an equation as MathML, one ``math`` element for each of its statements."""
    return to_mathml(latex)


@cache
def plain(latex: str) -> str:
    r"""Return a symbol in plain letters.

    >>> plain(r"\frac{\partial E}{\partial W'}"), plain(r"\alpha"), plain("W_{new}")
    ('∂E/∂W′', 'α', 'W new')
    """
    text = re.sub(r"\\frac\{(.*?)\}\{(.*?)\}", r"\1/\2", latex)
    text = text.replace(r"\partial ", "∂").replace(r"\alpha", "α").replace("'", "′")
    return re.sub(r"_\{?(\w+)\}?", r" \1", text).replace("α ", "α·")
