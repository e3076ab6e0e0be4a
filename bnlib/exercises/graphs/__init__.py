"""The graphs behind the exercises: for a case's arguments, the right computation traced, and what is asked of it.

A diagnosis searches them for what a wrong answer left out. Each function here takes a case's arguments and
gives a `Piece`; an exercise needs one line, such as `graph=graphs.step9`. Where a gradient does not depend on
an input's numbers, zeros of its shape stand for it.
"""

from .folded import features_first, normalise_mu, normalise_var, scale, test_mode
from .forward import center, nine_steps, normalize, scale_shift, statistics
from .gates import add, broadcast_add, fan_out, mean, multiply
from .pairs import batch_pair, group_pair, layer_pair, rms_pair, spatial_pair
from .steps import layer, layer_dx, step0, step1, step2, step3, step4, step5, step6, step7, step8, step9
from .traced import CACHE

__all__ = [
    "CACHE",
    "add",
    "batch_pair",
    "broadcast_add",
    "center",
    "fan_out",
    "features_first",
    "group_pair",
    "layer",
    "layer_dx",
    "layer_pair",
    "mean",
    "multiply",
    "nine_steps",
    "normalise_mu",
    "normalise_var",
    "normalize",
    "rms_pair",
    "scale",
    "scale_shift",
    "spatial_pair",
    "statistics",
    "step0",
    "step1",
    "step2",
    "step3",
    "step4",
    "step5",
    "step6",
    "step7",
    "step8",
    "step9",
    "test_mode",
]
