"""The course on the backward pass through batch normalization: its notebooks and their exercises."""

from . import backward, chain_rule, forward, start_here
from .spec import Course

COURSE = Course(
    name="batch-normalization",
    title="The backward pass through batch normalization",
    notebooks={
        "00_start_here": start_here.EXERCISES,
        "01_forward": forward.EXERCISES,
        "02_chain_rule": chain_rule.EXERCISES,
        "03_backward": backward.EXERCISES,
    },
)
