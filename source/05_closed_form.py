# %% [markdown]
# # 5 · The closed form
#
# The backward pass of notebook 03 has ten steps and eleven intermediate arrays. Libraries don't compute it like
# that. How much of it is left when everything that can be put together is put together?
#
# One line. In this notebook you derive it with every sum visible, you see which terms vanish and why, and then you
# look at four forms that people have published and find that they are one, except for a bracket. Paper and pencil
# will be of use. Allow 40 minutes.
#
# Two words, since this notebook needs both. A *derivative* is a slope, and a *derivation* is the way to a formula. Ryan
# Neph asked below [Kratzert's
# post](https://kratzert.github.io/2016/02/12/understanding-the-gradient-flow-through-the-batch-normalization-layer.html)
# that they be kept apart. What follows is the derivation of a derivative.

# %% given=true
import numpy as np

# %% [markdown]
# The batch is the one of notebook 03, small enough to follow, with an `eps` of 1.5 for the sake of round numbers.

# %%
from bnlib import check, digits_batch, draw, hint, judge, look, picture, play, trace
from bnlib.gradcheck import numeric_gradient, relative_error
from bnlib.norms import staged
from bnlib.style import ACCENT, GRADIENT, INK, MUTED, figure
from bnlib.table import table

inputs = (
    np.array([[5.0, 1.0], [2.0, 1.0], [4.0, 0.5], [1.0, 0.5]]),  # x
    np.array([4.0, 2.0]),  # gamma
    np.array([1.0, -1.0]),  # beta
)
upstream = np.array([[1.0, 2.0], [-1.0, 0.0], [3.0, -1.0], [1.0, -2.0]])
letters = {"N": 4, "D": 2}

graph = trace(staged.batchnorm_forward, *inputs, eps=1.5)
grads = graph.backward(upstream)
draw(graph, grads, dims=letters)

# %% [markdown]
# ## Three ways from x to the loss
#
# The parameters are done quickly: `dbeta` and `dgamma` are sums over rows already, and `dxhat` is `dout * gamma`.
# Everything else is about the way from `xhat` back to `x`, and from now on it is about one column. Columns don't
# mix, so the index $d$ can be left out. What remains is the row: $n$ for the one whose gradient is asked, $m$ where
# a sum goes over all rows.
#
# $$\widehat{x}_m = (x_m - \mu)\,(v + \varepsilon)^{-1/2}, \qquad
# \mu = \frac{1}{N}\sum_m x_m, \qquad v = \frac{1}{N}\sum_m (x_m - \mu)^2.$$
#
# Write $a_m$ for `dxhat` in row $m$, $c_m = x_m - \mu$ for `xmu`, and $s = (v + \varepsilon)^{-1/2}$ for `ivar`. How many ways
# lead from $x_n$ to the loss?
#
# Directly, through $\widehat{x}_n$; through the mean; and through the variance. So
#
# $$\frac{\partial L}{\partial x_n} \;=\; a_n\, s \;+\; \frac{\partial L}{\partial v}\,\frac{\partial v}{\partial x_n}
# \;+\; \frac{\partial L}{\partial \mu}\,\frac{\partial \mu}{\partial x_n}.$$
#
# Two local derivatives are known, $\partial v/\partial x_n = 2 c_n / N$ with $\mu$ held fixed, and $\partial\mu/\partial x_n = 1/N$. Two
# totals are missing.

# %% [markdown]
# ## Everything that reaches the variance
#
# The variance stands in every row of $\widehat{x}$, so every row answers:
#
# $$\frac{\partial L}{\partial v} = \sum_m a_m\, \frac{\partial \widehat{x}_m}{\partial v}
# = \sum_m a_m\, c_m \cdot \left(-\tfrac{1}{2}\right)(v + \varepsilon)^{-3/2}.$$
#
# The last factor is the same in every row and may leave the sum. This is what steps 7, 6 and 5 did one after the
# other: the sum is step 7, the square in the denominator step 6, the one half and the root step 5.
#
# Before you write it: which power of `ivar` is $(v + \varepsilon)^{-3/2}$?
#
# ### 5.1 The variance's total
#
# Difficulty ●●○○○ · about 4 minutes
#
# Write `dvar_total(dxhat, xmu, ivar)`. It gives back `dvar` (D,).

