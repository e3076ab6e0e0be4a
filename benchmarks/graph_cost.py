"""Tracing and `graph.backward` beside the hand-written ten steps, and beside HIPS autograd on the same function.

Autograd is compared where it is installed: `pip install -e '.[bench]'`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from report import Row, table
from timing import measure

from bnlib import trace
from bnlib.norms import staged

EPS = 1e-5
SHAPES = ((16, 8), (1000, 100))
LARGE = (8192, 256)


def rows(full: bool = False) -> list[Row]:
    """For each shape: the layer there and back by hand, traced, and by autograd, with ratios to the first."""
    return [row for shape in (*SHAPES, *((LARGE,) if full else ())) for row in _rows(*shape)]


def _rows(n: int, d: int) -> list[Row]:
    rng = np.random.default_rng(0)
    x, dout = rng.normal(size=(2, n, d))
    gamma, beta = rng.normal(size=(2, d))
    cache = staged.batchnorm_forward(x, gamma, beta, EPS)[1]
    graph = trace(staged.batchnorm_forward, x, gamma, beta, eps=EPS)
    calls: dict[str, Callable[[], Any]] = {
        "forward, plain": lambda: staged.batchnorm_forward(x, gamma, beta, EPS),
        "forward, traced": lambda: trace(staged.batchnorm_forward, x, gamma, beta, eps=EPS),
        "backward, ten steps by hand": lambda: staged.batchnorm_backward(dout, cache),
        "backward, graph.backward": lambda: graph.backward(dout),
        **autograd(x, gamma, beta, dout),
    }
    taken = measure(calls, rounds=101 if n * d < 10**6 else 15, warmup=5)
    found = []
    for name, timing in taken.items():
        by_hand = taken["forward, plain" if name.startswith("forward") else "backward, ten steps by hand"]
        more = {} if timing is by_hand else {"times by hand": timing.median / by_hand.median}
        found.append(Row(f"graph, {n} x {d}: {name}", timing.median, more=more))
    return found


def autograd(x: Any, gamma: Any, beta: Any, dout: Any) -> dict[str, Callable[[], Any]]:
    """The same nine steps under HIPS autograd; nothing where it isn't installed."""
    try:
        import autograd.numpy as anp
        from autograd.builtins import tuple as box
        from autograd.core import make_vjp
    except ImportError:
        return {}

    def layer(inputs: Any) -> Any:
        x, gamma, beta = inputs
        mu = anp.mean(x, axis=0)
        xmu = x - mu
        sq = xmu**2
        var = anp.mean(sq, axis=0)
        sqrtvar = anp.sqrt(var + EPS)
        ivar = 1.0 / sqrtvar
        xhat = xmu * ivar
        gammax = gamma * xhat
        return gammax + beta

    inputs = box((x, gamma, beta))
    back, _ = make_vjp(layer, inputs)
    return {"forward, autograd": lambda: make_vjp(layer, inputs), "backward, autograd": lambda: back(dout)}


if __name__ == "__main__":
    print(table(rows()))
