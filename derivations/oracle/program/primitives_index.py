"""More of the table of primitives: taking entries out of arrays and putting them back.

``W[words]`` is JAX's ``gather`` and its derivative ``scatter-add``: the row of a word that occurs twice is
read twice and added to twice. Both are one way of counting, :func:`places`, which says for every
entry of a result which entry of the array it is. Moves round nothing; only sums do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from derivations.oracle.program.primitives import (
    HELPERS,
    SEVERAL,
    Operand,
    Params,
    integers,
    joined,
    moved,
    rule,
    shape_of,
)


class Axes(NamedTuple):
    """How the axes of an array, of indices and of a result of ``gather`` belong together, as in XLA.

    ``window``: the axes of the result that run along the array; ``single``: axes of the array of which
    one place is taken; ``indexed``: the axis that each index is for; ``batch`` and ``index_batch``: axes of
    the array and of the indices that go along with each other.
    """

    window: tuple[int, ...]
    single: tuple[int, ...]
    indexed: tuple[int, ...]
    batch: tuple[int, ...]
    index_batch: tuple[int, ...]


def places(shape: Any, indices: Any, axes: Axes, sizes: Any, *, clip: bool) -> tuple[list[Any], Any]:
    """For each axis of an array the index of every entry of the result, and which of them exist."""
    indices = np.asarray(indices)
    kept = [axis for axis in range(len(shape)) if axis not in axes.single and axis not in axes.batch]
    ndim = indices.ndim - 1 + len(kept)
    free = [axis for axis in range(ndim) if axis not in axes.window]
    exist: Any = np.ones((1,) * ndim, dtype=bool)
    found = []
    for axis, size in enumerate(shape):
        place: Any = np.zeros((1,) * ndim, dtype=np.int64)
        if axis in axes.indexed:
            start = along(indices[..., axes.indexed.index(axis)], free, ndim)
            last = size - sizes[axis]
            exist = exist & (start >= 0) & (start <= last)
            place = place + (np.clip(start, 0, last) if clip else start)
        if axis in axes.batch:
            place = place + along(np.arange(size), [free[axes.index_batch[axes.batch.index(axis)]]], ndim)
        if axis in kept:
            place = place + along(np.arange(sizes[axis]), [axes.window[kept.index(axis)]], ndim)
        found.append(place)
    return found, exist


def along(array: Any, axes: list[int], ndim: int) -> Any:
    """An array with its axes at these places among ``ndim``."""
    shape = [1] * ndim
    for axis, size in zip(axes, array.shape, strict=True):
        shape[axis] = size
    return array.reshape(shape)


def gather(a: Any, indices: Any, axes: tuple[Any, ...], sizes: Any, clip: bool, fill: Any) -> Any:
    """JAX's ``gather``; an index that does not exist is clipped, or gives ``fill``."""
    a = np.asarray(a)
    found, exist = places(a.shape, indices, Axes(*axes), sizes, clip=clip)
    if clip or exist.all():
        return a[tuple(found)]
    inside = [np.clip(place, 0, size - 1) for place, size in zip(found, a.shape, strict=True)]
    return np.where(exist, a[tuple(inside)], fill)


def scatter(a: Any, indices: Any, updates: Any, axes: tuple[Any, ...], clip: bool, add: bool) -> Any:
    """JAX's ``scatter`` and ``scatter-add``; what has no place is clipped, or dropped."""
    a, updates, where = np.asarray(a), np.asarray(updates), Axes(*axes)
    kept = [axis for axis in range(a.ndim) if axis not in where.single and axis not in where.batch]
    sizes = [1] * a.ndim
    for axis, window in zip(kept, where.window, strict=True):
        sizes[axis] = updates.shape[window]
    found, exist = places(a.shape, indices, where, sizes, clip=clip)
    result = np.array(a, dtype=np.result_type(a, updates))
    full = np.broadcast_arrays(*found, exist | clip, updates)
    chosen = full[-2]
    into, values = tuple(place[chosen] for place in full[:-2]), full[-1][chosen]
    if add:
        np.add.at(result, into, values)
    else:
        result[into] = values
    return result


