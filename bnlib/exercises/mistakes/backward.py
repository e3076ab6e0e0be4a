"""What goes wrong in notebook 03, one step at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()


@mistake(
    "3.9",
    "mean-for-sum",
    "`dbeta` is the mean over the rows where their sum was asked for. Each row used `beta` in full: does a row "
    "count for less because there are more of them?",
)
def _(dout: Any) -> Any:
    return np.mean(dout, axis=0), dout.copy()


@mistake(
    "3.9",
    "wrong-axis",
    "`dbeta` is added up along the rows, so that it has one number for each row. Which way was `beta` copied?",
)
def _(dout: Any) -> Any:
    return np.sum(dout, axis=1), dout.copy()
