"""What goes wrong on the way back through a mean, which the course meets three times: in 2.4, 3.4 and 3.1."""

from __future__ import annotations

from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()
add = mistake.add


def tall(row: Any, shape: Any) -> Any:
    """A row, or a number, repeated until it has that shape."""
    return np.ones(shape, np.result_type(row)) * row


# 2.4, mu = mean(x) ------------------------------------------------------------------------------------------

add(
    "2.4",
    "one-over-n-lost",
    "Every row got all of `dmu`, as if `mu` were a sum. If one of N entries rises by 1, how far does their "
    "mean rise?",
    lambda dmu, x: tall(dmu, x.shape),
)
add(
    "2.4",
    "d-for-n",
    "`dmu` was shared among the D features. Each entry of `mu` was averaged from a column: how many entries "
    "has a column?",
    lambda dmu, x: tall(dmu / x.shape[1], x.shape),
)
add(
    "2.4",
    "no-axis",
    "`dmu` was divided by the number of all entries of `x`, as if there were one mean for everything. Over how "
    "many entries was each `mu[d]` taken?",
    lambda dmu, x: tall(dmu / x.size, x.shape),
)
add(
    "2.4",
    "n-minus-1",
    "`dmu` was divided by N - 1, and the mean going forward by N. What happens to yours with a single row?",
    lambda dmu, x: tall(dmu / (x.shape[0] - 1), x.shape),
)
add(
    "2.4",
    "n-for-one-over-n",
    "`dmu` was multiplied by N, so a larger batch makes the gradient of each row larger. Does one row count for "
    "more or for less when it is averaged with many?",
    lambda dmu, x: tall(dmu * x.shape[0], x.shape),
)
add(
    "2.4",
    "not-broadcast",
    "The numbers are right, but there is one row of them. `x` has N rows, and each wants to know its gradient. "
    "How does a (D,) become an (N, D)?",
    lambda dmu, x: dmu / x.shape[0],
)
add(
    "2.4",
    "row-shape",
    "The numbers are right, in a single row of shape (1, D). `x` has N of them: what would go wrong if `dx` were added "
    "up over the rows now?",
    lambda dmu, x: (dmu / x.shape[0])[None, :],
)
add(
    "2.4",
    "input-for-slope",
    "`dmu` was multiplied by `x` on the way. Is the slope of a mean larger where the entry is larger?",
    lambda dmu, x: x * dmu / x.shape[0],
)
add(
    "2.4",
    "averaged-again",
    "`dmu` itself was averaged, so every column got the same number. Going backward, is a mean undone by another "
    "mean?",
    lambda dmu, x: tall(np.mean(dmu), x.shape),
)

add(
    "2.4",
    "summed-too-much",
    "`dmu` was added up over the features on the way, so all columns got the same. Does the mean of one feature tell "
    "the entries of another anything?",
    lambda dmu, x: tall(np.sum(dmu) / x.shape[0], x.shape),
)

# 3.4, var = mean(sq) ----------------------------------------------------------------------------------------

add(
    "3.4",
    "one-over-n-lost",
    "Every row got the whole of `dvar`, as behind a sum. What does a mean do after it has summed?",
    lambda dvar, shape: tall(dvar, shape),
)
add(
    "3.4",
    "n-minus-1",
    "`dvar` was divided by N - 1. Step 4 divided by N going forward, and a backward pass belongs to its own "
    "forward pass: which of the two would a single row survive?",
    lambda dvar, shape: tall(dvar / (shape[0] - 1), shape),
)
add(
    "3.4",
    "d-for-n",
    "`dvar` was divided by D. `shape` is (N, D): which of its entries counts the squares that went into one "
    "`var[d]`?",
    lambda dvar, shape: tall(dvar / shape[1], shape),
)
add(
    "3.4",
    "no-axis",
    "`dvar` was divided by N times D, as if all squares had gone into one mean. How many means did step 4 take?",
    lambda dvar, shape: tall(dvar / (shape[0] * shape[1]), shape),
)
add(
    "3.4",
    "n-for-one-over-n",
    "`dvar` was multiplied by N. One square among many moves their mean only a little: how much of `dvar` is "
    "its own?",
    lambda dvar, shape: tall(dvar * shape[0], shape),
)
add(
    "3.4",
    "not-broadcast",
    "The share is right, but it is there once. `sq` has N rows; leaving the copying to a later line changes "
    "shapes that others rely on. How do you give it its rows here?",
    lambda dvar, shape: dvar / shape[0],
)
add(
    "3.4",
    "row-shape",
    "`dsq` has one row, (1, D), and would pass for N of them wherever NumPy broadcasts. Who would notice that the "
    "others are missing?",
    lambda dvar, shape: (dvar / shape[0])[None, :],
)
add(
    "3.4",
    "averaged-again",
    "`dvar` itself was averaged over the features. Does the variance of one feature tell the squares of another "
    "anything?",
    lambda dvar, shape: tall(np.mean(dvar), shape),
)

# 3.1, mu = mean(x) ------------------------------------------------------------------------------------------

add(
    "3.1",
    "one-over-n-lost",
    "Each row of `dx2` is the whole `dmu`. Step 4 went back through a mean as well: what did you do with `dvar` "
    "there?",
    lambda dmu, shape: tall(dmu, shape),
)
add(
    "3.1",
    "n-minus-1",
    "`dmu` was shared among N - 1 rows. How many rows had a part in `mu`?",
    lambda dmu, shape: tall(dmu / (shape[0] - 1), shape),
)
add(
    "3.1",
    "d-for-n",
    "`dmu` was divided by the number of features. The mean ran down a column: how long is a column?",
    lambda dmu, shape: tall(dmu / shape[1], shape),
)
add(
    "3.1",
    "no-axis",
    "`dmu` was divided by the number of all entries of `x`. Did all of them go into each `mu[d]`?",
    lambda dmu, shape: tall(dmu / (shape[0] * shape[1]), shape),
)
add(
    "3.1",
    "n-for-one-over-n",
    "`dmu` was multiplied by N. Move one of a hundred rows by 1: does the mean move by 100, or by how much?",
    lambda dmu, shape: tall(dmu * shape[0], shape),
)
add(
    "3.1",
    "not-broadcast",
    "`dx2` has one row where `x` has N. Adding it to `dx1` would work by luck. What shape has the gradient of "
    "`x`?",
    lambda dmu, shape: dmu / shape[0],
)
add(
    "3.1",
    "row-shape",
    "`dx2` is a single row, (1, D). Step 0 would broadcast it and hide that: which argument tells you how many rows "
    "there should be?",
    lambda dmu, shape: (dmu / shape[0])[None, :],
)
add(
    "3.1",
    "sign-twice",
    "`dx2` has a minus of its own. The minus of the subtraction is in `dmu` already: is there another in a mean?",
    lambda dmu, shape: tall(-dmu / shape[0], shape),
)
add(
    "3.1",
    "averaged-again",
    "The features were averaged together on the way, so all columns of `dx2` are the same. Whose mean is `mu[d]`?",
    lambda dmu, shape: tall(np.mean(dmu), shape),
)
