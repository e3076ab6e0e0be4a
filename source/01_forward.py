# %% [markdown]
# # 1 · The forward pass
#
# What does batch normalization do to a batch of numbers, one small step at a time, and why is each step there?
#
# The backward pass will follow these steps in reverse, so they are worth knowing by name. You will write all nine
# of them, and see the graph of your code grow with every part. It takes about 40 minutes.

# %% given=true
import numpy as np

# %% [markdown]
# ## A batch of real numbers
#
# The data of this course are handwritten digits, images of 8 by 8 pixels with values from 0, which is blank paper,
# to 16, which is ink (E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, 1998,
# [UCI](https://doi.org/10.24432/C50P49)). A batch is an array with one image in each row. Each column is one
# pixel, and a pixel is what is called a *feature*.

# %%
from bnlib import digits_batch, picture
from bnlib.style import figure, image

digit_batch, labels = digits_batch(256)

fig, axes = figure(1, 6, width=9, height=1.9)
for ax, pixels, label in zip(axes, digit_batch, labels, strict=False):
    image(ax, pixels, title=str(label), mark=(2, 4))
picture(fig, alt=f"Six handwritten digits, {labels[:6].tolist()}, with the pixel in row 2, column 4 framed.")

# %% [markdown]
# Take the framed pixel, the feature in column 20. Over the batch it has a mean and a standard deviation. Guess both
# from the six images before you run the next cell: where on the scale from 0 to 16 does it lie, and how far does
# it usually stray?

# %%
feature = digit_batch[:, 20]
print(f"the batch has shape {digit_batch.shape}")
print(f"pixel 20: mean {feature.mean():.2f}, standard deviation {feature.std():.2f}")

# %% [markdown]
# ## The box
#
# S. Ioffe and C. Szegedy ([*Batch Normalization*, 2015](https://arxiv.org/abs/1502.03167)) wanted every feature to
# reach the next layer with mean 0 and variance 1, whatever the layers before it are doing at the moment. They then
# let the network choose another mean and another spread if it needs them. For one feature with the values
# $x_1, \dots, x_N$ in a batch, their algorithm has four lines.
#
# $$
# \boxed{
# \begin{aligned}
# \mu &= \frac{1}{N} \sum_{n=1}^{N} x_n && \text{the mean over the batch} \\
# \sigma^2 &= \frac{1}{N} \sum_{n=1}^{N} (x_n - \mu)^2 && \text{the variance over the batch} \\
# \hat{x}_n &= \frac{x_n - \mu}{\sqrt{\sigma^2 + \varepsilon}} && \text{normalise} \\
# y_n &= \gamma \, \hat{x}_n + \beta && \text{scale and shift}
# \end{aligned}
# }
# $$
#
# Every feature has its own $\mu$ and $\sigma^2$, which are computed, and its own $\gamma$ and $\beta$, which are
# learned. The small number $\varepsilon$ is the same for all of them and is chosen once.
#
# To go backward one needs smaller steps, each with one operation that has a simple derivative. Here are the nine that
# this course uses, with the names of F. Kratzert ([*Understanding the backward pass through Batch Normalization
# Layer*, 2016](https://kratzert.github.io/2016/02/12/understanding-the-gradient-flow-through-the-batch-normalization-layer.html)).
#
# | Step | Name | What it is | Shape |
# |:---:|---|---|---|
# | 1 | `mu` | the mean of each feature over the batch | (D,) |
# | 2 | `xmu` | the batch with that mean taken off | (N, D) |
# | 3 | `sq` | the square of every entry of `xmu` | (N, D) |
# | 4 | `var` | the mean of each column of squares | (D,) |
# | 5 | `sqrtvar` | the square root of variance plus `eps` | (D,) |
# | 6 | `ivar` | one divided by that | (D,) |
# | 7 | `xhat` | `xmu` times `ivar` | (N, D) |
# | 8 | `gammax` | `gamma` times `xhat` | (N, D) |
# | 9 | `out` | `gammax` plus `beta` | (N, D) |
#
# The four lines of the box are hidden in there. Which steps belong to which line?
#
# <details><summary>Compare with your answer</summary>
#
# The mean is step 1. The variance is steps 2, 3 and 4. Normalising is steps 5, 6 and 7, and it uses step 2 again.
# Scaling and shifting are steps 8 and 9.
# </details>

