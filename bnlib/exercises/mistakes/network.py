"""What goes wrong in 6.4, the two-layer network: the slips of the question that it answers, and those of the layer."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()

Part = Callable[[SimpleNamespace], Any]


def gradients(
    *,
    divisor: Part = lambda v: v.n - v.ddof,
    root: Callable[[Any, Any], Any] = lambda var, eps: np.sqrt(var + eps),
    slope: Part = lambda v: v.b > 0,
    residual: Part = lambda v: -2.0 * (v.y - v.V @ v.G2) / v.n,
    stub: Part = lambda v: np.outer(v.dyhat, v.G2) * v.slope,
    dxhat: Part = lambda v: v.stub * v.gamma,
    mean: Part = lambda v: np.mean(v.dxhat, axis=0),
    along: Part = lambda v: v.xhat * np.sum(v.dxhat * v.xhat, axis=0) / v.divisor,
    dH: Part = lambda v: (v.dxhat - v.mean - v.along) / v.sigma,
    dG1: Part = lambda v: v.X.T @ v.dH,
    dG2: Part = lambda v: v.V.T @ v.dyhat,
    dgamma: Part = lambda v: np.sum(v.stub * v.xhat, axis=0),
    dbeta: Part = lambda v: np.sum(v.stub, axis=0),
) -> Callable[..., Any]:
    """The four gradients, with parts of the computation replaced; a part sees every value before it by name."""

    def make(X: Any, G1: Any, gamma: Any, beta: Any, G2: Any, y: Any, eps: Any, ddof: int) -> Any:
        v = SimpleNamespace(X=X, G2=G2, gamma=gamma, y=y, ddof=ddof, n=X.shape[0])
        v.H = X @ G1
        xc = v.H - np.mean(v.H, axis=0)
        v.divisor = divisor(v)
        v.sigma = root(np.sum(xc**2, axis=0) / v.divisor, eps)
        v.xhat = xc / v.sigma
        v.b = gamma * v.xhat + beta
        v.V = np.maximum(v.b, 0)
        v.dyhat = residual(v)
        v.slope = slope(v)
        v.stub = stub(v)
        v.dxhat = dxhat(v)
        v.mean = mean(v)
        v.along = along(v)
        v.dH = dH(v)
        return {"dG1": dG1(v), "dG2": dG2(v), "dgamma": dgamma(v), "dbeta": dbeta(v)}

    return make


def add(slug: str, says: str, **parts: Any) -> None:
    """A mistake of 6.4 that replaces parts of `gradients`."""
    mistake.add("6.4", slug, says, gradients(**parts))


# The loss and the ReLU --------------------------------------------------------------------------------------

add(
    "relu-ignored",
    "The ReLU's slope is 1 everywhere, as in the question, whose second assignment undoes the first. Which values "
    "did it stop going forward, and does what you compare still know?",
    slope=lambda v: np.ones_like(v.b),
)
add(
    "relu-before-layer",
    "The ReLU's slope was taken where `X @ G1` is positive. What does it get as its input: that, or what the layer "
    "has made of it?",
    slope=lambda v: v.H > 0,
)
add(
    "value-for-slope",
    "The gradient was multiplied by the ReLU's value and not by its slope. What is its slope where it lets "
    "something through?",
    slope=lambda v: v.V,
)
add(
    "one-over-n-lost",
    "All four gradients are N times too large: R is a mean, and nothing was divided. Where does the 1/N enter, and "
    "how often?",
    residual=lambda v: -2.0 * (v.y - v.V @ v.G2),
)
add(
    "one-over-n-lost",
    "`dG2` has its 1/N; the stub, and with it the other three, has none. Which array do all four share?",
    stub=lambda v: np.outer(v.dyhat, v.G2) * v.slope * v.n,
)
add(
    "one-over-n-lost",
    "`dG2` is N times too large and the others are right. Does the mean of the loss concern them alone?",
    dG2=lambda v: v.V.T @ v.dyhat * v.n,
)
add(
    "two-lost",
    "All four gradients are half of what they should be. What does the square of a residual leave in front?",
    residual=lambda v: -1.0 * (v.y - v.V @ v.G2) / v.n,
)
add(
    "sign-lost",
    "All four gradients have the wrong sign. The residual is `y` minus the prediction: which way does it move when "
    "the prediction rises?",
    residual=lambda v: 2.0 * (v.y - v.V @ v.G2) / v.n,
)
add(
    "relu-ignored",
    "`dG2` was made from what goes into the ReLU. By what was `G2` multiplied going forward?",
    dG2=lambda v: v.b.T @ v.dyhat,
)

# The layer --------------------------------------------------------------------------------------------------

add(
    "layer-ignored",
    "`dG1` is `X` transposed times the stub, as if the layer were not there. What lies between `X @ G1` and the "
    "ReLU?",
    dG1=lambda v: v.X.T @ v.stub,
)
add(
    "statistics-constant",
    "In `dG1` mean and sigma were held constant, as the question's w does. On what do they depend?",
    mean=lambda v: 0.0,
    along=lambda v: 0.0,
)
add(
    "multiplied-not-divided",
    "`dG1` was multiplied by sigma. The question's code does that where its text divides: what did the forward pass "
    "do?",
    dH=lambda v: (v.dxhat - v.mean - v.along) * v.sigma,
)
add(
    "multiplied-not-divided",
    "`dG1` has both of the question's slips: multiplied by sigma, and mean and sigma held constant. Which of them "
    "would you mend first?",
    dH=lambda v: v.dxhat * v.sigma,
)
add(
    "factor-lost",
    "Sigma is nowhere in `dG1`. What stands in front of the bracket?",
    dH=lambda v: v.dxhat - v.mean - v.along,
)
add(
    "mean-path-dropped",
    "The mean of `dxhat` was not taken off. Add the same number to a column of `X @ G1`: how far may the loss move?",
    mean=lambda v: 0.0,
)
add(
    "variance-path-dropped",
    "The bracket lacks its third term. Sigma depends on `G1` as well: where does that come in?",
    along=lambda v: 0.0,
)
add(
    "gamma-missing",
    "`gamma` isn't in `dG1`. What lies between the stub and `dxhat`?",
    dxhat=lambda v: v.stub,
)
add(
    "gamma-in-dgamma",
    "`dgamma` has an extra factor `gamma`, as the question's own formula has. Can the slope of a straight line "
    "depend on where you stand?",
    dgamma=lambda v: np.sum(v.stub * v.gamma * v.xhat, axis=0),
)
add(
    "n-minus-1",
    "Going back, the third term of the bracket was divided by N, whatever `ddof` is. Where did that factor come "
    "from in the forward pass?",
    along=lambda v: v.xhat * np.mean(v.dxhat * v.xhat, axis=0),
)
add(
    "n-minus-1",
    "`ddof` has no effect: both directions divide by N. Which sum of the forward pass should it change?",
    divisor=lambda v: v.n,
)
add(
    "n-minus-1",
    "Both directions divide by N - 1, also where `ddof` is 0. Which layer are you computing then?",
    divisor=lambda v: v.n - 1,
)
add(
    "n-minus-1",
    "The mean of `dxhat` was divided by N - `ddof` too. Did the mean of the forward pass divide by that?",
    mean=lambda v: np.sum(v.dxhat, axis=0) / v.divisor,
)
add(
    "one-over-n-lost",
    "The bracket takes off sums. Two of its matrices have a divisor: which?",
    mean=lambda v: np.sum(v.dxhat, axis=0),
    along=lambda v: v.xhat * np.sum(v.dxhat * v.xhat, axis=0),
)
add(
    "no-axis",
    "The means of the bracket run over all hidden units. Does one unit's sigma touch another unit?",
    mean=lambda v: np.mean(v.dxhat),
    along=lambda v: v.xhat * np.sum(v.dxhat * v.xhat) / v.divisor,
)
add(
    "eps-outside-root",
    "`eps` was added after the root. With the question's own layer, where it is 0, nobody would notice: and with "
    "the other cases?",
    root=lambda var, eps: np.sqrt(var) + eps,
)
add(
    "eps-forgotten",
    "Sigma was taken without `eps`. In which of the two layers, the question's or the usual one, is it not 0?",
    root=lambda var, eps: np.sqrt(var),
)

# The sums, and the dictionary -------------------------------------------------------------------------------

add(
    "mean-for-sum",
    "`dgamma` and `dbeta` are averaged over the rows, though the 1/N of the loss is in the stub. How many times "
    "should N divide?",
    dgamma=lambda v: np.mean(v.stub * v.xhat, axis=0),
    dbeta=lambda v: np.mean(v.stub, axis=0),
)
add(
    "factor-lost",
    "`dgamma` equals `dbeta`. What multiplies `gamma` in row n?",
    dgamma=lambda v: np.sum(v.stub, axis=0),
)
add(
    "matrix-product",
    "`dgamma` is a p2 by p2 matrix, as the question's was before somebody read off its diagonal. Which shape has "
    "`gamma`?",
    dgamma=lambda v: v.xhat.T @ v.stub,
)
add(
    "outputs-swapped",
    "`dG1` and `dG2` have changed places, as in the question. Which of the two weights has p1 rows?",
    dG1=lambda v: v.V.T @ v.dyhat,
    dG2=lambda v: v.X.T @ v.dH,
)
add(
    "column-shape",
    "`dG2` is a column, (p2, 1). `G2` is (p2,): what would an update make of the two together?",
    dG2=lambda v: (v.V.T @ v.dyhat)[:, None],
)
