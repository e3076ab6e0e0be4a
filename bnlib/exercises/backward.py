"""Exercises of notebook 03: the backward pass, step 9 to step 0, and the whole of it.

Each function stands alone: it gets what the layer itself would hand it, whatever the learner's others do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..norms import staged
from . import graphs
from .batches import cases_for
from .mistakes.backward import mistake as of_a_product
from .mistakes.backward_input import mistake as of_the_input
from .mistakes.backward_slopes import mistake as of_the_slopes
from .mistakes.backward_variance import mistake as of_the_variance
from .mistakes.backward_whole import mistake as of_the_whole
from .mistakes.means import mistake as of_a_mean
from .spec import Exercise

_SHAPES = {
    **dict.fromkeys(("dbeta", "dgamma", "divar", "dsqrtvar", "dvar", "dmu"), "(D,)"),
    **dict.fromkeys(("dgammax", "dxhat", "dxmu1", "dsq", "dxmu2", "dx1", "dx2", "dx"), "(N, D)"),
}

# Each holds the mistakes of some of the steps.
_MISTAKES = (of_a_product, of_the_variance, of_a_mean, of_the_input, of_the_whole, of_the_slopes)


def _exercise(
    reference: Callable[..., Any],
    returns: tuple[str, ...],
    *,
    id: str,
    title: str,
    section: str,
    asks: str,
    hints: tuple[str, ...],
) -> Exercise:
    """An exercise on one function of `staged`, whose parameters name what each case hands it."""
    graph = graphs.layer if id == "3.10" else getattr(graphs, reference.__name__)
    return Exercise(
        id=id,
        title=title,
        asks=asks,
        references={reference.__name__: reference},
        returns=returns,
        cases=cases_for(reference, returns),
        hints=hints,
        section=section,
        shapes={name: _SHAPES[name] for name in returns},
        mistakes=tuple(known for part in _MISTAKES for known in part.of(id)),
        graph=graph,
        entries={"cache": graphs.CACHE} if id == "3.10" else {},
    )


EXERCISES: tuple[Exercise, ...] = (
    _exercise(
        staged.step9,
        ("dbeta", "dgammax"),
        id="3.9",
        title="The shift",
        section="Step-9-adds-beta",
        asks="the gradients of both inputs of `out = gammax + beta`: `dbeta` (D,) and `dgammax` (N, D).",
        hints=(
            "How many rows of `out` does one entry of `beta` reach on the way forward?",
            (
                "An addition hands its gradient on unchanged. `beta` was copied into every row, and every "
                "row answers."
            ),
            (
                "`dgammax` has the shape and the values of `dout`. `dbeta` has one number for each "
                "column: what the rows of that column say, added up. Mind the axis."
            ),
        ),
    ),
    _exercise(
        staged.step8,
        ("dgamma", "dxhat"),
        id="3.8",
        title="The scale",
        section="Step-8-multiplies-by-gamma",
        asks="the gradients of both inputs of `gammax = gamma * xhat`: `dgamma` (D,) and `dxhat` (N, D).",
        hints=(
            "What is the derivative of a product with respect to one of its factors?",
            (
                "Each factor gets the gradient from above times the other factor. One of the two was "
                "copied into every row."
            ),
            (
                "Write both products entry by entry first; both are (N, D). `dxhat` is finished then. "
                "`dgamma` still has to become (D,), the way `dbeta` did."
            ),
        ),
    ),
    _exercise(
        staged.step7,
        ("divar", "dxmu1"),
        id="3.7",
        title="The normalisation",
        section="Step-7-joins-two-branches",
        asks="the gradients of both inputs of `xhat = xmu * ivar`: `divar` (D,) and `dxmu1` (N, D).",
        hints=(
            "You have met this gate before, one step ago.",
            "It is a product again, and again one of its factors has one entry for each column only.",
            (
                "`ivar` stands where `gamma` stood, `xmu` where `xhat` stood. One of the two results is "
                "summed over rows."
            ),
        ),
    ),
    _exercise(
        staged.step6,
        ("dsqrtvar",),
        id="3.6",
        title="The inversion",
        section="Step-6-inverts",
        asks="the gradient of the input of `ivar = 1 / sqrtvar`: `dsqrtvar` (D,).",
        hints=(
            "If `sqrtvar` grows a little, does `ivar` grow or shrink? That settles a sign.",
            "Write 1/s as s to the power -1 and differentiate the power.",
            (
                "The local derivative is minus one over the square of `sqrtvar`. Multiply it by what "
                "comes from above; every array here is (D,), so nothing is summed."
            ),
        ),
    ),
    _exercise(
        staged.step5,
        ("dvar",),
        id="3.5",
        title="The root",
        section="Step-5-takes-the-root",
        asks="the gradient of `var` in `sqrtvar = np.sqrt(var + eps)`: `dvar` (D,).",
        hints=(
            "Write the root as a power and differentiate it. Where does `eps` stand?",
            (
                "The derivative of the root of s is one over twice that root, at the same s as on the way "
                "forward."
            ),
            "That s is `var + eps`, both under the root. One half, divided by the root, times `dsqrtvar`.",
        ),
    ),
    _exercise(
        staged.step4,
        ("dsq",),
        id="3.4",
        title="The mean of the squares",
        section="Step-4-averages-the-squares",
        asks="the gradient of the input of `var = np.mean(sq, axis=0)`: `dsq` (N, D).",
        hints=(
            "If one entry of `sq` grows by 1, by how much does the mean of its column grow?",
            (
                "Every row has the same share in the mean, so every row gets the same gradient: that "
                "share of `dvar`."
            ),
            (
                "Divide `dvar` by N, the first entry of `shape`, and give the result N rows: multiply it "
                "by an array of ones, or use `np.broadcast_to`."
            ),
        ),
    ),
    _exercise(
        staged.step3,
        ("dxmu2",),
        id="3.3",
        title="The square",
        section="Step-3-squares",
        asks="the gradient that `sq = xmu**2` sends to its input: `dxmu2` (N, D).",
        hints=(
            "Entry by entry this is a function of one number. Which?",
            "The derivative of s**2 is 2s, at the value of s that went in on the way forward.",
            "Upstream times local: `dsq` times twice `xmu`. Both are (N, D), so nothing is summed.",
        ),
    ),
    _exercise(
        staged.step2,
        ("dx1", "dmu"),
        id="3.2",
        title="The centring",
        section="Step-2-centres",
        asks="the gradients of both inputs of `xmu = x - mu`: `dx1` (N, D) and `dmu` (D,).",
        hints=(
            (
                "`xmu` was used twice on the way forward, and both uses have sent a gradient back. What "
                "is the gradient of `xmu` itself?"
            ),
            (
                "Contributions to one node add up. A subtraction hands the sum on to `x` as it is, and to "
                "`mu` with the other sign."
            ),
            (
                "`mu` was copied into every row, so its gradient is also summed over the rows: like "
                "`dbeta`, with a minus."
            ),
        ),
    ),
    _exercise(
        staged.step1,
        ("dx2",),
        id="3.1",
        title="The mean of x",
        section="Step-1-takes-the-mean",
        asks="the gradient that `mu = np.mean(x, axis=0)` sends to its input: `dx2` (N, D).",
        hints=(
            "Which of the steps behind you went back through a mean?",
            "Step 4 was this gate with other names.",
            "Every row of `dx2` is the same: `dmu` divided by N. It has to be there N times.",
        ),
    ),
    _exercise(
        staged.step0,
        ("dx",),
        id="3.0",
        title="The input",
        section="Step-0-is-the-input",
        asks="the gradient of `x`, from its two contributions `dx1` and `dx2`: `dx` (N, D).",
        hints=(
            "How many arrows leave `x` on the way forward?",
            "Each of them has brought one contribution back. You dealt with that at `xmu`, in step 2.",
            "Both contributions are (N, D) and both count in full. Make a new array for the result.",
        ),
    ),
    _exercise(
        staged.batchnorm_backward,
        ("dx", "dgamma", "dbeta"),
        id="3.10",
        title="The whole backward pass",
        section="The-whole-backward-pass",
        asks=(
            "`dx` (N, D), `dgamma` (D,) and `dbeta` (D,), from `dout` (N, D) and the cache of the forward "
            "pass."
        ),
        hints=(
            "You have written every part. What remains is the order, and who hands what to whom.",
            (
                "Unpack the cache into its seven names, then call step 9 down to step 0, each with the "
                "results of those before. The shape that steps 4 and 1 ask for is that of `dout`."
            ),
            (
                "`step9` makes the `dgammax` that `step8` needs, `step8` the `dxhat` that `step7` needs, "
                "and so on down. Keep `dxmu1` from step 7 until step 2 asks for it, and return the three "
                "in the order asked for."
            ),
        ),
    ),
)
