"""The closed form of dx with one of its terms replaced: what the mistakes of notebooks 05 and 06 share."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

Term = Callable[[SimpleNamespace], Any]


def values(dout: Any, cache: Any, axis: int = 0) -> SimpleNamespace:
    """What a term may need: the cache by its names, dout, dxhat as `a`, and sums and means over the examples.

    `n` is the number of examples, `d` that of features. `sum` and `mean` keep their axis.
    """
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    return SimpleNamespace(
        **{"dout": dout, "xhat": xhat, "gamma": gamma, "xmu": xmu, "ivar": ivar, "sqrtvar": sqrtvar},
        **{"var": var, "eps": eps, "a": dout * gamma, "n": dout.shape[axis], "d": dout.shape[1 - axis]},
        sum=lambda terms: np.sum(terms, axis=axis, keepdims=True),
        mean=lambda terms: np.mean(terms, axis=axis, keepdims=True),
        across=lambda terms: np.mean(terms, axis=1 - axis, keepdims=True),
    )


def closed(
    first: Term = lambda v: v.a,
    second: Term = lambda v: v.mean(v.a),
    third: Term = lambda v: v.xhat * v.mean(v.a * v.xhat),
    outside: Term = lambda v: v.ivar,
) -> Term:
    """outside * (first - second - third), with some of the four replaced."""
    return lambda v: outside(v) * (first(v) - second(v) - third(v))


def none(v: SimpleNamespace) -> float:
    """A term that isn't there."""
    return 0.0


# What can be wrong with dx, wherever it is written in closed form: slug, which term it is about, and the code.
WRONG: dict[tuple[str, str], Term] = {
    ("statistics-constant", ""): closed(second=none, third=none),
    ("mean-path-dropped", ""): closed(second=none),
    ("variance-path-dropped", ""): closed(third=none),
    ("gamma-missing", "everywhere"): lambda v: closed()(SimpleNamespace(**{**vars(v), "a": v.dout})),
    ("gamma-missing", "in both sums"): closed(
        second=lambda v: v.mean(v.dout), third=lambda v: v.xhat * v.mean(v.dout * v.xhat)
    ),
    ("gamma-missing", "in the mean"): closed(second=lambda v: v.mean(v.dout)),
    ("gamma-missing", "along xhat"): closed(third=lambda v: v.xhat * v.mean(v.dout * v.xhat)),
    ("gamma-missing", "in dxhat"): closed(first=lambda v: v.dout),
    ("gamma-twice", "outside"): closed(outside=lambda v: v.gamma * v.ivar),
    ("gamma-twice", "in the sums"): closed(
        second=lambda v: v.gamma * v.mean(v.a), third=lambda v: v.gamma * v.xhat * v.mean(v.a * v.xhat)
    ),
    ("one-over-n-lost", "both"): closed(
        second=lambda v: v.sum(v.a), third=lambda v: v.xhat * v.sum(v.a * v.xhat)
    ),
    ("one-over-n-lost", "mean"): closed(second=lambda v: v.sum(v.a)),
    ("one-over-n-lost", "along"): closed(third=lambda v: v.xhat * v.sum(v.a * v.xhat)),
    ("one-over-n-lost", "outside"): closed(outside=lambda v: v.n * v.ivar),
    ("n-lost", ""): closed(first=lambda v: v.a / v.n),
    ("one-over-n-twice", ""): closed(outside=lambda v: v.ivar / v.n),
    ("n-minus-1", "both"): closed(
        second=lambda v: v.sum(v.a) / (v.n - 1), third=lambda v: v.xhat * v.sum(v.a * v.xhat) / (v.n - 1)
    ),
    ("n-minus-1", "along"): closed(third=lambda v: v.xhat * v.sum(v.a * v.xhat) / (v.n - 1)),
    ("d-for-n", ""): closed(
        second=lambda v: v.sum(v.a) / v.d, third=lambda v: v.xhat * v.sum(v.a * v.xhat) / v.d
    ),
    ("sign-lost", "mean"): closed(second=lambda v: -v.mean(v.a)),
    ("sign-lost", "along"): closed(third=lambda v: -v.xhat * v.mean(v.a * v.xhat)),
    ("sign-lost", "both"): closed(
        second=lambda v: -v.mean(v.a), third=lambda v: -v.xhat * v.mean(v.a * v.xhat)
    ),
    ("half-lost", ""): closed(third=lambda v: 2 * v.xhat * v.mean(v.a * v.xhat)),
    ("two-lost", ""): closed(third=lambda v: v.xhat * v.mean(v.a * v.xhat) / 2),
    ("no-axis", "both"): closed(
        second=lambda v: np.mean(v.a), third=lambda v: v.xhat * np.mean(v.a * v.xhat)
    ),
    ("no-axis", "mean"): closed(second=lambda v: np.mean(v.a)),
    ("no-axis", "along"): closed(third=lambda v: v.xhat * np.mean(v.a * v.xhat)),
    ("no-axis", "sums"): closed(
        second=lambda v: np.sum(v.a) / v.n, third=lambda v: v.xhat * np.sum(v.a * v.xhat) / v.n
    ),
    ("no-axis", "first sum"): closed(second=lambda v: np.sum(v.a) / v.n),
    ("no-axis", "second sum"): closed(third=lambda v: v.xhat * np.sum(v.a * v.xhat) / v.n),
    ("wrong-axis", ""): closed(
        second=lambda v: v.across(v.a), third=lambda v: v.xhat * v.across(v.a * v.xhat)
    ),
    ("brackets-dropped", "means"): lambda v: v.ivar * v.a - v.mean(v.a) - v.xhat * v.mean(v.a * v.xhat),
    ("brackets-dropped", "sums"): lambda v: v.ivar * v.a - v.sum(v.a) - v.xhat * v.sum(v.a * v.xhat),
    ("brackets-dropped", "means of dout"): lambda v: (
        v.gamma * v.ivar * v.dout - v.mean(v.dout) - v.xhat * v.mean(v.dout * v.xhat)
    ),
    ("brackets-dropped", "sums of dout"): lambda v: (
        v.gamma * v.ivar * v.dout - v.sum(v.dout) - v.xhat * v.sum(v.dout * v.xhat)
    ),
    ("factor-lost", "ivar"): closed(outside=lambda v: 1.0),
    ("factor-lost", "xhat"): closed(third=lambda v: v.mean(v.a * v.xhat)),
    ("factor-lost", "xhat inside"): closed(third=lambda v: v.xhat * v.mean(v.a)),
    ("wrong-power", "2"): closed(outside=lambda v: v.ivar**2),
    ("wrong-power", "3"): closed(outside=lambda v: v.ivar**3),
    ("divided-not-multiplied", ""): closed(outside=lambda v: v.sqrtvar),
    ("not-summed", ""): closed(third=lambda v: v.xhat * (v.a * v.xhat) / v.n),
    ("xmu-for-xhat", "one"): closed(third=lambda v: v.xmu * v.mean(v.a * v.xhat)),
    ("xmu-for-xhat", "both"): closed(third=lambda v: v.xmu * v.mean(v.a * v.xmu)),
}
