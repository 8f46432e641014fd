"""What an operator for array formulas is, and how it reads parso's trees."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from cosmic_ray.ast import get_ast
from cosmic_ray.operators.operator import Operator


class ArrayOperator(Operator):  # type: ignore[misc]  # cosmic-ray has no types
    """A cosmic-ray operator that says what may stand in a node's place, as source text."""

    @abstractmethod
    def variants(self, node: Any) -> Sequence[str]:
        """The texts that may replace ``node``; none if this operator has nothing to say."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """One position for each variant."""
        for _ in self.variants(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The variant as a tree, with the white space that stood before the node."""
        return get_ast(node.get_first_leaf().prefix + self.variants(node)[index])


def text(node: Any) -> str:
    """The source of a node without the white space before it."""
    code: str = node.get_code(include_prefix=False)
    return code


def exchanged(node: Any, first: int, second: int) -> str:
    """The source of a node with two of its children exchanged."""
    texts = [text(child) for child in node.children]
    texts[first], texts[second] = texts[second], texts[first]
    spaces = ["", *(child.get_first_leaf().prefix for child in node.children[1:])]
    return "".join(space + code for space, code in zip(spaces, texts, strict=True))


def neighbours(children: Sequence[Any], separators: str) -> list[int]:
    """Where in ``children`` two others are kept apart by one of these separators."""
    return [n for n in range(1, len(children) - 1) if getattr(children[n], "value", "") in [*separators]]


# --- where a name stands --------------------------------------------------------------------------


def scope_of(node: Any) -> Any:
    """The function or lambda around a node, or the whole tree."""
    return node.search_ancestor("funcdef", "lambdef") or node.get_root_node()


def body_of(scope: Any) -> Any:
    """What a function computes, without its signature."""
    return scope if scope.type == "file_input" else scope.children[-1]


def leaves_of(node: Any) -> Iterator[Any]:
    """Every leaf under a node."""
    if not hasattr(node, "children"):
        yield node
    for child in getattr(node, "children", []):
        yield from leaves_of(child)


def is_index(node: Any) -> bool:
    """Whether a node is a name that stands as an index: ``i`` in ``a[i]`` and ``a[i, j]``."""
    if node.type != "name" or node.parent is None or not node.value.islower():
        return False
    place = node.parent if node.parent.type == "subscriptlist" else node
    return bool(place.parent.type == "trailer" and place.parent.children[0].value == "[")


def is_label(node: Any) -> bool:
    """Whether a name labels something: an attribute, a keyword of a call."""
    before, after = node.get_previous_leaf(), node.get_next_leaf()
    keyword = node.parent.type == "argument" and after is not None and after.value == "="
    return keyword or (before is not None and before.value == ".")


def is_called(node: Any) -> bool:
    """Whether a name, or the last of its parts, is followed by arguments."""
    after = node.get_last_leaf().get_next_leaf()
    return after is not None and after.value == "("


def known_names(node: Any) -> list[str]:
    """The arguments of the function around a node, and what it has assigned on earlier lines."""
    scope = scope_of(node)
    if scope.type == "file_input":
        return []
    names = [parameter.name.value for parameter in scope.get_params()]
    here = node.search_ancestor("expr_stmt", "return_stmt") or node
    for line in getattr(body_of(scope), "children", []):
        if line.type == "simple_stmt" and line.start_pos < here.start_pos:
            names += assigned(line.children[0])
    return list(dict.fromkeys(names))


def assigned(statement: Any) -> list[str]:
    """The names that a line assigns to."""
    if statement.type != "expr_stmt":
        return []
    return [name.value for name in statement.get_defined_names()]
