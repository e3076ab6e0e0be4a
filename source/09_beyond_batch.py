# %% [markdown]
# # 9 · Beyond the batch
#
# Batch normalization averages over the batch. So what an image becomes depends on which other images happen to be
# beside it, and of a single row nothing is left but `beta`. What if you average over something else?
#
# That question has been answered at least four times: LayerNorm, InstanceNorm, GroupNorm, RMSNorm. It is one
# graph, with other axes. So is the backward pass, with a single trap. In this notebook you write four layers,
# forward and backward, in eight short exercises. Allow 45 minutes. Two sections are detours, marked as such, and
# take another ten.

# %% given=true
import numpy as np

# %% [markdown]
# The demonstrations use the course's helpers, and a function that sets numbers in a table.

# %%
from bnlib import check, digits_batch, draw, hint, look, norms, picture, play, trace
from bnlib.gradcheck import complex_step, numeric_gradient
from bnlib.plots.family import family, layers_on_images
from bnlib.style import GRADIENT, MUTED, figure
from bnlib.table import table

# %% [markdown]
# ## Which numbers share a mean
#
# A batch of images is an array of four axes, `x` (N, C, H, W): images, channels, and the height and width of each.
# Here are five layers for such a batch. They are bnlib's, and for now they are closed boxes, since you will write
# the insides yourself.
#
# To see what a layer does, ask it. Take 2 images of 4 channels and 5 by 3 pixels, 120 numbers. Move a single one,
# pixel (0, 0) of channel 0 of image 0, and look which of the 120 outputs move. Those are the entries that share their
# statistics with it. In the pictures the number that you move has a frame, and the outputs that follow are dark.
#
# Two of the five you know, at least by name. What will BatchNorm's picture look like, and LayerNorm's?

# %%
shape = (2, 4, 5, 3)
rng = np.random.default_rng(9)
x = rng.normal(size=shape)
layers = layers_on_images(channels=4)


def reached(layer, x, entry=(0, 0, 0, 0)):
    """Which outputs move when one input does, a boolean array."""
    moved = x.copy()
    moved[entry] += 0.5
    return np.abs(layer(moved) - layer(x)) > 1e-12


family({name: reached(layer, x) for name, layer in layers.items()})

# %% [markdown]
# BatchNorm goes through all images and stays in one channel. The others stay in one image, and differ in how many of
# its channels they take together: all, one, or a group. RMSNorm reaches as far as LayerNorm, and what sets it apart
# can't be seen here: it takes no mean off.
#
# What follows from staying in one image? Change the second image of a batch and see whether the first notices. Then
# send the first image through alone.

# %%
other = x.copy()
other[1] += rng.normal(size=shape[1:])
table(
    layer=list(layers),
    image_0_when_image_1_changes=[np.abs(layer(other)[0] - layer(x)[0]).max() for layer in layers.values()],
    image_0_alone=[np.abs(layer(x[:1])[0] - layer(x)[0]).max() for layer in layers.values()],
)

# %% [markdown]
# Four layers don't care who else is there. So they need no running statistics, no train and no test mode, and
# [notebook 07](07_train_and_test.ipynb) has nothing to say about them. That is why they are used where batches are
# small, or where the rows of a batch are of different lengths, as sentences are.

# %% [markdown]
# ## A row by itself
#
# Begin with rows, `x` (N, D), as in the first notebooks. LayerNorm (Ba, Kiros and Hinton,
# [*Layer Normalization*](https://arxiv.org/abs/1607.06450), 2016) gives each row mean 0 and variance 1 over its own D
# features. `gamma` and `beta` still have one entry for each feature.
#
# It is batch normalization of the transposed array, and the only new thing is a matter of shapes. A mean over axis 1
# has the shape (N,). What does NumPy do when you take an (N,) off an (N, D)?

# %%
def without_keepdims(x):
    return x - np.mean(x, axis=1)


for rows, features in ((5, 3), (4, 4)):
    batch = rng.normal(size=(rows, features))
    try:
        left = np.abs(without_keepdims(batch).mean(axis=1)).max()
        print(f"({rows}, {features}): no error. The largest mean of a row afterwards is {left:.2f}")
    except ValueError as error:
        print(f"({rows}, {features}): {error}")

# %% [markdown]
# NumPy lines shapes up from the right, so an (N,) meets the features. With 5 rows and 3 features that is an error,
# and you are lucky. With N = D it runs: the mean of row 2 is taken off *column* 2, and all is silently wrong. Test
# your layers on arrays whose axes all have different lengths. This course does, and then once with equal ones.