# %% answer="5.1"
def dvar_total(dxhat, xmu, ivar):
    """Everything that reaches the variance: steps 7, 6 and 5 in one."""
    dvar = None
    ###########################################################################
    # TODO 5.1: Store the gradient of the variance in dvar, of shape (D,).    #
    # dxhat and xmu are (N, D), ivar is (D,). You need no eps: it is in ivar. #
    ###########################################################################
    ### BEGIN SOLUTION
    dvar = -0.5 * ivar**3 * np.sum(dxhat * xmu, axis=0)
    ### END SOLUTION
    return dvar

# %% [markdown]
# On the small batch the answer is in the graph: the numbers that came to `var` are below.

# %% check="5.1"
check("5.1")

# %% [markdown]
# ## Everything that reaches the mean
#
# The mean stands in $\widehat{x}$, and it stands in the variance. So it has two answers to collect,
#
# $$\frac{\partial L}{\partial \mu} = \underbrace{\sum_m a_m \cdot (-s)}_{\text{through } \widehat{x}}
# \;+\; \underbrace{\frac{\partial L}{\partial v}\cdot \frac{1}{N}\sum_m 2\,(x_m - \mu)\cdot(-1)}_{\text{through the variance}}.$$
#
# Look at the second sum before you go on. What is $\sum_m (x_m - \mu)$?
#
# The graph can tell. It recorded what came to `xmu` by each of its two ways, `dxmu1` through `xhat` and `dxmu2` through the
# square. Step 2 sums each over the rows on the way to `mu`.

# %%
print("dvar, from the graph:", grads["var"])
for one in grads.contributions("xmu"):
    print(f"{one.name}, through {one.source:4}: minus its column sums is {-one.value.sum(axis=0) + 0.0}")
print("dmu, from the graph: ", grads["mu"])

# %% [markdown]
# The part through the variance is exactly 0, although `dvar` is not. A mean is the point around which the deviations
# cancel. Raise $\mu$ a little and hold the $x_m$ fixed, and $v$ doesn't change to first order: the mean is where the sum of
# squares is least.
#
# On numbers that are less round the same sum leaves rounding behind. How large is it beside the terms that cancelled?

# %%
images, _ = digits_batch(64, seed=5)
noise = np.random.default_rng(5).normal(size=images.shape)
on_digits = trace(staged.batchnorm_forward, images, np.full(64, 1.5), np.zeros(64), eps=1e-3).backward(noise)

table(
    way=[one.name for one in on_digits.contributions("xmu")],
    largest_column_sum=[np.abs(one.value.sum(axis=0)).max() for one in on_digits.contributions("xmu")],
    sum_of_sizes=[np.abs(one.value).sum(axis=0).max() for one in on_digits.contributions("xmu")],
)

# %% [markdown]
# Take a part away and see who misses it. Below is the same gradient in motion. Step to the arrow from `xmu` to `mu` and
# open "Cut an edge": two parts travel on it, and each can be switched off by itself. Which of the two can `dx` do
# without?

# %%
from bnlib import flow

w = flow(graph, upstream)
w.step = w.arrival("mu")
w

# %% [markdown]
# <details><summary>Compare with what you saw</summary>
#
# The part that came through the square. Without it every number stays as it was, and the error of <code>dx</code>
# against the numeric gradient stays that of rounding. Without the other part <code>dx</code> is wrong at once.
# </details>

