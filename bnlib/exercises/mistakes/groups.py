"""What goes wrong in group normalisation, forward."""

from __future__ import annotations

from typing import Any

import numpy as np

from .layers import Array, Kept, Rows, forward, per_n_minus_1, rows_for_n, times_n

WITHIN = (2, 3, 4)


def seen_as(shape: tuple[int, ...], groups: int, order: str) -> tuple[int, ...]:
    """The five lengths in which images (N, C, H, W) have an axis of groups; other orders are the wrong ones."""
    n, c, *pixels = shape
    if order == "right":
        return (n, groups, c // groups, *pixels)
    return (n, c // groups, groups, *pixels)


def group_norm(
    x: Array, gamma: Array, beta: Array, G: int, gn_param: Any, *, order: str = "right", **wrong: Any
) -> tuple[Array, tuple[Kept, int]]:
    """Group normalisation with something wrong; in another `order` the axis of groups stands elsewhere."""
    shape = seen_as(x.shape, G, order)
    axes = (1, 3, 4) if order == "strided" else WITHIN
    seen = (1, *shape[1:3], 1, 1)
    found, kept = forward(
        x.reshape(shape), gamma.reshape(seen), beta.reshape(seen), gn_param.get("eps", 1e-5), axes, **wrong
    )
    return found.reshape(x.shape), (kept, G)


def in_memory_order(x: Array, gamma: Array, beta: Array, G: int, gn_param: Any) -> tuple[Array, tuple[()]]:
    """The array cut into G pieces as it lies in memory, images and all."""
    pieces = x.reshape(G, -1)
    xmu = pieces - pieces.mean(axis=1, keepdims=True)
    xhat = xmu / np.sqrt(np.mean(xmu**2, axis=1, keepdims=True) + gn_param.get("eps", 1e-5))
    return gamma * xhat.reshape(x.shape) + beta, ()


FORWARD: Rows = (
    (
        "groups-strided",
        {"order": "strided"},
        "The channels of one group lie apart in `x`, with channels of others between them. When an array "
        "is reshaped, which of its channels stay together?",
    ),
    (
        "group-size-for-number",
        {"order": "sizes"},
        "There are groups of G channels here, where G groups were asked for. With 6 channels and G = 2, "
        "how many channels should share a mean?",
    ),
    (
        "statistics-wrong-axis",
        {"mean_over": (0, 2, 3, 4), "var_over": (0, 2, 3, 4)},
        "The statistics run over the images as well. Should the `out` of one image change when another "
        "leaves?",
    ),
    (
        "statistics-wrong-axis",
        {"mean_over": (3, 4), "var_over": (3, 4)},
        "Each channel has been normalised by itself, which is instance normalisation. What else belongs "
        "to its group?",
    ),
    (
        "statistics-wrong-axis",
        {"mean_over": (1, 2, 3, 4), "var_over": (1, 2, 3, 4)},
        "All channels of an image share one mean and one variance, whatever G is. Which axis of the five "
        "must be left beside that of the images?",
    ),
    (
        "statistics-wrong-axis",
        {"mean_over": (2,), "var_over": (2,)},
        "The statistics are taken pixel by pixel over the channels of a group. Which pixels of a group "
        "share a mean?",
    ),
    (
        "no-axis",
        {"mean_over": (0, 1, 2, 3, 4), "var_over": (0, 1, 2, 3, 4)},
        "One mean and one variance are used for the whole batch. How many groups are there in N images?",
    ),
    (
        "no-axis",
        {"var_over": (0, 1, 2, 3, 4)},
        "Each group has its mean, but the variance is that of the whole array. Did both calls get their "
        "axes?",
    ),
    (
        "eps-outside-root",
        {"root": "eps outside"},
        "`eps` is added to a group's deviation, and should be added to its variance. When does that show?",
    ),
    (
        "eps-forgotten",
        {"root": "no eps"},
        "`eps` has no part in `out`. What happens to a group whose pixels are all alike?",
    ),
    (
        "deviation-subtracted",
        {"subtract": True},
        "The deviation of a group is subtracted. What would divide the spread away?",
    ),
    (
        "divided-by-variance",
        {"root": "no root"},
        "A group is divided by its variance. What is its variance afterwards, if it was 4 before?",
    ),
    (
        "n-minus-1",
        {"var_weight": per_n_minus_1},
        "The variance counts one number fewer than the group has. Is anything estimated here?",
    ),
    (
        "one-over-n-lost",
        {"var_weight": times_n},
        "The squares of a group are added and not divided by their number. How many are they?",
    ),
    (
        "wrong-count",
        {"var_weight": rows_for_n},
        "The squares of a group are divided by the number of images. How many numbers does a group of one "
        "image have?",
    ),
    (
        "not-centred",
        {"centre": "var"},
        "The group's mean is taken off for the variance and not for the numerator. What should the mean "
        "of `xhat` be?",
    ),
    (
        "not-centred",
        {"centre": "xhat"},
        "What stands under the root is the mean of the squares of `x` itself. Which step comes before the "
        "square?",
    ),
    (
        "gamma-missing",
        {"out": "no gamma"},
        "`gamma` isn't in `out`. How many numbers has it for an image, and what does each of them scale?",
    ),
    ("beta-missing", {"out": "no beta"}, "`beta` isn't in `out`. Which step comes after the scaling?"),
    (
        "scale-shift-missing",
        {"out": "neither"},
        "`out` is the normalised groups and nothing more. What are the two arrays of shape (1, C, 1, 1) for?",
    ),
    (
        "shift-before-scale",
        {"out": "beta scaled"},
        "`beta` is added before `gamma` multiplies. What would the layer give for `xhat` = 0?",
    ),
    (
        "gamma-beta-swapped",
        {"out": "swapped"},
        "`beta` multiplies and `gamma` is added. Where `xhat` is 0, which of the two should come out?",
    ),
)