# %% [markdown]
# ### 9.1 Layer normalisation
#
# Difficulty ●●○○○ · about 4 minutes
#
# Write `layernorm_forward(x, gamma, beta, ln_param)`. `ln_param` is a dictionary that may hold `eps`, and it is 1e-5
# if not. It gives back `out` (N, D) and a `cache`, in which you put what you like: your own backward pass will get it
# next.
#
# What will the backward pass need to know? Recall the bracket of [notebook 06](06_matrix_form.ipynb).

# %% answer="9.1"
def layernorm_forward(x, gamma, beta, ln_param):
    """Normalise each row of x (N, D); gamma and beta are (D,)."""
    out, cache = None, None
    eps = ln_param.get("eps", 1e-5)
    ###########################################################################
    # TODO 9.1: Normalise every row over its own features, then scale and     #
    # shift. Store the result, of shape (N, D), in out, and in cache whatever #
    # the backward pass needs. Statistics of rows have to stay (N, 1).        #
    ###########################################################################
    ### BEGIN SOLUTION
    mu = np.mean(x, axis=1, keepdims=True)
    xmu = x - mu
    var = np.mean(xmu**2, axis=1, keepdims=True)
    ivar = 1.0 / np.sqrt(var + eps)
    xhat = xmu * ivar
    out = gamma * xhat + beta
    cache = (xhat, gamma, ivar)
    ### END SOLUTION
    return out, cache

# %% [markdown]
# Only `out` is judged here. The cache is tried out in 9.2.

# %% check="9.1"
check("9.1")

# %% [markdown]
# And this is the graph of your code.

# %%
look(
    layernorm_forward,
    rng.normal(size=(5, 3)),
    np.array([2.0, -1.5, 0.5]),
    np.zeros(3),
    ln_param={"eps": 1e-5},
    dims={"N": 5, "D": 3},
)

# %% [markdown]
# ## Where gamma stands
#
# Going backward, each row has a Jacobian of its own, $\mathit{ivar}\,(I - \tfrac1D\mathbf 1\mathbf 1^T -
# \tfrac1D\,\widehat x\,\widehat x^T)$, which is the matrix of notebook 06 with D in the place of N. In batch
# normalization you could write
#
# $$\mathit{dx} = \gamma\,\mathit{ivar}\left(\mathit{dout} - \mathrm{mean}(\mathit{dout}) -
# \widehat x\;\mathrm{mean}(\mathit{dout}\,\widehat x)\right),$$
#
# with $\gamma$ in front. Turn the axes of the means, and you have LayerNorm's. Or have you? To try it, run the whole
# backward pass of a layer without its `gamma`, and multiply by `gamma` at the end. The cell measures how far that is
# from the truth, for either layer and three choices of `gamma`. The truth comes from centred differences. What do you
# expect?

# %%
LAYERS = {
    "batch normalization": (norms.batchnorm_forward, norms.batchnorm_backward_alt, {"mode": "train"}),
    "layer normalisation": (norms.layernorm_forward, norms.layernorm_backward, {}),
}
rows, dout = rng.normal(1, 2, (6, 4)), rng.normal(size=(6, 4))


def measured(name, gamma):
    """The true dx, by centred differences."""
    forward, _, options = LAYERS[name]
    return numeric_gradient(lambda x: forward(x, gamma, np.zeros(4), dict(options))[0], rows, dout)


def pulled_out(name, gamma):
    """dx with gamma in front of everything."""
    forward, backward, options = LAYERS[name]
    _, cache = forward(rows, np.ones(4), np.zeros(4), dict(options))
    return gamma * backward(dout, cache)[0]


def off(name, gamma):
    true = measured(name, gamma)
    return np.abs(pulled_out(name, gamma) - true).max() / np.abs(true).max()


def shown(number):
    """A number in two digits, and 0 for what is only rounding."""
    return f"{number:.2f}" if abs(number) > 1e-7 else "0"


gammas = {"1 everywhere": np.ones(4), "2.5 everywhere": np.full(4, 2.5), "0.5, 2, -1, 3": np.array([0.5, 2.0, -1.0, 3.0])}
table(
    gamma=list(gammas),
    batch_normalization_off_by=[shown(off("batch normalization", g)) for g in gammas.values()],
    layer_normalisation_off_by=[shown(off("layer normalisation", g)) for g in gammas.values()],
)

# %% [markdown]
# For batch normalization it is always right, for LayerNorm only while all entries of `gamma` are equal. Layers start
# with `gamma` 1. So at the start no number shows the mistake, and it grows as the network learns. Move the
# slider: each point is one entry of `dx`, and on the line the formula is right.

