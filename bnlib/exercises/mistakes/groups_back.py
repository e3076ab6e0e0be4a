"""What goes wrong on the way back through group normalisation."""

from __future__ import annotations

from typing import Any

from .groups import WITHIN, seen_as
from .layers import Array, Kept, Rows, backward, over_n, per_n_minus_1, rows_for_n, times_n


def group_norm_back(
    dout: Array,
    cache: tuple[Kept, int],
    *,
    order: str = "right",
    flat: tuple[str, ...] = (),
    **wrong: Any,
) -> tuple[Array, ...]:
    """The way back on the cache of a right `group_norm`, with something wrong; `flat` gradients are (C,)."""
    kept, groups = cache
    shape = seen_as(dout.shape, groups, order)
    axes = (1, 3, 4) if order == "strided" else WITHIN
    # ivar may differ along axes that another order mixes, so it is spread out before anything is reshaped.
    arrays = {
        "xhat": kept.xhat,
        "xmu": kept.xmu,
        "root": kept.root + 0 * kept.xhat,
        "var": kept.var + 0 * kept.xhat,
    }
    seen = {name: array.reshape(shape) for name, array in arrays.items()}
    gamma = kept.gamma.reshape(1, *shape[1:3], 1, 1)
    dx, dgamma, dbeta = backward(
        dout.reshape(shape), Kept(gamma=gamma, eps=kept.eps, **seen), axes, (0, 3, 4), **wrong
    )
    parameters = {"dgamma": dgamma, "dbeta": dbeta}
    for name, gradient in parameters.items():
        if gradient.size == dout.size and gradient.ndim == dout.ndim + 1:
            parameters[name] = gradient.reshape(dout.shape)
        else:
            parameters[name] = gradient.reshape((-1,) if name in flat else (1, -1, 1, 1))
    return dx.reshape(dout.shape), *parameters.values()


