"""The course on the backward pass through batch normalization: its notebooks and their exercises."""

from . import (
    backward,
    beyond_batch,
    capstone,
    chain_rule,
    closed_form,
    does_it_matter,
    forward,
    gradient_check,
    make_it_fast,
    matrix_form,
    start_here,
    train_and_test,
)
from .spec import Course

COURSE = Course(
    name="batch-normalization",
    title="The backward pass through batch normalization",
    notebooks={
        "00_start_here": start_here.EXERCISES,
        "01_forward": forward.EXERCISES,
        "02_chain_rule": chain_rule.EXERCISES,
        "03_backward": backward.EXERCISES,
        "04_gradient_check": gradient_check.EXERCISES,
        "05_closed_form": closed_form.EXERCISES,
        "06_matrix_form": matrix_form.EXERCISES,
        "07_train_and_test": train_and_test.EXERCISES,
        "08_does_it_matter": does_it_matter.EXERCISES,
        "09_beyond_batch": beyond_batch.EXERCISES,
        "10_make_it_fast": make_it_fast.EXERCISES,
        "11_capstone": capstone.EXERCISES,
        # A page to look things up in.
        "12_glossary": (),
    },
)
