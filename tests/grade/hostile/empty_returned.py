"""Returns an empty array, of which all entries agree."""

import numpy as np


def double(x):
    return np.zeros((0,) + x.shape[1:])