# %%
def drift(spread):
    g = 1 + spread * np.array([-1.0, 1.0, -0.5, 0.5])
    true, wrong = measured("layer normalisation", g), pulled_out("layer normalisation", g)
    fig, axes = figure(width=5, height=4)
    limit = 1.15 * max(np.abs(true).max(), np.abs(wrong).max())
    axes.plot([-limit, limit], [-limit, limit], color=MUTED, linewidth=1)
    axes.plot(true.ravel(), wrong.ravel(), "o", color=GRADIENT)
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit), xlabel="dx, true", ylabel="dx, gamma pulled out")
    error = np.abs(wrong - true).max() / np.abs(true).max()
    axes.set_title(f"gamma from {g.min():.2g} to {g.max():.2g}: off by {error:.2f}", loc="left", y=1.0)
    return picture(
        fig,
        alt=f"The entries of dx with gamma pulled out of the sums against the true ones. With gamma between {g.min():.2g} "
        f"and {g.max():.2g} they lie off the diagonal by up to {error:.2f} of the largest.",
        trim=False,
    )


play(drift, spread=(0.5, 0.0, 1.5, 0.1), labels={"spread": "spread of gamma"})

# %% [markdown]
# Why? The bracket is a matrix that acts on a vector, along the axis of the means. For batch normalization this vector
# is a column, and `gamma` is one number for the whole column. A number may stand on either side of a matrix. For
# LayerNorm the vector is a row, and `gamma` differs from entry to entry. Then it is a diagonal matrix, and
#
# $$P\,\mathrm{diag}(\gamma) \neq \mathrm{diag}(\gamma)\,P .$$
#
# The chain rule says which of the two it is: first back through `gamma`, so $\mathit{dxhat} = \mathit{dout}\odot
# \gamma$, and then $P$. There is a quick test, too. The rows of a right `dx` sum to 0.

# %%
g = gammas["0.5, 2, -1, 3"]
table(
    row=range(6),
    sum_of_the_true_dx=[shown(s) for s in measured("layer normalisation", g).sum(axis=1)],
    sum_with_gamma_pulled_out=pulled_out("layer normalisation", g).sum(axis=1),
)

# %% [markdown]
# ### 9.2 Layer normalisation, backward
#
# Difficulty ●●●○○ · about 6 minutes
#
# Write `layernorm_backward(dout, cache)`, with the cache of your own 9.1. It gives back `dx` (N, D), `dgamma` (D,) and
# `dbeta` (D,).
#
# Two of the sums are over rows, two over features. Which are which, and how can you tell from what was
# broadcast?

# %% answer="9.2"
def layernorm_backward(dout, cache):
    """Back through layernorm_forward; cache is what that function kept."""
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 9.2: Store the gradient of x, of shape (N, D), in dx, and those of #
    # gamma and beta, of shape (D,), in dgamma and dbeta.                     #
    # Go back through gamma before you go through the bracket.                #
    ###########################################################################
    ### BEGIN SOLUTION
    xhat, gamma, ivar = cache
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    mean = np.mean(dxhat, axis=1, keepdims=True)
    along_xhat = np.mean(dxhat * xhat, axis=1, keepdims=True)
    dx = ivar * (dxhat - mean - xhat * along_xhat)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# The check runs your forward pass, hands its cache to your backward pass, and compares everything that comes out.

# %% check="9.2"
check("9.2")

# %% [markdown]
# ## Channels are features
#
# In a convolutional network a channel is computed by one filter, the same at every pixel. So the unit that should have
# one mean, one variance, one `gamma` and one `beta` is the channel, and every pixel of every image is a sample of it. How
# many samples has a channel in a batch of 32 images of 28 by 28 pixels?

# %%
32 * 28 * 28

# %% [markdown]
# So spatial batch normalization needs no new layer. Make an array with $N\cdot H\cdot W$ rows and $C$ columns, call the
# layer that you have, and put the result back in order. All the difficulty is in the first and the last step.
#
# Two shortcuts come to mind. `x.reshape(-1, C)` has the right shape at once. And the layer for rows takes means over
# axis 0, so perhaps it can simply be given the images. Which numbers share their statistics then? The first picture is
# how it should be.

# %%
def standardized(rows, eps=1e-5):
    return (rows - rows.mean(axis=0)) / np.sqrt(rows.var(axis=0) + eps)


def only_reshaped(x):
    return standardized(x.reshape(-1, x.shape[1])).reshape(x.shape)


def for_each_pixel(x):
    return standardized(x)


