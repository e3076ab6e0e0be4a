"""Exercises of notebook 06: the Jacobian of one column, its bracket, and a network solved in matrices.

With C = I - 11'/N a column's xmu is C x, and d ivar = -ivar^3 xmu' dxmu / N. So

    d xhat = ivar dxmu + xmu d ivar = ivar (I - xhat xhat'/N) C dx,

and because 1'xhat = 0 the product of the two brackets is I - 11'/N - xhat xhat'/N, for every eps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import digits_batch, two_layer
from . import graphs
from .batches import SCALES, Layer, layer, layers
from .closed_form import run_without_n_by_n
from .mistakes.features_first import mistake as on_its_side
from .mistakes.jacobian import mistake as of_the_jacobian
from .mistakes.matrix_form import mistake as of_the_bracket
from .mistakes.network import mistake as of_the_network
from .spec import Case, Exercise

Array = NDArray[np.floating]


def normalize_jacobian(x_column: Array, eps: float) -> Array:
    """How xhat changes with x: entry [i, j] is d xhat_i / d x_j for a column x (N,). Returns (N, N)."""
    n = x_column.shape[0]
    xmu = x_column - np.mean(x_column)
    ivar = 1.0 / np.sqrt(np.mean(xmu**2) + eps)
    xhat = xmu * ivar
    identity = np.eye(n, dtype=xhat.dtype)
    return ivar * (identity - 1.0 / n - np.outer(xhat, xhat) / n)


def project(dxhat: Array, xhat: Array) -> Array:
    """The bracket I - 11'/N - xhat xhat'/N of each column, applied to that column of dxhat (N, D)."""
    return dxhat - np.mean(dxhat, axis=0) - xhat * np.mean(dxhat * xhat, axis=0)


def dgamma_matrix(stub: Array, xc: Array, sigma: Array) -> Array:
    """diag(xc' stub diag(1/sigma)) without the matrix: stub and xc (N, D), sigma (D,). Returns (D,)."""
    return np.sum(xc * stub, axis=0) / sigma


def two_layer_gradients(
    X: Array, G1: Array, gamma: Array, beta: Array, G2: Array, y: Array, eps: float, ddof: int
) -> dict[str, Array]:
    """The gradients of R = mean((y - relu(bn(X @ G1)) @ G2)**2), whose bn divides the squares by N - ddof.

    X (N, p1), G1 (p1, p2), gamma, beta and G2 (p2,), y (N,). Returns dG1, dG2, dgamma and dbeta, each in the
    shape of its parameter. The mean is over N whatever ddof is, so only the bracket's third term changes.
    """
    n = X.shape[0]
    h = X @ G1
    xc = h - np.mean(h, axis=0)
    ivar = 1.0 / np.sqrt(np.sum(xc**2, axis=0) / (n - ddof) + eps)
    xhat = xc * ivar
    b = gamma * xhat + beta
    v = np.maximum(b, 0)
    dyhat = -2.0 * (y - v @ G2) / n
    stub = np.outer(dyhat, G2) * (b > 0)
    dxhat = stub * gamma
    along = np.sum(dxhat * xhat, axis=0) / (n - ddof)
    dh = ivar * (dxhat - np.mean(dxhat, axis=0) - xhat * along)
    return {
        "dG1": X.T @ dh,
        "dG2": v.T @ dyhat,
        "dgamma": np.sum(stub * xhat, axis=0),
        "dbeta": np.sum(stub, axis=0),
    }


def batchnorm_backward_features_first(dout: Array, cache: tuple[Any, ...]) -> tuple[Array, Array, Array]:
    """The layer on its side: dout (D, N) and the cache with its arrays (D, N) or (D, 1).

    Returns dx (D, N), dgamma (D, 1) and dbeta (D, 1).
    """
    xhat, gamma, _, ivar, *_ = cache
    dbeta = np.sum(dout, axis=1, keepdims=True)
    dgamma = np.sum(dout * xhat, axis=1, keepdims=True)
    n = dout.shape[1]
    return gamma * ivar * (dout - dbeta / n - xhat * dgamma / n), dgamma, dbeta


def _jacobian_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(says: str, x: NDArray[Any], eps: float) -> Case:
        # Every entry of the Jacobian is a small number times ivar.
        return Case(says, (x, eps), {"jacobian": float(1 / np.sqrt(np.var(x.astype(np.float64)) + eps))})

    yield case("a column of 4 rows", rng.normal(3.0, 2.0, 4), 0.3)
    yield case("3 rows, eps as large as the variance", rng.normal(size=3), 1.0)
    yield case("7 rows, eps far smaller than the variance", rng.normal(-1.0, 2.0, 7), 1e-8)
    yield case("a column that is nearly constant", 1e-3 * rng.normal(size=5), 1e-5)
    yield case("6 rows in float32", rng.normal(size=6).astype(np.float32), 0.1)
    yield case("whole numbers, stored as integers", rng.integers(-9, 10, size=6), 0.5)
    yield case("a column cut out of a batch", rng.normal(size=(5, 3))[:, 1], 0.2)
    yield case("a single row", rng.normal(2.0, 1.0, 1), 0.3)
    images, _ = digits_batch(16, seed=int(rng.integers(2**31)))
    yield case("one pixel of 16 handwritten digits", images[:, 28], 1e-3)


def _projection_cases(rng: np.random.Generator) -> Iterator[Case]:
    for says, v in layers(rng):
        yield Case(says, (v["dxhat"], v["xhat"]), {"projected": float(np.max(np.abs(v["dxhat"])))})
    # Where the matrix, 32 MB, can't be overlooked.
    v = layer(rng, 2000, 2, eps=1e-3)
    scale = {"projected": float(np.max(np.abs(v["dxhat"])))}
    yield Case("2000 rows and 2 features", (v["dxhat"], v["xhat"]), scale)


def _dgamma_cases(rng: np.random.Generator) -> Iterator[Case]:
    for says, v in layers(rng):
        scale = float(np.max(np.sum(np.abs(v["dout"] * v["xmu"]), axis=0) / v["sqrtvar"]))
        yield Case(says, (v["dout"], v["xmu"], v["sqrtvar"]), {"dgamma": scale})


def _networks(rng: np.random.Generator) -> Iterator[Case]:
    question = two_layer.problem()
    arrays = tuple(question[name] for name in ("X", "G1", "gamma", "beta", "G2", "y"))
    yield _network(rng, "9 rows, 3 inputs, 4 hidden units, ddof 0", (9, 3, 4), 0.3, 0)
    yield _network(rng, "the same sizes, ddof 1", (9, 3, 4), 0.3, 1)
    yield Case("the question's own data, N - 1 and no eps", (*arrays, 0.0, 1))
    yield Case("the question's own data, N and eps 1e-5", (*arrays, 1e-5, 0))
    yield _network(rng, "6 rows, 5 inputs, 3 hidden units, eps as large as the variance", (6, 5, 3), 2.0, 0)
    yield _network(rng, "a single hidden unit", (8, 4, 1), 0.1, 1)
    yield _network(rng, "float32 numbers", (12, 5, 3), 0.2, 0, np.float32)
    whole = _network(rng, "whole numbers, stored as integers", (8, 3, 5), 0.2, 1)
    X = rng.integers(-5, 6, size=(8, 3))
    yield Case(whole.says, (X, *whole.args[1:]), whole.scale)


def _network(
    rng: np.random.Generator,
    says: str,
    sizes: tuple[int, int, int],
    eps: float,
    ddof: int,
    dtype: type[np.floating] = np.float64,
) -> Case:
    n, inputs, hidden = sizes
    signs = rng.choice([-1.0, 1.0], hidden)
    arrays = (
        rng.normal(1.0, 2.0, (n, inputs)),
        rng.normal(size=(inputs, hidden)),
        signs * rng.uniform(1.5, 2.5, hidden),
        # Above 0, so that no hidden unit is off in every row.
        rng.uniform(0.2, 0.8, hidden),
        rng.choice([-1.0, 1.0], hidden) * rng.uniform(0.5, 1.5, hidden),
        rng.normal(size=n),
    )
    return Case(says, (*(a.astype(dtype) for a in arrays), eps, ddof))


def _features_first_cases(rng: np.random.Generator) -> Iterator[Case]:
    for says, v in layers(rng):
        yield Case(says, (v["dout"].T.copy(), _on_its_side(v)), {name: SCALES[name](v) for name in _SIDE})


_SIDE = ("dx", "dgamma", "dbeta")


def _on_its_side(v: Layer) -> tuple[Any, ...]:
    """The cache of 1.4 transposed: (N, D) becomes (D, N) and (D,) becomes (D, 1)."""
    names = ("xhat", "gamma", "xmu", "ivar", "sqrtvar", "var")
    return (*(v[name].T.copy() if v[name].ndim == 2 else v[name][:, None].copy() for name in names), v["eps"])


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        id="6.1",
        title="The Jacobian of one column",
        asks="the matrix of all d xhat_i / d x_j for one column `x_column` (N,).",
        references={"normalize_jacobian": normalize_jacobian},
        returns=("jacobian",),
        cases=_jacobian_cases,
        hints=(
            "The formula stands above the exercise. Compute `ivar` and `xhat` of the column first, with eps "
            "inside the root.",
            "Three matrices of the shape (N, N) stand in the bracket. `np.eye` makes the first, every entry "
            "of the second is the same number, and the third is an outer product.",
            "Entry [i, j] of the third matrix is `xhat[i]` times `xhat[j]`, divided by N: `np.outer` makes "
            "all of them at once. `ivar` stands outside, in front of all three.",
        ),
        section="One-column-and-its-matrix",
        mistakes=of_the_jacobian.of("6.1"),
        shapes={"jacobian": "(N, N)"},
    ),
    Exercise(
        id="6.2",
        title="The bracket without its matrix",
        asks="the bracket of every column applied to that column of `dxhat` (N, D), with no (N, N) array.",
        references={"project": project},
        returns=("projected",),
        cases=_projection_cases,
        hints=(
            "Multiply the bracket out by hand for one column g: what are 11'g and xhat xhat'g, read from "
            "right to left?",
            "1'g is a sum, and dividing by N makes it a mean. xhat'g is a sum of products, one number again, "
            "and that number multiplies the column `xhat`.",
            "Take two things off `dxhat`: the mean of each of its columns, and `xhat` times the mean over "
            "the rows of `dxhat * xhat`. Mind the axis; there is no ivar in the bracket.",
        ),
        section="A-matrix-nobody-builds",
        mistakes=of_the_bracket.of("6.2"),
        run=run_without_n_by_n,
        shapes={"projected": "(N, D)"},
    ),
    Exercise(
        id="6.3",
        title="Gamma's gradient",
        asks="the gradient of gamma from `stub` (N, D), the centred `xc` (N, D) and `sigma` (D,).",
        references={"dgamma_matrix": dgamma_matrix},
        returns=("dgamma",),
        cases=_dgamma_cases,
        hints=(
            "b is a straight line in gamma. Can the gradient of a straight line depend on where you stand?",
            "What multiplies gamma[d] going forward, in row n? That, times the stub, summed over the rows.",
            "The diagonal of a product A'B has the column sums of A * B as its entries. Divide by `sigma`, "
            "because xc hasn't been divided yet; gamma appears nowhere.",
        ),
        section="Kronecker-and-Hadamard",
        mistakes=of_the_bracket.of("6.3"),
        graph=graphs.scale,
        shapes={"dgamma": "(D,)"},
    ),
    Exercise(
        id="6.4",
        title="The whole network",
        asks="a dictionary with `dG1`, `dG2`, `dgamma` and `dbeta` of R, each in its parameter's shape.",
        references={"two_layer_gradients": two_layer_gradients},
        returns=("gradients",),
        cases=_networks,
        hints=(
            "Run the network forward first and give every intermediate array a name. Then go back, from R to "
            "the ReLU, from there through the layer, and last through the product with G1.",
            "R is a mean, so -2 * residual is divided by N, once. The ReLU lets through what was positive "
            "going forward. That gives the stub, with 1/N in it; dbeta and dgamma are sums of it over rows.",
            "For dG1 apply the bracket to gamma times the stub. Its means are over N. Where xhat meets xhat, "
            "the squares were divided by N - ddof going forward, so that sum is divided by N - ddof too.",
        ),
        section="The-network-that-was-left-open",
        mistakes=of_the_network.of("6.4"),
    ),
    Exercise(
        id="6.5",
        title="Features first",
        asks="the backward pass for `dout` (D, N): `dx` (D, N), `dgamma` and `dbeta` (D, 1).",
        references={"batchnorm_backward_features_first": batchnorm_backward_features_first},
        returns=("dx", "dgamma", "dbeta"),
        cases=_features_first_cases,
        hints=(
            "Which axis do the examples run along now? That is the axis of every sum and every mean.",
            "gamma, ivar and var are (D, 1), so they broadcast along the rows without help. A sum over the "
            "examples has to keep its axis to do the same.",
            "`keepdims=True` keeps a (D, 1) where a sum would give (D,). Everything else is your backward "
            "pass from before, and N is the length of the second axis.",
        ),
        section="Lying-on-its-side",
        mistakes=on_its_side.of("6.5"),
        graph=graphs.features_first,
        entries={"cache": graphs.CACHE},
        shapes={"dx": "(D, N)", "dgamma": "(D, 1)", "dbeta": "(D, 1)"},
    ),
)
