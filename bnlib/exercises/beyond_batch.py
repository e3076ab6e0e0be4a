"""Exercises of notebook 09: the same normalisation along other axes, each forward and backward as a pair.

A backward pass is judged on the cache of the learner's own forward pass. N, D, C, H and W differ, so that a
wrong axis shows, and once N equals D or C, where it would broadcast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import norms
from ..data import digits_batch
from ..norms.core import EPS
from . import graphs
from .mistakes.beyond_batch import mistake
from .pairs import backward_fields, forward_fields
from .running import Calls
from .spec import Case, Cases, Exercise

Array = NDArray[Any]
# What an image is normalised over, as the shape in which to see x and the axes there.
View = tuple[tuple[int, ...], tuple[int, ...]]


def _rows(rng: np.random.Generator) -> Iterator[tuple[str, Array, float]]:
    """What a layer on rows should stand: a phrase, x (N, D) and eps."""
    yield "5 rows and 3 features", rng.normal(size=(5, 3)) + np.array([1.0, -2.0, 5.0]), 1e-5
    yield "3 rows and 7 features, eps as large as the variance", rng.normal(size=(3, 7)), 1.0
    x = rng.normal(size=(4, 6)) * np.array([[2.0], [1e-4], [0.5], [1.0]])
    yield "a row that hardly varies", x, 1e-5
    yield "as many rows as features, 4 of each", rng.normal(size=(4, 4)), 0.2
    yield "whole numbers, stored as integers", rng.integers(-9, 10, size=(4, 6)), 0.05
    yield "float32 numbers", (0.5 + rng.normal(size=(5, 8))).astype(np.float32), 1e-2
    yield "a single row", rng.normal(size=(1, 5)), 0.3
    yield "a single feature", rng.normal(size=(4, 1)), 0.3
    yield "a transposed view of an array", rng.normal(size=(6, 4)).T, 0.1
    images, _ = digits_batch(32, seed=int(rng.integers(2**31)))
    yield "32 digits", images, 1e-2


def _images(rng: np.random.Generator) -> Iterator[tuple[str, Array, float, int]]:
    """What a layer on images should stand: a phrase, x (N, C, H, W), eps, and a number of groups."""
    shift = np.array([1.0, -2.0, 4.0, 0.0, 3.0, -1.0])[:, None, None]
    x = rng.normal(size=(2, 6, 4, 5)) + shift
    yield "2 images of 6 channels and 4 by 5 pixels", x, 1e-5, 2
    yield "5 images of 3 channels and 2 by 4 pixels", rng.normal(size=(5, 3, 2, 4)) + shift[:3], 0.1, 1
    yield "2 images of 6 channels, eps as large as the variance", rng.normal(size=(2, 6, 3, 4)), 1.0, 3
    yield "a group for each channel", rng.normal(size=(3, 4, 2, 5)) + shift[:4], 0.05, 4
    x = rng.normal(size=(3, 4, 2, 5)) * np.array([2.0, 1e-4, 1e-4, 1.0])[:, None, None]
    yield "channels that hardly vary", x, 1e-5, 4
    yield "as many images as channels, 4 of each", rng.normal(size=(4, 4, 2, 3)) + shift[:4], 0.2, 2
    yield "whole numbers, stored as integers", rng.integers(-9, 10, size=(3, 4, 2, 5)), 0.05, 2
    x = (rng.normal(size=(3, 4, 2, 5)) + shift[:4]).astype(np.float32)
    yield "float32 numbers", x, 1e-2, 2
    yield "a single image", rng.normal(size=(1, 6, 2, 3)), 0.1, 3
    yield "a single pixel", rng.normal(size=(5, 4, 1, 1)), 0.3, 2
    x = np.moveaxis(rng.normal(size=(2, 4, 5, 6)), -1, 1)
    yield "channels stored last, seen as (N, C, H, W)", x, 0.1, 2
    digits, _ = digits_batch(12, seed=int(rng.integers(2**31)))
    yield "12 digits, upper and lower half as 2 channels", digits.reshape(12, 2, 4, 8), 1e-2, 1


def _parameters(rng: np.random.Generator, x: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """gamma and beta of a shape, no entry of gamma near 1 or near another's, in the precision of x."""
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    gamma = rng.choice([-1.0, 1.0], shape) * rng.uniform(1.5, 2.5, shape)
    return gamma.astype(dtype), rng.normal(size=shape).astype(dtype)


