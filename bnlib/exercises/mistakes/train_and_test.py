"""What goes wrong in notebook 07: one update, the layer with two modes and its repair, the way back.

The folding, 7.5, is in a module of its own, which also makes the collection.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .folding import mistake
from .frozen_back import TEST_BACK, by_spread_of_xhat, test_mode_back
from .layers import Array, Rows, add, rows_for_n
from .modes_table import LAYER
from .running_table import RUNNING
from .two_modes import WEIGHTS, two_modes

# 7.1 --------------------------------------------------------------------------------------------------------


def update(running: Array, batch: Array, momentum: float, *, weights: str) -> Array:
    """A running statistic after one more batch, with other weights."""
    old, new = WEIGHTS[weights](momentum)
    return old * running + new * batch


UPDATES: Rows = (
    (
        "momentum-reversed",
        {"weights": "reversed"},
        "`momentum` has become the weight of the batch, which is PyTorch's use of the word. How much of "
        "`running` should stay when momentum is 0.9?",
    ),
    (
        "momentum-ignored",
        {"weights": "fixed"},
        "The weights are 0.9 and 0.1 at every call. What is the third argument for?",
    ),
    (
        "momentum-reversed",
        {"weights": "fixed, reversed"},
        "The weights are 0.1 and 0.9 at every call, with the larger one for the newest batch. What does "
        "`momentum` say, and of which of the two?",
    ),
    (
        "running-replaced",
        {"weights": "replaced"},
        "You give back the batch's statistic, and `running` has left no trace. For which momentum alone "
        "would that be right?",
    ),
    (
        "weight-missing",
        {"weights": "half"},
        "`batch` comes in with its full weight. What do the two weights of a mean add up to?",
    ),
    (
        "weight-missing",
        {"weights": "old whole"},
        "`running` stays whole, and something is added to it at each call. If all batches were alike, "
        "would your value ever come to rest?",
    ),
)
add(mistake, "7.1", UPDATES, update)


@mistake(
    "7.1",
    "running-stale",
    "What comes back is `running` as it went in. What has the new batch changed?",
)
def _(running: Array, batch: Array, momentum: float) -> Array:
    return running.copy()


@mistake(
    "7.1",
    "running-lost",
    "Only the batch's share comes back, and the old value's is missing. How much of what went before "
    "should a momentum of 1 keep?",
)
def _(running: Array, batch: Array, momentum: float) -> Array:
    return (1 - momentum) * batch


@mistake(
    "7.1",
    "running-lost",
    "Only the old value's share comes back. Where has the new batch gone?",
)
def _(running: Array, batch: Array, momentum: float) -> Array:
    return momentum * running


@mistake(
    "7.1",
    "sign-lost",
    "You move away from the batch's value. Between which two numbers should the new one lie?",
)
def _(running: Array, batch: Array, momentum: float) -> Array:
    return momentum * running - (1 - momentum) * batch


@mistake(
    "7.1",
    "std-stored",
    "`batch` went in by its root. What should a running variance be a mean of, variances or their roots?",
)
def _(running: Array, batch: Array, momentum: float) -> Array:
    return momentum * running + (1 - momentum) * np.sqrt(batch)


@mistake(
    "7.1",
    "plain-mean",
    "Old and new are averaged half and half. What should a momentum near 1 do to that?",
)
def _(running: Array, batch: Array, momentum: float) -> Array:
    return (running + batch) / 2


@mistake(
    "7.1",
    "no-axis",
    "One number comes back for all features. Over what did you take a mean that is not asked for?",
)
def _(running: Array, batch: Array, momentum: float) -> Any:
    return np.mean(momentum * running + (1 - momentum) * batch)


# 7.2 and 7.4 ------------------------------------------------------------------------------------------------

BROKEN: Rows = (
    (
        "deviation-subtracted",
        {"train": {"subtract": True, "var_over": (0, 1), "var_weight": rows_for_n}},
        "Two faults are left in the training branch. What does `scaled` do with the root, and how many "
        "numbers does `batch_var` hold?",
    ),
    (
        "deviation-subtracted",
        {
            "train": {"subtract": True, "var_over": (0, 1), "var_weight": rows_for_n},
            "test": {"subtract": True},
        },
        "The root is still subtracted, in both branches, and `batch_var` is still one number. Look at the "
        "table above: which of its columns gives each fault away?",
    ),
)

add(mistake, "7.2", RUNNING, two_modes)
add(mistake, "7.2", LAYER, two_modes)
add(mistake, "7.4", BROKEN, two_modes)
add(mistake, "7.4", LAYER, two_modes)
add(mistake, "7.4", RUNNING, two_modes)

for exercise in ("7.2", "7.4"):
    mistake.add(
        exercise,
        "no-cache",
        "Training leaves no cache. What will the way back ask for, beside `dout`?",
        lambda x, gamma, beta, bn_param: (two_modes(x, gamma, beta, bn_param)[0], None),
    )

# 7.3 ----------------------------------------------------------------------------------------------------

add(mistake, "7.3", TEST_BACK, test_mode_back)
mistake.add(
    "7.3",
    "batch-statistics-in-test",
    "`dx` is divided by a deviation measured on `xhat`. Which variance is in the cache?",
    by_spread_of_xhat,
)
