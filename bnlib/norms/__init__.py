"""The layers themselves in plain NumPy, with the interface of cs231n's assignment 2.

They can stand in for the functions of the same names in that assignment's `layers.py`. `staged` is batch
normalization in nine small steps, the form that the course teaches. `fast` has the layers for (N, D) once more, as
fast as memory allows.
"""

from .batch import batchnorm_backward, batchnorm_backward_alt, batchnorm_forward
from .layer import layernorm_backward, layernorm_forward
from .rms import rmsnorm_backward, rmsnorm_forward
from .spatial import (
    spatial_batchnorm_backward,
    spatial_batchnorm_forward,
    spatial_groupnorm_backward,
    spatial_groupnorm_forward,
)

__all__ = [
    "batchnorm_backward",
    "batchnorm_backward_alt",
    "batchnorm_forward",
    "layernorm_backward",
    "layernorm_forward",
    "rmsnorm_backward",
    "rmsnorm_forward",
    "spatial_batchnorm_backward",
    "spatial_batchnorm_forward",
    "spatial_groupnorm_backward",
    "spatial_groupnorm_forward",
]
