"""Loops: JAX's ``scan`` written out as a Python ``for``, for any number of steps.

A scan carries some values from step to step, reads one row of other arrays at each, and collects a row
of each result. Its body is a program of its own, and is written out by the same table of primitives:

    v7 = s_0                     what is carried
    v9 = []                      what is collected
    for n5 in range(T):
        v8 = v2[n5]              a row of what is read
        ...                      the body
        v9.append(v13)
        v7 = v13
    v9 = np.stack(v9)

Bounds run along: each of these lines stands twice, once for the value and once for its bound, ``v7_``.
So the roundings of one step enter the next, as the values do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from textwrap import indent
from typing import TYPE_CHECKING, Any

import numpy as np

from derivations.oracle.program.primitives import Operand, kind_of, shape_of

if TYPE_CHECKING:
    from derivations.oracle.program.transcripts import Transcript


def write_loop(transcript: Transcript, equation: Any) -> None:
    """Write a ``scan`` of a jaxpr into its transcript; its results become operands."""
    params, body = equation.params, equation.params["jaxpr"]
    given = [transcript.operand(variable) for variable in equation.invars]
    count, carried = constants_and_carried(params)
    constants = given[:count]  # the same at each step: the body reads them as they are
    inside = [fresh(transcript, variable) for variable in body.jaxpr.invars[len(constants) :]]
    results = [fresh(transcript, variable) for variable in equation.outvars]
    transcript.operands |= dict(zip(body.jaxpr.invars, constants + inside, strict=True))
    for variable, value in zip(body.jaxpr.constvars, body.consts, strict=True):
        transcript.operands[variable] = transcript.constant(np.asarray(value))
    outer, transcript.lines = transcript.lines, []
    transcript.write(body.jaxpr)
    text, transcript.lines = transcript.text(), outer
    found = [transcript.operand(variable) for variable in body.jaxpr.outvars]
    lines = loop(transcript, params, carried, (given[count:], inside, found, results), text)
    transcript.lines.append((" ".join(names(results)), indent("\n".join(lines), "    ")))
    transcript.operands |= dict(zip(equation.outvars, results, strict=True))


def constants_and_carried(params: Mapping[str, Any]) -> tuple[int, int]:
    """The number of constants and of carried values of a scan.

    JAX 0.10 gives them as they are; JAX 0.11 as a tree of its operands: constants, carried, read.
    """
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    constants, carried, _ = (len(list(part)) for part in params["ft_in"].unpack())
    return constants, carried


def loop(
    transcript: Transcript,
    params: Mapping[str, Any],
    carried: int,
    operands: tuple[list[Operand], ...],
    text: list[str],
) -> Iterator[str]:
    """The lines of a loop; ``operands`` are those given, inside, found by the body, and the results."""
    given, inside, found, results = operands
    bounds = transcript.bounds
    carry, lists = names(inside[:carried]), names(results[carried:])
    count, step = shape_of([params["length"]])[1:-2], f"n{transcript.count}"
    yield from assigned(carry, values(given[:carried], bounds))
    yield from assigned(lists, ["[]"] * len(lists))
    yield f"for {step} in {f'reversed(range({count}))' if params['reverse'] else f'range({count})'}:"
    read = values(given[carried:], bounds)
    rows = [f"{one if one.isidentifier() else f'({one})'}[{step}]" for one in read]
    yield from (f"    {line}" for line in assigned(names(inside[carried:]), rows))
    yield from text
    pairs = zip(lists, values(found[carried:], bounds), strict=True)
    yield from (f"    {one}.append({row})" for one, row in pairs)
    yield f"    {', '.join(carry) or '_'} = {', '.join(values(found[:carried], bounds)) or '()'}"
    yield from assigned(lists, [f"np.stack({one}{'[::-1]' * params['reverse']})" for one in lists])
    yield from assigned(names(results[:carried]), carry)


def assigned(left: list[str], right: list[str]) -> Iterator[str]:
    """One assignment a line."""
    return (f"{name} = {value}" for name, value in zip(left, right, strict=True))


def fresh(transcript: Transcript, variable: Any) -> Operand:
    """A new name for a variable and, where bounds are kept, for its bound."""
    name = f"v{transcript.count}"
    transcript.count += 1
    bound = f"{name}_" if transcript.bounds else ""
    return Operand(name, bound, len(variable.aval.shape), kind_of(variable))


def names(operands: list[Operand]) -> list[str]:
    """The names of fresh operands and of their bounds."""
    return [name for operand in operands for name in (operand.value, operand.bound) if name]


def values(operands: list[Operand], bounds: bool) -> list[str]:
    """Their values and, where bounds are kept, a bound of full shape for each, as expressions."""
    full = "({1}) + np.zeros(np.shape({0}))" if bounds else ""
    texts = [(a.value, full.format(a.value, a.bound or "0.0")) for a in operands]
    return [text for pair in texts for text in pair if text]


def words_read(text: str) -> set[str]:
    """The words on the right of a line of a program; of a loop, all of them."""
    lines = [line.partition("#")[0] for line in text.splitlines()]
    right = lines if len(lines) > 1 else [lines[0].partition("=")[2]]
    return set(re.findall(r"\w+", " ".join(right)))
