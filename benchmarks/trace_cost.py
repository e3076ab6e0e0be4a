"""What it costs to trace the layer: its forward pass under `trace`, and the same function called plainly."""

from __future__ import annotations

import numpy as np
from report import Row, table
from timing import measure

from bnlib import trace
from bnlib.norms.staged import batchnorm_forward

LIMIT = 3.0
SHAPE = (1000, 100)
EPS = 1e-5


def rows(full: bool = False) -> list[Row]:
    """Both times, and how many times the plain function the traced one takes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=SHAPE)
    gamma, beta = rng.normal(size=(2, SHAPE[1]))
    taken = measure(
        {
            "plain": lambda: batchnorm_forward(x, gamma, beta, EPS),
            "traced": lambda: trace(batchnorm_forward, x, gamma, beta, eps=EPS),
        },
        rounds=101,
        warmup=10,
    )
    plain, traced = taken["plain"].median, taken["traced"].median
    size = " x ".join(map(str, SHAPE))
    return [
        Row(f"forward pass at {size}, plain", plain),
        Row(f"forward pass at {size}, traced", traced),
        Row("traced / plain", traced / plain, LIMIT, "x"),
    ]


if __name__ == "__main__":
    print(table(rows()))