def scatter_bound(a: Any, indices: Any, updates: Any, axes: Any, clip: bool) -> Any:
    """The roundings of adding up: as many as there are updates, each of the size of the sum of sizes."""
    sizes = scatter(np.abs(a), indices, np.abs(updates), axes, clip, True)
    return sizes * scatter(np.zeros(np.shape(a)), indices, np.ones(np.shape(updates)), axes, clip, True)


def full_bound(bound: Any, value: Any) -> Any:
    """A bound of full shape."""
    return bound + np.zeros(np.shape(value))


def pad(a: Any, filling: Any, edges: Any) -> Any:
    """JAX's ``pad``: low, high and interior padding of each axis; negative ones cut off."""
    a = np.asarray(a)
    for axis, (low, high, inner) in enumerate(edges):
        size = a.shape[axis] + max(a.shape[axis] - 1, 0) * inner
        shape = [*a.shape[:axis], size + max(low, 0) + max(high, 0), *a.shape[axis + 1 :]]
        wide = np.full(shape, filling, dtype=np.result_type(a, filling))
        np.moveaxis(wide, axis, 0)[max(low, 0) : max(low, 0) + size : inner + 1] = np.moveaxis(a, axis, 0)
        cut = slice(max(-low, 0), wide.shape[axis] - max(-high, 0))
        a = wide[(*[slice(None)] * axis, cut)]
    return a


def window_at(starts: Any, sizes: Any, shape: Any) -> tuple[slice, ...]:
    """The slices of given sizes that start there, moved inside where they stick out."""
    first = [int(np.clip(s, 0, n - m)) for s, m, n in zip(starts, sizes, shape, strict=True)]
    return tuple(slice(start, start + size) for start, size in zip(first, sizes, strict=True))


def updated(a: Any, part: Any, starts: Any) -> Any:
    """A copy of an array with a part of it replaced."""
    result = np.array(a, dtype=np.result_type(a, part))
    result[window_at(starts, np.shape(part), result.shape)] = part
    return result


def sort_together(arrays: list[Any], axis: int, keys: int) -> tuple[Any, ...]:
    """Arrays in the order of the first ``keys`` of them, along one axis, equal ones as they stood."""
    shape = np.broadcast_shapes(*map(np.shape, arrays))
    whole = [np.broadcast_to(array, shape) for array in arrays]
    order = np.lexsort(whole[:keys][::-1], axis=axis)
    return tuple(np.take_along_axis(array, order, axis) for array in whole)


def split(a: Any, sizes: tuple[int, ...], axis: int) -> tuple[Any, ...]:
    """An array cut into parts of these sizes."""
    return tuple(np.split(a, np.cumsum(sizes)[:-1], axis))


HELPERS |= {
    "gather": gather, "scatter": scatter, "scatter_bound": scatter_bound, "pad": pad, "updated": updated,
    "window_at": window_at, "sort_together": sort_together, "split": split, "full_bound": full_bound,
}  # fmt: skip


# --- the rules --------------------------------------------------------------------------------------


def full(a: Operand) -> str:
    """The bound of an operand, of full shape."""
    return f"full_bound({a.bound or '0.0'}, {a.value})"


def clips(params: Params) -> bool:
    """Whether an index that does not exist is moved inside; else what it asks for is not there."""
    return "FILL" not in str(params["mode"]).upper()


@rule("gather")
def _gather(out: str, params: Params, a: Operand, indices: Operand) -> tuple[str, str]:
    numbers = params["dimension_numbers"]
    axes = tuple(map(integers, (
        numbers.offset_dims, numbers.collapsed_slice_dims, numbers.start_index_map,
        numbers.operand_batching_dims, numbers.start_indices_batching_dims,
    )))  # fmt: skip
    missing = "nan" if a.kind.startswith("float") else "-2**31"
    fill = missing if params["fill_value"] is None else repr(float(params["fill_value"]))
    text = "gather({}, {}, {}, {}, {}, {})"
    rest = (indices.value, axes, shape_of(params["slice_sizes"]), clips(params))
    return text.format(a.value, *rest, fill), a.bound and text.format(full(a), *rest, "0.0")