# %% [markdown]
# ### The same layer, drawn differently
#
# Is the second part 0 because of the layer or because of how the layer was written? Many write the variance as the mean
# of the squares minus the square of the mean. Here is a layer like that. What goes back along the edge from `var` to `mu`
# now?

# %%
def batchnorm_short(x, gamma, beta, eps):
    mu = np.mean(x, axis=0)
    var = np.mean(x**2, axis=0) - mu**2
    xhat = (x - mu) / np.sqrt(var + eps)
    out = gamma * xhat + beta
    return out


other = trace(batchnorm_short, *inputs, eps=1.5)
other_grads = other.backward(upstream)
draw(other, other_grads, dims=letters)

# %% [markdown]
# Now `var` has an edge of its own to `mu`, with the local derivative $-2\mu$.

# %%
for one in other_grads.contributions("mu"):
    print(f"{one.name}, through {one.source:4}: {one.value}")
print("-2 * mu * dvar:     ", -2 * other["mu"].value * other_grads["var"])
print("largest difference between the two dx:", np.abs(other_grads["x"] - grads["x"]).max())

# %% [markdown]
# That edge carries $-2\mu\, \partial L / \partial v$, which is not 0 at all. And `dx` is the same. The balance is at `x`: its edge
# to `var` has the local derivative $2x_n/N$ here and not $2(x_n - \mu)/N$. The difference of the two is $2\mu/N$, and what comes
# back through `mu` is $-2\mu$ times the 1/N of the mean. Multiplied by `dvar`, they cancel.
#
# So the 0 belongs to a way of writing the layer. In the nine steps a branch ends in nothing; in another graph of the
# same function it doesn't, and whoever drops it there is wrong. A gradient belongs to the function, a contribution to
# the graph.
#
# ### 5.2 The mean's total
#
# Difficulty ●●○○○ · about 3 minutes
#
# Write `dmu_total(dxhat, ivar)` for the nine steps, without the part that is 0. It gives back `dmu` (D,).

# %% answer="5.2"
def dmu_total(dxhat, ivar):
    """Everything that reaches the mean, in the graph of the nine steps."""
    dmu = None
    ###########################################################################
    # TODO 5.2: Store the gradient of the mean in dmu, of shape (D,).         #
    # dxhat is (N, D), ivar is (D,).                                          #
    ###########################################################################
    ### BEGIN SOLUTION
    dmu = -ivar * np.sum(dxhat, axis=0)
    ### END SOLUTION
    return dmu

# %% [markdown]
# `xmu` is not among the arguments. That is the vanished term, seen from the outside.

# %% check="5.2"
check("5.2")

# %% [markdown]
# ## One line
#
# Put the two totals into the sum of the three ways:
#
# $$\frac{\partial L}{\partial x_n} = a_n\, s \;-\; \frac{s^3}{2}\Big(\sum_m a_m c_m\Big)\cdot\frac{2 c_n}{N}
# \;-\; \frac{s}{N}\sum_m a_m.$$
#
# Two things are left to tidy. The 2 of the square meets the one half of the root. And there are two $c$ and three $s$ in the
# middle term: $c_n s$ is $\widehat{x}_n$, $c_m s$ is $\widehat{x}_m$, which leaves one $s$. Every term has a factor $s$ then. Do it on
# paper before you open the next line.
#
# <details><summary>The result</summary>
#
# $$\frac{\partial L}{\partial x_n} = s\,\Big(\, a_n \;-\; \frac{1}{N}\sum_m a_m \;-\;
# \widehat{x}_n\,\frac{1}{N}\sum_m a_m \widehat{x}_m \Big).$$
#
# In words: take <code>dxhat</code>, take off its mean, take off as much of <code>xhat</code> as there is in it, and scale by
# <code>ivar</code>. Two sums over rows are all that a row has to know of the others.
#
# </details>