# %% [markdown]
# ## Steps 1 to 4
#
# While you write, a batch of 5 rows and 3 columns is easier to follow than 256 digits. The columns are unlike each
# other on purpose: the second has a large mean, the third a small spread.

# %%
x = np.array([[1.0, 10.0, 0.1], [2.0, 14.0, 0.3], [3.0, 12.0, 0.2], [4.0, 18.0, 0.3], [5.0, 16.0, 0.6]])
x

# %% [markdown]
# ### 1.1 The statistics
#
# Difficulty ●○○○○ · about 5 minutes
#
# Write steps 1 to 4. The function gets the batch `x` (N, D) and gives back `mu`, `xmu`, `sq` and `var`.
#
# Before you write: two of the four results are as large as the batch, and two have one entry for each feature. When a
# small one meets a large one, in step 2, what does NumPy do with the small one?

# %% answer="1.1"
def statistics(x):
    """Steps 1 to 4 of the forward pass, for a batch x (N, D)."""
    mu, xmu, sq, var = None, None, None, None
    ###########################################################################
    # TODO 1.1: Compute the mean of each feature in mu (D,), the centred      #
    # batch in xmu (N, D), its squares in sq (N, D), and the mean of each     #
    # column of squares in var (D,). The features are the columns of x.       #
    ###########################################################################
    ### BEGIN SOLUTION
    mu = np.mean(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = np.mean(sq, axis=0)
    ### END SOLUTION
    return mu, xmu, sq, var

# %% [markdown]
# Check it, and then look at the graph of what you wrote. It is made from your function, with your names.

# %% check="1.1"
from bnlib import check

check("1.1")
### BEGIN HIDDEN TESTS
_mu, _xmu, _sq, _var = statistics(np.array([[0.0, 1.0], [2.0, 7.0]]))
assert np.allclose(_mu, [1.0, 4.0])
assert np.allclose(_var, [1.0, 9.0])
### END HIDDEN TESTS

# %% [markdown]
# In the graph, find the array that is used twice. One of the two uses is easily overlooked.

# %%
from bnlib import look

look(statistics, x, dims={"N": 5, "D": 3})

# %% [markdown]
# ## Which way does the mean go?
#
# The argument `axis=0` is short to write and easy to forget. What would happen without it? Would there be an error?
# Decide before you run the next cell, which centres the small batch both ways.

# %%
each = np.mean(x, axis=0)
all_at_once = np.mean(x)

print("axis=0  :", each, "has shape", each.shape)
print("no axis :", all_at_once, "has shape", all_at_once.shape)
print("column means after axis=0 :", np.round(np.mean(x - each, axis=0), 12))
print("column means after no axis:", np.round(np.mean(x - all_at_once, axis=0), 12))

# %% [markdown]
# No error. The mean over everything is a single number, and NumPy takes it off all columns alike. Afterwards no
# column has the mean 0: the second lies high above it and the others below. Every shape is the same as before, so
# nothing further on will complain. What do you expect to see when this is done to the digits?

# %%
pixel_means = np.mean(digit_batch, axis=0)

fig, (left, middle, right) = figure(1, 3, width=8, height=2.8)
image(left, pixel_means, title="mean of each pixel")
with_axis = np.mean(digit_batch - pixel_means, axis=0)
without = np.mean(digit_batch - np.mean(digit_batch), axis=0)
image(middle, with_axis, title="left after axis=0", limit=12)
image(right, without, title="left after no axis", limit=12)
picture(
    fig,
    alt="Three 8 by 8 images. The mean of each pixel over the batch is a blurred blob. "
    "After centring with axis=0 nothing is left of it. "
    "After centring with one mean for everything it is still there.",
)

# %% [markdown]
# With one mean for everything, the shape of the average digit is still in the data. A feature is a column, a mean of
# a feature walks down the rows, and `axis=0` names the axis that is walked along and disappears.

# %% [markdown]
# ## N or N - 1?
#
# If you have had a course in statistics, you may have wanted to divide by N - 1 in step 4. Why does the box divide
# by N? Think of what the next steps do with the variance, and then compare.

# %%
xmu = x - np.mean(x, axis=0)
for ddof, name in ((0, "N    "), (1, "N - 1")):
    divided = xmu / np.std(x, axis=0, ddof=ddof)
    print(f"divided by {name}: the mean of the squares is {np.round(np.mean(divided**2, axis=0), 12)}")

# %% [markdown]
# The layer doesn't estimate anything. It is asked to give *these* N numbers the mean square 1, and dividing by N does
# that. With N - 1 they come out too small, by a factor of (N - 1)/N, and for a batch of one row it would be a
# division by zero.
#
# N - 1 answers another question: given this sample, how large is the variance of everything that it was drawn from?
# That question does come up, when a trained network must do without a batch. The paper uses N - 1 there and N here, and
# [notebook 07](07_train_and_test.ipynb) is about the difference. It is a real trap, since R's `scale` and `var` and pandas'
# `std` divide by N - 1 unless told otherwise, and NumPy's `var` and `std` by N.

# %% [markdown]
# ## Steps 5 to 7
#
# The batch is centred, and the variance is known. Now every feature gets divided by its standard deviation.
#
# ### 1.2 Normalise
#
# Difficulty ●○○○○ · about 4 minutes
#
# Write steps 5 to 7. The function gets `xmu` (N, D), `var` (D,) and the number `eps`, and gives back `sqrtvar`, `ivar`
# and `xhat`.
#
# Before you write: does it make a difference whether `eps` is added before the root is taken or after? For `eps = 0.01`
# and a variance of 0, what would `sqrtvar` be in either case?

# %% answer="1.2"
def normalize(xmu, var, eps):
    """Steps 5 to 7 of the forward pass, for xmu (N, D) and var (D,)."""
    sqrtvar, ivar, xhat = None, None, None
    ###########################################################################
    # TODO 1.2: Compute the square root of the variance, with eps inside the  #
    # root, in sqrtvar (D,), one divided by it in ivar (D,), and the          #
    # normalised batch in xhat (N, D).                                        #
    ###########################################################################
    ### BEGIN SOLUTION
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    ### END SOLUTION
    return sqrtvar, ivar, xhat

# %% [markdown]
# <details><summary>Compare with your answer to the question</summary>
#
# Inside the root it is 0.1, outside it would be 0.01. The smaller the variance, the more it matters, and it has to be
# the same going forward and backward.
# </details>

# %% check="1.2"
check("1.2")
### BEGIN HIDDEN TESTS
_sqrtvar, _ivar, _xhat = normalize(np.array([[-1.0], [1.0]]), np.array([1.0]), 3.0)
assert np.allclose(_sqrtvar, 2.0)
assert np.allclose(_xhat, [[-0.5], [0.5]])
### END HIDDEN TESTS

# %% [markdown]
# Why is step 6 a step of its own, when a division would do for steps 6 and 7 together? Because the derivative of a
# quotient has two parts, and each of them is easier to see alone: one gate inverts, the other multiplies.

# %%
look(normalize, xmu, np.var(x, axis=0), eps=1e-5, dims={"N": 5, "D": 3})

# %% [markdown]
# ## What eps is for
#
# Most introductions say that `eps` is there for numerical stability and leave it at that. Is there anything in real
# data that needs it? Guess: of the 64 pixels of our 256 digits, how many have the same value in every image?

# %%
from bnlib import digits

variances = np.var(digit_batch, axis=0)
print("pixels that never change in this batch:    ", np.flatnonzero(variances == 0))
print("pixels that never change in all 1797 images:", np.flatnonzero(np.var(digits()[0], axis=0) == 0))

# %% [markdown]
# Nobody writes in the top left corner, nor at some places on the edges. The variance of such a feature is exactly 0.
# What does the layer make of it without `eps`, and what happens to one row of the batch when the next layer
# multiplies it by a matrix of weights?

# %%
from bnlib.norms import staged

ones, zeros = np.ones(64), np.zeros(64)
weights = np.full((64, 1), 0.1)
for eps in (0.0, 1e-5):
    with np.errstate(divide="ignore", invalid="ignore"):
        out, _ = staged.batchnorm_forward(digit_batch, ones, zeros, eps)
        score = out @ weights
    nans = f"{np.isnan(out).mean():.0%} of out, {np.isnan(score).mean():.0%} of the next layer"
    print(f"nan with eps = {eps:g}: {nans}")

# %% [markdown]
# A feature that never changes gives 0 divided by 0. That is `nan`, and one `nan` in a row makes the whole sum over that
# row `nan`. Seven blank pixels are enough to lose every image. With `eps` in the root, the same feature comes out as 0.
#
# There is a second reason, which shows when a feature is nearly constant. Suppose that a blank pixel flickers by a
# millionth, as the sensor of a camera might. How large is the flicker after the layer?

# %%
flicker = 1e-6 * np.random.default_rng(0).normal(size=(256, 1))
for eps in (0.0, 1e-5):
    out, _ = staged.batchnorm_forward(flicker, np.ones(1), np.zeros(1), eps)
    print(f"eps = {eps:g}: standard deviation before {np.std(flicker):.1e}, after {np.std(out):.1e}")

# %% [markdown]
# Without `eps` the layer blows the noise up until it is as strong as the signal of a pixel which tells digits apart. With it, no feature is ever multiplied by more than `1 / sqrt(eps)`, because `sqrtvar` can't be smaller than
# `sqrt(eps)`. For `eps = 1e-5` that is a factor of 316. So `eps` also says which spread still counts as a signal.

# %% [markdown]
# ## Steps 8 and 9
#
# Mean 0 and variance 1 may not be what the next layer wants. So every feature is scaled by a `gamma` and shifted by a
# `beta` of its own, which the network learns like its weights.
#
# ### 1.3 Scale and shift
#
# Difficulty ●○○○○ · about 3 minutes
#
# Write steps 8 and 9. The function gets `xhat` (N, D), `gamma` (D,) and `beta` (D,), and gives back `gammax` and `out`.
#
# Before you write: what will be the mean and the standard deviation of a column of `out`?

# %% answer="1.3"
def scale_shift(xhat, gamma, beta):
    """Steps 8 and 9 of the forward pass, for xhat (N, D), gamma and beta (D,)."""
    gammax, out = None, None
    ###########################################################################
    # TODO 1.3: Scale every feature by its own gamma, in gammax (N, D), and   #
    # then shift it by its own beta, in out (N, D).                           #
    ###########################################################################
    ### BEGIN SOLUTION
    gammax = gamma * xhat
    out = gammax + beta
    ### END SOLUTION
    return gammax, out

# %% [markdown]
# <details><summary>Compare with your answer to the question</summary>
#
# The mean is <code>beta</code>. The standard deviation is the size of <code>gamma</code>, a little less because of
# <code>eps</code>. So <code>gamma</code> and <code>beta</code> choose the spread and the place directly, and it no
# longer matters what they were before the layer.
# </details>

# %% check="1.3"
check("1.3")
### BEGIN HIDDEN TESTS
_gammax, _out = scale_shift(np.array([[-1.0, 1.0], [1.0, -1.0]]), np.array([2.0, 3.0]), np.array([0.0, 10.0]))
assert np.allclose(_out, [[-2.0, 13.0], [2.0, 7.0]])
### END HIDDEN TESTS

# %% [markdown]
# Two new inputs appear in the graph. They are short arrays that meet a long one, so NumPy repeats them for every row.
# Keep that in mind for the way back.

# %%
gamma, beta = np.array([1.0, 2.0, 0.5]), np.array([0.0, 1.0, -1.0])
_, (xhat, *_) = staged.batchnorm_forward(x, gamma, beta, 1e-5)

look(scale_shift, xhat, gamma, beta, dims={"N": 5, "D": 3})

# %% [markdown]
# ## Play with it
#
# Below, one pixel of the batch, before the layer and after it. The dot marks the mean, and the bar through it reaches
# one standard deviation to either side. A tick below the bars stands at every value that occurs. Before you move
# anything, predict what each of these will do to the lower histogram.
#
# - Make `gamma` 0, and then negative.
# - With pixel 20, raise `eps` until something changes. Compare that `eps` with the pixel's variance, which is the square
#   of the bar's half.
# - Choose the pixel that is always blank, and move `gamma`. Which slider can still move it?
# - Choose the pixel that is mostly blank. What does the layer do to the few images in which it isn't?

# %%
from bnlib import play
from bnlib.style import ACCENT, histogram

pixels = {"20, busy": 20, "15, mostly blank": 15, "0, always blank": 0}


def before_and_after(pixel, gamma, beta, eps):
    before = digit_batch[:, [pixels[pixel]]]
    after, _ = staged.batchnorm_forward(before, np.array([gamma]), np.array([beta]), eps)
    fig, (top, bottom) = figure(2, 1, height=4.2, sharex=True)
    histogram(top, before, np.arange(-8.5, 21), title="before: x")
    histogram(bottom, after, np.arange(-8.5, 20.6, 0.25), colour=ACCENT, title="after: out")
    alt = f"Histograms of pixel {pixel}."
    for when, values in (("Before", before), ("After", after)):
        spread = values.std()
        alt += f" {when} the layer: mean {values.mean():z.2f}, standard deviation {spread:.2f}."
    return picture(fig, alt=alt, trim=False)


play(
    before_and_after,
    pixel=list(pixels),
    gamma=(1.0, -3.0, 5.0, 0.1),
    beta=(0.0, -5.0, 10.0, 0.5),
    eps=[1e-5, 1e-3, 0.1, 1.0, 10.0, 100.0],
)

# %% [markdown]
# <details><summary>Compare with your predictions</summary>
#
# <code>gamma = 0</code> puts every image at <code>beta</code>, and a negative one mirrors the histogram. The shape never
# changes otherwise: the layer only moves and stretches. An <code>eps</code> shows when it comes near the variance, and
# for a busy pixel that is far above any value in use. The pixel that is always blank stays at <code>beta</code>, whatever
# <code>gamma</code> is, because its <code>xhat</code> is 0. For the pixel that is mostly blank, a few lonely images
# are thrown many standard deviations away from the rest.
# </details>

# %% [markdown]
# ## The whole layer
#
# Nine lines are left to be put under one another. Going backward, some of the results are needed again, so the layer
# packs them up for later, in what is called its cache.
#
# ### 1.4 The whole forward pass
#
# Difficulty ●●○○○ · about 5 minutes
#
# Write the layer as one function, with all nine steps in it, each on a line of its own. Don't call your three functions:
# notebook 03 takes this one along without them. It gives back `out` and `cache`, which is the tuple
# `(xhat, gamma, xmu, ivar, sqrtvar, var, eps)`, in this order.
#
# Before you write: three of these seven could be left out, because each can be worked out from another one and `eps`.
# Which three are so related?

# %% answer="1.4"
def batchnorm_forward(x, gamma, beta, eps):
    """Batch normalization of x (N, D) with gamma and beta (D,): nine steps, and what the way back needs."""
    out, cache = None, None
    ###########################################################################
    # TODO 1.4: Write all nine steps, each on a line of its own, and store    #
    # the result in out (N, D). Store (xhat, gamma, xmu, ivar, sqrtvar, var,  #
    # eps) in cache, as a tuple and in this order.                            #
    ###########################################################################
    ### BEGIN SOLUTION
    mu = np.mean(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = np.mean(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    gammax = gamma * xhat
    out = gammax + beta
    cache = (xhat, gamma, xmu, ivar, sqrtvar, var, eps)
    ### END SOLUTION
    return out, cache

# %% [markdown]
# If the check finds a fault in the cache, it says which of the seven it means.

# %% check="1.4"
check("1.4")
### BEGIN HIDDEN TESTS
_out, _cache = batchnorm_forward(np.array([[0.0], [2.0]]), np.array([3.0]), np.array([1.0]), 0.0)
assert np.allclose(_out, [[-2.0], [4.0]])
assert len(_cache) == 7
### END HIDDEN TESTS

# %% [markdown]
# And this is the graph that the rest of the course is about. It is yours. Trace with a finger how many ways lead from
# `x` to `out`.

# %%
look(batchnorm_forward, x, gamma, beta, eps=1e-5, dims={"N": 5, "D": 3})

# %% [markdown]
# <details><summary>How many are there?</summary>
#
# Four. <code>x</code> reaches <code>xmu</code> by itself and through <code>mu</code>, and <code>xmu</code> reaches
# <code>xhat</code> by itself and through the variance. Two times two. Every one of them carries a part of the gradient.
# </details>

# %% [markdown]
# Once more the box, now with the steps beside it. It is made from the course's own layer, so each row is a line of code
# that was traced. If 1.4 is still open, write your lines before you read these. Then compare: where do yours differ, and
# why does the check not mind?

# %%
from bnlib import trace
from bnlib.plots.algorithm import algorithm

algorithm(trace(staged.batchnorm_forward, x, gamma, beta, eps=1e-5), dims={"N": 5, "D": 3})

# %% [markdown]
# Now the cache. Kratzert's post stores `var`, `sqrtvar` and `ivar`, all three. Are they worth their place?

# %%
out, cache = staged.batchnorm_forward(digit_batch, ones, zeros, 1e-5)
_, _, _, ivar, sqrtvar, var, eps = cache
print("sqrtvar from var: ", np.allclose(np.sqrt(var + eps), sqrtvar, rtol=1e-12))
print("ivar from sqrtvar:", np.allclose(1 / sqrtvar, ivar, rtol=1e-12))
print(f"bytes of the three: {var.nbytes + sqrtvar.nbytes + ivar.nbytes}")
print(f"bytes of all seven: {sum(np.asarray(part).nbytes for part in cache)}")

# %% [markdown]
# They are redundant: with `eps`, any one of them gives the other two. `xhat` is too, as the product of `xmu` and `ivar`.
# The three take little room, and the backward pass reads more easily with each of them under its name, so the course
# keeps them. Nearly all of the cache is `xhat` and `xmu`.

# %% [markdown]
# ## Can the layer be undone?
#
# The network may choose `gamma` and `beta` freely. Could it choose them such that the layer does nothing at all, and `out`
# is `x` again? Kratzert's post says yes, with `gamma = sqrt(var)` and `beta = mean`, and the paper says so of a layer
# without `eps`. Have a look at the box: what does `gamma` have to cancel?

# %%
mu, var, eps = np.mean(x, axis=0), np.var(x, axis=0), 1e-5
for name, choice in (("sqrt(var)      ", np.sqrt(var)), ("sqrt(var + eps)", np.sqrt(var + eps))):
    out, _ = staged.batchnorm_forward(x, choice, mu, eps)
    print(f"gamma = {name}: largest difference from x {np.max(np.abs(out - x)):.1e}")

# %% [markdown]
# It has to cancel `sqrtvar`, which has `eps` in it. Then `x` comes back up to rounding. Without `eps`, something is
# left over. Here it is small. How large can it get?
#
# With `gamma = sqrt(var)`, each deviation from the mean comes back multiplied by
# $\sqrt{\mathrm{var} / (\mathrm{var} + \varepsilon)}$. So everything depends on how large the data are beside
# $\sqrt{\varepsilon}$, which is 0.003 for the usual `eps`. Take the pixels that change, shrink or stretch them to a given standard
# deviation, and measure how much of them is lost. What do you expect where that standard deviation is $\sqrt{\varepsilon}$?

# %%
from bnlib.style import INK, MUTED

changing = digit_batch[:, variances > 0]
standard = (changing - np.mean(changing, axis=0)) / np.std(changing, axis=0)
scales = np.logspace(-5, 2, 57)


def lost(scale, eps_in_gamma):
    """How far out is from x, as a part of the largest distance of x from its mean."""
    x = scale * (standard + 3)
    gamma = np.sqrt(np.var(x, axis=0) + eps_in_gamma)
    out, _ = staged.batchnorm_forward(x, gamma, np.mean(x, axis=0), eps)
    return np.max(np.abs(out - x)) / np.max(np.abs(x - np.mean(x, axis=0)))


fig, ax = figure(height=3.4)
ax.loglog(scales, [lost(s, 0.0) for s in scales], color=INK)
ax.loglog(scales, [lost(s, eps) for s in scales], color=ACCENT)
ax.axvline(np.sqrt(eps), color=MUTED, linewidth=1, linestyle=":")
ax.text(np.sqrt(eps) * 1.2, 1e-11, "sqrt(eps)")
ax.text(0.3, 1e-3, "gamma = sqrt(var)", color=INK)
ax.text(0.3, 1e-14, "gamma = sqrt(var + eps)", color=ACCENT)
ax.set(xlabel="standard deviation of x", ylabel="part of x that is lost", ylim=(1e-17, 10))
picture(
    fig,
    alt="How much of x is lost, over the standard deviation of x, on logarithmic axes. "
    "With gamma = sqrt(var + eps) it is about 1e-16 everywhere. "
    "With gamma = sqrt(var) nearly all is lost below a standard deviation of sqrt(eps), "
    "and less and less above it.",
)

# %% [markdown]
# Three places on the dark curve, in numbers.

# %%
for s in (1.0, np.sqrt(eps), 1e-4):
    print(f"standard deviation {s:.2g}: gamma = sqrt(var) loses {lost(s, 0.0):.4%}")

# %% [markdown]
# For data of ordinary size the sloppy formula is good to five digits. At $\sqrt{\varepsilon}$ it loses 29 per cent, since
# $1 - \sqrt{1/2}$ is 0.29, and below that nearly everything. So the claim needs `eps` inside the root.
#
# It needs one thing more. A reader of the post, tapsi, asked in its comments how a `gamma` and a `beta` that are learned
# once for all data could undo something that is done to every batch anew, with another mean and another variance each
# time. What do you think comes out if you set them for one batch, and then send in another?

# %%
first, second = digit_batch[:128], digit_batch[128:]
undo = np.sqrt(np.var(first, axis=0) + eps), np.mean(first, axis=0)  # gamma and beta

out_first, _ = staged.batchnorm_forward(first, *undo, eps)
out_second, _ = staged.batchnorm_forward(second, *undo, eps)
print(f"first batch:  largest difference {np.max(np.abs(out_first - first)):.1e}")
print(f"second batch: largest difference {np.max(np.abs(out_second - second)):.1e}")

# %% [markdown]
# The reader is right: it is undone for that one batch only. But what is it that comes back for the second one? Look at
# pixel 20.

# %%
rows = {"first batch": first, "second batch": second, "second, given back": out_second}
for name, batch in rows.items():
    print(f"{name:20} mean {batch[:, 20].mean():6.3f}   standard deviation {batch[:, 20].std():.3f}")

# %% [markdown]
# The second batch comes back with the mean and the standard deviation of the first. Its histogram keeps its shape, but it
# has been moved and stretched to fit the other one.
#
# Kratzert answered that the result would be close all the same. How close, and what does that depend on? Draw pairs of
# batches of various sizes, and measure what is left over beside the spread of the data.

# %%
all_images, _ = digits()
typical = np.sqrt(np.mean(np.var(all_images, axis=0)))


def left_over(n, rng):
    """Root mean square difference for a fresh pair of batches of n images, beside the spread of the data."""
    rows = rng.choice(len(all_images), size=2 * n, replace=False)
    one, two = all_images[rows[:n]], all_images[rows[n:]]
    back, _ = staged.batchnorm_forward(two, np.sqrt(np.var(one, axis=0) + eps), np.mean(one, axis=0), eps)
    return np.sqrt(np.mean((back - two) ** 2)) / typical


rng = np.random.default_rng(0)
sizes = [4, 8, 16, 32, 64, 128, 256, 512]
parts = [np.mean([left_over(n, rng) for _ in range(20)]) for n in sizes]

fig, ax = figure(height=3.2)
ax.loglog(sizes, parts, "o-", color=ACCENT)
ax.set_xticks(sizes, [str(n) for n in sizes])
ax.set_yticks([0.1, 0.3, 1.0], ["10 %", "30 %", "100 %"])
ax.minorticks_off()
ax.set(xlabel="images in a batch", ylabel="left over")
measured = ", ".join(f"{part:.0%} with {n} images" for n, part in zip(sizes, parts, strict=True))
picture(fig, alt=f"What is left over beside the spread of the data: {measured}.")

# %% [markdown]
# The same in numbers. How many times as many images does it take to halve what is left over?

# %%
for n, part in zip(sizes, parts, strict=True):
    print(f"{n:3} images: {part:.0%}")

# %% [markdown]
# Both were right. It takes about four times as many. So with large batches the layer can come close to doing nothing, and
# with small ones it can't: there, what comes out for an image depends much on the other images that happen to be in its
# batch. [Notebook 08](08_does_it_matter.ipynb) measures what that noise does to training, with batches down to 2.

# %% [markdown]
# ## What you can do now
#
# You can write batch normalization as nine steps and say what each is for: why the mean walks down the rows, why N, why
# `eps`, and what `gamma` and `beta` can and can't undo. Your forward pass is ready to be walked through backward.
#
# Three questions to test yourself. Answer before you unfold.
#
# <details><summary>1. A colleague's layer runs without an error, but the columns of <code>xhat</code> don't have the mean 0. Which two faults would you look for first?</summary>
#
# A mean without an axis, which takes the same number off every feature, and a mean over the wrong axis in a batch with as
# many rows as columns, where the shapes fit by accident.
# </details>
#
# <details><summary>2. In a batch, a feature has the variance <code>3 * eps</code>. What is the variance of its column of <code>xhat</code>?</summary>
#
# 3/4. The column is divided by the root of var + eps, which is 4 eps here, so its variance is 3 eps divided by 4 eps. Only
# for a variance far above <code>eps</code> is it 1.
# </details>
#
# <details><summary>3. A batch has a single row. What is <code>out</code>?</summary>
#
# <code>beta</code>, whatever <code>x</code> is. A single value is its own mean, so <code>xmu</code> is 0. A layer that
# normalises over a batch of one forgets its input.
# </details>

# %% [markdown]
# A word on the source. If you hold F. Kratzert's post (2016) beside this notebook, note that copies of its listing go around
# in which lines have lost their indentation, so that Python refuses them, and that its `gamma = sqrt(var)` needs the two
# corrections of the last section: `eps` inside the root, and the same batch.
#
# Next: [2 · The chain rule](02_chain_rule.ipynb)
