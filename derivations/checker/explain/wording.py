"""From a match to a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from derivations.checker.explain.scenes import Scene
from derivations.checker.explain.search import Match
from derivations.checker.findings import Explanation


def explanation_of(match: Match, names: list[str]) -> Explanation:
    """A match for these arguments in words."""
    kind, says, detail = _worded(match)
    others = [f"d{name}" for name in names[1:]]
    alike = ", ".join(others[:-1]) + (" and " if len(others) > 1 else "") + "".join(others[-1:])
    subject = f"your d{names[0]}" + (f", like {alike}," if others else "")
    return Explanation(kind, " ".join(names), f"{subject} {says}", evidence(match.scenes), detail)


def _worded(match: Match) -> tuple[str, str, str]:
    guess, constant = match.guess, match.constant.text
    if guess.words is not None:
        kind, says, detail = guess.words(constant)
        if match.also is not None:
            return f"{match.also.kind} + {kind}", f"{match.also.says}; and it {says}", detail
        return kind, says, detail
    if not guess.says:
        return _factor(constant)
    if constant == "1":
        return guess.kind, guess.says, guess.detail
    kind, _, detail = _factor(constant)
    says = "has the wrong sign" if constant == "-1" else f"has the factor {constant} on top"
    details = "; ".join(filter(None, (guess.detail, detail)))
    return f"{guess.kind} + {kind}", f"{guess.says}; and it {says}", details


def _factor(constant: str) -> tuple[str, str, str]:
    """A constant in front of a gradient that is right otherwise."""
    if constant == "0":
        return "zeros", "is all zeros", "0"
    if constant == "-1":
        return "wrong-sign", "has the wrong sign", "-1"
    sign = ", so its sign is wrong as well" if constant.startswith("-") else ""
    says = f"is the right one times {constant}{sign}"
    if constant.startswith("1/") and constant[2:].isidentifier() and constant[2:3].isupper():
        says += f": a mean over {constant[2:]} where a sum belongs, or divided by {constant[2:]} twice"
    elif constant.isidentifier() and constant[:1].isupper():
        says += f": a sum over {constant} where a mean belongs, or counted {constant} times"
    return "constant-factor", says, constant


def evidence(scenes: Sequence[Scene]) -> str:
    """On how many instances and shapes an explanation was tried, and held."""
    shapes = {tuple(scene.sizes.items()) for scene in scenes}
    count = len(scenes)
    return f"on {count} of {count} instances, {len(shapes)} shape{'s' * (len(shapes) != 1)}"