def _upstream(rng: np.random.Generator, x: Array) -> Array:
    """A random dout, laid out in memory as x is."""
    dout = np.empty_like(x, dtype=np.float32 if x.dtype == np.float32 else np.float64)
    dout[...] = rng.normal(size=x.shape)
    return dout


def _options(eps: float) -> dict[str, float]:
    """A parameter dictionary; without an entry for the eps that is the default."""
    return {} if eps == EPS else {"eps": eps}


def _scales(
    x: Array, dout: Array, gamma: Array, eps: float, view: View, mean: bool = True
) -> dict[str, float]:
    """The size of each gradient where nothing cancels, against which rounding is measured."""
    shape, axes = view
    seen = x.astype(np.float64).reshape(shape)
    xmu = seen - seen.mean(axis=axes, keepdims=True) if mean else seen
    ivar = 1 / np.sqrt(np.mean(xmu**2, axis=axes, keepdims=True) + eps)
    xhat = (xmu * ivar).reshape(x.shape)
    others = tuple(axis for axis in range(x.ndim) if axis != 1)
    return {
        "dx": float(np.max(np.abs((dout * gamma).reshape(shape) * ivar))),
        "dgamma": float(np.max(np.sum(np.abs(dout * xhat), axis=others))),
        "dbeta": float(np.max(np.sum(np.abs(dout), axis=others))),
    }


def _layer_pairs(rng: np.random.Generator) -> Iterator[Case]:
    for says, x, eps in _rows(rng):
        gamma, beta = _parameters(rng, x, x.shape[1:])
        dout = _upstream(rng, x)
        yield Case(says, (x, gamma, beta, _options(eps), dout), _scales(x, dout, gamma, eps, (x.shape, (1,))))


def _rms_pairs(rng: np.random.Generator) -> Iterator[Case]:
    for says, x, eps in _rows(rng):
        gamma, _ = _parameters(rng, x, x.shape[1:])
        dout = _upstream(rng, x)
        scale = _scales(x, dout, gamma, eps, (x.shape, (1,)), mean=False)
        yield Case(says, (x, gamma, eps, dout), scale)


def _spatial_pairs(rng: np.random.Generator) -> Iterator[Case]:
    for says, x, eps, _ in _images(rng):
        gamma, beta = _parameters(rng, x, x.shape[1:2])
        dout = _upstream(rng, x)
        scale = _scales(x, dout, gamma[:, None, None], eps, (x.shape, (0, 2, 3)))
        yield Case(says, (x, gamma, beta, {"mode": "train", **_options(eps)}, dout), scale)


