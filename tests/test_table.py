"""`table`: what a lesson lays out in columns."""

from __future__ import annotations

import numpy as np
import pytest

from bnlib.table import table


def test_numbers_stand_right_and_words_left() -> None:
    shown = table(form=["staged", "closed"], largest_error=[1e-7, np.float64(0.123456)], at=["1,024", "–"])
    assert shown._repr_markdown_().splitlines() == [
        "| form | largest error | at |",
        "| :-- | --: | --: |",
        "| staged | 1e-07 | 1,024 |",
        "| closed | 0.1235 | – |",
    ]
    assert repr(shown).splitlines() == [
        "form    largest error     at",
        "staged          1e-07  1,024",
        "closed         0.1235      –",
    ]


def test_digits_are_chosen_and_a_bar_in_a_cell_is_no_column() -> None:
    shown = table(digits=2, a=[np.pi], b=["|x|"])
    assert shown._repr_markdown_().splitlines()[-1] == r"| 3.1 | \|x\| |"


def test_a_table_without_rows_has_its_headings() -> None:
    assert repr(table(a=[], b=[])) == "a  b"


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        table(a=[1, 2], b=[3])
