"""What the graphs of all exercises are made with: a function traced, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...diagnose import Piece
from ...graph import trace

Array = NDArray[Any]
Args = tuple[Any, ...]


# What the cache of 1.4 holds, for exercises that get it.
CACHE = ("xhat", "gamma", "xmu", "ivar", "sqrtvar", "var", "eps")
GRADIENTS = {"dx": "x", "dgamma": "gamma", "dbeta": "beta"}


def piece_of(
    function: Callable[..., Any],
    inputs: tuple[Any, ...],
    seeds: Mapping[str, Array],
    gradients: Mapping[str, str],
    **constants: Any,
) -> Piece:
    """The function traced on float64 copies of the inputs; N and D are the lengths of the first one's axes."""
    arrays = [np.asarray(array, dtype=np.float64) for array in inputs]
    sizes = {"N": len(arrays[0])} if arrays[0].ndim else {}
    if arrays[0].ndim == 2:
        sizes["D"] = arrays[0].shape[1]
    return Piece(trace(function, *arrays, **constants), seeds, gradients, sizes=sizes)


def forward(function: Callable[..., Any], outputs: tuple[str, ...]) -> Callable[[Args], Piece]:
    """The graph of a forward pass that gets the case's arguments; its results are the outputs, in order."""

    def graph(args: Args) -> Piece:
        names = function.__code__.co_varnames
        constants = {name: value for name, value in zip(names, args, strict=False) if np.ndim(value) == 0}
        arrays = [np.asarray(value, dtype=np.float64) for value in args if np.ndim(value)]
        piece = piece_of(function, tuple(arrays), {}, {}, **constants)
        values = dict(zip(outputs, piece.graph.outputs, strict=False))
        return Piece(piece.graph, values=values, sizes=piece.sizes)

    return graph
