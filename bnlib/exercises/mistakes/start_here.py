"""What goes wrong in the warm-up of notebook 00: taking each feature's mean off its column."""

from __future__ import annotations

import numpy as np

from .collect import Mistakes

mistake = Mistakes()
add = mistake.add

add(
    "0.1",
    "no-axis",
    "The same number was taken off everywhere: the mean of all entries together. How many means does a batch "
    "with 3 features have, and what would tell NumPy to keep them apart?",
    lambda x: x - np.mean(x),
)

add(
    "0.1",
    "no-axis",
    "The sum of all entries, divided by N, was taken off everywhere. From how many columns did that sum collect, and "
    "what would keep them apart?",
    lambda x: x - np.sum(x) / x.shape[0],
)

# Stops wherever N and D differ. With as many rows as columns it runs, and only the numbers are wrong.
add(
    "0.1",
    "wrong-axis",
    "There is one mean for each row here, N of them, and NumPy lines them up with the D columns: it stops, or "
    "goes on wrongly when N happens to equal D. Which axis has to disappear so that D numbers are left?",
    lambda x: x - np.mean(x, axis=1),
)
add(
    "0.1",
    "wrong-axis",
    "Each row had its own mean taken off, so now the rows sum to 0 and the columns don't. A row is one "
    "example. Along which direction do you meet all values of one feature?",
    lambda x: x - np.mean(x, axis=1, keepdims=True),
)
add(
    "0.1",
    "mean-not-subtracted",
    "What came back are the means themselves. They are the right ones, but `xmu` is what is left of `x` when "
    "they are gone: what is still to be done with them?",
    lambda x: np.mean(x, axis=0),
)
add(
    "0.1",
    "one-over-n-lost",
    "The sum of each column was taken off where its mean should be. By what factor do the two differ?",
    lambda x: x - np.sum(x, axis=0),
)
add(
    "0.1",
    "d-for-n",
    "The column sums were divided by the number of columns. How many values went into one of these sums, and "
    "which entry of `x.shape` counts them?",
    lambda x: x - np.sum(x, axis=0) / x.shape[1],
)
add(
    "0.1",
    "n-minus-1",
    "The sum of N values was divided by N - 1. Some formulas for the variance do that, no mean does. What is "
    "the mean of the numbers 3 and 5?",
    lambda x: x - np.sum(x, axis=0) / (x.shape[0] - 1),
)
add(
    "0.1",
    "sign-lost",
    "Every sign is the other way round: `x` was taken off the means. An entry above its mean should come out "
    "positive, so which of the two stands first?",
    lambda x: np.mean(x, axis=0) - x,
)
add(
    "0.1",
    "sign-lost",
    "The means were added, so every column is twice as far from 0 as before. In which direction do you have "
    "to shift a column for its mean to become 0?",
    lambda x: x + np.mean(x, axis=0),
)
add(
    "0.1",
    "median-for-mean",
    "It is the median of each column that was taken off, its middle value. The columns of the result should "
    "sum to 0. Do yours?",
    lambda x: x - np.median(x, axis=0),
)
add(
    "0.1",
    "scaled-too",
    "The columns are centred and then divided by their deviations as well, which is three steps ahead. "
    "What does this exercise ask of the columns, and what does it leave as it is?",
    lambda x: (x - np.mean(x, axis=0)) / np.std(x, axis=0),
)
