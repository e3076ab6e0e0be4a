"""The network and the data of a question that was left open: batch normalization between two layers.

The question is "Matrix form of backpropagation with batch normalization", Cross Validated (2018),
https://stats.stackexchange.com/questions/328242. Its data come out of R's `set.seed(1)` and are stored here
as recomputed numbers, together with the gradients that it printed.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FILE = Path(__file__).with_name("two_layer.json")


@lru_cache(maxsize=1)
def _load() -> dict[str, Any]:
    return json.loads(_FILE.read_text(encoding="utf-8"))


def problem() -> dict[str, NDArray[np.float64]]:
    """The question's arrays by name, float64.

    X (10, 7), G1 (7, 4), gamma, beta and G2 (4,), y and the errors u (10,), with
    y = relu(gamma * xhat + beta) @ G2 + u, where xhat (10, 4) is X @ G1 normalised with N - 1 and no eps.
    """
    return {name: np.array(values) for name, values in _load()["data"].items()}


def printed() -> dict[str, NDArray[np.float64]]:
    """What the question printed for its gradients, to 7 or 8 digits: drdb (4,), drdG1 (7, 4), drdg (4, 4).

    All three are wrong; notebook 06 shows why.
    """
    return {name: np.array(values) for name, values in _load()["printed"].items()}