def _scatter(add: bool) -> Any:
    def computed(
        out: str, params: Params, a: Operand, indices: Operand, updates: Operand
    ) -> tuple[str, str]:
        numbers = params["dimension_numbers"]
        axes = tuple(map(integers, (
            numbers.update_window_dims, numbers.inserted_window_dims, numbers.scatter_dims_to_operand_dims,
            numbers.operand_batching_dims, numbers.scatter_indices_batching_dims,
        )))  # fmt: skip
        text = f"scatter({{}}, {indices.value}, {{}}, {axes}, {clips(params)}, {add})"
        error = text.format(full(a), full(updates)) if a.bound or updates.bound else ""
        sums = f"scatter_bound({a.value}, {indices.value}, {updates.value}, {axes}, {clips(params)})"
        return text.format(a.value, updates.value), joined(error, sums if add else "")

    return computed


rule("scatter-add")(_scatter(add=True))
rule("scatter")(_scatter(add=False))


@rule("slice")
def _slice(out: str, params: Params, a: Operand) -> tuple[str, str]:
    steps = params["strides"] or [1] * a.ndim
    ends = zip(params["start_indices"], params["limit_indices"], steps, strict=True)
    texts = [":".join(shape_of([number])[1:-2] for number in row) for row in ends]
    return moved(f"{{}}[{', '.join(texts)}]", _whole(a)) if texts else moved("{}", a)


def _whole(a: Operand) -> Operand:
    """The operand with a bound of full shape, so that it can be cut."""
    return Operand(a.value, a.bound and full(a), a.ndim, a.kind)


@rule("dynamic_slice")
def _dynamic_slice(out: str, params: Params, a: Operand, *starts: Operand) -> tuple[str, str]:
    given = f"[{', '.join(start.value for start in starts)}]"
    text = f"{{}}[window_at({given}, {shape_of(params['slice_sizes'])}, np.shape({a.value}))]"
    return moved(text, _whole(a))


@rule("dynamic_update_slice")
def _dynamic_update_slice(
    out: str, params: Params, a: Operand, part: Operand, *starts: Operand
) -> tuple[str, str]:
    text = f"updated({{}}, {{}}, [{', '.join(start.value for start in starts)}])"
    bound = text.format(full(a), full(part)) if a.bound or part.bound else ""
    return text.format(a.value, part.value), bound


@rule("concatenate")
def _concatenate(out: str, params: Params, *parts: Operand) -> tuple[str, str]:
    text = f"np.concatenate([{{}}], {params['dimension']})"
    bounds = ", ".join(map(full, parts)) if any(part.bound for part in parts) else ""
    return text.format(", ".join(part.value for part in parts)), bounds and text.format(bounds)


@rule("pad")
def _pad(out: str, params: Params, a: Operand, filling: Operand) -> tuple[str, str]:
    edges = f"[{', '.join(shape_of(edge) for edge in params['padding_config'])}]"
    bound = f"pad({full(a)}, {filling.bound or '0.0'}, {edges})" if a.bound or filling.bound else ""
    return f"pad({a.value}, {filling.value}, {edges})", bound


@rule("rev")
def _rev(out: str, params: Params, a: Operand) -> tuple[str, str]:
    return moved(f"np.flip({{}}, {integers(params['dimensions'])})", _whole(a))


# --- several results --------------------------------------------------------------------------------


def _sort(out: str, params: Params, *arrays: Operand) -> tuple[str, str]:
    values = [a.value for a in arrays]
    axis, keys = params["dimension"], params["num_keys"]
    text = f"sort_together([{', '.join(values)}], {axis}, {keys})"
    if not any(a.bound for a in arrays):
        return text, ""
    bounds = f"sort_together([{', '.join([*values[:keys], *map(full, arrays)])}], {axis}, {keys})[{keys}:]"
    return text, bounds


def _split(out: str, params: Params, a: Operand) -> tuple[str, str]:
    return moved(f"split({{}}, {shape_of(params['sizes'])}, {params['axis']})", _whole(a))


SEVERAL |= {"sort": _sort, "split": _split}
