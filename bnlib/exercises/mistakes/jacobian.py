"""What goes wrong in 6.1, the Jacobian of one column: ivar * (I - 11'/N - xhat xhat'/N)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()

Term = Callable[[SimpleNamespace], Any]


def jacobian(
    slug: str,
    says: str,
    *,
    ones: Term = lambda v: 1.0 / v.n,
    along: Term = lambda v: np.outer(v.xhat, v.xhat) / v.n,
    front: Term = lambda v: v.ivar,
    root: Callable[[Any, Any], Any] = lambda var, eps: np.sqrt(var + eps),
    ddof: int = 0,
) -> None:
    """A mistake of 6.1 in one of the bracket's terms, in what stands before it, or in the statistics."""

    def make(x_column: Any, eps: Any) -> Any:
        n = x_column.shape[0]
        xmu = x_column - np.mean(x_column)
        ivar = 1.0 / root(np.sum(xmu**2) / np.float64(n - ddof), eps)
        xhat = xmu * ivar
        v = SimpleNamespace(n=n, xmu=xmu, ivar=ivar, xhat=xhat, x=x_column)
        return front(v) * (np.eye(n) - ones(v) - along(v))

    mistake.add("6.1", slug, says, make)


def zero(v: SimpleNamespace) -> float:
    """A term that isn't there."""
    return 0.0


jacobian(
    "statistics-constant",
    "The matrix is diagonal. An entry beside the diagonal says how `xhat[i]` answers when another `x[j]` moves: "
    "through what do the rows feel each other?",
    ones=zero,
    along=zero,
)
jacobian(
    "mean-path-dropped",
    "The second matrix of the bracket is missing. Add 1 to every entry of the column: what should the Jacobian say "
    "to that?",
    ones=zero,
)
jacobian(
    "variance-path-dropped",
    "The third matrix is missing, the one of the variance. Stretch the column by a little around its mean: how "
    "much does `xhat` change when `eps` is tiny?",
    along=zero,
)
jacobian(
    "factor-lost",
    "This is the bracket without what stands in front of it. If `x` is measured in another unit, should the slopes "
    "stay the same?",
    front=lambda v: 1.0,
)
jacobian(
    "wrong-power",
    "`ivar` stands squared before the bracket. Which power does the formula above the exercise have?",
    front=lambda v: v.ivar**2,
)
jacobian(
    "divided-not-multiplied",
    "The bracket was divided by `ivar`. A column with a wide spread: do its entries of `xhat` move more or less "
    "than those of `x`?",
    front=lambda v: 1.0 / v.ivar,
)
jacobian(
    "eps-outside-root",
    "`eps` was added to the root and not under it. For which columns would that hardly matter, and for which does it "
    "matter most?",
    root=lambda var, eps: np.sqrt(var) + eps,
)
jacobian(
    "eps-forgotten",
    "It is the Jacobian for an `eps` of 0. In which of your lines should the argument appear?",
    root=lambda var, eps: np.sqrt(var),
)
jacobian(
    "divided-by-variance",
    "No root was taken, so `xhat` was divided by the variance. What is the variance of `xhat` then?",
    root=lambda var, eps: var + eps,
)
jacobian(
    "n-minus-1",
    "The variance was divided by N - 1. By how many did the bracket divide, and do the two have to agree?",
    ddof=1,
)
jacobian(
    "n-minus-1",
    "The third matrix was divided by N - 1, and the variance by N. Where does the factor of `xhat xhat'` come from?",
    along=lambda v: np.outer(v.xhat, v.xhat) / np.float64(v.n - 1),
)
jacobian(
    "sign-lost",
    "The third matrix was added. Does the way through the variance help an entry to grow, or does it hold it back?",
    along=lambda v: -np.outer(v.xhat, v.xhat) / v.n,
)
jacobian(
    "sign-lost",
    "The second matrix was added. If `x[0]` grows, what does the mean do to the other entries of `xmu`?",
    ones=lambda v: -1.0 / v.n,
)
jacobian(
    "one-over-n-lost",
    "Neither of the two matrices was divided by N. What should every row of I - 11'/N sum to?",
    ones=lambda v: 1.0,
    along=lambda v: np.outer(v.xhat, v.xhat),
)
jacobian(
    "one-over-n-lost",
    "The matrix of ones is not divided by N. What has to be subtracted from a vector to take its mean off?",
    ones=lambda v: 1.0,
)
jacobian(
    "one-over-n-lost",
    "The outer product was not divided by N. How long is `xhat`, as a vector, when `eps` is tiny?",
    along=lambda v: np.outer(v.xhat, v.xhat),
)
jacobian(
    "xmu-for-xhat",
    "The outer product is that of `xmu`. Multiply the column by 10: what would your third matrix do, and what "
    "does the first?",
    along=lambda v: np.outer(v.xmu, v.xmu) / v.n,
)
jacobian(
    "xmu-for-xhat",
    "One of the two vectors in the outer product is `xmu`, the other `xhat`. Multiply the column by 10: should the "
    "third matrix feel it?",
    along=lambda v: np.outer(v.xhat, v.xmu) / v.n,
)
jacobian(
    "inner-for-outer",
    "The product of `xhat` with itself came out as one number, the sum of its squares. Which product of two vectors "
    "has N by N entries?",
    along=lambda v: np.dot(v.xhat, v.xhat) / v.n,
)
jacobian(
    "inner-for-outer",
    "`xhat` was squared entry by entry, and all rows of the third matrix are alike. What should stand in row i and "
    "column j?",
    along=lambda v: v.xhat * v.xhat / v.n,
)
jacobian(
    "identity-for-ones",
    "The second matrix has its 1/N on the diagonal only. Which entries of `xmu` move when `x[0]` does?",
    ones=lambda v: np.eye(v.n) / v.n,
)


@mistake(
    "6.1",
    "diagonal-only",
    "You have one slope for each row: how `xhat[i]` answers to its own `x[i]`. What about all the others, when one "
    "entry moves the mean and the variance?",
)
def _(x_column: Any, eps: Any) -> Any:
    n = x_column.shape[0]
    ivar = 1.0 / np.sqrt(np.var(x_column) + eps)
    xhat = (x_column - np.mean(x_column)) * ivar
    return ivar * (1.0 - 1.0 / n - xhat**2 / n)


@mistake(
    "6.1",
    "diagonal-only",
    "The diagonal is right and everything beside it is 0. If `x[0]` grows, the mean grows: what does that do to "
    "`xhat[1]`?",
)
def _(x_column: Any, eps: Any) -> Any:
    n = x_column.shape[0]
    ivar = 1.0 / np.sqrt(np.var(x_column) + eps)
    xhat = (x_column - np.mean(x_column)) * ivar
    return np.diag(ivar * (1.0 - 1.0 / n - xhat**2 / n))
