"""Exercises of notebook 11_capstone: the layer and its cousin, with the interface of cs231n assignment 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import norms
from ..data import digits_batch
from . import graphs
from .mistakes.capstone import mistake
from .pairs import backward_fields, forward_fields
from .running import OFFSET, Calls, parameters
from .spec import Case, Exercise

Array = NDArray[Any]


def _inputs(rng: np.random.Generator) -> Iterator[tuple[str, Array, dict[str, Any]]]:
    """What every layer here should stand: a phrase, x (N, D), and what its parameter dictionary holds."""
    yield "5 rows and 3 features", OFFSET + rng.normal(size=(5, 3)), {}
    yield "3 rows and 4 features, eps as large as the variance", rng.normal(size=(3, 4)), {"eps": 1.0}
    x = rng.normal(size=(6, 4)) * np.array([2.0, 1e-4, 0.5, 1.0])
    yield "a column that hardly varies", x, {}
    yield "a row that hardly varies", x.T, {"eps": 1e-4}
    yield "as many rows as features, 4 of each", rng.normal(size=(4, 4)), {"eps": 0.2}
    yield "whole numbers, stored as integers", rng.integers(-9, 10, size=(6, 4)), {"eps": 0.05}
    yield "float32 numbers", (0.5 + rng.normal(size=(8, 5))).astype(np.float32), {"eps": 1e-2}
    yield "a single row", rng.normal(size=(1, 3)), {"eps": 0.3}
    yield "a single feature", rng.normal(size=(4, 1)), {"eps": 0.3}
    images, _ = digits_batch(32, seed=int(rng.integers(2**31)))
    yield "32 digits", images, {"eps": 1e-2}


def _pair_cases(rng: np.random.Generator, axis: int, mode: dict[str, Any]) -> Iterator[Case]:
    for says, x, options in _inputs(rng):
        gamma, beta = parameters(rng, x)
        # Laid out in memory as x is: where x is a transposed view, so is dout.
        dout = np.empty_like(x, dtype=gamma.dtype)
        dout[...] = rng.normal(size=x.shape)
        ivar = 1 / np.sqrt(x.var(axis=axis, keepdims=True) + options.get("eps", 1e-5))
        xhat = (x - x.mean(axis=axis, keepdims=True)) * ivar
        # Sums may cancel, and then rounding is as large as their terms allow.
        scale = {
            "dx": float(np.max(np.abs(dout * gamma * ivar))),
            "dgamma": float(np.max(np.sum(np.abs(dout * xhat), axis=0))),
            "dbeta": float(np.max(np.sum(np.abs(dout), axis=0))),
        }
        yield Case(says, (x, gamma, beta, {**mode, **options}, dout), scale)


def _batch_pair_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _pair_cases(rng, 0, {"mode": "train"})


def _layer_pair_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _pair_cases(rng, 1, {})


def _layer_cases(rng: np.random.Generator) -> Iterator[Case]:
    for says, x, options in _inputs(rng):
        yield Case(says, (x, *parameters(rng, x), dict(options)))


GRADIENTS = {"out": "(N, D)", "dx": "(N, D)", "dgamma": "(D,)", "dbeta": "(D,)"}

# There is no help in this notebook: its hints say where in the course the help is.
EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        id="11.1",
        title="Batch normalization, forward",
        asks="the layer in both modes, with its running statistics kept in `bn_param`.",
        hints=(
            "Notebooks 01 and 07 are about this function.",
            "Run one small batch of two columns by hand, on paper, once in each mode.",
            "Call it twice in train mode and once in test mode with one `bn_param`, and look into that "
            "dictionary after each call.",
        ),
        section="The-five-functions",
        mistakes=mistake.of("11.1"),
        **Calls(needs_cache=False).fields("batchnorm_forward", norms.batchnorm_forward),
    ),
    Exercise(
        id="11.2",
        title="Batch normalization, backward",
        asks="the three gradients of a training call, from your own cache.",
        cases=_batch_pair_cases,
        hints=(
            "Notebook 03 is about this function.",
            "Check it against centred differences, with a random upstream gradient, as in notebook 04.",
            "If `dx` alone is wrong, add up its columns: the sum is 0, unless the path through the mean is "
            "missing.",
        ),
        section="The-five-functions",
        mistakes=mistake.of("11.2"),
        graph=graphs.batch_pair,
        shapes=GRADIENTS,
        may_change=("bn_param",),
        **backward_fields(norms.batchnorm_forward, norms.batchnorm_backward, after="11.1"),
    ),
    Exercise(
        id="11.3",
        title="Batch normalization, backward in short",
        asks="the same three gradients, folded up on paper first.",
        cases=_batch_pair_cases,
        hints=(
            "Notebook 05 is about this function.",
            "Compare it with your own `batchnorm_backward` before you check it.",
            "Three terms: what comes straight, what the mean takes off, what the variance takes off.",
        ),
        section="The-five-functions",
        mistakes=mistake.of("11.3"),
        graph=graphs.batch_pair,
        shapes=GRADIENTS,
        may_change=("bn_param",),
        **backward_fields(norms.batchnorm_forward, norms.batchnorm_backward_alt, after="11.1"),
    ),
    Exercise(
        id="11.4",
        title="Layer normalisation, forward",
        asks="every row normalised over its own features.",
        cases=_layer_cases,
        hints=(
            "Notebook 09 is about this function.",
            "Which axis disappears now, and does what is left still broadcast by itself?",
            "gamma and beta still have one entry for each feature. Only the statistics changed sides.",
        ),
        section="The-five-functions",
        mistakes=mistake.of("11.4"),
        graph=graphs.layer_pair,
        shapes={"out": "(N, D)"},
        may_change=("ln_param",),
        **forward_fields(norms.layernorm_forward),
    ),
    Exercise(
        id="11.5",
        title="Layer normalisation, backward",
        asks="its three gradients, from your own cache.",
        cases=_layer_pair_cases,
        hints=(
            "Notebook 09 is about this function.",
            "Which sums still run over the rows, and which over the features?",
            "gamma is no longer the same number for everything that a mean runs over. Where does it have to "
            "stand?",
        ),
        section="The-five-functions",
        mistakes=mistake.of("11.5"),
        graph=graphs.layer_pair,
        shapes=GRADIENTS,
        may_change=("ln_param",),
        **backward_fields(norms.layernorm_forward, norms.layernorm_backward, after="11.4"),
    ),
)
