"""What goes wrong in the gradients of gamma and beta, whatever the form of the backward pass."""

from __future__ import annotations

from .layers import Rows

PARAMETERS: Rows = (
    (
        "mean-for-sum",
        {"dgamma": "mean", "dbeta": "mean"},
        "`dgamma` and `dbeta` come out too small by the number of rows. Which lines divide by it, and "
        "need they?",
    ),
    (
        "mean-for-sum",
        {"dgamma": "mean"},
        "`dgamma` is a mean over the batch, `dbeta` is not. Does one of the two parameters serve fewer rows?",
    ),
    (
        "mean-for-sum",
        {"dbeta": "mean"},
        "`dbeta` is the mean of each column of `dout`. By how much does the sum of a column of `out` grow "
        "with `beta`?",
    ),
    (
        "wrong-axis",
        {"dgamma": "other", "dbeta": "other"},
        "The gradients of `gamma` and `beta` have one entry for each row. Which axis should be gone?",
    ),
    (
        "wrong-axis",
        {"dgamma": "other"},
        "`dgamma` is summed over the features. How many rows did one entry of `gamma` meet?",
    ),
    (
        "wrong-axis",
        {"dbeta": "other"},
        "`dbeta` is summed along each row, over the features. Which array should it have the shape of?",
    ),
    (
        "not-summed",
        {"dgamma": "no", "dbeta": "no"},
        "`dgamma` and `dbeta` are (N, D). A parameter that all rows share gets how many gradients in the "
        "end?",
    ),
    ("not-summed", {"dgamma": "no"}, "The rows of `dgamma` haven't been added up. What undoes a broadcast?"),
    ("not-summed", {"dbeta": "no"}, "`dbeta` is still `dout`. What is left to do with its rows?"),
    (
        "no-axis",
        {"dgamma": "all", "dbeta": "all"},
        "Both sums run over the whole array, so that one number is left of each. How many entries do "
        "`gamma` and `beta` have?",
    ),
    (
        "gamma-in-dgamma",
        {"in_dgamma": 1},
        "`dgamma` has `gamma` in it. Was it summed from `dout`, or from what `dout` becomes later?",
    ),
    (
        "gamma-in-dbeta",
        {"in_dbeta": 1},
        "`dbeta` is a sum of `dxhat`. Does what comes in last on the way forward come last on the way back?",
    ),
    (
        "xmu-for-xhat",
        {"factor": "xmu"},
        "`dgamma` is made from the centred batch before it was divided. What exactly did `gamma` multiply?",
    ),
    (
        "factor-lost",
        {"factor": "none"},
        "`dgamma` is the sum of `dout`, so that it equals `dbeta`. What does a product hand back to one "
        "of its factors?",
    ),
)
