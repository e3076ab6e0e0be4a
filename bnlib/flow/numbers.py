"""One entry of a contribution in numbers: upstream times local derivative, asked of the node itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Graph
from .arrays import text

# A broadcast over more entries than this is not looked at one by one.
_MOST = 4096


def numbers(graph: Graph, source: str, target: str, upstream: np.ndarray, sent: np.ndarray) -> dict[str, Any]:
    """The largest entry of what `source` sends to `target` where `upstream` has arrived at it.

    `at` is its place and `is` its value. Where it is a sum of products of an upstream entry with a local
    derivative, `up` and `local` are the largest of these and `more` counts the others; a matrix product, whose
    products run over other entries, has none.
    """
    if sent.size == 0:
        return {}
    sizes = np.where(np.isfinite(sent), np.abs(sent), -1.0)
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(sizes)), sent.shape))
    entry = float(sent[place])
    found: dict[str, Any] = {"at": f"[{', '.join(map(str, place))}]" if place else "", "is": text(entry)}
    uses = _uses(upstream.shape, sent.shape, place)
    if uses is None or not np.isfinite(entry) or upstream[uses].size > _MOST:
        return found
    masked = np.zeros_like(upstream)
    masked[uses] = upstream[uses]
    # The node is asked twice: do these upstream entries make up the whole, and what does one of them alone make?
    if abs(_sent(graph, source, target, masked, place) - entry) > 1e-6 * max(abs(entry), 1e-30):
        return found
    places = np.argwhere(masked != 0)
    if not len(places):
        return found
    shares = np.abs(masked[tuple(places.T)])
    one = tuple(places[int(np.argmax(shares))])
    probe = np.zeros_like(upstream)
    probe[one] = 1.0
    local = _sent(graph, source, target, probe, place)
    return found | {"up": text(upstream[one]), "local": text(local), "more": upstream[uses].size - 1}


def _sent(graph: Graph, source: str, target: str, dz: np.ndarray, place: tuple[int, ...]) -> float:
    with np.errstate(all="ignore"):
        return float(graph.through(source, dz)[target][place])


def _uses(result: tuple[int, ...], operand: tuple[int, ...], place: tuple[int, ...]) -> Any:
    """The entries of the result that an entry of the operand went into, as an index; None where nobody knows."""
    if result == operand:
        return place
    if len(result) == len(operand):
        if any(r != o and 1 not in (r, o) for r, o in zip(result, operand, strict=True)):
            return None
        # Stretched along an axis of length 1, or reduced to one.
        pairs = zip(result, operand, place, strict=True)
        return tuple(slice(None) if o == 1 else 0 if r == 1 else i for r, o, i in pairs)
    extra = len(result) - len(operand)
    if extra > 0 and all(r == o or o == 1 for r, o in zip(result[extra:], operand, strict=True)):
        return (
            *[slice(None)] * extra,
            *(slice(None) if o == 1 else i for o, i in zip(operand, place, strict=True)),
        )
    if extra < 0 and operand[-extra:] == result:
        return place[-extra:]
    return place[: len(result)] if extra < 0 and operand[: len(result)] == result else None