# %% [markdown]
# ### 5.3 The backward pass on one line
#
# Difficulty ●●●○○ · about 7 minutes
#
# Write `batchnorm_backward_alt(dout, cache)`, with the cache `(xhat, gamma, xmu, ivar, sqrtvar, var, eps)`. It gives back `dx`
# (N, D), `dgamma` (D,) and `dbeta` (D,). No loop over features, and no array of N by N.
#
# Which of the seven entries of the cache does the line need?

# %% answer="5.3"
def batchnorm_backward_alt(dout, cache):
    """The backward pass with dx in closed form."""
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 5.3: Store the gradients of x, (N, D), and of gamma and beta,      #
    # (D,), in dx, dgamma and dbeta. After dxhat, dx takes one line.          #
    ###########################################################################
    ### BEGIN SOLUTION
    xhat, gamma, _, ivar, *_ = cache
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    dx = ivar * (dxhat - np.mean(dxhat, axis=0) - xhat * np.mean(dxhat * xhat, axis=0))
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# If a card says that `dx` has other values, compare it with the sum of the three ways above, whose totals you have as functions.

# %% check="5.3"
check("5.3")

# %% [markdown]
# Now look at the line at work. Move the sliders and watch the two subtractions. At which number of rows is nothing left?

# %%
def three_terms(rows, eps):
    draw_from = np.random.default_rng(11)
    x, a = draw_from.normal(size=12)[:rows], draw_from.normal(1.0, 1.0, size=12)[:rows]
    s = 1 / np.sqrt(x.var() + eps)
    xhat = (x - x.mean()) * s
    stages = {
        "dxhat": (a, MUTED, "o"),
        "without its mean": (a - a.mean(), ACCENT, "s"),
        "and without xhat's share": (a - a.mean() - xhat * (a * xhat).mean(), GRADIENT, "D"),
    }
    fig, axes = figure(width=7, height=3.2)
    axes.axhline(0, color=INK, linewidth=1)
    for k, (label, (values, colour, mark)) in enumerate(stages.items()):
        axes.vlines(np.arange(rows) + 0.2 * (k - 1), 0, values, color=colour, linewidth=1.5)
        axes.plot(np.arange(rows) + 0.2 * (k - 1), values, mark, color=colour, label=label, markersize=5)
    axes.set(xlabel="row", xlim=(-0.6, 11.6), ylim=(-2.6, 4.6), xticks=range(rows))
    left = np.abs(stages["and without xhat's share"][0]).max()
    axes.set_title(f"N = {rows}, eps = {eps:g}: the largest entry that is left is {left:.2g}", loc="left", y=1.0)
    axes.legend(loc="upper right", frameon=False, ncols=3, fontsize=9)
    return picture(
        fig,
        alt=f"dxhat for {rows} rows, then without its mean, then without its share of xhat as well. "
        f"The largest entry falls from {np.abs(a).max():.2g} to {left:.2g}; eps is {eps:g}.",
        trim=False,
    )


play(three_terms, rows=(6, 2, 12, 1), eps=[1e-5, 1e-3, 0.1, 1.0])

# %% [markdown]
# At N = 2 two directions are taken off a column that has only two, and what is left is of the order of `eps`. Notebook
# [04](04_gradient_check.ipynb) met the same fact from the other side, and [06](06_matrix_form.ipynb) turns it into a picture
# in space.

# %% [markdown]
# Don't take the check's word. You have a test of your own from notebook 04: here it is with a random upstream gradient, a
# `gamma` unlike 1, and the digits. If you have not written 5.3 yet, a card says so.

