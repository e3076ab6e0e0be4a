"""What goes wrong in notebook 09: each layer's mistakes come from a module of its own."""

from __future__ import annotations

from ... import norms
from . import groups, groups_back, images, images_back, rms_norm, rms_norm_back
from .collect import Mistakes
from .layer_norm import LAYER_NORM, layer_norm
from .layer_norm_back import LAYER_NORM_BACK, layer_norm_back
from .layers import add, without_cache

mistake = Mistakes()

add(mistake, "9.1", LAYER_NORM, layer_norm)
add(mistake, "9.2", LAYER_NORM_BACK, layer_norm_back, layernorm_forward=layer_norm)

add(mistake, "9.3", images.VIEWED, images.spatial)
add(mistake, "9.3", images.OVER, images.over)
mistake.add(
    "9.3",
    "statistics-wrong-axis",
    "The layer is called for one image at a time, so that each is normalised by itself. Whose pixels "
    "should share a channel's mean, and how many updates of the running statistics should a batch bring?",
    images.one_by_one,
)
mistake.add(
    "9.3",
    "running-updated-twice",
    "`out` is right, and the running statistics have moved twice. How often do you call the layer on rows "
    "for one batch?",
    images.twice,
)
mistake.add(
    "9.3",
    "running-not-written",
    "The running statistics don't arrive in the caller's `bn_param`. Which dictionary did the layer on "
    "rows get?",
    images.not_kept,
)

add(mistake, "9.4", images_back.VIEWED_BACK, images_back.spatial_back)
add(mistake, "9.4", images_back.BACK_BY_AXES, images_back.back_by_axes)

add(mistake, "9.5", groups.FORWARD, groups.group_norm)
mistake.add(
    "9.5",
    "statistics-wrong-axis",
    "The whole batch was cut into G pieces as it lay in memory, one image behind the other. How many groups are there "
    "in N images?",
    groups.in_memory_order,
)
add(
    mistake,
    "9.6",
    groups_back.BACKWARD,
    groups_back.group_norm_back,
    spatial_groupnorm_forward=groups.group_norm,
)

add(mistake, "9.7", rms_norm.FORWARD, rms_norm.rms_norm)
mistake.add(
    "9.7",
    "square-lost",
    "Rows are divided by the mean size of their entries. What has to happen to an entry before the mean, "
    "and to the mean afterwards?",
    rms_norm.by_size,
)
mistake.add(
    "9.7",
    "one-over-n-lost",
    "Rows are divided by their length, the root of a sum of squares, and without `eps`. What does the M in RMSNorm "
    "stand for?",
    rms_norm.by_length,
)
add(mistake, "9.8", rms_norm_back.BACKWARD, rms_norm_back.rms_norm_back, rmsnorm_forward=rms_norm.rms_norm)

for exercise, forward, backward in (
    ("9.2", norms.layernorm_forward, norms.layernorm_backward),
    ("9.4", norms.spatial_batchnorm_forward, norms.spatial_batchnorm_backward),
    ("9.6", norms.spatial_groupnorm_forward, norms.spatial_groupnorm_backward),
    ("9.8", norms.rmsnorm_forward, norms.rmsnorm_backward),
):
    without_cache(mistake, exercise, forward, backward)
