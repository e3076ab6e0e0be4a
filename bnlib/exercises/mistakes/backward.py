"""What goes wrong in step 9 of notebook 03, a broadcast that has to be summed.

Steps 8 and 7, two products, are in `backward_products`, which also makes the collection.
"""

from __future__ import annotations

import numpy as np

from .backward_products import mistake, rows

add = mistake.add


# 3.9, out = gammax + beta -----------------------------------------------------------------------------------

add(
    "3.9",
    "mean-for-sum",
    "`dbeta` is the mean over the rows where their sum was asked for. Each row used `beta` in full: does a row "
    "count for less because there are more of them?",
    lambda dout: (np.mean(dout, axis=0), dout.copy()),
)
add(
    "3.9",
    "wrong-axis",
    "`dbeta` is added up along the rows, so that it has one number for each row. Which way was `beta` copied?",
    lambda dout: (np.sum(dout, axis=1), dout.copy()),
)
add(
    "3.9",
    "wrong-axis",
    "`dbeta` is a mean along each row: N numbers, one for an example. `beta` has one for a feature, and what "
    "its copies say has to come together. Along which axis do they lie?",
    lambda dout: (np.mean(dout, axis=1), dout.copy()),
)
add(
    "3.9",
    "not-summed",
    "`dbeta` is `dout` as it came, N rows of answers about D numbers. What is done with several answers about "
    "the same `beta[d]`?",
    lambda dout: (dout.copy(), dout.copy()),
)
add(
    "3.9",
    "no-axis",
    "`dbeta` is the sum of everything, a single number. Does `beta[0]` have a say in the second column of "
    "`out`?",
    lambda dout: (np.sum(dout), dout.copy()),
)
add(
    "3.9",
    "divided-by-n",
    "`dgammax` was divided by the number of rows. `gammax` was not averaged with anything: how far does an "
    "entry of `out` move when its entry of `gammax` does?",
    lambda dout: (rows(dout), dout / len(dout)),
)
add(
    "3.9",
    "upstream-lost",
    "`dgammax` is 1 everywhere. That is the local derivative of an addition: by what is it multiplied?",
    lambda dout: (rows(dout), np.ones_like(dout)),
)
add(
    "3.9",
    "first-row-only",
    "`dbeta` is what the first row of `dout` says. The other rows got the same `beta`: where do they come in?",
    lambda dout: (dout[0].copy(), dout.copy()),
)
