"""Matrix products and einsum: multiplication swaps here as well, with the sums put where the shapes ask."""

from __future__ import annotations

from typing import Any

import numpy as np

from .rule import rule


def _flip(matrix: Any) -> Any:
    return np.swapaxes(matrix, -1, -2)


def _matmul_left(dz: Any, z: Any, x: Any, y: Any) -> Any:
    if np.ndim(y) == 1:
        return np.expand_dims(dz, -1) * y
    if np.ndim(x) == 1:
        return (y @ np.expand_dims(dz, -1))[..., 0]
    return dz @ _flip(y)


def _matmul_right(dz: Any, z: Any, x: Any, y: Any) -> Any:
    if np.ndim(y) == 1:
        return np.expand_dims(dz, -1) * x
    if np.ndim(x) == 1:
        return np.expand_dims(x, -1) * np.expand_dims(dz, -2)
    return _flip(x) @ dz


def _outer_left(dz: Any, z: Any, x: Any, y: Any) -> Any:
    return np.reshape(dz @ np.ravel(y), np.shape(x))


def _outer_right(dz: Any, z: Any, x: Any, y: Any) -> Any:
    return np.reshape(np.ravel(x) @ dz, np.shape(y))


def letters(subscripts: str) -> tuple[list[str], str]:
    """The operands' and the result's letters of an einsum; raises ValueError for what has no simple gradient."""
    if "." in subscripts:
        raise ValueError("einsum with an ellipsis: write the letters out")
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    if any(len(set(term)) < len(term) for term in inputs):
        raise ValueError("einsum with a letter twice in one operand: take the diagonal in another way")
    if not arrow:
        joined = "".join(inputs)
        right = "".join(sorted(letter for letter in set(joined) if joined.count(letter) == 1))
    return inputs, right


def _einsum(dz: Any, z: Any, *operands: Any, subscripts: str, optimize: Any = False, position: int) -> Any:
    inputs, result = letters(subscripts)
    mine = inputs[position]
    others = [term for i, term in enumerate(inputs) if i != position]
    arrays = [array for i, array in enumerate(operands) if i != position]
    # A letter of mine that no other term has was summed over: its gradient is the same all along that axis.
    kept = "".join(letter for letter in mine if letter in result or any(letter in term for term in others))
    gradient = np.einsum(f"{','.join([result, *others])}->{kept}", dz, *arrays)
    lost = tuple(i for i, letter in enumerate(mine) if letter not in kept)
    return np.expand_dims(gradient, lost) if lost else gradient


def einsum(*operands: Any, subscripts: str, optimize: Any = False) -> Any:
    """`np.einsum` with the subscripts as a parameter and the arrays as operands."""
    return np.einsum(subscripts, *operands, optimize=optimize)


def _dot_left(dz: Any, z: Any, x: Any, y: Any) -> Any:
    return dz * y if np.ndim(x) == 0 or np.ndim(y) == 0 else _matmul_left(dz, z, x, y)


def _dot_right(dz: Any, z: Any, x: Any, y: Any) -> Any:
    return dz * x if np.ndim(x) == 0 or np.ndim(y) == 0 else _matmul_right(dz, z, x, y)


rule(np.matmul, "{0} @ {1}", ("{dz} @ {1}.T", _matmul_left), ("{0}.T @ {dz}", _matmul_right))
# Up to two axes, and `dispatch` lets no more through, this is the same product, rounded in its own way.
rule(np.dot, "{0} @ {1}", ("{dz} @ {1}.T", _dot_left), ("{0}.T @ {dz}", _dot_right))
rule(np.outer, "outer({0}, {1})", ("{dz} @ {1}", _outer_left), ("{0} @ {dz}", _outer_right))
rule(einsum, "einsum({all})", ("einsum of {dz} and the other operand", _einsum), many=True)
