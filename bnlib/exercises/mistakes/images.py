"""What goes wrong in batch normalization of images: pixels in the wrong rows, and sums over the wrong axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import norms
from .layers import Array, Rows

# From x (N, C, H, W) to rows of C numbers, and back.
VIEWS: dict[str, tuple[Callable[[Array], Array], Callable[[Array, tuple[int, ...]], Array]]] = {
    "right": (
        lambda x: np.moveaxis(x, 1, -1).reshape(-1, x.shape[1]),
        lambda rows, shape: np.moveaxis(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1),
    ),
    "never moved": (
        lambda x: x.reshape(-1, x.shape[1]),
        lambda rows, shape: rows.reshape(shape),
    ),
    "not moved back": (
        lambda x: np.moveaxis(x, 1, -1).reshape(-1, x.shape[1]),
        lambda rows, shape: rows.reshape(shape),
    ),
    "left last": (
        lambda x: np.moveaxis(x, 1, -1).reshape(-1, x.shape[1]),
        lambda rows, shape: rows.reshape(shape[0], *shape[2:], shape[1]),
    ),
    "only moved back": (
        lambda x: x.reshape(-1, x.shape[1]),
        lambda rows, shape: np.moveaxis(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1),
    ),
    "channels first": (
        lambda x: np.moveaxis(x, 1, 0).reshape(-1, x.shape[1]),
        lambda rows, shape: np.moveaxis(rows.reshape(shape[1], shape[0], *shape[2:]), 0, 1),
    ),
    "images in the channels": (
        lambda x: x.reshape(x.shape[1], -1).T,
        lambda rows, shape: rows.T.reshape(shape),
    ),
    "height and width": (
        lambda x: x.transpose(0, 3, 2, 1).reshape(-1, x.shape[1]),
        lambda rows, shape: np.moveaxis(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1),
    ),
}


def spatial(x: Array, gamma: Array, beta: Array, bn_param: Any, *, view: str) -> tuple[Array, Any]:
    """The layer on rows, for images seen as rows in a wrong way."""
    there, back = VIEWS[view]
    out, cache = norms.batchnorm_forward(there(x), gamma, beta, bn_param)
    return back(out, x.shape), cache


def over(x: Array, gamma: Array, beta: Array, bn_param: Any, *, axes: tuple[int, ...]) -> tuple[Array, Any]:
    """Statistics over other axes of a training batch. What is kept for later has one number for each channel."""
    rest = {key: value for key, value in bn_param.items() if key != "mode"}
    if bn_param["mode"] == "test":
        return norms.spatial_batchnorm_forward(x, gamma, beta, bn_param)
    norms.spatial_batchnorm_forward(x, gamma, beta, bn_param)
    xmu = x - x.mean(axis=axes, keepdims=True)
    xhat = xmu / np.sqrt((xmu**2).mean(axis=axes, keepdims=True) + rest.get("eps", 1e-5))
    return gamma[:, None, None] * xhat + beta[:, None, None], ()


def one_by_one(x: Array, gamma: Array, beta: Array, bn_param: Any) -> tuple[Array, Any]:
    """The layer called for each image."""
    done = [norms.spatial_batchnorm_forward(x[i : i + 1], gamma, beta, bn_param)[0] for i in range(len(x))]
    return np.concatenate(done), ()


def twice(x: Array, gamma: Array, beta: Array, bn_param: Any) -> tuple[Array, Any]:
    """One call for out and one for the cache."""
    out = norms.spatial_batchnorm_forward(x, gamma, beta, bn_param)[0]
    return out, norms.spatial_batchnorm_forward(x, gamma, beta, bn_param)[1]


def not_kept(x: Array, gamma: Array, beta: Array, bn_param: Any) -> tuple[Array, Any]:
    """The statistics written into a copy."""
    return norms.spatial_batchnorm_forward(x, gamma, beta, dict(bn_param))


VIEWED: Rows = (
    (
        "channel-not-moved",
        {"view": "never moved"},
        "`x` became rows of C numbers without its channel axis having moved. Which numbers stand beside "
        "one another in memory: the channels of a pixel, or the pixels of a channel?",
    ),
    (
        "channel-not-moved",
        {"view": "not moved back"},
        "Each channel is normalised as it should be, and then the rows were reshaped straight to the "
        "shape of `x`. In what order do the numbers stand in those rows?",
    ),
    (
        "channel-not-moved",
        {"view": "left last"},
        "The numbers of `out` are right, and its channels stand last. Which order of axes does the next "
        "layer expect?",
    ),
    (
        "channel-not-moved",
        {"view": "only moved back"},
        "The channel axis is moved at the end and wasn't at the beginning. What do the rows hold that the "
        "layer gets?",
    ),
    (
        "channel-not-moved",
        {"view": "channels first"},
        "The channel axis went to the front, and then the array was cut into rows of C. Is a row of it "
        "one pixel?",
    ),
    (
        "channel-not-moved",
        {"view": "images in the channels"},
        "The array was cut into C pieces as it lay in memory. Which axis comes before the channels there, "
        "and what does the first piece hold when there is more than one image?",
    ),
    (
        "layout-transposed",
        {"view": "height and width"},
        "The statistics are right and the pixels aren't where they were: height and width changed places "
        "on the way to the rows. In which order did you take the axes, and in which do you put them back?",
    ),
)

OVER: Rows = (
    (
        "statistics-per-pixel",
        {"axes": (0,)},
        "Every pixel has a mean and a variance of its own here. Which numbers of one channel are to share "
        "them?",
    ),
    (
        "statistics-wrong-axis",
        {"axes": (2, 3)},
        "Each image has been normalised by itself, channel by channel. What is the batch for in batch "
        "normalization?",
    ),
    (
        "statistics-wrong-axis",
        {"axes": (1, 2, 3)},
        "All channels of an image share their statistics: that is layer normalisation. Which of the four "
        "axes should be left over?",
    ),
    (
        "no-axis",
        {"axes": (0, 1, 2, 3)},
        "One mean and one variance serve all channels. How many entries do `gamma` and the running "
        "statistics have?",
    ),
)
