"""Exercises of notebook 07_train_and_test: running statistics, two modes, a repair, folding the layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import norms
from ..data import digits_batch
from ..norms.batch import batchnorm_backward_test
from . import graphs
from .mistakes.train_and_test import mistake
from .running import Calls, parameters
from .spec import Case, Exercise

Array = NDArray[np.floating]


def update_running(running: Array, batch: Array, momentum: float) -> Array:
    """A running statistic (D,) after one more batch: `momentum` says how much of the old one stays."""
    return momentum * running + (1 - momentum) * batch


def fold(
    W: Array,
    b: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    eps: float,
) -> tuple[Array, Array]:
    """The linear layer x @ W + b with batch normalization in test mode behind it, as one linear layer.

    W (M, D), everything else (D,). The layer computes scale * (x @ W + b - running_mean) + beta with
    scale = gamma / sqrt(running_var + eps). Returns W and b of the same shapes.
    """
    scale = gamma / np.sqrt(running_var + eps)
    return W * scale, (b - running_mean) * scale + beta


def _running_cases(rng: np.random.Generator) -> Iterator[Case]:
    for says, width, momentum, dtype in (
        ("3 features and momentum 0.9", 3, 0.9, np.float64),
        ("4 features and momentum 0.35", 4, 0.35, np.float64),
        ("a momentum of 0", 3, 0.0, np.float64),
        ("a momentum of 1", 3, 1.0, np.float64),
        ("a single feature", 1, 0.8, np.float64),
        ("float32 numbers", 5, 0.7, np.float32),
    ):
        running, batch = rng.normal(2.0, 3.0, size=(2, width)).astype(dtype)
        yield Case(says, (running, batch, momentum))
    yield Case("statistics that start at 0", (np.zeros(3), rng.uniform(1, 4, 3), 0.9))
    images, _ = digits_batch(64, seed=int(rng.integers(2**31)))
    variances = images[:32].var(axis=0), images[32:].var(axis=0)
    yield Case("the variances of two batches of digits", (*variances, 0.9))


def _backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    images, _ = digits_batch(32, seed=int(rng.integers(2**31)))
    inputs: tuple[tuple[str, NDArray[Any], float], ...] = (
        ("5 rows and 3 features", rng.normal(size=(5, 3)), 1e-5),
        ("an eps about as large as the running variance", rng.normal(size=(4, 6)), 1.0),
        ("as many rows as features, 4 of each", rng.normal(size=(4, 4)), 0.1),
        ("float32 numbers", rng.normal(size=(7, 2)).astype(np.float32), 1e-3),
        ("a single row", rng.normal(size=(1, 3)), 0.1),
        ("a single feature", rng.normal(size=(6, 1)), 0.1),
        ("7 rows and 3 features, stored column after column", rng.normal(size=(3, 7)).T, 0.2),
        ("32 digits", images, 1e-3),
    )
    for says, x, eps in inputs:
        gamma, _ = parameters(rng, x)
        mean = rng.normal(size=x.shape[1:]).astype(x.dtype)
        # The batch's own variance is another one, so that taking it shows.
        running_var = rng.uniform(0.3, 3.0, x.shape[1:]).astype(x.dtype)
        dout = np.empty_like(x)
        dout[...] = rng.normal(size=x.shape)
        xhat = (x - mean) / np.sqrt(running_var + eps)
        sums = {
            "dgamma": float(np.max(np.sum(np.abs(dout * xhat), axis=0))),
            "dbeta": float(np.max(np.sum(np.abs(dout), axis=0))),
        }
        yield Case(says, (dout, (xhat, gamma, running_var, eps)), sums)


def _fold_cases(rng: np.random.Generator) -> Iterator[Case]:
    for says, shape, eps, dtype in (
        ("6 inputs and 3 features", (6, 3), 1e-5, np.float64),
        ("as many inputs as features, 4 of each", (4, 4), 0.1, np.float64),
        ("an eps about as large as the variance", (3, 5), 1.0, np.float64),
        ("float32 numbers", (5, 2), 1e-3, np.float32),
        ("a single feature", (4, 1), 0.1, np.float64),
        ("a single input", (1, 4), 0.1, np.float64),
    ):
        W = rng.normal(size=shape).astype(dtype)
        b, beta, mean = rng.normal(1.0, 2.0, size=(3, shape[1])).astype(dtype)
        gamma, _ = parameters(rng, W)
        var = rng.uniform(0.1, 3.0, shape[1]).astype(dtype)
        yield Case(says, (W, b, gamma, beta, mean, var, eps))


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        id="7.1",
        title="One more batch",
        asks="the running statistic after one more batch has come by.",
        references={"update_running": update_running},
        returns=("running",),
        cases=_running_cases,
        hints=(
            "The new value lies between the old one and the batch's. What do you want for momentum 1, and "
            "what for momentum 0?",
            "It is a weighted mean of two arrays, and the two weights add up to 1. A momentum of 0.9 means "
            "that most of the old value stays.",
            "The old value has the weight `momentum`, the batch's what is left to 1. Make a new array of "
            "the sum.",
        ),
        section="A-running-mean",
        mistakes=mistake.of("7.1"),
        shapes={"running": "(D,)"},
    ),
    Exercise(
        id="7.2",
        title="A layer with two modes",
        asks="the layer for a batch in training, which also updates the running statistics, and for a test.",
        hints=(
            "Which of the two modes looks at the batch as a whole? In the other one, every row could be "
            "alone.",
            "In train mode: your forward pass, then two calls of `update_running`, then both results back "
            "into `bn_param`. In test mode: the same normalisation with other statistics, and nothing "
            "written.",
            "What is kept is the variance, with N and without eps in it. Eps joins it under the root at the "
            "moment of use, in both modes.",
        ),
        section="Two-modes",
        mistakes=mistake.of("7.2"),
        **Calls().fields("batchnorm_forward", norms.batchnorm_forward),
    ),
    Exercise(
        id="7.3",
        title="Back through the test mode",
        asks="the three gradients where the statistics are constants.",
        references={"batchnorm_backward_test": batchnorm_backward_test},
        returns=("dx", "dgamma", "dbeta"),
        cases=_backward_cases,
        hints=(
            "Look at the graph of the test mode. How many ways lead from `x` to `out`?",
            "Steps 9 and 8 are as in notebook 03, and so are the sums in them. Of the rest only the part of "
            "step 7 is left that goes straight on.",
            "`dx` is `dout` times two things that are constant down a column: `gamma`, and one over the "
            "root of the running variance plus eps. No sum, no mean.",
        ),
        section="Two-ways-back",
        mistakes=mistake.of("7.3"),
        graph=graphs.test_mode,
        entries={"cache": ("xhat", "gamma", "running_var", "eps")},
        shapes={"dx": "(N, D)", "dgamma": "(D,)", "dbeta": "(D,)"},
    ),
    Exercise(
        id="7.4",
        title="The repair",
        asks="the broken layer of this section in working order, in both modes.",
        hints=(
            "Read it line by line with the nine steps beside you, and say each array's shape aloud. Python "
            "finds two of the faults by itself.",
            "Two names that nobody defined, one sum that eats too much, one sign that should be another. "
            "Then ask what the function gives back, and when.",
            "The sum of squares needs its axis. Dividing by the root is what normalises. Training has to "
            "leave a cache, and test mode needs a branch that uses the running statistics and leaves them "
            "alone.",
        ),
        section="A-repair",
        mistakes=mistake.of("7.4"),
        **Calls().fields("repaired", norms.batchnorm_forward),
    ),
    Exercise(
        id="7.5",
        title="Fold the layer away",
        asks="the weights and biases of one linear layer that does the work of both.",
        references={"fold": fold},
        returns=("W", "b"),
        cases=_fold_cases,
        hints=(
            "In test mode each column of `x @ W + b` is multiplied by a number and shifted by another. What "
            "does it take to multiply a column of a product?",
            "Write out one column of the layer's output as a formula in `x`, and sort it: what stands with "
            "`x`, and what stands alone?",
            "The number is gamma over the root of the running variance plus eps. It multiplies the columns "
            "of `W`, and it multiplies `b - running_mean`. `beta` comes last.",
        ),
        section="Fold-it-away",
        mistakes=mistake.of("7.5"),
        shapes={"W": "(M, D)", "b": "(D,)"},
    ),
)