# %%
def against_witnesses():
    rng = np.random.default_rng(9)
    x, gamma, beta = rng.normal(2.0, 3.0, (6, 4)), rng.uniform(1.5, 2.5, 4), rng.normal(size=4)
    dout = rng.normal(size=x.shape)
    _, cache = staged.batchnorm_forward(x, gamma, beta, 1e-5)
    measured = numeric_gradient(lambda moved: staged.batchnorm_forward(moved, gamma, beta, 1e-5)[0], x, dout)
    small = relative_error(batchnorm_backward_alt(dout, cache)[0], measured)

    _, cache = staged.batchnorm_forward(images, np.full(64, 1.5), np.zeros(64), 1e-3)
    yours, ten_steps = batchnorm_backward_alt(noise, cache)[0], staged.batchnorm_backward(noise, cache)[0]
    return table(
        dx_compared_with=["centred differences, 6 rows of 4", "the ten steps, 64 digits"],
        relative_error=[small, relative_error(yours, ten_steps)],
    )


verdict = judge("5.3", globals())
against_witnesses() if verdict.passed else verdict

# %% [markdown]
# ## The graph, folded up
#
# There is a picture of what you did. Write the whole forward pass as one statement, and its graph has one node beside the inputs:
# the operations of a statement are folded into it.

# %%
def batchnorm(x, gamma, beta, eps):
    out = gamma * (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + eps) + beta
    return out


folded = trace(batchnorm, *inputs, eps=1.5)
draw(folded, folded.backward(upstream), dims=letters)

# %% [markdown]
# Three dashed arrows are left, and each has a closed form. The one to `beta` is a sum, the one to `gamma` is a sum, and the one to
# `x` is your line. It replaces everything that happens inside the box. Unfold the box to see what that was.

# %%
play(
    lambda box: draw(folded, folded.backward(upstream), unfold=box == "unfolded", dims=letters),
    box=["folded", "unfolded"],
)

# %% [markdown]
# The backward pass has a graph too, since it is a piece of NumPy code like any other. This is the line itself, folded and with
# every operation shown.

# %%
def closed_form(dout, xhat, gamma, ivar):
    dxhat = dout * gamma
    dx = ivar * (dxhat - np.mean(dxhat, axis=0) - xhat * np.mean(dxhat * xhat, axis=0))
    return dx


line = trace(closed_form, upstream, graph["xhat"].value, inputs[1], graph["ivar"].value)
play(
    lambda statement: draw(line, unfold=statement == "unfolded", dims=letters),
    statement=["folded", "unfolded"],
)

# %% [markdown]
# And yours, once it is written. The cache is held fixed here, so that the graph shows what becomes of `dout` alone.

# %%
_, cache = staged.batchnorm_forward(*inputs, 1.5)
look(batchnorm_backward_alt, upstream, cache=cache, dims=letters)

# %% [markdown]
# ## Four forms that are one
#
# In 2023 rocking5566 put four backward passes side by side in a gist ([Batchnorm
# backward](https://gist.github.com/rocking5566/57baa55f38c2c07346bdc7660fcfd19a)): the ten steps after F. Kratzert
# ([2016](https://kratzert.github.io/2016/02/12/understanding-the-gradient-flow-through-the-batch-normalization-layer.html)), the
# form that K. Zakka derived ([2016](https://kevinzakka.github.io/2016/09/14/batch_normalization/)), one of the
# gist's own, and one under the name qianfeng. Here they are in this course's names. Read the last three and find the term that only one
# of them has.

# %%
def kratzert(dy, cache):
    return staged.batchnorm_backward(dy, cache)[0]


def zakka(dy, cache):
    xhat, gamma, _, ivar, *_ = cache
    N, a = len(dy), dy * gamma
    return ivar / N * (N * a - a.sum(axis=0) - xhat * (a * xhat).sum(axis=0))


def rocking(dy, cache):
    xhat, gamma, _, ivar, *_ = cache
    N, along = len(dy), xhat * (xhat * dy).sum(axis=0)
    return (ivar * gamma / N) * [N * dy - along + (along / N - dy).sum(axis=0)]


def qianfeng(dy, cache):
    xhat, gamma, _, ivar, *_ = cache
    N, dbeta, dgamma = len(dy), dy.sum(axis=0), (xhat * dy).sum(axis=0)
    return ivar * gamma / N * (N * dy - dbeta - xhat * dgamma)


