"""Returns times, records and text where numbers were asked for."""

import numpy as np


def double(x):
    return np.array([(2.0 * v, "right") for v in x], dtype=[("v", "f8"), ("w", "U5")])
