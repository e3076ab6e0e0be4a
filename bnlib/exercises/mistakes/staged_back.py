"""What goes wrong in the backward pass from step 9 to step 0, written as one function (11.2)."""

from __future__ import annotations

from .layers import Rows, columns_for_n, over_n, per_n_minus_1, times_n

STAGED: Rows = (
    (
        "statistics-constant",
        {"mean": 0, "share": 0},
        "`dx` is the straight path alone: `dout` times `gamma` times `ivar`. What else does `x` go into "
        "before it is normalised?",
    ),
    (
        "mean-path-dropped",
        {"mean": 0},
        "Nothing comes back through `mu`: the columns of `dx` don't sum to 0. How many ways lead from `x` "
        "to `xmu`?",
    ),
    (
        "variance-path-dropped",
        {"share": 0},
        "What comes back through the variance is missing from `dx`. `xmu` goes two ways: was the second "
        "contribution added, or forgotten?",
    ),
    (
        "assigned-not-added",
        {"straight": 0, "share": 0},
        "All that `dx` holds is what came through the mean. What was in it before, and does a second "
        "contribution replace the first?",
    ),
    (
        "assigned-not-added",
        {"straight": 0, "mean": 0},
        "At `xmu`, what comes through the variance has taken the place of what comes straight. What "
        "happens to two gradients that meet?",
    ),
    (
        "contribution-lost",
        {"straight": 0},
        "Of `dxmu1`, only what goes on through the mean is in `dx`. Which way has been forgotten?",
    ),
    (
        "sign-lost",
        {"mean": -1},
        "What comes through `mu` has lost its minus sign. With which sign does `mu` stand in `xmu`?",
    ),
    (
        "sign-lost",
        {"share": -1},
        "The variance's contribution has the wrong sign. A larger root makes `ivar` smaller: where is "
        "that minus?",
    ),
    (
        "sign-lost",
        {"mean": -1, "share": -1},
        "Two signs are lost, the inversion's and the one of `mu`. Which two gates of the layer turn a "
        "gradient round?",
    ),
    (
        "square-lost",
        {"power": 2},
        "At the inversion the derivative has one power of the root too few. What is the derivative of "
        "1/s, and how often is s in it?",
    ),
    (
        "wrong-power",
        {"power": 1},
        "The power of `var + eps` in `dvar` is -1/2. By how much does a derivative lower an exponent?",
    ),
    (
        "wrong-power",
        {"power": 4},
        "In `dvar` the root divides once too often. The inversion brings some of these divisions, the root "
        "itself another: how many each?",
    ),
    (
        "wrong-power",
        {"power": -3},
        "In `dvar` the power of `var + eps` has lost its sign. Does `ivar` change faster where the "
        "variance is large, or where it is small?",
    ),
    (
        "wrong-power",
        {"power": -1},
        "In step 6 `ivar` seems to have taken the place of the root: it is divided by, twice. In the "
        "derivative of 1/s, which of the two is s?",
    ),
    (
        "half-lost",
        {"share": 2.0},
        "The variance's contribution is twice its size. What factor does the derivative of a root bring?",
    ),
    (
        "two-lost",
        {"share": 0.5},
        "The variance's contribution is half its size. What factor does the derivative of a square bring?",
    ),
    (
        "one-over-n-lost",
        {"share": times_n},
        "The variance's contribution is N times too large. Was the last step before `var` a sum or a mean?",
    ),
    (
        "one-over-n-lost",
        {"mean": times_n},
        "What comes through `mu` is N times too large. What does one row contribute to the mean of its "
        "column?",
    ),
    (
        "one-over-n-lost",
        {"mean": times_n, "share": times_n},
        "Both means have lost their 1/N on the way back. If the gradient of a mean is 1, what does each "
        "of its N terms get?",
    ),
    (
        "n-minus-1",
        {"share": per_n_minus_1},
        "Backward, the variance divides by N - 1. What does yours divide by forward?",
    ),
    (
        "n-minus-1",
        {"mean": per_n_minus_1, "share": per_n_minus_1},
        "Both means divide by N - 1 on the way back. How many rows made them?",
    ),
    (
        "gamma-missing",
        {"gammas": (0, 0, 0)},
        "`gamma` never meets the gradient on its way to `x`. What does `dgammax` have to be multiplied by "
        "to become `dxhat`?",
    ),
    (
        "gamma-missing",
        {"gammas": (1, 1, 0)},
        "On the variance's path `gamma` is missing: `divar` was summed from `dout`. Which gradient "
        "arrives at `xhat`?",
    ),
    (
        "gamma-missing",
        {"gammas": (0, 0, 1)},
        "Only the variance's path has `gamma` in it. Which gradient should both ways from `xhat` start with?",
    ),
    (
        "gamma-twice",
        {"outside": 1},
        "`gamma` is in `dx` twice. At which single step does it belong?",
    ),
    (
        "factor-lost",
        {"whole": 0},
        "One factor `ivar` is missing in all of `dx`. What is the derivative of `xmu * ivar` by `xmu`?",
    ),
    (
        "wrong-power",
        {"whole": 2},
        "All of `dx` has been divided by the root once too often. How many divisions did `xhat` see?",
    ),
    (
        "eps-forgotten",
        {"root": "no eps", "root_of_share": ("no eps", 2)},
        "The roots of your backward pass have no `eps`. What does a column that hardly varies say to that?",
    ),
    (
        "eps-forgotten",
        {"root_of_share": ("no eps", 3)},
        "`eps` is in `ivar` and not in `dvar`. Of which function is that the derivative?",
    ),
    (
        "eps-forgotten",
        {"root_of_share": ("no eps", 1)},
        "The derivative of the root in step 5 has no `eps` in it, everything else has. Which array of the "
        "cache is that root already?",
    ),
    (
        "eps-outside-root",
        {"root": "eps outside", "root_of_share": ("eps outside", 2)},
        "`eps` stands outside the root going backward. Where does it stand in your forward pass, and who "
        "checks that the two agree?",
    ),
    (
        "statistics-wrong-axis",
        {"along": (1,)},
        "The sums for `dmu` and `divar` run along the rows. How many means did the forward pass take?",
    ),
    (
        "no-axis",
        {"along": (0, 1)},
        "The sums on the way to `dmu` and `divar` run over the whole array. What shape should they leave?",
    ),
    (
        "factor-lost",
        {"share_of": ("xhat", "none"), "power": 4},
        "`divar` is a sum of `dxhat` by itself. With what was `ivar` multiplied?",
    ),
    (
        "one-over-n-twice",
        {"share": over_n},
        "What comes through the variance is too small by the number of rows. In which of your steps does "
        "the 1/N of its mean stand, and is it there twice?",
    ),
    (
        "d-for-n",
        {"mean": columns_for_n, "share": columns_for_n},
        "Both means hand back one part in D. How many rows share the gradient of a column's mean?",
    ),
)
