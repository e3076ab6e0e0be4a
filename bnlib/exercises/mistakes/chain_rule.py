"""What goes wrong at a sum, a product and a broadcast of notebook 02; back through a mean is in `means`."""

from __future__ import annotations

import numpy as np

from .collect import Mistakes

mistake = Mistakes()
add = mistake.add

# 2.1, z = x + y ---------------------------------------------------------------------------------------------

add(
    "2.1",
    "multiply-for-add",
    "You multiplied by the other input, which is what a product asks for. Raise one entry of `x` by 1: does "
    "it depend on `y` how far `z` moves?",
    lambda dz, x, y: (dz * y, dz * x),
)
add(
    "2.1",
    "multiply-for-add",
    "Each gradient is `dz` times its own input. The slope of a straight line doesn't depend on where you "
    "stand: what is the slope of `x + y` in `x`?",
    lambda dz, x, y: (dz * x, dz * y),
)
add(
    "2.1",
    "shared-out",
    "`dz` was shared out, half to each input. If both rise by 1, `z` rises by 2: did one of them contribute "
    "less because the other was there?",
    lambda dz, x, y: (dz / 2, dz / 2),
)
add(
    "2.1",
    "upstream-lost",
    "You returned the local derivatives, all 1. What does the loss care about an entry of `z`, and where is "
    "that written?",
    lambda dz, x, y: (np.ones_like(dz), np.ones_like(dz)),
)
add(
    "2.1",
    "sign-gained",
    "`dy` has a minus, as behind a subtraction. When `y` grows, does `z` grow or shrink?",
    lambda dz, x, y: (dz.copy(), -dz),
)
add(
    "2.1",
    "summed-too-much",
    "`dy` was added up over the rows. That undoes a broadcast; here `y` has the shape of `z` already. How many "
    "entries of `z` does one entry of `y` reach?",
    lambda dz, x, y: (dz.copy(), np.sum(dz, axis=0)),
)

# 2.2, z = x * y ---------------------------------------------------------------------------------------------

add(
    "2.2",
    "not-swapped",
    "Each gradient was multiplied by its own input. When `x` grows by a little, the rectangle gains a strip: "
    "which side gives its length?",
    lambda dz, x, y: (dz * x, dz * y),
)
add(
    "2.2",
    "add-for-multiply",
    "`dz` was passed on to both, as an addition would. What is the slope of `x * y` in `x` when `y` is 7?",
    lambda dz, x, y: (dz.copy(), dz.copy()),
)
add(
    "2.2",
    "upstream-lost",
    "The local derivatives are right and have changed places as they should. The chain rule has a second "
    "factor: what came from above?",
    lambda dz, x, y: (1.0 * y, 1.0 * x),
)
add(
    "2.2",
    "product-rule-summed",
    "Both terms of the product rule were added and given to both inputs. That rule is for the case in which "
    "both factors move together: what moves when you ask for `dx` alone?",
    lambda dz, x, y: (dz * y + dz * x, dz * y + dz * x),
)
add(
    "2.2",
    "upstream-added",
    "What comes from above was added to the local derivative. If `dz` is 0, the loss doesn't care about `z`: "
    "what should `dx` be then?",
    lambda dz, x, y: (dz + y, dz + x),
)
add(
    "2.2",
    "matrix-product",
    "These are matrix products. `z` was made entry by entry, so one entry of `x` reaches one entry of `z`. How "
    "many terms can an entry of `dx` have?",
    lambda dz, x, y: (np.dot(dz, y.T), np.dot(x.T, dz)),
)
add(
    "2.2",
    "summed-too-much",
    "`dy` was summed over the rows, though nothing was broadcast: `y` has as many entries as `z`. Which shape "
    "must `dy` have?",
    lambda dz, x, y: (dz * y, np.sum(dz * x, axis=0)),
)

# 2.3, z = x + b ---------------------------------------------------------------------------------------------

add(
    "2.3",
    "mean-for-sum",
    "`db` is the mean of each column of `dz`. Raise `b[0]` by 1, and N entries of `z` rise by 1 each, not by "
    "1/N: so how do their answers combine?",
    lambda dz, x, b: (dz.copy(), np.mean(dz, axis=0)),
)
add(
    "2.3",
    "wrong-axis",
    "`dz` was added up along each row, which leaves one number for an example. `b` has one for each feature: "
    "which axis was it stretched over?",
    lambda dz, x, b: (dz.copy(), np.sum(dz, axis=1)),
)
add(
    "2.3",
    "not-summed",
    "`db` still has N rows. All of them speak about the same D numbers: what becomes of several answers about "
    "one number?",
    lambda dz, x, b: (dz.copy(), dz.copy()),
)
add(
    "2.3",
    "no-axis",
    "Everything went into one sum, so all entries of `b` get the same answer. Does `b[0]` have any influence "
    "on the second column of `z`?",
    lambda dz, x, b: (dz.copy(), np.sum(dz)),
)
add(
    "2.3",
    "first-row-only",
    "`db` is the first row of `dz`. It has the right shape, and what the other rows had to say is lost. Were "
    "they without `b`?",
    lambda dz, x, b: (dz.copy(), dz[0].copy()),
)
add(
    "2.3",
    "summed-too-much",
    "Every row of `dx` is the column sum that belongs to `b`. `x` has rows of its own: what does `z` in row 3 have to "
    "do with `x` in row 0?",
    lambda dz, x, b: (np.ones_like(dz) * np.sum(dz, axis=0), np.sum(dz, axis=0)),
)
add(
    "2.3",
    "multiply-for-add",
    "This is the way back through a product: `dz` was multiplied by the other input first. What does the "
    "derivative of a sum have to do with the size of its terms?",
    lambda dz, x, b: (dz * b, np.sum(dz * x, axis=0)),
)
add(
    "2.3",
    "summed-too-much",
    "Both gradients were summed. `x` was not stretched by anything, so what happens to `dz` on its way to `x`?",
    lambda dz, x, b: (np.sum(dz, axis=0), np.sum(dz, axis=0)),
)
