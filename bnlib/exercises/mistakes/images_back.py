"""What goes wrong on the way back through batch normalization of images."""

from __future__ import annotations

from typing import Any

from ... import norms
from .images import VIEWS
from .layers import Array, Kept, Rows, backward, over_n, per_n_minus_1, rows_for_n, times_n


def spatial_back(dout: Array, cache: Any, *, view: str) -> tuple[Array, Array, Array]:
    """The way back of the layer on rows, for a gradient of images seen as rows in a wrong way."""
    there, back = VIEWS[view]
    dx, dgamma, dbeta = norms.batchnorm_backward_alt(there(dout), cache)
    return back(dx, dout.shape), dgamma, dbeta


def back_by_axes(dout: Array, cache: Any, **wrong: Any) -> tuple[Array, Array, Array]:
    """The way back without rows, from axes 0, 2 and 3, with something wrong."""
    xhat, gamma, xmu, _, root, var, eps = cache
    images = (VIEWS["right"][1](rows, dout.shape) for rows in (xhat, xmu))
    columns = (row[:, None, None] for row in (gamma, root, var))
    (xhat, xmu), (gamma, root, var) = images, columns
    return backward(dout, Kept(xhat, gamma, xmu, root, var, eps), (0, 2, 3), (0, 2, 3), **wrong)


VIEWED_BACK: Rows = (
    (
        "channel-not-moved",
        {"view": "never moved"},
        "`dout` was cut into rows of C without moving its channels. What does one row of the cached "
        "`xhat` hold, and what does one row of your `dout`?",
    ),
    (
        "channel-not-moved",
        {"view": "not moved back"},
        "The rows of `dx` are right, and then they were poured into the shape of `dout` as they lay. What "
        "undoes a moved axis?",
    ),
    (
        "channel-not-moved",
        {"view": "left last"},
        "`dx` has its channels in the last axis. Whose shape should a gradient have?",
    ),
    (
        "channel-not-moved",
        {"view": "only moved back"},
        "`dx` is moved to images properly, but `dout` wasn't moved on its way to rows. Which of the two "
        "steps meets the cache?",
    ),
    (
        "channel-not-moved",
        {"view": "channels first"},
        "With its channels in front, `dout` was cut into rows of C. Whose numbers are in the first row?",
    ),
    (
        "channel-not-moved",
        {"view": "images in the channels"},
        "`dout` was cut into C pieces as it lay in memory. With two images, whose pixels does the first "
        "piece hold?",
    ),
    (
        "layout-transposed",
        {"view": "height and width"},
        "The rows of `dout` run through the pixels in another order than those of the cache. Which of "
        "height and width changes faster in each?",
    ),
)

BACK_BY_AXES: Rows = (
    (
        "statistics-constant",
        {"mean": 0, "share": 0},
        "`dx` is `dout` scaled, as if a channel's mean and variance were given from outside. Which pixels "
        "did they come from?",
    ),
    (
        "mean-path-dropped",
        {"mean": 0},
        "A channel of your `dx` doesn't sum to 0. What does a number added to all its pixels do to `out`?",
    ),
    (
        "variance-path-dropped",
        {"share": 0},
        "Nothing comes back through a channel's variance. Which term of the bracket goes along `xhat`?",
    ),
    (
        "statistics-per-pixel",
        {"along": (0,)},
        "The means in `dx` run over the images alone. Which numbers shared a mean on the way forward?",
    ),
    (
        "statistics-wrong-axis",
        {"along": (2, 3)},
        "The means in `dx` stay within one image. Did the statistics of a channel stay within one?",
    ),
    (
        "wrong-count",
        {"mean": rows_for_n, "share": rows_for_n},
        "The sums over a channel are divided by N alone. How many numbers went into one mean?",
    ),
    (
        "mean-for-sum",
        {"dgamma": "mean", "dbeta": "mean"},
        "`dgamma` and `dbeta` are means over images and pixels. Each pixel used its channel's `gamma` in "
        "full: what is the way back through that?",
    ),
    (
        "mean-for-sum",
        {"dgamma": "mean"},
        "`dgamma` is a mean and `dbeta` a sum. Were the two parameters broadcast differently?",
    ),
    (
        "mean-for-sum",
        {"dbeta": "mean"},
        "`dbeta` is divided by the number of pixels. What does a step of one entry of `beta` do to the "
        "sum of `out`?",
    ),
    ("sign-lost", {"mean": -1}, "The mean's term is added to `dx`. Which sign had the mean in `x - mu`?"),
    (
        "sign-lost",
        {"share": -1},
        "The term along `xhat` is added. Does a larger spread make the normalised channel larger?",
    ),
    (
        "gamma-missing",
        {"gammas": (0, 0, 0)},
        "`dx` knows nothing of `gamma`. What stands between `xhat` and `out`?",
    ),
    (
        "gamma-twice",
        {"outside": 1},
        "`gamma` is in `dx` twice. Is it in what the bracket is made of already?",
    ),
    (
        "gamma-in-dgamma",
        {"in_dgamma": 1},
        "`dgamma` carries a factor `gamma`. By what is `gamma` multiplied going forward?",
    ),
    (
        "one-over-n-lost",
        {"mean": times_n, "share": times_n},
        "Sums over a channel stand in `dx` where means belong. What did each pixel give to its channel's "
        "mean?",
    ),
    (
        "one-over-n-lost",
        {"straight": times_n, "mean": times_n, "share": times_n},
        "`dx` is too large by the number of pixels in a channel. Which fraction was cleared, and never "
        "put back?",
    ),
    (
        "n-minus-1",
        {"share": per_n_minus_1},
        "The variance's path counts one pixel fewer than the forward pass did. Which count made `var`?",
    ),
    (
        "factor-lost",
        {"whole": 0},
        "The division by the channel's root is missing from `dx`. How much does `xhat` move when `x` "
        "moves by 1?",
    ),
    (
        "n-lost",
        {"straight": over_n},
        "The first term of `dx` is divided by the number of pixels, as the two sums are. Was `dout` "
        "itself summed?",
    ),
)
