"""Returns a view of one number that claims to have a million million entries."""

import numpy as np


def double(x):
    return np.broadcast_to(np.float64(0.0), (10**6, 10**6))