published = {"Kratzert": kratzert, "Zakka": zakka, "rocking5566": rocking, "qianfeng": qianfeng}

# %% [markdown]
# Are they one? Two hundred random batches of five rows, in float64, each form against the ten steps.

# %%
def random_layer(seed, rows, columns=4, kind=np.float64, eps=0.01):
    """An upstream gradient and a cache."""
    rng = np.random.default_rng(seed)
    x, dy = rng.normal(size=(2, rows, columns)).astype(kind)
    gamma, beta = rng.normal(size=(2, columns)).astype(kind)
    return dy, staged.batchnorm_forward(x, gamma, beta, eps)[1]


def worst(form, rows, kind):
    """The largest relative error against the ten steps in 200 batches, axes of length 1 taken out."""
    every = [random_layer(seed, rows, kind=kind) for seed in range(200)]
    return max(relative_error(np.squeeze(form(*one)), kratzert(*one)) for one in every)


dy, cache = random_layer(0, 5)
table(
    form=list(published),
    largest_relative_error=[worst(form, 5, np.float64) for form in published.values()],
    shape_of_dx=[str(form(dy, cache).shape) for form in published.values()],
)

# %% [markdown]
# In their values they are one, to rounding. Why? In Zakka's form `gamma` is inside the sums, in qianfeng's outside. That is allowed
# here because `gamma` is the same in every row: $\sum_m \gamma\, \mathit{dy}_m = \gamma \sum_m \mathit{dy}_m$. And the
# sums that are left are `dbeta` and `dgamma`, which have to be computed in any case. It is the thriftiest of the four.
#
# rocking5566's has an additional term, the sum over rows of $\widehat{x}_m \cdot \frac{1}{N} \sum_k \widehat{x}_k\, \mathit{dy}_k$. The inner sum
# doesn't depend on $m$, so what is summed is $\widehat{x}_m$ times a constant. You know this 0: it is the variance's part of `dmu`,
# carried along to the end.

# %%
xhat = cache[0]
along = xhat * (xhat * dy).sum(axis=0)
print("the term that only one of them has:", (along / len(dy)).sum(axis=0))
print("the size of what was summed:       ", np.abs(along / len(dy)).sum(axis=0))

# %% [markdown]
# ## A bracket that is a list
#
# Look at the last column of the table again: `(1, 5, 4)`. In mathematics square brackets group as round ones do. In
# Python `[...]` makes a list, here with one array in it, and an array times a list of arrays is an array with one more axis.
#
# It is easily overlooked. What will each of these lines say?

# %%
wrapped, right = rocking(dy, cache), kratzert(dy, cache)
print("np.allclose:         ", np.allclose(wrapped, right))
print("their first rows:    ", str(wrapped[:, :1].round(3)), "and", str(right[:1].round(3)))
print("sum over axis 0:     ", wrapped.sum(axis=0).shape, "and", right.sum(axis=0).shape)
print("x minus a step of it:", (np.zeros((5, 4)) - 0.1 * wrapped).shape)

# %% [markdown]
# The comparison passes, because (1, N, D) broadcasts against (N, D). The printed arrays differ by one bracket. And the layer before,
# which sums this gradient over the rows for its bias, gets an (N, D) where it needs a (D,), and goes on without a
# word. A gradient has the shape of its array, and a check of a gradient compares the shapes first.
#
# ### 5.4 Mend it
#
# Difficulty ●○○○○ · about 3 minutes
#
# Write `repair_published(dy, cache)`: rocking5566's form with its bracket mended, so that `dx` is (N, D). You may leave the part that
# is 0 where it is, or leave it out.

