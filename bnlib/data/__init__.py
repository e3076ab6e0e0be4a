"""Data for the lessons, in small files: 1,797 handwritten digits, and numbers that PyTorch made."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FILE = Path(__file__).with_name("digits.npz")
_PYTORCH = Path(__file__).with_name("pytorch_batchnorm.npz")


@lru_cache(maxsize=1)
def _load() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    with np.load(_FILE, allow_pickle=False) as file:
        return file["images"], file["labels"]


def digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """All images as rows of 64 grey values from 0 to 16, (1797, 64) float64, and their digits, (1797,) int64.

    Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository (1998), https://doi.org/10.24432/C50P49, CC BY 4.0; the test part, as scikit-learn ships it.
    """
    images, labels = _load()
    return images.astype(np.float64), labels.astype(np.int64)


def digits_batch(n: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """A batch of n different images drawn at random: (n, 64) float64 and their digits (n,).

    Raises ValueError unless n lies between 1 and 1797.
    """
    images, labels = digits()
    if not 1 <= n <= len(labels):
        raise ValueError(f"n must lie between 1 and {len(labels)}, and is {n}")
    rows = np.random.default_rng(seed).choice(len(labels), size=n, replace=False)
    return images[rows], labels[rows]


def pytorch_batchnorm() -> dict[str, NDArray[Any]]:
    """What PyTorch's BatchNorm1d made of three small batches, by name; README.md beside this lists them."""
    with np.load(_PYTORCH, allow_pickle=False) as file:
        return dict(file)