attempts = {
    "as it should be": layers["BatchNorm"],
    "only reshaped": only_reshaped,
    "statistics per pixel": for_each_pixel,
}
family({name: reached(attempt, x) for name, attempt in attempts.items()})

# %% [markdown]
# All three give back an array of the right shape, and no error. `x.reshape(-1, C)` cuts the numbers in the order in
# which they lie in memory. There the pixels of a channel are neighbours, so every column gets pixels of several channels. A
# reshape never moves a number. To get another order, move an axis first: `np.moveaxis(x, source, destination)` does that.
#
# The statistics per pixel are a different mistake: the axes of height and width were left out of the mean. Then each
# pixel of a channel has a mean of its own, over N numbers.
#
# This is the layer for rows, as [notebook 07](07_train_and_test.ipynb) has it, with the closed form of notebook 05 as its
# backward pass. You may use both in your answers.

# %% given=true
def batchnorm_forward(x, gamma, beta, bn_param):
    """x (N, D), gamma and beta (D,). Keeps running statistics (D,) in bn_param."""
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1]))
    if bn_param["mode"] == "train":
        mu, var = np.mean(x, axis=0), np.var(x, axis=0)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mu
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    else:
        mu, var = running_mean, running_var
    ivar = 1.0 / np.sqrt(var + eps)
    xhat = (x - mu) * ivar
    return gamma * xhat + beta, (xhat, gamma, ivar)


def batchnorm_backward(dout, cache):
    """Back through a training call of batchnorm_forward: dx (N, D), dgamma (D,), dbeta (D,)."""
    xhat, gamma, ivar = cache
    dgamma, dbeta = np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
    dx = gamma * ivar * (dout - dbeta / len(dout) - xhat * dgamma / len(dout))
    return dx, dgamma, dbeta

# %% [markdown]
# ### 9.3 Batch normalization of images
#
# Difficulty ●●●○○ · about 5 minutes
#
# Write `spatial_batchnorm_forward(x, gamma, beta, bn_param)` for `x` (N, C, H, W), `gamma` and `beta` (C,). It gives back
# `out` (N, C, H, W) and a `cache`. In `bn_param` stands what stood there for rows; the running statistics are (C,).
#
# Can it be done in three statements?

