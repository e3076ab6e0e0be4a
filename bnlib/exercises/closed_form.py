"""Exercises of notebook 05: the two totals, the closed form of dx, and a published form mended.

With a = dxhat, the staged backward pass says dvar = -ivar**3 / 2 * sum(a * xmu) and, as every column of xmu
sums to 0, dmu = -ivar * sum(a). Put into dx = a * ivar + 2 * xmu / N * dvar + dmu / N, they give

    dx = ivar / N * (N * a - sum(a) - xhat * sum(a * xhat))

with all sums over rows: the form of K. Zakka, "Deriving the Gradient for the Backward Pass of Batch
Normalization" (2016), https://kevinzakka.github.io/2016/09/14/batch_normalization/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..memory import TooMuchMemory, call_within
from ..norms import staged
from . import graphs
from .batches import SCALES, Layer, layer, layers
from .mistakes.closed_form import mistake as of_a_part
from .mistakes.closed_form_whole import mistake as of_the_whole
from .spec import Case, Cases, Exercise, WrongAnswer, run_first

Array = NDArray[np.floating]


def dvar_total(dxhat: Array, xmu: Array, ivar: Array) -> Array:
    """From dxhat to the variance in one go: steps 7, 6 and 5. dxhat, xmu (N, D), ivar (D,). Returns (D,)."""
    return -0.5 * ivar**3 * np.sum(dxhat * xmu, axis=0)


def dmu_total(dxhat: Array, ivar: Array) -> Array:
    """All that reaches mu, without the part that is 0. dxhat (N, D), ivar (D,). Returns (D,)."""
    return -ivar * np.sum(dxhat, axis=0)


def batchnorm_backward_alt(dout: Array, cache: staged.Cache) -> tuple[Array, Array, Array]:
    """The whole backward pass in closed form. Returns dx (N, D), dgamma (D,) and dbeta (D,)."""
    xhat, gamma, _, ivar, *_ = cache
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    # sum(dout * gamma) is gamma * dbeta, since gamma is the same in every row; likewise for dgamma.
    dx = gamma * ivar * (dout - (dbeta + xhat * dgamma) / len(dout))
    return dx, dgamma, dbeta


def repair_published(dy: Array, cache: staged.Cache) -> Array:
    """The published form that a list had given a third axis: dx, of the shape (N, D) of dy."""
    return batchnorm_backward_alt(dy, cache)[0]


def run_without_n_by_n(functions: Mapping[str, Callable[..., Any]], args: tuple[Any, ...]) -> Any:
    """Run the closed form, and refuse one that needs as much memory as a matrix of N by N.

    That can be told from what a layer needs anyway where N is much larger than D.
    """
    n, d = args[0].shape
    if n < 100 * d:
        return run_first(functions, args)
    try:
        return call_within(n * n * args[0].itemsize // 2, next(iter(functions.values())), *args)
    except TooMuchMemory:
        raise WrongAnswer(
            f"It needs an array of N by N numbers, here {n} by {n}, and every row asks only for two sums "
            "that all rows share. What stands in your line that has one number for each pair of rows?"
        ) from None


def _batches(rng: np.random.Generator) -> Iterator[tuple[str, Layer]]:
    yield from layers(rng)
    # Where sums have so many terms, a mean for a sum, or a matrix of N by N, 32 MB, can't be overlooked.
    yield "2000 rows and 2 features", layer(rng, 2000, 2, eps=1e-3)


# A sum may cancel: rounding is then as large as its terms allow.
_SCALES: dict[str, Callable[[Layer], float]] = {
    **SCALES,
    "dvar": lambda v: float(np.max(0.5 * v["ivar"] ** 3 * np.sum(np.abs(v["dxhat"] * v["xmu"]), axis=0))),
    "dmu": lambda v: float(np.max(v["ivar"] * np.sum(np.abs(v["dxhat"]), axis=0))),
}


def _cases(arguments: tuple[str, ...], returns: tuple[str, ...]) -> Cases:
    """Cases that hand over the named values of the layer."""

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for says, values in _batches(rng):
            scale = {name: _SCALES[name](values) for name in returns if name in _SCALES}
            yield Case(says, tuple(values[name] for name in arguments), scale)

    return cases


def _exercise(
    reference: Callable[..., Any], arguments: tuple[str, ...], returns: tuple[str, ...], **rest: Any
) -> Exercise:
    shapes = {name: "(N, D)" if name == "dx" else "(D,)" for name in returns}
    cases = _cases(arguments, returns)
    return Exercise(
        references={reference.__name__: reference}, returns=returns, cases=cases, shapes=shapes, **rest
    )


EXERCISES: tuple[Exercise, ...] = (
    _exercise(
        dvar_total,
        ("dxhat", "xmu", "ivar"),
        ("dvar",),
        id="5.1",
        title="Everything that reaches the variance",
        asks="`dvar` (D,), the gradient of the variance, from `dxhat`, `xmu` (N, D) and `ivar` (D,).",
        hints=(
            "Three steps of the backward pass lie between dxhat and dvar: 7, 6 and 5. Which of them sums?",
            "Step 7 gives divar. The local derivatives of steps 6 and 5 are numbers for each column; "
            "multiply them, and write both with ivar.",
            "The derivative of a power -1/2 is -1/2 times a power -3/2. What power of ivar is that, and what "
            "is summed over the rows before it is multiplied?",
        ),
        section="Everything-that-reaches-the-variance",
        mistakes=of_a_part.of("5.1"),
        graph=graphs.normalise_var,
    ),
    _exercise(
        dmu_total,
        ("dxhat", "ivar"),
        ("dmu",),
        id="5.2",
        title="Everything that reaches the mean",
        asks="`dmu` (D,), the gradient of the mean, from `dxhat` (N, D) and `ivar` (D,).",
        hints=(
            "Of the two ways from mu to the loss, one carries nothing. Which one is left?",
            "Through xhat: dxmu1 is dxhat times ivar, and mu was subtracted from every row.",
            "Sum dxmu1 over the rows, with a sign. ivar is the same in every row, so it may stand outside.",
        ),
        section="Everything-that-reaches-the-mean",
        mistakes=of_a_part.of("5.2"),
        graph=graphs.normalise_mu,
    ),
    _exercise(
        batchnorm_backward_alt,
        ("dout", "cache"),
        ("dx", "dgamma", "dbeta"),
        id="5.3",
        title="The backward pass on one line",
        asks="`dx` (N, D), `dgamma` (D,) and `dbeta` (D,), with `dx` in closed form: no loop over features, "
        "and no matrix of N by N.",
        hints=(
            "dgamma and dbeta are what they were in notebook 03. For dx, of the cache's seven entries three "
            "are enough: which?",
            "Inside the bracket stand three terms: dxhat itself, its mean over the rows, and xhat times a "
            "mean.",
            "The last mean is that of dxhat times xhat, entry by entry. All three terms together are "
            "multiplied by ivar, which has one entry for each column.",
        ),
        section="One-line",
        mistakes=of_the_whole.of("5.3"),
        graph=graphs.layer,
        entries={"cache": graphs.CACHE},
        run=run_without_n_by_n,
    ),
    _exercise(
        repair_published,
        ("dout", "cache"),
        ("dx",),
        id="5.4",
        title="Mend a published form",
        asks="`dx` of the shape (N, D), from the upstream gradient `dy` and the cache.",
        hints=(
            "What does NumPy make of an array times a list that holds one array? Print the shape of it.",
            "A square bracket groups nothing in Python. It makes a list.",
            "Only the kind of bracket has to change. To get rid of a part that is 0 as well is welcome and "
            "not asked for.",
        ),
        section="A-bracket-that-is-a-list",
        mistakes=of_a_part.of("5.4"),
        graph=graphs.layer_dx,
        entries={"cache": graphs.CACHE},
    ),
)
