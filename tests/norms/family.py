"""The five layers under one roof: how each is called, and arrays of the shapes that it wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnlib import norms


@dataclass(frozen=True)
class Layer:
    """A forward pass as a function of its arrays and an eps, and the backward pass of its cache."""

    name: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    arrays: tuple[str, ...]
    axes: int

    def inputs(self, rng, shape=None, dtype=np.float64):
        """x, gamma and, where there is one, beta, of the given shape of x."""
        shape = shape or {2: (5, 3), 4: (2, 6, 3, 4)}[self.axes]
        width = {2: shape[1:], 4: shape[1:2]}[self.axes]
        if "group" in self.name:
            width = (1, *width, 1, 1)
        found = (rng.normal(1.0, 2.0, shape), rng.uniform(1.5, 2.5, width), rng.normal(size=width))
        return tuple(array.astype(dtype) for array in found)[: len(self.arrays)]


def _train(forward):
    return lambda x, gamma, beta, eps: forward(x, gamma, beta, {"mode": "train", "eps": eps})


def _test(forward):
    def run(x, gamma, beta, eps):
        width = np.size(beta)
        running = {"running_mean": np.linspace(-1, 1, width), "running_var": np.linspace(0.1, 2, width)}
        return forward(x, gamma, beta, {"mode": "test", "eps": eps, **running})

    return run


def _plain(forward):
    return lambda x, gamma, beta, eps: forward(x, gamma, beta, {"eps": eps})


def _groups(x, gamma, beta, eps):
    count = 3 if np.shape(x)[1] % 3 == 0 else 1
    return norms.spatial_groupnorm_forward(x, gamma, beta, count, {"eps": eps})


ALL = ("x", "gamma", "beta")

LAYERS = [
    Layer("batch", _train(norms.batchnorm_forward), norms.batchnorm_backward, ALL, 2),
    Layer("batch alt", _train(norms.batchnorm_forward), norms.batchnorm_backward_alt, ALL, 2),
    Layer("batch in test mode", _test(norms.batchnorm_forward), norms.batchnorm_backward, ALL, 2),
    Layer("batch alt in test mode", _test(norms.batchnorm_forward), norms.batchnorm_backward_alt, ALL, 2),
    Layer("layer", _plain(norms.layernorm_forward), norms.layernorm_backward, ALL, 2),
    Layer("rms", norms.rmsnorm_forward, norms.rmsnorm_backward, ("x", "gamma"), 2),
    Layer("spatial batch", _train(norms.spatial_batchnorm_forward), norms.spatial_batchnorm_backward, ALL, 4),
    Layer(
        "spatial batch in test mode",
        _test(norms.spatial_batchnorm_forward),
        norms.spatial_batchnorm_backward,
        ALL,
        4,
    ),
    Layer("spatial group", _groups, norms.spatial_groupnorm_backward, ALL, 4),
]