# %% answer="9.3"
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Normalise each channel of x (N, C, H, W) over all images and pixels; gamma and beta are (C,)."""
    out, cache = None, None
    ###########################################################################
    # TODO 9.3: Make rows of pixels, call batchnorm_forward, and put what     #
    # comes back in the order of x. Store it, of shape (N, C, H, W), in out,  #
    # and what the backward pass needs in cache.                              #
    ###########################################################################
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    rows = np.moveaxis(x, 1, -1).reshape(-1, C)
    rows, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    out = np.moveaxis(rows.reshape(N, H, W, C), -1, 1)
    ### END SOLUTION
    return out, cache

# %% [markdown]
# The check looks at the running statistics too, and calls your function in both modes.

# %% check="9.3"
check("9.3")

# %% [markdown]
# ### 9.4 Batch normalization of images, backward
#
# Difficulty ●●○○○ · about 3 minutes
#
# Write `spatial_batchnorm_backward(dout, cache)` for `dout` (N, C, H, W). It gives back `dx` of the same shape, and
# `dgamma` and `dbeta` (C,).
#
# Moving an axis and reshaping only put numbers in another place. What is the way back through such a step?

# %% answer="9.4"
def spatial_batchnorm_backward(dout, cache):
    """Back through spatial_batchnorm_forward in train mode."""
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 9.4: Store the gradient of x, of shape (N, C, H, W), in dx, and    #
    # those of gamma and beta, of shape (C,), in dgamma and dbeta.            #
    # What was moved going forward is moved back going backward.              #
    ###########################################################################
    ### BEGIN SOLUTION
    N, C, H, W = dout.shape
    rows = np.moveaxis(dout, 1, -1).reshape(-1, C)
    rows, dgamma, dbeta = batchnorm_backward(rows, cache)
    dx = np.moveaxis(rows.reshape(N, H, W, C), -1, 1)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# A gradient has the shape and the order of what it is the gradient of. So `dout` is arranged like `out`, and has to be
# rearranged in the same way before it can meet the cache.

# %% check="9.4"
check("9.4")

# %% [markdown]
# ### Test with four different lengths
#
# *A detour of about four minutes.*
#
# There are more ways to get the axes wrong than those two. Here are three, and a fourth that your own first try may have
# been, with the shape that a test happened to use. When is a mistake found without looking at a single number?

# %%
def not_moved_back(x):
    rows = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    return standardized(rows).reshape(x.shape)


def channels_left_last(x):
    N, C, H, W = x.shape
    return standardized(np.moveaxis(x, 1, -1).reshape(-1, C)).reshape(N, H, W, C)


def axes_swapped(x):
    """Images and channels swapped for the statistics, and left like that."""
    rows = np.swapaxes(x, 0, 1).reshape(x.shape[1], -1)
    return standardized(rows.T).T.reshape(x.shape[1], x.shape[0], *x.shape[2:])


def gamma_without_axes(x):
    return np.linspace(1, 2, x.shape[1]) * layers_on_images(x.shape[1])["BatchNorm"](x)


def outcome(attempt, shape):
    try:
        found = attempt(np.random.default_rng(0).normal(size=shape))
    except ValueError:
        return "an error"
    return "no sign of it" if found.shape == shape else f"shape {found.shape}"


shapes = [(3, 4, 2, 5), (4, 4, 2, 5), (3, 4, 2, 4), (3, 4, 4, 4)]
mistakes = {
    "rows not moved back": not_moved_back,
    "channels left last": channels_left_last,
    "images and channels swapped": axes_swapped,
    "gamma (C,) not (C, 1, 1)": gamma_without_axes,
}
table(
    mistake=list(mistakes),
    **{"x".join(map(str, s)): [outcome(f, s) for f in mistakes.values()] for s in shapes},
)

# %% [markdown]
# The first never shows in a shape: only numbers find it. With four different lengths each of the others is found. N = C
# hides the third, W = C the last, and where channels, height and width agree the second goes unseen as well.

# %% [markdown]
# ## Groups of channels
#
# InstanceNorm (Ulyanov, Vedaldi and Lempitsky, [*Instance Normalization*](https://arxiv.org/abs/1607.08022), 2016) gives each
# channel of each image statistics of its own. LayerNorm takes all channels of an image together. GroupNorm (Wu and He,
# [*Group Normalization*](https://arxiv.org/abs/1803.08494), 2018) stands between the two, with G groups of neighbouring
# channels. Move G. At which end is which?

# %%
six = np.random.default_rng(2).normal(size=(2, 6, 4, 3))


def grouped(G):
    name = f"GroupNorm, G = {G}"
    return family({name: reached(layers_on_images(6, groups=G)[name], six)}, columns=1)


play(grouped, G=[1, 2, 3, 6])

# %% [markdown]
# One group is LayerNorm, as many groups as channels is InstanceNorm.
#
# This time a reshape is the right tool, with nothing moved. In memory the channels of a group are neighbours, and
# (N, G, C // G, H, W) only draws new borders.
#
# ### 9.5 Group normalisation
#
# Difficulty ●●●○○ · about 5 minutes
#
# Write `spatial_groupnorm_forward(x, gamma, beta, G, gn_param)` for `x` (N, C, H, W), with `gamma` and `beta` of shape
# (1, C, 1, 1) and `G` a divisor of C. `gn_param` may hold `eps`, and it is 1e-5 if not. It gives back `out` and a `cache`.
#
# `gamma` belongs to channels and the statistics belong to groups. In which of the two shapes do you multiply by it?

# %% answer="9.5"
def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """Normalise G groups of channels in each image of x (N, C, H, W); gamma and beta are (1, C, 1, 1)."""
    out, cache = None, None
    eps = gn_param.get("eps", 1e-5)
    ###########################################################################
    # TODO 9.5: Take the statistics of each group of C // G channels in each  #
    # image. Store the result, of shape (N, C, H, W), in out, and what the    #
    # backward pass needs in cache, G among it.                               #
    ###########################################################################
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    groups = x.reshape(N, G, C // G, H, W)
    xmu = groups - np.mean(groups, axis=(2, 3, 4), keepdims=True)
    var = np.mean(xmu**2, axis=(2, 3, 4), keepdims=True)
    ivar = 1.0 / np.sqrt(var + eps)
    xhat = (xmu * ivar).reshape(N, C, H, W)
    out = gamma * xhat + beta
    cache = (xhat, gamma, ivar, G)
    ### END SOLUTION
    return out, cache

# %% [markdown]
# The cases have groups of one, two, three and all channels.

# %% check="9.5"
check("9.5")

# %% [markdown]
# ### 9.6 Group normalisation, backward
#
# Difficulty ●●●●○ · about 6 minutes
#
# Write `spatial_groupnorm_backward(dout, cache)`. It gives back `dx` (N, C, H, W), and `dgamma` and `dbeta` in the shape of
# their parameters, (1, C, 1, 1).
#
# Is `gamma` one number for everything that a mean runs over? For which G would it be?

# %% answer="9.6"
def spatial_groupnorm_backward(dout, cache):
    """Back through spatial_groupnorm_forward."""
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 9.6: Store the gradient of x, of shape (N, C, H, W), in dx, and    #
    # those of gamma and beta, of shape (1, C, 1, 1), in dgamma and dbeta.    #
    # The bracket acts within a group, on a gradient that has been through    #
    # gamma already.                                                          #
    ###########################################################################
    ### BEGIN SOLUTION
    xhat, gamma, ivar, G = cache
    N, C, H, W = dout.shape
    dbeta = np.sum(dout, axis=(0, 2, 3), keepdims=True)
    dgamma = np.sum(dout * xhat, axis=(0, 2, 3), keepdims=True)

    dxhat = (dout * gamma).reshape(N, G, C // G, H, W)
    xhat = xhat.reshape(dxhat.shape)
    mean = np.mean(dxhat, axis=(2, 3, 4), keepdims=True)
    along_xhat = np.mean(dxhat * xhat, axis=(2, 3, 4), keepdims=True)
    dx = (ivar * (dxhat - mean - xhat * along_xhat)).reshape(N, C, H, W)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# Only with G = C is `gamma` the same for a whole group. InstanceNorm could have it in front.

# %% check="9.6"
check("9.6")

# %% [markdown]
# ## Without the mean
#
# RMSNorm (Zhang and Sennrich, [*Root Mean Square Layer Normalization*](https://arxiv.org/abs/1910.07467), 2019) is LayerNorm
# with a step left out. It divides each row by the root of the mean of its squares and takes no mean off; it has no
# `beta`. Language models have taken it up, LLaMA among them (Touvron and others,
# [*LLaMA*](https://arxiv.org/abs/2302.13971), 2023).
#
# ### 9.7 RMSNorm
#
# Difficulty ●○○○○ · about 2 minutes
#
# Write `rmsnorm_forward(x, gamma, eps)` for `x` (N, D) and `gamma` (D,). It gives back `out` (N, D) and a `cache`.
#
# Where does `eps` go, and what for, if no row of `x` is constant?

# %% answer="9.7"
def rmsnorm_forward(x, gamma, eps):
    """Divide each row of x (N, D) by its root mean square, then scale by gamma (D,)."""
    out, cache = None, None
    ###########################################################################
    # TODO 9.7: Nothing is subtracted. Store the result, of shape (N, D), in  #
    # out, and what the backward pass needs in cache.                         #
    ###########################################################################
    ### BEGIN SOLUTION
    irms = 1.0 / np.sqrt(np.mean(x**2, axis=1, keepdims=True) + eps)
    xhat = x * irms
    out = gamma * xhat
    cache = (xhat, gamma, irms)
    ### END SOLUTION
    return out, cache

# %% [markdown]
# A constant row is no danger here. A row of zeros is, and for that row `eps` stands under the root.

# %% check="9.7"
check("9.7")

# %% [markdown]
# Which of the three terms of the Jacobian will be missing? Measure it for one row.

# %%
row = np.array([3.0, -1.0, 0.5, 2.0])


def of_one_row(v):
    return norms.rmsnorm_forward(v[None], np.ones(4), 1e-5)[0][0]


true = np.array([numeric_gradient(of_one_row, row, output) for output in np.eye(4)])
xhat = of_one_row(row)
irms = xhat[0] / row[0]
guesses = {
    "all three terms": np.eye(4) - np.ones((4, 4)) / 4 - np.outer(xhat, xhat) / 4,
    "without 11'/D": np.eye(4) - np.outer(xhat, xhat) / 4,
    "without xhat xhat'/D": np.eye(4) - np.ones((4, 4)) / 4,
}
table(guess=list(guesses), largest_difference=[np.abs(irms * guess - true).max() for guess in guesses.values()])

# %% [markdown]
# The term of the mean goes with the mean. One direction is lost instead of two: the gradient can't change a row's length, but
# it can move all its entries up together.
#
# ### 9.8 RMSNorm, backward
#
# Difficulty ●●○○○ · about 3 minutes
#
# Write `rmsnorm_backward(dout, cache)`. It gives back two gradients, `dx` (N, D) and `dgamma` (D,).
#
# Which line of your 9.2 can go, and does anything else change?

# %% answer="9.8"
def rmsnorm_backward(dout, cache):
    """Back through rmsnorm_forward."""
    dx, dgamma = None, None
    ###########################################################################
    # TODO 9.8: Store the gradient of x, of shape (N, D), in dx, and that of  #
    # gamma, of shape (D,), in dgamma. One direction of each row is lost.     #
    ###########################################################################
    ### BEGIN SOLUTION
    xhat, gamma, irms = cache
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    dx = irms * (dxhat - xhat * np.mean(dxhat * xhat, axis=1, keepdims=True))
    ### END SOLUTION
    return dx, dgamma

# %% [markdown]
# One mean, the one along `xhat`, is all that is left of the bracket.

# %% check="9.8"
check("9.8")

# %% [markdown]
# ## One graph with other axes
#
# You have written four layers, and the family has five members. Here are all of them on images once more, in plain
# sight, with one function for three of them. What is different in each?

# %%
def along(axes):
    """The layer that takes its statistics over the given axes of x (N, C, H, W)."""

    def layer(x, gamma, beta, eps):
        mu = np.mean(x, axis=axes, keepdims=True)
        xmu = x - mu
        var = np.mean(xmu**2, axis=axes, keepdims=True)
        xhat = xmu / np.sqrt(var + eps)
        out = gamma * xhat + beta
        return out

    return layer


def group_norm(x, gamma, beta, eps, G=2):
    N, C, H, W = x.shape
    groups = x.reshape(N, G, C // G, H, W)
    mu = np.mean(groups, axis=(2, 3, 4), keepdims=True)
    xmu = groups - mu
    var = np.mean(xmu**2, axis=(2, 3, 4), keepdims=True)
    xhat = (xmu / np.sqrt(var + eps)).reshape(N, C, H, W)
    out = gamma * xhat + beta
    return out


def rms_norm(x, gamma, beta, eps):
    square = np.mean(x**2, axis=(1, 2, 3), keepdims=True)
    xhat = x / np.sqrt(square + eps)
    out = gamma * xhat + beta
    return out


plain = {
    "BatchNorm": along((0, 2, 3)),
    "LayerNorm": along((1, 2, 3)),
    "InstanceNorm": along((2, 3)),
    "GroupNorm, G = 2": group_norm,
    "RMSNorm": rms_norm,
}
table(
    layer=list(plain),
    difference_from_the_closed_box=[np.abs(plain[n](x, 1.0, 0.0, 1e-5) - layers[n](x)).max() for n in plain],
)

# %% [markdown]
# Choose one, and its graph is drawn from that function. In which of the five is an arrow missing?

# %%
gamma, beta = rng.uniform(1, 2, (1, 4, 1, 1)), rng.normal(size=(1, 4, 1, 1))
message = rng.normal(size=shape)
graphs = {name: trace(layer, x, gamma, beta, eps=1e-5) for name, layer in plain.items()}

play(lambda layer: draw(graphs[layer], graphs[layer].backward(message)), layer=list(plain))

# %% [markdown]
# In RMSNorm, where nothing leads through a mean. The other four have the same arrows, apart from one box for GroupNorm's
# reshape, and the shapes in brackets tell them apart.
#
# Watch one of them, on two rows of three numbers. You know this picture from notebook 03. At which step would it have to
# look different, if the mean were still taken over the batch?

# %%
from bnlib import flow

rows, gradient = np.array([[5.0, 2.0, 2.0], [1.0, 3.0, 8.0]]), np.array([[1.0, -2.0, 0.5], [0.0, 2.0, -1.0]])
one_row_at_a_time = trace(along(1), rows, np.array([2.0, 1.0, -1.0]), np.zeros(3), eps=1e-5)
flow(one_row_at_a_time, gradient)

# %% [markdown]
# At `mu` and `var`: there the shapes in brackets say (2, 1), one number for each row, where batch normalization has one
# for each column. Every formula on the way is the same.

# %% [markdown]
# ### How many directions are lost
#
# *A detour of about five minutes.*
#
# How many directions does each layer take from a whole batch? Count them on 2 images of 4 channels and 3 pixels, 24
# numbers: the Jacobian of the layer has 24 rows and columns, and as many directions are lost as are missing from its
# rank. Predict the five numbers: how many sets of statistics has each layer, and how many directions does each set cost?

# %%
tiny = np.random.default_rng(5).normal(size=(2, 4, 1, 3))


def lost(layer):
    def flat(v):
        return layer(v.reshape(tiny.shape), 1.0, 0.0, 1e-12).reshape(-1)

    J = np.array([complex_step(flat, tiny.reshape(-1), output) for output in np.eye(24)])
    return 24 - int(np.sum(np.linalg.svd(J, compute_uv=False) > 1e-6))


def sets(layer):
    """How many different sets of entries share their statistics."""
    together = (reached(lambda x: layer(x, 1.0, 0.0, 1e-5), tiny, entry) for entry in np.ndindex(tiny.shape))
    return len({shared.tobytes() for shared in together})


table(
    layer=list(plain),
    sets_of_statistics=[sets(layer) for layer in plain.values()],
    directions_lost_of_24=[lost(layer) for layer in plain.values()],
)

# %% [markdown]
# Two for each set, and one where there is no mean.

# %% [markdown]
# ## What a layer can't see
#
# A direction that is lost going backward is a change that goes unseen going forward. Try it on real images. The cell
# makes 4 channels from each of 32 digits, by filters of 2 by 2 pixels that look for ink, for edges in two directions,
# and for corners. Then it changes the first image in two ways: its channels are doubled, as if the pen had been
# darker, or a constant is added to them all. Whose output changes?

# %%
images = digits_batch(32, seed=4)[0].reshape(32, 8, 8)
filters = np.array([[[1, 1], [1, 1]], [[1, 1], [-1, -1]], [[1, -1], [1, -1]], [[1, -1], [-1, 1]]]) / 4
patches = np.stack([images[:, i : i + 7, j : j + 7] for i in (0, 1) for j in (0, 1)], axis=-1)
maps = np.einsum("nhwp,cp->nchw", patches, filters.reshape(4, 4))

darker, shifted = maps.copy(), maps.copy()
darker[0] *= 2
shifted[0] += 5

shares = {}
for name, layer in layers.items():
    changes = [np.abs(layer(changed) - layer(maps)) for changed in (darker, shifted)]
    shares[name] = [change[who].max() for change in changes for who in (slice(0, 1), slice(1, None))]
columns = ("doubled_image_itself", "doubled_the_others", "shifted_image_itself", "shifted_the_others")
table(layer=list(layers), **dict(zip(columns, zip(*shares.values(), strict=True), strict=True)))

# %% [markdown]
# Numbers of the order of `eps` count as nothing. BatchNorm sees both changes and passes them on to all the other images. LayerNorm,
# InstanceNorm and GroupNorm see neither. RMSNorm doesn't see that the ink is darker, and sees the shift.
#
# Is it good not to see? For the strength of a pen, surely. InstanceNorm was made for pictures whose contrast should not
# matter. But where the mean of a channel is what tells two images apart, it has been taken away. That is a choice, and
# it is made by choosing axes.

# %% [markdown]
# ## What you can do now
#
# You can write any layer of the family, forward and backward, from two questions: which entries share their
# statistics, and is a mean taken off. You know why `gamma` may stand in front of the bracket in one of them and not in
# another, and which shapes to test with so that a swapped axis can't hide.
#
# Three questions, before you go.
#
# <details><summary>1. For which of the five layers, on images with one gamma for each channel, may gamma be pulled in front of the
# bracket?</summary>
#
# For those whose statistics stay within one channel: BatchNorm and InstanceNorm. LayerNorm, RMSNorm and GroupNorm with
# fewer groups than channels average over channels with different entries of gamma.
#
# </details>
#
# <details><summary>2. A colleague tests a new LayerNorm on a random array of shape (8, 8) with gamma 1 and beta 0, against
# centred differences of the same code. It passes. What may still be wrong?</summary>
#
# The statistics may run over the rows, or come without keepdims: both run with N = D, and the differences are taken of
# the same wrong layer. And with gamma 1 it can't show whether gamma was pulled out of the sums or forgotten.
#
# </details>
#
# <details><summary>3. GroupNorm with two channels in a group and images of a single pixel, with eps 0: what comes out?</summary>
#
# Two numbers share a mean and a variance, so each group becomes 1 and -1, in the order of the two, and its gradient is
# 0. Two directions are lost of two, as with a batch of two rows.
#
# </details>

# %% [markdown]
# ### Sources
#
# J. Ba, J. Kiros and G. Hinton, [Layer Normalization](https://arxiv.org/abs/1607.06450), 2016. D. Ulyanov, A. Vedaldi and V. Lempitsky,
# [Instance Normalization](https://arxiv.org/abs/1607.08022), 2016. Y. Wu and K. He, [Group Normalization](https://arxiv.org/abs/1803.08494), 2018, whose
# second figure is the model for the pictures of axes. B. Zhang and R. Sennrich, [Root Mean Square Layer
# Normalization](https://arxiv.org/abs/1910.07467), 2019. The names of the functions are those of [CS231n](https://cs231n.github.io), assignment 2.
#
# Next: [10 · Make it fast](10_make_it_fast.ipynb), where the same numbers come out, sooner.