def _group_pairs(rng: np.random.Generator) -> Iterator[Case]:
    for says, x, eps, groups in _images(rng):
        n, c, h, w = x.shape
        gamma, beta = _parameters(rng, x, (1, c, 1, 1))
        dout = _upstream(rng, x)
        scale = _scales(x, dout, gamma, eps, ((n, groups, c // groups, h, w), (2, 3, 4)))
        yield Case(f"{says}, G = {groups}", (x, gamma, beta, groups, _options(eps), dout), scale)


def _forward_only(pairs: Callable[[np.random.Generator], Iterator[Case]]) -> Cases:
    """The cases of a pair for its forward pass alone: without dout."""

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for case in pairs(rng):
            yield Case(case.says, case.args[:-1])

    return cases


def _spatial_calls(rng: np.random.Generator) -> Iterator[Case]:
    """Calls that share a bn_param: one in training, one in a test, and several in a row."""
    for says, x, eps, _ in _images(rng):
        gamma, beta = _parameters(rng, x, x.shape[1:2])
        yield Case(says, (x, gamma, beta, {"mode": "train", "momentum": 0.7, **_options(eps)}, ()))
    x = rng.normal(size=(2, 3, 4, 5)) + 1.0
    gamma, beta = _parameters(rng, x, (3,))
    kept = {"running_mean": rng.normal(size=3), "running_var": rng.uniform(0.2, 3.0, 3)}
    yield Case("a test call", (x, gamma, beta, {"mode": "test", "eps": 0.3, **kept}, ()))
    later = (("train", rng.normal(size=(4, 3, 2, 5))), ("test", rng.normal(size=(3, 3, 4, 2))))
    yield Case("two training calls, then a test call", (x, gamma, beta, {"mode": "train", **kept}, later))


_ROWS = {"out": "(N, D)", "dx": "(N, D)", "dgamma": "(D,)", "dbeta": "(D,)"}
_CHANNELS = {"out": "(N, C, H, W)", "dx": "(N, C, H, W)", "dgamma": "(C,)", "dbeta": "(C,)"}
_GROUPS = {**_CHANNELS, "dgamma": "(1, C, 1, 1)", "dbeta": "(1, C, 1, 1)"}
_STATISTICS = {"bn_param['running_mean']": "(C,)", "bn_param['running_var']": "(C,)"}
_SPATIAL_CALLS = Calls(needs_cache=False).fields("spatial_batchnorm_forward", norms.spatial_batchnorm_forward)

EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        id="9.1",
        title="Layer normalisation",
        asks="each row of `x` (N, D) normalised over its own features, then scaled and shifted.",
        cases=_forward_only(_layer_pairs),
        hints=(
            "The arithmetic is that of batch normalization. Which axis disappears in the mean now?",
            "A mean over `axis=1` has the shape (N,), and NumPy lines that up with the features. What keeps "
            "it (N, 1)?",
            "Use `keepdims=True` in both means. `gamma` and `beta` still have one entry for each feature and "
            "broadcast as before; eps comes from `ln_param`.",
        ),
        section="A-row-by-itself",
        mistakes=mistake.of("9.1"),
        graph=graphs.layer_pair,
        shapes=_ROWS,
        may_change=("ln_param",),
        **forward_fields(norms.layernorm_forward),
    ),
    Exercise(
        id="9.2",
        title="Layer normalisation, backward",
        asks="its three gradients, from the cache of your own 9.1.",
        cases=_layer_pairs,
        hints=(
            "Two kinds of sums appear. Parameters were broadcast over rows, statistics over features.",
            "Start from `dxhat`, which is `dout` times `gamma`, and apply the bracket to each row of it.",
            "`dgamma` and `dbeta` are sums over axis 0. The two means that the bracket takes off are over "
            "axis 1, with their axis kept, and both are means of something with `gamma` in it.",
        ),
        section="Where-gamma-stands",
        mistakes=mistake.of("9.2"),
        graph=graphs.layer_pair,
        shapes=_ROWS,
        may_change=("ln_param",),
        **backward_fields(norms.layernorm_forward, norms.layernorm_backward, after="9.1"),
    ),
    Exercise(
        id="9.3",
        title="Batch normalization of images",
        asks="each channel of `x` (N, C, H, W) normalised over all images and pixels.",
        hints=(
            "For one channel, how many numbers share a mean? Could you write them under one another?",
            "Every pixel of every image is one more row for the layer on (N, D) that the notebook gives you; "
            "a channel is a feature. `x.reshape(-1, C)` is not how to get there.",
            "Move the channel axis to the end first, then reshape to C columns. On the way back do the two "
            "in the opposite order. The layer itself keeps the running statistics.",
        ),
        section="Channels-are-features",
        mistakes=mistake.of("9.3"),
        **{**_SPATIAL_CALLS, "cases": _spatial_calls, "shapes": {"out": "(N, C, H, W)", **_STATISTICS}},
    ),
    Exercise(
        id="9.4",
        title="Batch normalization of images, backward",
        asks="its three gradients, from the cache of your own 9.3.",
        cases=_spatial_pairs,
        hints=(
            "Going backward, what happens to `dout` that happened to `x` going forward?",
            "Rows again: `dout` is rearranged like `x`, goes through the backward pass of the layer on rows, "
            "and what comes out is rearranged back.",
            "Only `dx` has to become images again. `dgamma` and `dbeta` are (C,) already.",
        ),
        section="Channels-are-features",
        mistakes=mistake.of("9.4"),
        graph=graphs.spatial_pair,
        shapes=_CHANNELS,
        may_change=("bn_param",),
        **backward_fields(norms.spatial_batchnorm_forward, norms.spatial_batchnorm_backward, after="9.3"),
    ),
    Exercise(
        id="9.5",
        title="Group normalisation",
        asks="each image's channels normalised in G groups; `gamma` and `beta` are (1, C, 1, 1).",
        cases=_forward_only(_group_pairs),
        hints=(
            "How many means are there for each image, and over how many numbers is each?",
            "Give `x` a fifth axis, so that a group is an axis of its own. Neighbouring channels share a "
            "group, so no axis has to be moved.",
            "In the shape (N, G, C // G, H, W) the statistics run over the last three axes, kept. Go back to "
            "(N, C, H, W) before `gamma` comes in.",
        ),
        section="Groups-of-channels",
        mistakes=mistake.of("9.5"),
        graph=graphs.group_pair,
        shapes=_GROUPS,
        may_change=("gn_param",),
        **forward_fields(norms.spatial_groupnorm_forward),
    ),
    Exercise(
        id="9.6",
        title="Group normalisation, backward",
        asks="its three gradients, from the cache of your own 9.5; `dgamma` and `dbeta` are (1, C, 1, 1).",
        cases=_group_pairs,
        hints=(
            "The bracket acts within a group. In which shape is a group easy to reach?",
            "`gamma` may differ between the channels of a group, so it has to go into the means, as in 9.2.",
            "Sum over axes 0, 2 and 3, kept, for the parameters. For `dx`, see `dout * gamma` and `xhat` "
            "with five axes, apply the bracket over the last three, and reshape at the end.",
        ),
        section="Groups-of-channels",
        mistakes=mistake.of("9.6"),
        graph=graphs.group_pair,
        shapes=_GROUPS,
        may_change=("gn_param",),
        **backward_fields(norms.spatial_groupnorm_forward, norms.spatial_groupnorm_backward, after="9.5"),
    ),
    Exercise(
        id="9.7",
        title="RMSNorm",
        asks="each row of `x` (N, D) divided by its root mean square, then scaled by `gamma`.",
        cases=_forward_only(_rms_pairs),
        hints=(
            "Which step of layer normalisation is left out, and which parameter?",
            "Nothing is subtracted. The mean of the squares of a row takes the place of its variance.",
            "eps stands under the root, with the mean of the squares over axis 1, kept.",
        ),
        section="Without-the-mean",
        mistakes=mistake.of("9.7"),
        graph=graphs.rms_pair,
        shapes=_ROWS,
        **forward_fields(norms.rmsnorm_forward),
    ),
    Exercise(
        id="9.8",
        title="RMSNorm, backward",
        asks="its two gradients, `dx` (N, D) and `dgamma` (D,), from the cache of your own 9.7.",
        cases=_rms_pairs,
        hints=(
            "The bracket has three terms for layer normalisation. Which of them came from the mean?",
            "One direction of each row is removed, that of `xhat`; the other one was the mean's.",
            "Take `xhat` times the mean over axis 1 of `dxhat * xhat` off `dxhat`, and multiply by one over "
            "the root. `gamma` is in `dxhat`.",
        ),
        section="Without-the-mean",
        mistakes=mistake.of("9.8"),
        graph=graphs.rms_pair,
        shapes=_ROWS,
        **backward_fields(norms.rmsnorm_forward, norms.rmsnorm_backward, ("dx", "dgamma"), after="9.7"),
    ),
)
