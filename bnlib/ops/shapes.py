"""Operations that only move entries: going backward they are moved to where they came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from .rule import rule


def getitem(x: Any, *masks: Any, index: Any = None) -> Any:
    """`x[index]`; an index that was itself computed in the graph stands in `masks` instead."""
    return x[masks[0]] if masks else x[index]


def astype(x: Any, dtype: Any, copy: bool = True) -> Any:
    """`x.astype(dtype)`."""
    return x.astype(dtype, copy=copy)


def copy(x: Any, order: Any = "C") -> Any:
    """`x.copy()`; the order is kept because sums of the copy are rounded in it."""
    return np.array(x, order=order)


def reshape(x: Any, shape: Any) -> Any:
    """`np.reshape`, whose parameter has had two names."""
    return np.reshape(x, shape)


def _scatter(dz: Any, z: Any, x: Any, *masks: Any, index: Any = None) -> Any:
    gradient = np.zeros(np.shape(x), dtype=np.asarray(dz).dtype)
    if masks or not _picks_once(index):
        # An entry that was picked twice was used twice, and its gradients are added; `+=` would not do that.
        np.add.at(gradient, masks[0] if masks else index, dz)
    else:
        gradient[index] = dz
    return gradient


def _picks_once(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, (int, slice)) for part in parts)


def _unmove(dz: Any, z: Any, x: Any, source: Any, destination: Any) -> Any:
    return np.moveaxis(dz, destination, source)


def _untranspose(dz: Any, z: Any, x: Any, axes: Any = None) -> Any:
    return np.transpose(dz, None if axes is None else np.argsort([a % np.ndim(x) for a in axes]))


def _same_shape(dz: Any, z: Any, x: Any, **parameters: Any) -> Any:
    return np.reshape(dz, np.shape(x))


def concatenate(*operands: Any, axis: int = 0) -> Any:
    """`np.concatenate` with the arrays as operands."""
    return np.concatenate(operands, axis=axis)


def stack(*operands: Any, axis: int = 0) -> Any:
    """`np.stack` with the arrays as operands."""
    return np.stack(operands, axis=axis)


def _cut(dz: Any, z: Any, *operands: Any, axis: int = 0, position: int) -> Any:
    if axis is None:
        start = sum(np.size(array) for array in operands[:position])
        return np.reshape(dz[start : start + np.size(operands[position])], np.shape(operands[position]))
    start = sum(np.shape(array)[axis] for array in operands[:position])
    return np.take(dz, range(start, start + np.shape(operands[position])[axis]), axis=axis)


def _unstack(dz: Any, z: Any, *operands: Any, axis: int = 0, position: int) -> Any:
    return np.take(dz, position, axis=axis)


def _untile(dz: Any, z: Any, x: Any, reps: Any) -> Any:
    reps = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    ndim = max(len(reps), np.ndim(x))
    reps = (1,) * (ndim - len(reps)) + reps
    shape = (1,) * (ndim - np.ndim(x)) + np.shape(x)
    # Axis by axis: (copies, length); the copies are summed.
    pairs = [length for pair in zip(reps, shape, strict=True) for length in pair]
    return np.reshape(dz, pairs).sum(axis=tuple(range(0, 2 * ndim, 2))).reshape(np.shape(x))


rule(getitem, "{0}[...]", ("{dz}, put back where it was taken from", _scatter), None, name="index")
rule(reshape, "reshape({0})", ("{dz}.reshape({0}.shape)", _same_shape))
rule(np.ravel, "ravel({0})", ("{dz}.reshape({0}.shape)", _same_shape))
rule(np.squeeze, "squeeze({0})", ("{dz}.reshape({0}.shape)", _same_shape))
rule(np.expand_dims, "expand_dims({0})", ("{dz}.reshape({0}.shape)", _same_shape))
rule(np.transpose, "{0}.T", ("{dz}.T", _untranspose))
rule(np.moveaxis, "moveaxis({0})", ("moveaxis({dz}) back", _unmove))
rule(
    np.swapaxes,
    "swapaxes({0})",
    ("swapaxes({dz})", lambda dz, z, x, axis1, axis2: np.swapaxes(dz, axis1, axis2)),
)
rule(np.broadcast_to, "broadcast_to({0})", ("{dz}, summed over the copies", lambda dz, z, x, shape: dz))
rule(np.tile, "tile({0})", ("{dz}, summed over the copies", _untile))
rule(copy, "copy({0})", ("{dz}", lambda dz, z, x, **parameters: dz))
rule(astype, "{0}.astype", ("{dz}", lambda dz, z, x, **parameters: dz))
rule(concatenate, "concatenate({all})", ("the part of {dz} that came from it", _cut), many=True)
rule(stack, "stack({all})", ("the part of {dz} that came from it", _unstack), many=True)
for _function in (np.ones_like, np.zeros_like, np.full_like):
    rule(_function, f"{_function.__name__}({{0}})", None)