# %% answer="5.4"
def repair_published(dy, cache):
    """rocking5566's closed form, with the bracket mended."""
    dx = None
    ###########################################################################
    # TODO 5.4: Take the form from the cell of the four and mend it.          #
    # Store the gradient of x in dx, of the shape of dy.                      #
    ###########################################################################
    ### BEGIN SOLUTION
    xhat, gamma, _, ivar, *_ = cache
    N = dy.shape[0]
    along = xhat * np.sum(xhat * dy, axis=0)
    dx = (ivar * gamma / N) * (N * dy - along + np.sum(along / N - dy, axis=0))
    ### END SOLUTION
    return dx

# %% [markdown]
# `dy` is the gist's name for `dout`.

# %% check="5.4"
check("5.4")

# %% [markdown]
# ## Two rows, float32, by eye
#
# How did the gist come to trust its four forms? It prints all four `dx` under one another, for one batch of N = 2 and D = 4 in float32,
# and leaves the comparison to the reader. What can such a comparison tell?
#
# Think of a mistake: somebody writes 2 where N belongs, or forgets both the 2 of the square and the 1/N of the mean. What is
# 2/N when N is 2?

# %%
def two_for_n(dy, cache):
    xhat, gamma, _, ivar, *_ = cache
    a = dy * gamma
    return ivar * (a - a.sum(axis=0) / 2 - xhat * (a * xhat).sum(axis=0) / 2)


def without_two_over_n(dy, cache):
    _, gamma, xmu, ivar, *_ = cache
    a = dy * gamma
    dvar = -0.5 * ivar**3 * (a * xmu).sum(axis=0)
    return a * ivar + xmu * dvar - ivar * a.mean(axis=0)


forms = published | {"wrong: 2 for N": two_for_n, "wrong: 2/N forgotten": without_two_over_n}
table(
    form=list(forms),
    N_2_in_float32=[worst(form, 2, np.float32) for form in forms.values()],
    N_5_in_float64=[worst(form, 5, np.float64) for form in forms.values()],
)

# %% [markdown]
# In the first column nothing tells the wrong forms from the right ones. At N = 2 both mistakes are exactly no mistake. And because
# what is left at N = 2 is a small remainder of large terms, right forms already disagree in the third digit now and
# then in float32, so a reader has to forgive such differences. In the second column five rows and float64 leave a gap of a dozen powers of ten.
#
# So print errors, not arrays; in float64; with N of three or more and unlike D; and in each comparison the shape first.

# %% [markdown]
# ## What you can do now
#
# You can derive the closed form of a layer's gradient: find the ways from an input to the loss, collect the total of each node that
# all rows share, put it together, and look for sums that are 0. You know that a term that vanishes does so in one graph and
# not in another. And you can read four published forms as one.
#
# Three questions to see whether it has settled.
#
# <details><summary>1. The closed form needs xhat, gamma and ivar, and neither xmu nor eps. Where has eps gone?</summary>
#
# Into <code>ivar</code> and <code>xhat</code>. Both were computed with <code>eps</code> under the root, and the line holds for every
# <code>eps</code> exactly, not only for small ones.
#
# </details>
#
# <details><summary>2. What is the sum of a column of dx, by the closed form? And the sum of dx * xhat?</summary>
#
# The first is 0: <code>dxhat</code> minus its mean sums to 0, and so does <code>xhat</code>. In the second, the mean's term drops out and
# what is left is <code>ivar</code> times the sum of <code>dxhat * xhat</code>, times 1 minus the mean of <code>xhat**2</code>. That last
# factor is eps / (var + eps), nearly 0.
#
# </details>
#
# <details><summary>3. In LayerNorm the sums go over the features of a row, and gamma has one entry for each feature. Which
# of the four forms can be taken over, with the axis changed?</summary>
#
# Those with <code>gamma</code> inside the sums, through <code>dxhat</code>: the ten steps and Zakka's. In the other two
# <code>gamma</code> was pulled out because it is the same in every row; along a row it isn't.
#
# </details>

# %% [markdown]
# Next: [6 · The matrix form](06_matrix_form.ipynb), where the two subtractions of the line become a projection.
