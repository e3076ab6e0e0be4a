"""What goes wrong in notebook 10: numbers that saving memory has spoilt, blocks that don't fit together, memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...norms import staged
from .closed_form_back import CLOSED, batch_norm_back
from .collect import Mistakes
from .layers import Array, Rows, add
from .parameters_back import PARAMETERS

mistake = Mistakes()


def every_step(dout: Array, cache: Any, *rest: Any) -> tuple[Array, Array, Array]:
    """Right, with an array for each step."""
    return staged.batchnorm_backward(dout, cache)


# 10.1 -------------------------------------------------------------------------------------------------------

add(mistake, "10.1", CLOSED, batch_norm_back)
add(mistake, "10.1", PARAMETERS, batch_norm_back)
mistake.add(
    "10.1",
    "too-much-memory",
    "Every operation on arrays of shape (N, D) makes a new one. Which of them must still be there when "
    "the next line runs?",
    every_step,
)


@mistake(
    "10.1",
    "read-too-late",
    "`dgamma` is summed from the array that had become `dx` by then. At which moment does that array hold "
    "the product which you need?",
)
def _(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    dx, _, dbeta = staged.batchnorm_backward(dout, cache)
    return dx, np.sum(dx, axis=0), dbeta


@mistake(
    "10.1",
    "read-too-late",
    "`dbeta` is summed from an array that has been worked in since. Which array still holds what came "
    "from above?",
)
def _(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    dx, dgamma, _ = staged.batchnorm_backward(dout, cache)
    return dx, dgamma, np.sum(dx, axis=0)


@mistake(
    "10.1",
    "read-too-late",
    "The product of `dout` and `xhat` is still in `dx` where `xhat` times a row should be by then. What "
    "does the array hold before each of your lines, and what after it?",
)
def _(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    xhat, gamma, _, ivar, *_ = cache
    dgamma, dbeta = np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
    return gamma * ivar * (dout - dbeta / len(dout) - dout * xhat * (dgamma / len(dout))), dgamma, dbeta


@mistake(
    "10.1",
    "scaled-in-part",
    "`gamma` and `ivar` multiply only what was in `dx` when they came. What was added after that?",
)
def _(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    xhat, gamma, _, ivar, *_ = cache
    dgamma, dbeta = np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
    dx = dout - xhat * (dgamma / len(dout))
    return dx * (gamma * ivar) - dbeta / len(dout), dgamma, dbeta


# 10.2 -------------------------------------------------------------------------------------------------------


def blocked(
    dout: Array,
    cache: Any,
    rows: int,
    *,
    whole: tuple[bool, bool] = (True, True),
    added: tuple[str, ...] = ("dgamma", "dbeta"),
    sums: str = "all",
    count: str = "all",
    per_block: str = "sum",
    last: str = "kept",
) -> tuple[Array, Array, Array]:
    """The closed form in blocks, with something wrong in how they go together.

    `whole` says whether the two passes have the rows that are left over; `added` which sums are added up and not
    overwritten. `sums` says which sums a block of dx is made with ("all", its "own", or those "so far"), `count`
    which number of rows divides them, `per_block` how a block is summed.
    """
    xhat, gamma, _, ivar, *_ = cache
    n, total = len(dout), np.sum if per_block == "sum" else np.mean
    starts = range(0, n, rows)
    dx, found = np.zeros_like(dout), {"dgamma": np.zeros_like(gamma), "dbeta": np.zeros_like(gamma)}
    own, so_far = {}, {}
    for start in starts:
        block = slice(start, start + rows)
        if not whole[0] and start + rows > n:
            continue
        own[start] = {"dgamma": total(dout[block] * xhat[block], axis=0), "dbeta": total(dout[block], axis=0)}
        for name, part in own[start].items():
            found[name] = found[name] + part if name in added else part
        so_far[start] = dict(found)
    zero = dict.fromkeys(found, 0.0)
    for start in starts:
        block = slice(start, start + rows)
        if not whole[1] and start + rows > n:
            continue
        used = {"all": found, "own": own.get(start, zero), "so far": so_far.get(start, zero)}[sums]
        by = {"all": n, "rows": rows, "own": len(dout[block])}[count]
        taken = used["dbeta"] / by + xhat[block] * (used["dgamma"] / by)
        dx[block] = gamma * ivar * (dout[block] - taken)
    return dx, found["dgamma"], found["dbeta"]


BLOCKS: Rows = (
    (
        "remainder-lost",
        {"whole": (False, False)},
        "The rows at the end that don't fill a block are missing from the sums and from `dx`. How many "
        "blocks do 5 rows make, with 2 in each?",
    ),
    (
        "remainder-lost",
        {"whole": (False, True)},
        "The last, shorter block isn't in `dgamma` and `dbeta`. Over which rows does the first pass go?",
    ),
    (
        "remainder-lost",
        {"whole": (True, False)},
        "The sums are complete, and the last rows of `dx` were never filled. Does your second pass reach "
        "the end?",
    ),
    (
        "statistics-per-block",
        {"sums": "own", "count": "own"},
        "Each block of `dx` is made from its own sums, as if it were a batch. Which rows shared a mean in "
        "the forward pass?",
    ),
    (
        "statistics-per-block",
        {"sums": "own"},
        "Each block takes off its own sums, divided by N. Which two results must be known in full before "
        "`dx` can be begun?",
    ),
    (
        "one-pass",
        {"sums": "so far"},
        "`dx` is filled while the sums are still being added up: a block knows of the rows before it and "
        "of none after. How often do you have to go through the blocks?",
    ),
    (
        "block-length-for-n",
        {"count": "rows"},
        "The sums over all rows are divided by `rows`. What does N count?",
    ),
    (
        "block-length-for-n",
        {"count": "own"},
        "The sums over all rows are divided by the length of the block. Is the mean that is taken off one "
        "of the block?",
    ),
    (
        "assigned-not-added",
        {"added": ()},
        "`dgamma` and `dbeta` are those of the last block. What became of the blocks before it?",
    ),
    (
        "assigned-not-added",
        {"added": ("dbeta",)},
        "`dgamma` is that of the last block, `dbeta` that of all. How do the two lines differ?",
    ),
    (
        "assigned-not-added",
        {"added": ("dgamma",)},
        "`dbeta` has been stored anew at each block. Which operator lets a sum grow?",
    ),
    (
        "mean-for-sum",
        {"per_block": "mean"},
        "The blocks' means are added up where their sums are due. What does the mean of a short last "
        "block count for?",
    ),
)

add(mistake, "10.2", BLOCKS, blocked)
add(mistake, "10.2", CLOSED, batch_norm_back)
add(mistake, "10.2", PARAMETERS, batch_norm_back)
mistake.add(
    "10.2",
    "too-much-memory",
    "An array of the size of `dout` is alive beside `dx`. Which of your lines works on all rows at once?",
    every_step,
)