BACKWARD: Rows = (
    (
        "gamma-pulled-out",
        {"gammas": (0, 0, 0), "outside": 1},
        "`gamma` waits outside until the bracket is done. Is it one number for all the channels of a group?",
    ),
    (
        "statistics-wrong-axis",
        {"along": (1, 2, 3, 4)},
        "The bracket takes its means over all channels of an image. Over which of them did the statistics "
        "run?",
    ),
    (
        "statistics-wrong-axis",
        {"along": (0, 2, 3, 4)},
        "The means in `dx` run over all images. Which images had a part in the statistics of one group?",
    ),
    (
        "statistics-wrong-axis",
        {"along": (3, 4)},
        "The means in `dx` stay within one channel. How many channels shared the mean going forward?",
    ),
    (
        "groups-strided",
        {"order": "strided"},
        "`dxhat` was cut into groups of channels that lie apart. Which channels stood together in `x`?",
    ),
    (
        "group-size-for-number",
        {"order": "sizes"},
        "The groups of your `dxhat` have G channels each. Which of the two numbers is G, that of the "
        "groups or that of the channels in one?",
    ),
    (
        "statistics-constant",
        {"mean": 0, "share": 0},
        "`dx` takes each group's statistics for constants. Whose pixels made them?",
    ),
    (
        "mean-path-dropped",
        {"mean": 0},
        "A group of your `dx` doesn't sum to 0. What comes back through the group's mean?",
    ),
    (
        "variance-path-dropped",
        {"share": 0},
        "The group's variance sends nothing back. What would doubling a group do to `out`, and what does "
        "your `dx` say that it does?",
    ),
    (
        "keepdims-lost",
        {"flat": ("dgamma", "dbeta")},
        "`dgamma` and `dbeta` are (C,), their parameters (1, C, 1, 1). What would `gamma -= lr * dgamma` "
        "make of those two shapes?",
    ),
    (
        "keepdims-lost",
        {"flat": ("dgamma",)},
        "`dgamma` has lost the axes of length 1 that `gamma` has. Which argument of a sum keeps them?",
    ),
    (
        "keepdims-lost",
        {"flat": ("dbeta",)},
        "`dbeta` is (C,) where `beta` is (1, C, 1, 1). What did you do for `dgamma`?",
    ),
    (
        "mean-for-sum",
        {"dgamma": "mean", "dbeta": "mean"},
        "`dgamma` and `dbeta` are averages over images and pixels. A channel's `gamma` is one number used "
        "many times: what adds up?",
    ),
    (
        "mean-for-sum",
        {"dgamma": "mean"},
        "`dgamma` is divided by the number of pixels that a channel has. Is there a mean between `gamma` "
        "and `out`?",
    ),
    (
        "mean-for-sum",
        {"dbeta": "mean"},
        "`dbeta` is the mean of `dout` in a channel. If every entry of `out` rises by 1, by how much does "
        "their sum?",
    ),
    (
        "not-summed",
        {"dgamma": "no", "dbeta": "no"},
        "`dgamma` and `dbeta` have the shape of `x`. Along which axes was each parameter repeated?",
    ),
    (
        "sign-lost",
        {"mean": -1},
        "The mean of `dxhat` is added. In which direction does a mean pull its group?",
    ),
    (
        "sign-lost",
        {"share": -1},
        "The term along `xhat` is added to `dx`. What happens to 1 / root when the root grows?",
    ),
    (
        "gamma-missing",
        {"gammas": (0, 0, 0)},
        "`gamma` is nowhere in your `dx`. What does `dout` become at the gate before the last?",
    ),
    (
        "gamma-missing",
        {"gammas": (1, 0, 0)},
        "The two means are of `dout`, only the first term has been through `gamma`. What is the bracket "
        "applied to?",
    ),
    (
        "gamma-twice",
        {"outside": 1},
        "`dx` has been multiplied by `gamma` before the bracket and after it. How often was `xhat`?",
    ),
    (
        "gamma-in-dgamma",
        {"in_dgamma": 1},
        "`dgamma` was summed from a gradient that had been through `gamma`. Does `gamma` meet itself "
        "going forward?",
    ),
    (
        "gamma-in-dbeta",
        {"in_dbeta": 1},
        "`dbeta` has been summed after `gamma` was multiplied in. What lies between `beta` and `out`?",
    ),
    (
        "xmu-for-xhat",
        {"factor": "xmu"},
        "`dgamma` uses the groups before their division. Which array did `gamma` scale?",
    ),
    (
        "one-over-n-lost",
        {"mean": times_n, "share": times_n},
        "Sums over a group stand where its means belong. What share of the mean did one pixel bring?",
    ),
    (
        "one-over-n-lost",
        {"straight": times_n, "mean": times_n, "share": times_n},
        "`dx` is too large by the number of entries in a group. Was the bracket multiplied by it, and "
        "divided?",
    ),
    (
        "wrong-count",
        {"mean": rows_for_n, "share": rows_for_n},
        "The sums over a group are divided by the number of images. What is the number of terms in them?",
    ),
    (
        "two-lost",
        {"share": 0.5},
        "The variance's path brings half of what it should. What was squared on the way?",
    ),
    (
        "half-lost",
        {"share": 2.0},
        "The variance's path brings twice its due. What does a root leave of a small step?",
    ),
    (
        "square-lost",
        {"power": 2},
        "One factor 1 / root is missing on the variance's path. What is the derivative of 1/s?",
    ),
    (
        "n-minus-1",
        {"share": per_n_minus_1},
        "Backward a group counts one number fewer than forward. Which of the two is the layer's variance?",
    ),
    (
        "factor-lost",
        {"whole": 0},
        "The bracket isn't divided by the group's root. How far does `xhat` go when `x` goes one step?",
    ),
    (
        "n-lost",
        {"straight": over_n},
        "The first term of the bracket is divided by the size of a group, like the two sums. Is it a mean "
        "of anything?",
    ),
)
