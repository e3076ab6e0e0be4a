# %% [markdown]
# # 8 · Does it matter?
#
# Does a network learn if its backward pass through batch normalization is wrong?
#
# In 2022 olgeorge asked this in the forum of a course ([Batch normalization gradient computation
# question](https://community.deeplearning.ai/t/batch-normalization-gradient-computation-question/178397),
# DeepLearning.AI community): must the formulas for backpropagation be
# rewritten for the extra step, or can one keep them as they were, ignore the step, and hope? The answer there was
# that both passes have to be rewritten, or no proper gradient arrives. Nobody tried it. You will: you build a small
# network, and then train it on real images with the true backward pass and with eight others.
#
# Some of what comes out is not what one would expect from the answer. Allow 45 minutes; the computing takes less than
# one of them. Four sections are detours, marked as such, and take 25 minutes more. Nothing else needs them.

# %% given=true
import os

# The arrays here are small. A second thread for a matrix product would only get in the way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

# %% [markdown]
# ## Five layers
#
# The network has a linear layer, batch normalization, a ReLU, and another linear layer. Its loss is the
# cross-entropy of a softmax, averaged over the batch. Here they are, each with its way back. You could write all of
# them yourself by now, so they are given.

# %% given=true
def linear_forward(x, W, b):
    """x (N, D) times W (D, H), plus b (H,) or 0. Returns out (N, H), cache."""
    return x @ W + b, (x, W)


def linear_backward(dout, cache):
    """Returns dx (N, D), dW (D, H), db (H,)."""
    x, W = cache
    return dout @ W.T, x.T @ dout, np.sum(dout, axis=0)


def relu_forward(x):
    """Returns out, cache."""
    return np.maximum(x, 0), x > 0


def relu_backward(dout, cache):
    """Returns dx."""
    return dout * cache


def softmax_loss(scores, y):
    """The mean cross-entropy of scores (N, C) for the classes y (N,). Returns loss, dscores (N, C)."""
    rows = np.arange(len(y))
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    logp = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    dscores = np.exp(logp)
    dscores[rows, y] -= 1.0
    return -np.mean(logp[rows, y]), dscores / len(y)

# %% [markdown]
# Batch normalization is that of [notebook 07](07_train_and_test.ipynb), with running statistics for test mode. Its
# backward pass is the closed form of [notebook 05](05_closed_form.ipynb).

# %% given=true
def batchnorm_forward(x, gamma, beta, bn_param):
    """x (N, D) with the batch's statistics in train mode, the running ones in test mode. Returns out, cache."""
    eps, momentum = bn_param["eps"], bn_param["momentum"]
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1]))
    if bn_param["mode"] == "test":
        return gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta, None
    mu = np.mean(x, axis=0)
    xmu = x - mu
    var = np.mean(xmu**2, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mu
    bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    return gamma * xhat + beta, (xhat, gamma, xmu, ivar, sqrtvar, var, eps)


def batchnorm_backward(dout, cache):
    """Returns dx (N, D), dgamma (D,), dbeta (D,)."""
    xhat, gamma, _, ivar, *_ = cache
    dxhat = dout * gamma
    dx = ivar * (dxhat - np.mean(dxhat, axis=0) - xhat * np.mean(dxhat * xhat, axis=0))
    return dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)

# %% [markdown]
# ## One step downhill
#
# Training keeps its numbers in a dictionary, here `W1`, `gamma`, `beta`, `W2` and `b2`. A backward pass makes a
# second dictionary with the same names, the gradients. What remains is to take a step.
#
# A reader below [Kratzert's
# post](https://kratzert.github.io/2016/02/12/understanding-the-gradient-flow-through-the-batch-normalization-layer.html)
# (2016) asks how `gamma` and `beta` go on from batch to batch: are their gradients subtracted at once, and are they
# set back to 1 and 0 when an epoch is over? The answer is short. They are parameters like `W1`. They move after
# every batch, with the learning rate in front of the gradient, and nobody ever sets them back. Below you will see
# what happens if one does otherwise.
#
# Kratzert asks back what it would be good for to send another batch through before the last one has taught anything.
# For one thing: the gradients of several small batches can be averaged and make one step. But the layer normalises
# each of them by itself, so that is not the same as one large batch.
#
# ### 8.1 A step
#
# Difficulty ●○○○○ · about 3 minutes
#
# Write `sgd_update(params, grads, lr)`. It gives back a new dictionary in which every parameter has moved one step
# of gradient descent. The old dictionary and its arrays stay as they are: many experiments will start from the same
# parameters.
#
# Think first: what does `params["W1"] -= lr * grads["W1"]` do to the caller's array?

# %% answer="8.1"
def sgd_update(params, grads, lr):
    """One step of gradient descent for every array in params."""
    new_params = None
    ###########################################################################
    # TODO 8.1: Move every parameter against its gradient.                    #
    # Store the new arrays in a new dictionary new_params, under the same     #
    # names. grads may have its names in another order. Don't change params.  #
    ###########################################################################
    ### BEGIN SOLUTION
    new_params = {name: params[name] - lr * grads[name] for name in params}
    ### END SOLUTION
    return new_params

# %% [markdown]
# For a hint, run `hint("8.1")` in a cell of its own.

# %%
from bnlib import check, hint, judge, picture, play

# %% check="8.1"
check("8.1")

# %% [markdown]
# ## One step of a network
#
# Now the five layers, there and back. Notice that `W1` comes without a bias. If there were a `b1`, what would the
# normalisation do to it, and what would its gradient be?
#
# ### 8.2 There and back
#
# Difficulty ●●●○○ · about 8 minutes
#
# Write `network_step(params, X, y, lr, bn_param)`: linear with `W1` and 0 in place of a bias, batch normalization,
# ReLU, linear with `W2` and `b2`, softmax loss; then back through the same layers, and one step. It gives back the
# new parameters and the loss before the step.
#
# Think first: in which order do the backward functions run, and which cache does each of them get?

# %% answer="8.2"
def network_step(params, X, y, lr, bn_param):
    """One step of training on the batch X (N, D), y (N,)."""
    new_params, loss = None, None
    ###########################################################################
    # TODO 8.2: Run the network forward, keeping each layer's cache, then     #
    # backward, collecting the gradients of W1, gamma, beta, W2 and b2, and   #
    # take one step with the learning rate lr.                                #
    # Store the parameters after the step in new_params, and the loss on this #
    # batch, before the step, in loss. bn_param is for batchnorm_forward,     #
    # which keeps its running statistics there.                               #
    ###########################################################################
    ### BEGIN SOLUTION
    z, linear1 = linear_forward(X, params["W1"], 0.0)
    a, norm = batchnorm_forward(z, params["gamma"], params["beta"], bn_param)
    h, relu = relu_forward(a)
    scores, linear2 = linear_forward(h, params["W2"], params["b2"])
    loss, dscores = softmax_loss(scores, y)

    grads = {}
    dh, grads["W2"], grads["b2"] = linear_backward(dscores, linear2)
    da = relu_backward(dh, relu)
    dz, grads["gamma"], grads["beta"] = batchnorm_backward(da, norm)
    _, grads["W1"], _ = linear_backward(dz, linear1)
    new_params = sgd_update(params, grads, lr)
    ### END SOLUTION
    return new_params, loss

# %% [markdown]
# A `b1` would be subtracted again together with the mean. Its gradient would be the sum of each column of `dz`, and
# you know since notebook 03 that those sums are 0.

# %% check="8.2"
check("8.2")

# %% [markdown]
# ## Your network reads digits
#
# The data are the 1,797 images of handwritten digits that the course has used all along (Alpaydin and Kaynak,
# [1998](https://doi.org/10.24432/C50P49)). One in five is kept for the test.

# %%
from bnlib import digits

images, labels = digits()
shuffled = np.random.default_rng(8).permutation(len(labels))
X_train, y_train = images[shuffled[:1440]] / 16, labels[shuffled[:1440]]
X_test, y_test = images[shuffled[1440:]] / 16, labels[shuffled[1440:]]


def batches(size, steps, seed):
    """Row numbers of `steps` batches; the training images are shuffled anew whenever they run out."""
    rng = np.random.default_rng(1000 + seed)
    order = rng.permutation(len(y_train))
    for _ in range(steps):
        if len(order) < size:
            order = rng.permutation(len(y_train))
        yield order[:size]
        order = order[size:]


X_train.shape, X_test.shape

# %% [markdown]
# This trains your `network_step` for six epochs of 45 batches. Ten classes guessed at random have a loss of ln 10,
# about 2.3. If 8.2 isn't finished yet, a card says so, and everything after it works all the same.

# %%
from bnlib.style import ACCENT, GRADIENT, INK, MUTED, figure


def smooth(losses, width=15):
    """The running mean over `width` batches; a batch's own loss jumps about."""
    return np.convolve(losses, np.ones(width) / width, mode="valid")


def your_network(lr=0.1):
    rng = np.random.default_rng(0)
    params = {
        "W1": rng.normal(size=(64, 40)) * np.sqrt(2 / 64),
        "gamma": np.ones(40),
        "beta": np.zeros(40),
        "W2": rng.normal(size=(40, 10)) * np.sqrt(1 / 40),
        "b2": np.zeros(10),
    }
    bn_param, losses = {"mode": "train", "eps": 1e-5, "momentum": 0.9}, []
    for rows in batches(32, 270, seed=0):
        params, loss = network_step(params, X_train[rows], y_train[rows], lr, bn_param)
        losses.append(loss)
    out, _ = batchnorm_forward(X_test @ params["W1"], params["gamma"], params["beta"], {**bn_param, "mode": "test"})
    right = np.argmax(np.maximum(out, 0) @ params["W2"] + params["b2"], axis=1) == y_test
    fig, ax = figure(width=6.5, height=2.8)
    ax.plot(losses, color=MUTED, linewidth=1)
    ax.plot(np.arange(7, len(losses) - 7), smooth(losses), color=INK)
    ax.set(xlabel="batch", ylabel="loss", ylim=(0, None))
    ax.set_title(f"{np.mean(right):.1%} of the test images are read correctly", loc="left")
    return picture(fig, alt=f"The loss of your network falls from {losses[0]:.2f} to {np.mean(losses[-45:]):.2f}.")


verdict = judge("8.2", globals())
your_network() if verdict.passed else verdict

# %% [markdown]
# ## A layer is a pair of functions
#
# The experiments need a network whose layer can be exchanged, and more than one such layer in a row. So here is the
# course's network: `depth` times linear, normalisation, ReLU, and a linear layer at the end. A `layer` is a pair,
# its way forward and its way back, and nothing makes sure that the two belong together.

# %%
TRUE = (batchnorm_forward, batchnorm_backward)


def new_network(depth, seed, width=40):
    rng = np.random.default_rng(seed)
    params, stats, inputs = {}, [], 64
    for i in range(depth):
        params[f"W{i}"] = rng.normal(size=(inputs, width)) * np.sqrt(2 / inputs)
        params[f"gamma{i}"], params[f"beta{i}"] = np.ones(width), np.zeros(width)
        stats.append({"mode": "train", "eps": 1e-5, "momentum": 0.9})
        inputs = width
    params["W"], params["b"] = rng.normal(size=(inputs, 10)) * np.sqrt(1 / inputs), np.zeros(10)
    return params, stats


def scores_of(params, stats, X, layer=TRUE):
    """The network's forward pass: scores (N, 10), and the caches of all layers."""
    h, caches = X, []
    for i, bn_param in enumerate(stats):
        z, linear = linear_forward(h, params[f"W{i}"], 0.0)
        a, norm = layer[0](z, params[f"gamma{i}"], params[f"beta{i}"], bn_param)
        h, relu = relu_forward(a)
        caches.append((linear, norm, relu))
    scores, last = linear_forward(h, params["W"], params["b"])
    return scores, (caches, last)


def gradients(params, stats, X, y, layer=TRUE):
    """The loss on a batch, and the gradients as this layer's way back would have them."""
    scores, (caches, last) = scores_of(params, stats, X, layer)
    grads = {}
    loss, d = softmax_loss(scores, y)
    d, grads["W"], grads["b"] = linear_backward(d, last)
    for i in reversed(range(len(caches))):
        linear, norm, relu = caches[i]
        d, grads[f"gamma{i}"], grads[f"beta{i}"] = layer[1](relu_backward(d, relu), norm)
        d, grads[f"W{i}"], _ = linear_backward(d, linear)
    return loss, grads


def accuracy(run, layer=TRUE):
    """The share of test images that are read correctly, in test mode."""
    stats = [{**bn_param, "mode": "test"} for bn_param in run["stats"]]
    scores, _ = scores_of(run["params"], stats, X_test, layer)
    return np.mean(np.argmax(scores, axis=1) == y_test)

# %% [markdown]
# And the loop. Everything random in it comes from `seed`, so each run can be repeated to the last digit. `watch` is
# called once a batch, with what there is to see; `after` may change the parameters after a step.

# %%
def train(layer=TRUE, *, depth=3, lr=0.1, size=32, steps=270, seed=0, X=X_train, rates=None, watch=None, after=None):
    """Train a new network; `rates` gives gamma and beta a learning rate of their own."""
    params, stats = new_network(depth, seed)
    losses, seen, rates = [], [], rates or {}
    for step, rows in enumerate(batches(size, steps, seed)):
        loss, grads = gradients(params, stats, X[rows], y_train[rows], layer)
        losses.append(loss)
        if watch:
            seen.append(watch(step, params, stats, grads, X[rows], y_train[rows]))
        params = {name: params[name] - rates.get(name.strip("0123456789"), lr) * grads[name] for name in params}
        if after:
            params = after(step, params)
    return {"losses": np.array(losses), "params": params, "stats": stats, "seen": seen}


def last(run):
    """The mean loss of the last epoch's 45 batches of 32."""
    return np.mean(run["losses"][-45:])


train(steps=45)["losses"][[0, 44]]

# %% [markdown]
# That was one epoch: the loss of its first batch and of its last.

# %% [markdown]
# ## Eight ways to be wrong
#
# Each of the following is a mistake that people make, or a shortcut that they propose. The first is the question
# from the forum. What would you have to know to say which of them hurts?

# %%
def ignored(dout, cache):
    """The layer does not exist on the way back; gamma and beta stay as they are."""
    gamma = cache[1]
    return dout, np.zeros_like(gamma), np.zeros_like(gamma)


def parameters(dout, cache):
    """dgamma and dbeta as they should be."""
    return np.sum(dout * cache[0], axis=0), np.sum(dout, axis=0)


def constant(dout, cache):
    """mu and var are taken for numbers that have nothing to do with x."""
    _, gamma, _, ivar, *_ = cache
    return dout * gamma * ivar, *parameters(dout, cache)

# %% [markdown]
# The next two lose one path each, and the two after them take a mean for a sum.

# %%
def without_mu(dout, cache):
    """The path through mu is missing."""
    xhat, gamma, _, ivar, *_ = cache
    dxhat = dout * gamma
    return ivar * (dxhat - xhat * np.mean(dxhat * xhat, axis=0)), *parameters(dout, cache)


def without_var(dout, cache):
    """The path through var is missing."""
    _, gamma, _, ivar, *_ = cache
    dxhat = dout * gamma
    return ivar * (dxhat - np.mean(dxhat, axis=0)), *parameters(dout, cache)


def mean_for_sum(dout, cache):
    """dgamma and dbeta are means over the batch; dx is right."""
    dx, dgamma, dbeta = batchnorm_backward(dout, cache)
    return dx, dgamma / len(dout), dbeta / len(dout)


def mean_everywhere(dout, cache):
    """A mean for every sum over the batch, inside dx as well."""
    xhat, gamma, _, ivar, *_ = cache
    dxhat, N = dout * gamma, len(dout)
    dx = ivar * (dxhat - np.mean(dxhat, axis=0) / N - xhat * np.mean(dxhat * xhat, axis=0) / N)
    return dx, np.mean(dout * xhat, axis=0), np.mean(dout, axis=0)

# %% [markdown]
# In the next one `eps` stands in another place than on the way forward.

# %%
def eps_outside(dout, cache):
    """The way back of sqrt(var) + eps, for a way forward with sqrt(var + eps)."""
    _, gamma, xmu, _, _, var, eps = cache
    dxhat, root = dout * gamma, np.sqrt(var)
    dvar = np.sum(dxhat * xmu, axis=0) * -0.5 / (root * (root + eps) ** 2)
    dxmu = dxhat / (root + eps) + 2 * xmu * dvar / len(dout)
    return dxmu - np.mean(dxmu, axis=0), *parameters(dout, cache)

# %% [markdown]
# The running statistics are the idea of a reader of Kratzert's post, who found the noise of the batches harmful and
# wrote that he was trying them instead, with no report of how it ended. Since they are hardly moved by the batch at
# hand, the way back takes them for constants.

# %%
def running_forward(x, gamma, beta, bn_param):
    """The running statistics take the place of the batch's, in training too."""
    bn_param.setdefault("running_mean", np.mean(x, axis=0))
    bn_param.setdefault("running_var", np.var(x, axis=0))
    if bn_param["mode"] == "train":
        batchnorm_forward(x, gamma, beta, bn_param)
    xmu, var = x - bn_param["running_mean"], bn_param["running_var"]
    sqrtvar = np.sqrt(var + bn_param["eps"])
    xhat = xmu / sqrtvar
    return gamma * xhat + beta, (xhat, gamma, xmu, 1 / sqrtvar, sqrtvar, var, bn_param["eps"])

# %% [markdown]
# Beside the eight stand the true way back and a network that has no such layer.

# %%
def shift_forward(x, gamma, beta, bn_param):
    """No normalisation at all, only beta."""
    return x + beta, gamma


def shift_backward(dout, gamma):
    return dout, np.zeros_like(gamma), np.sum(dout, axis=0)


NO_LAYER = (shift_forward, shift_backward)

LAYERS = {
    "true": TRUE,
    "ignored": (batchnorm_forward, ignored),
    "constant": (batchnorm_forward, constant),
    "without mu": (batchnorm_forward, without_mu),
    "without var": (batchnorm_forward, without_var),
    "mean for sum": (batchnorm_forward, mean_for_sum),
    "mean everywhere": (batchnorm_forward, mean_everywhere),
    "eps outside": (batchnorm_forward, eps_outside),
    "running": (running_forward, constant),
    "no layer": NO_LAYER,
}

# %% [markdown]
# Before you run them: put the eight in the order that you expect, from the one that hurts least to the one that
# hurts most. Change the list, then run it.

# %%
my_order = [
    "ignored",
    "constant",
    "without mu",
    "without var",
    "mean for sum",
    "mean everywhere",
    "eps outside",
    "running",
]

# %% [markdown]
# Five seeds each, with one hidden layer and with three. `norms` keeps the size of the gradient of each hidden
# layer's weights. A bar shows how far it has come.

# %%
from bnlib.bar import bar

SEEDS = range(5)
HIDDEN = ("W0", "W1", "W2")


def norms(step, params, stats, grads, X, y):
    return [np.linalg.norm(grads[name]) for name in HIDDEN if name in grads]


plan = [(depth, name, seed) for depth in (1, 3) for name in LAYERS for seed in SEEDS]
runs = {key: train(LAYERS[key[1]], depth=key[0], seed=key[2], watch=norms) for key in bar(plan, "Networks trained")}

# %% [markdown]
# ## One hidden layer
#
# Here is the result: the loss in the last epoch and the share of test images read correctly, each with its standard
# deviation over the five seeds.

# %%
from bnlib.table import table


def spread(values, digits=3):
    return f"{np.mean(values):.{digits}f} ± {np.std(values):.{digits}f}"


def results(depth):
    of = {name: [runs[depth, name, seed] for seed in SEEDS] for name in LAYERS}
    measured = sorted(my_order, key=lambda name: np.mean([last(run) for run in of[name]]))
    place = {name: f"{measured.index(name) + 1} ({my_order.index(name) + 1})" for name in my_order}
    return table(
        way_back=list(of),
        loss=[spread([last(run) for run in found]) for found in of.values()],
        test=[spread([accuracy(run, LAYERS[name]) for run in found]) for name, found in of.items()],
        place_and_yours=[place.get(name, "") for name in of],
    )


results(1)

# %% [markdown]
# The last column has each one's place, and in brackets the place that you gave it. Now look at the test: which of
# the ten networks can't read digits?
#
# There is none. Even the one that ignores the layer reads more than nine images of ten, and more than half of the
# mistakes end with a lower loss than the network that has no layer and a right gradient. Your loss falls, and the
# test result is above 90 per cent: would you have looked for a mistake? This is why a gradient has to be checked by
# itself, as in [notebook 04](04_gradient_check.ipynb). Training forgives too much to be a test.

# %% [markdown]
# ## Three hidden layers
#
# Now the same with three hidden layers, so that a wrong gradient is handed on to the next wrong layer. Do you want
# to change your list?

# %%
results(3)

# %% [markdown]
# The curves show when it happens. The band reaches from the best to the worst of five seeds, and the grey band
# behind it is the true way back. Move the slider to compare it with the network of one hidden layer.


# %%
def curves(depth):
    fig, axes = figure(3, 3, width=9, height=7, sharex=True, sharey=True)
    at = np.arange(7, 270 - 7, 4)
    bands = {name: np.array([smooth(runs[depth, name, seed]["losses"])[::4] for seed in SEEDS]) for name in LAYERS}
    for ax, name in zip(axes.flat, list(LAYERS)[1:], strict=True):
        for label, colour in (("true", MUTED), (name, GRADIENT)):
            ax.fill_between(at, bands[label].min(0), bands[label].max(0), color=colour, alpha=0.35, linewidth=0)
            ax.plot(at, bands[label].mean(0), color=colour, linestyle="-" if label == "true" else "--")
        ax.set_title(name, loc="left", y=1.0)
        ax.set_ylim(0, 2.5)
    for ax in axes[-1]:
        ax.set_xlabel("batch")
    for ax in axes[:, 0]:
        ax.set_ylabel("loss")
    ends = ", ".join(f"{name} {band[:, -8:].mean():.2f}" for name, band in bands.items())
    return picture(
        fig,
        alt=f"Nine panels of loss curves with {depth} hidden layer{'s' * (depth > 1)}, each over the curve of the "
        f"true way back, with bands over five seeds. Losses at the end: {ends}.",
    )


play(curves, depth=(3, 1, 3, 2), labels={"depth": "hidden layers"})

# %% [markdown]
# Two groups. "eps outside", "without var" and "mean for sum" can hardly be told from the true way back. The other
# five stop getting better early and end far above a network that has no such layer; with "ignored" the loss even
# rises again. So the forum's question has an answer. Keep the old formulas, and with one layer you may not notice;
# with three you have lost everything that the layer is for.
#
# Look at the sizes of the gradients, as medians over training. What happens to the gradient of `W0`, the farthest
# from the loss, when the layers are ignored?


# %%
def median_norms(name):
    found = np.array([runs[3, name, seed]["seen"] for seed in SEEDS])
    return np.median(found, axis=(0, 1))


sizes = {name: median_norms(name) for name in LAYERS}
table(
    way_back=list(sizes), **{f"gradient_of_{w}": [size[i] for size in sizes.values()] for i, w in enumerate(HIDDEN)}
)

# %% [markdown]
# It is more than twice as large as the true one. Each ignored layer leaves out a factor `gamma * ivar`, so what
# arrives at the bottom depends on how large the weights above happen to be. The true gradient doesn't: the layer
# divides their size out, on the way back as on the way forward.

# %% [markdown]
# ## Why a wrong gradient goes downhill
#
# If the extra step is ignored, the forum's question goes on, how would one even know that descent goes towards a minimum?
# And why did any of these networks learn? In [notebook 06](06_matrix_form.ipynb) you met the true gradient as a projection. For
# one column, with $P = I - \frac{1}{N}\mathbf{1}\mathbf{1}^\top - \frac{1}{N}\hat x \hat x^\top$,
#
# $$dx = \mathit{ivar}\; P\, d\hat x, \qquad\text{and “constant” gives}\qquad \mathit{ivar}\; d\hat x .$$
#
# $P$ is symmetric, and none of its eigenvalues is negative, for any `eps`. So the product of $v$ with $Pv$ is never
# negative either: the wrong gradient never points uphill at `x`. As `eps` goes to 0, $P$ becomes an orthogonal
# projector, and then the wrong gradient is the true one plus something at right angles to it. "ignored" leaves out
# the factors `ivar` and `gamma` as well. They are positive as long as `gamma` is, so the same holds for it.
#
# That argument is about the `x` of one layer. Training moves the weights. Here is the cosine of the angle between
# the wrong and the true gradient of each `W`, at every 15th batch while the true one trains: 1 would be the same
# direction, 0 a right angle.

# %%
WRONG = ("ignored", "constant", "without mu", "without var", "mean everywhere", "eps outside")


def cosine(a, b):
    return np.sum(a * b) / (np.linalg.norm(a) * np.linalg.norm(b))


def angles(step, params, stats, grads, X, y):
    if step % 15:
        return None
    found = []
    for name in WRONG:
        _, wrong = gradients(params, [dict(bn_param) for bn_param in stats], X, y, LAYERS[name])
        found.append([cosine(grads[w], wrong[w]) for w in HIDDEN])
    return found


cosines = np.array([seen for seen in train(watch=angles)["seen"] if seen])
table(
    way_back=list(WRONG),
    **{f"{w}": [f"{np.mean(c):.2f}, at least {np.min(c):.2f}" for c in cosines[:, :, i].T] for i, w in enumerate(HIDDEN)},
)

# %% [markdown]
# None is negative. A step against any of them lowers the loss, if it is short enough. Where the path through `mu` is
# missing, the angle is widest at `W0`, to which the gradient comes through all three layers, each with its own mistake.

# %% [markdown]
# ## Where the rest of the step goes
#
# *A detour of seven minutes.*
#
# A wrong step consists of a useful part and a part that the loss can't feel. What becomes of the second?
#
# S. Ioffe and C. Szegedy ([Batch Normalization](https://arxiv.org/abs/1502.03167), 2015, section 2) give an
# example. A bias is added, then the mean is subtracted. If the gradient pretends that the mean is a constant, the
# bias takes a step, the mean takes the same step, and the output and the loss are what they were. So the next
# gradient is the same again, and the bias grows without end while the loss stands still. They report having seen it
# happen.
#
# Our network has no bias before the layer. Can the weights do the same? This is the mean of the first layer's `z`,
# in standard deviations, after training with one hidden layer; and how much the weights have grown.


# %%
def offset(run):
    bn_param = run["stats"][0]
    return np.mean(np.abs(bn_param["running_mean"]) / np.sqrt(bn_param["running_var"]))


def growth(run, depth, seed):
    start, _ = new_network(depth, seed)
    return np.linalg.norm(run["params"]["W0"]) / np.linalg.norm(start["W0"])


names = ["true", "without var", "constant", "without mu", "ignored"]
table(
    way_back=names,
    offset_of_z=[spread([offset(runs[1, name, seed]) for seed in SEEDS], 2) for name in names],
    growth_of_W0=[spread([growth(runs[1, name, seed], 1, seed) for seed in SEEDS], 2) for name in names],
)

# %% [markdown]
# They can. With the true way back the weights keep their length, since its gradient has no part along them. With
# the others they grow.
#
# And `z` moves away. Pixels are never negative, so all images have something in common that works like a bias:
# their mean. Without the path through `mu`, each step pushes the whole column of `z` one way, and the layer takes
# it out again.
#
# If that is the reason, there is a test for it. Subtract the mean image from the data, once, before training. Then
# no direction in the weights acts like a bias any more. Predict: which row of the table will change most?

# %%
centred = X_train - np.mean(X_train, axis=0)
names = ["true", "without var", "constant", "without mu"]
plan = [(name, seed) for name in names for seed in SEEDS]
after_centring = {key: train(LAYERS[key[0]], depth=1, seed=key[1], X=centred) for key in bar(plan, "Networks trained")}

table(
    way_back=names,
    images_as_they_are=[spread([last(runs[1, name, seed]) for seed in SEEDS]) for name in names],
    images_centred=[spread([last(after_centring[name, seed]) for seed in SEEDS]) for name in names],
)

# %% [markdown]
# "without mu" has become nearly as good as the truth, and "constant", which lacks both paths, as good as "without
# var", which lacks one. The gradients at `z` are as wrong as before. But their wrong part reaches the weights by
# way of the mean of the data, and there is nothing left of that. Deeper layers can't be helped like this: what
# comes out of a ReLU is never negative, and its mean is not 0.
#
# The path through `var` matters less here, because of what its wrong part does. Along `xhat` a step only makes a
# column of `z` wider or narrower, and the layer divides that out. The weights grow, and that makes later steps
# smaller in comparison: a nuisance, and over 270 batches a small one.

# %% [markdown]
# ## Two that hardly show
#
# *A detour of four minutes.*
#
# A mean for a sum, in `dgamma` and `dbeta` only, makes both 32 times too small. A gradient that is too small by a
# constant factor is a gradient with another learning rate, and a small rate for two small groups of parameters is
# no great harm.
#
# It can even be of use. What do you expect at a learning rate that is 30 times as large, where everything is about
# to break?

# %%
names = ["true", "mean for sum"]
plan = [(name, seed) for name in names for seed in SEEDS]
hot = {key: train(LAYERS[key[0]], lr=3.0, seed=key[1]) for key in bar(plan, "Networks trained")}
table(
    way_back=names,
    learning_rate_a_tenth=[spread([last(runs[3, name, seed]) for seed in SEEDS]) for name in names],
    learning_rate_three=[spread([last(hot[name, seed]) for seed in SEEDS]) for name in names],
)

# %% [markdown]
# There the wrong gradient wins, because it protects `gamma` and `beta` from steps that are too long. It is still
# wrong: change the batch size, and the hidden learning rate changes with it. If you want a smaller rate for
# `gamma`, say so in the update, where it can be seen.
#
# And `eps` outside the root? The formulas in the forum's question have it there. This is how far `dx` is from the
# truth on one batch of `z`, relative to its size, for four values of `eps`, with "constant" for comparison. For
# which of them would training notice?

# %%
start, _ = new_network(1, seed=0)
z = X_train[:32] @ start["W0"]
dout = np.random.default_rng(0).normal(size=z.shape)


def off_by(wrong, eps):
    _, cache = batchnorm_forward(z, start["gamma0"], start["beta0"], {"mode": "train", "eps": eps, "momentum": 0.9})
    dx, _, _ = batchnorm_backward(dout, cache)
    return np.linalg.norm(wrong(dout, cache)[0] - dx) / np.linalg.norm(dx)


choices = [1e-5, 1e-3, 0.1, 1.0]
table(
    eps=[f"{eps:g}" for eps in choices],
    eps_outside=[off_by(eps_outside, eps) for eps in choices],
    constant=[off_by(constant, eps) for eps in choices],
    smallest_var=[np.min(np.var(z, axis=0))] * 4,
)

# %% [markdown]
# With `eps` at 0.00001 and variances far above it, no training run will show this mistake. It waits for a column
# that is nearly constant. A gradient check with a large `eps` finds it at once.

# %% [markdown]
# ## Running statistics in the batch's place
#
# *A detour of four minutes.*
#
# The reader's idea was reasonable: the running mean and variance have less noise in them than those of a batch of
# 32. With one hidden layer they did well. With three they did worse than almost any of the mistakes. Is it the
# statistics, or the gradient that takes them for constants? "constant" has the same way back, with the batch's own
# statistics. Compare the two at three learning rates: the loss in the last epoch, and the worst batch of all.

# %%
names = ["true", "constant", "running"]
plan = [(name, lr, seed) for lr in (0.03, 0.5) for name in names for seed in range(3)]
tried = {(name, 0.1, seed): runs[3, name, seed] for name in names for seed in range(3)}
tried |= {key: train(LAYERS[key[0]], lr=key[1], seed=key[2]) for key in bar(plan, "Networks trained")}


def end_and_worst(name, lr):
    found = [tried[name, lr, seed] for seed in range(3)]
    return f"{np.mean([last(run) for run in found]):.2f}, worst {max(run['losses'].max() for run in found):.3g}"


table(
    way_back=names, **{f"learning_rate_{lr:g}": [end_and_worst(name, lr) for name in names] for lr in (0.03, 0.1, 0.5)}
)

# %% [markdown]
# Most of the harm is the gradient's: at the small rates "constant" does nearly as badly. But at the largest one
# "running" has batches with a loss that no other network comes near. With the batch's own statistics a column of
# `xhat` has variance 1 whatever the weights do. With the running ones that safeguard is gone: weights that take a
# long step are ahead of their statistics, and `out` grows with them.
#
# The idea came back in a form made to work: S. Ioffe ([Batch Renormalization](https://arxiv.org/abs/1702.03275),
# 2017) keeps the gradient through the batch's statistics, and draws `xhat` towards the running ones by a factor and
# a shift that count as constants and are held within bounds.

# %% [markdown]
# ## gamma and beta are parameters
#
# Now to the question about `gamma` and `beta`. The reader's network did not converge, and the cause turned out to
# be that their gradients were subtracted whole, with no learning rate. Here are five ways to treat the two, all
# with the true way back: like all other parameters; set back to 1 and 0 after each epoch; never moved at all; with
# no learning rate, which means one of 1; and the same with a loss that is summed over the batch and not averaged,
# which makes their gradients 32 times as large. Which will be the worst?


# %%
def reset(step, params):
    if (step + 1) % 45:
        return params
    fresh = {"gamma": np.ones, "beta": np.zeros}
    kinds = {name: fresh.get(name.strip("0123456789")) for name in params}
    return {name: kinds[name](array.shape) if kinds[name] else array for name, array in params.items()}


ways = {
    "set back after each epoch": {"after": reset},
    "never moved": {"rates": {"gamma": 0.0, "beta": 0.0}},
    "no learning rate": {"rates": {"gamma": 1.0, "beta": 1.0}},
    "no learning rate, summed loss": {"rates": {"gamma": 32.0, "beta": 32.0}},
}
plan = [(way, depth, seed) for way in ways for depth in (1, 3) for seed in range(3)]
treated = {key: train(depth=key[1], seed=key[2], **ways[key[0]]) for key in bar(plan, "Networks trained")}
treated |= {("like all others", depth, seed): runs[depth, "true", seed] for depth in (1, 3) for seed in range(3)}
rows = ["like all others", *ways]


def farthest(run):
    return np.max(np.abs(run["params"]["gamma0"] - 1))


table(
    gamma_and_beta=rows,
    **{f"loss,_depth_{d}": [spread([last(treated[w, d, s]) for s in range(3)]) for w in rows] for d in (1, 3)},
    **{f"test,_depth_{d}": [spread([accuracy(treated[w, d, s]) for s in range(3)]) for w in rows] for d in (1, 3)},
    gamma_moved_by=[np.mean([farthest(treated[w, 3, s]) for s in range(3)]) for w in rows],
)

# %% [markdown]
# Setting them back costs as much as never moving them: what an epoch had learned is thrown away. With a learning
# rate of 1 in place of 0.1 this network does not fall apart. It even learns faster, since 0.1 is careful. So
# whether the reader's mistake shows depends on the size of the gradients. With a summed loss, `gamma` is thrown
# about, and the test is worse for it. A rule that works by luck with one loss is no rule.

# %% [markdown]
# ## The company a digit keeps
#
# In train mode the output for one image depends on the others in its batch. Another remark below the post says that
# every neuron is pulled about at random by them, that this is reported to regularise, and that in the writer's own
# experiment it damaged training.
#
# How large is the pull? Take one image, put it among random others, again and again, and look at how far its `xhat`
# moves.

# %%
BATCH_SIZES = (2, 4, 8, 16, 32, 64, 256)


def pull(size, trials=200):
    rng = np.random.default_rng(size)
    found = []
    for _ in range(trials):
        company = rng.choice(len(X_train), size - 1, replace=False)
        z = np.vstack([X_test[:1], X_train[company]]) @ start["W0"]
        found.append((z[0] - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5))
    return np.mean(np.std(found, axis=0))


start, _ = new_network(1, seed=0)
pulls = [pull(size) for size in BATCH_SIZES]
table(batch=BATCH_SIZES, standard_deviation=pulls, times_root_of_batch=np.multiply(pulls, np.sqrt(BATCH_SIZES)))

# %% [markdown]
# The noise falls about as the root of the batch size. In a batch of 2 there is little else: `xhat` is close to 1 or
# -1 in every column, and only says which of the two images has more.
#
# Now train with each size, for the same number of steps, with the layer and without. Smaller batches see fewer
# images then, and have noisier gradients with or without the layer; the dashed curve is there to tell the two kinds
# of noise apart. Where do you expect the layer to begin to pay?

# %%
PAIR = ("true", "no layer")
plan = [(name, size, seed) for size in BATCH_SIZES if size != 32 for name in PAIR for seed in range(3)]
sized = {key: train(LAYERS[key[0]], size=key[1], seed=key[2]) for key in bar(plan, "Networks trained")}
sized |= {(name, 32, seed): runs[3, name, seed] for name in PAIR for seed in range(3)}


def against(ax, xs, values, **labels):
    """Mean and range over seeds, with the layer (solid) and without (dashed)."""
    for name, colour, line in (("true", INK, "o-"), ("no layer", GRADIENT, "s--")):
        found = np.array([values[name, x] for x in xs])
        ax.fill_between(xs, found.min(1), found.max(1), color=colour, alpha=0.25, linewidth=0)
        ax.plot(xs, found.mean(1), line, color=colour, label="with the layer" if name == "true" else "without")
    ax.set(xscale="log", **labels)


fig, axes = figure(1, 2, width=9, height=3.4)
losses = {(name, n): [last(sized[name, n, s]) for s in range(3)] for name in PAIR for n in BATCH_SIZES}
tests = {(name, n): [accuracy(sized[name, n, s], LAYERS[name]) for s in range(3)] for name in PAIR for n in BATCH_SIZES}
against(axes[0], BATCH_SIZES, losses, xlabel="batch size", ylabel="loss in the last 45 batches")
against(axes[1], BATCH_SIZES, tests, xlabel="batch size", ylabel="test images read")
for ax in axes:
    ax.set_xticks(BATCH_SIZES, BATCH_SIZES)
    ax.minorticks_off()
axes[0].legend(frameon=False)


def told(values, name, xs):
    """The means over seeds, for alternative text."""
    return ", ".join(f"{np.mean(values[name, x]):.2f}" for x in xs)


picture(
    fig,
    alt="Training loss and share of test images read, against batch sizes from 2 to 256. Loss with the layer: "
    f"{told(losses, 'true', BATCH_SIZES)}; without: {told(losses, 'no layer', BATCH_SIZES)}. Test images read with the "
    f"layer: {told(tests, 'true', BATCH_SIZES)}; without: {told(tests, 'no layer', BATCH_SIZES)}.",
)

# %% [markdown]
# The noise does damage training, where batches are small. At 2 the network without the layer learns, the one with
# it hardly. From 4 images on the test speaks for the layer, and beyond 32 there is little more to gain. Whether the
# noise also regularises, these curves don't say: where there is more of it, the test is never better. But look at
# the loss for batches of 8. It is higher with the layer than without, and still more test images are read. The loss
# was measured with the noise, the test without.

# %% [markdown]
# ## Learning rates, with the layer and without
#
# The paper's title promises faster training, and a higher learning rate is its means. Here are seven rates, over a
# factor of 1,000, for four epochs each. How many of them can be used, with the layer and without?

# %%
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
plan = [(name, lr, seed) for lr in RATES for name in PAIR for seed in range(3)]
rated = {key: train(LAYERS[key[0]], lr=key[1], seed=key[2], steps=180) for key in bar(plan, "Networks trained")}
losses = {(name, lr): [last(rated[name, lr, seed]) for seed in range(3)] for name in PAIR for lr in RATES}

fig, ax = figure(width=7, height=3.4)
against(ax, RATES, losses, xlabel="learning rate", ylabel="loss in the last epoch", ylim=(0, 2.7))
ax.set_xticks(RATES, [f"{lr:g}" for lr in RATES])
ax.minorticks_off()
ax.axhline(np.log(10), color=MUTED, linewidth=1)
ax.text(0.01, 2.36, "guessing", color=INK)
ax.legend(frameon=False, loc=(0.22, 0.55))
picture(
    fig,
    alt="Loss after four epochs against learning rates from 0.01 to 10. With the layer: "
    f"{told(losses, 'true', RATES)}; without: {told(losses, 'no layer', RATES)}.",
)

# %% [markdown]
# With the layer a loss below 0.5 is reached over a range about ten times as wide, and the best is lower. At 10 both
# are lost. One reason lies in what you know. Multiply the weights before the layer by 10, and `out` stays the same,
# while `ivar`, and with it the gradient, becomes 10 times smaller. A step that was too long makes the weights
# large, and large weights make the next steps small.

# %% [markdown]
# ## Internal covariate shift, measured
#
# *A detour of ten minutes.*
#
# Why does it help? Ioffe and Szegedy (2015) say: because it reduces *internal covariate shift*, the change in the
# distribution of a layer's inputs while the layers below it learn. The answer in the forum quotes them.
#
# Look at the shift first, in the way of their figure 1: the inputs of one ReLU in the third hidden layer, for the
# test images, while the network trains. The line is the median, the band reaches from the 15th to the 85th
# percentile.


# %%
def inputs_of_relu(layer):
    def look_at(step, params, stats, grads, X, y):
        if step % 5:
            return None
        _, (caches, _) = scores_of(params, [dict(bn_param) for bn_param in stats], X_test, layer)
        # What the ReLU let through says only which inputs were positive, so the input is made again.
        xhat_or_z = caches[2][1][0] if layer is TRUE else caches[2][0][0] @ params["W2"]
        scale = params["gamma2"][0] if layer is TRUE else 1.0
        return np.percentile(scale * xhat_or_z[:, 0] + params["beta2"][0], (15, 50, 85))

    return look_at


fig, axes = figure(1, 2, width=9, height=3, sharey=True)
at, medians, widths = np.arange(0, 270, 5), {}, {}
for ax, name, title in zip(axes, ("true", "no layer"), ("with the layer", "without"), strict=True):
    seen = train(LAYERS[name], watch=inputs_of_relu(LAYERS[name]))["seen"]
    low, middle, high = np.array([s for s in seen if s is not None]).T
    medians[title], widths[title] = middle, high - low
    ax.fill_between(at, low, high, color=ACCENT, alpha=0.3, linewidth=0)
    ax.plot(at, middle, color=INK)
    ax.set(xlabel="batch")
    ax.set_title(title, loc="left", y=1.0)
axes[0].set_ylabel("input of the ReLU")
told_so = "; ".join(
    f"{title}, the median moves between {middle.min():.1f} and {middle.max():.1f}, and the band is from "
    f"{widths[title].min():.1f} to {widths[title].max():.1f} wide"
    for title, middle in medians.items()
)
picture(
    fig,
    alt="The input of one ReLU over 270 batches, its median and the band from the 15th to the 85th "
    f"percentile: {told_so}.",
)

# %% [markdown]
# So far the paper is right: with the layer the distribution keeps its place. Does that help the layers above? S.
# Santurkar, D. Tsipras, A. Ilyas and A. Madry ([How Does Batch Normalization Help
# Optimization?](https://arxiv.org/abs/1805.11604), 2018) turn the idea into a number. Take a layer's gradient. Let
# all layers below it take their step, and compute the gradient on the same batch again. How far has it turned, and
# by how much has it changed, relative to its size?
#
# The table has both for `W1` and `W2`, as means over training. "constant" is there too, a way back that trained
# badly. Where do you expect the least shift?


# %%
def shift(layer, lr):
    def look_at(step, params, stats, grads, X, y):
        if step % 9:
            return None
        found = []
        for i in (1, 2):
            below = {f"{kind}{j}" for kind in ("W", "gamma", "beta") for j in range(i)}
            moved = {name: params[name] - lr * grads[name] * (name in below) for name in params}
            _, again = gradients(moved, [dict(bn_param) for bn_param in stats], X, y, layer)
            before, after = grads[f"W{i}"], again[f"W{i}"]
            found += [cosine(before, after), np.linalg.norm(after - before) / np.linalg.norm(before)]
        return found

    return look_at


plan = [(name, lr, seed) for name in (*PAIR, "constant") for lr in (0.1, 0.3) for seed in range(3)]
shifts, ends = {}, {}
for name, lr, seed in bar(plan, "Networks trained"):
    run = train(LAYERS[name], lr=lr, seed=seed, watch=shift(LAYERS[name], lr))
    shifts[name, lr, seed] = np.mean([s for s in run["seen"] if s], axis=0)
    ends[name, lr, seed] = last(run)

keys = [(name, lr) for lr in (0.1, 0.3) for name in (*PAIR, "constant")]
table(
    layer=[name for name, _ in keys],
    learning_rate=[lr for _, lr in keys],
    **{
        label: [spread([shifts[name, lr, s][i] for s in range(3)], 2) for name, lr in keys]
        for i, label in enumerate(("cosine,_W1", "change,_W1", "cosine,_W2", "change,_W2"))
    },
    loss=[spread([ends[name, lr, s] for s in range(3)], 2) for name, lr in keys],
)

# %% [markdown]
# In this network the layer does reduce the shift. In the larger ones of Santurkar and others it did not: with the
# layer the shift was similar, or larger. And look at "constant". It has by far the least shift in the table, and
# the highest loss. In part it is the other way round: a network that gets nowhere disturbs nobody. But then little
# shift is no sign of good training.
#
# They also tried the opposite and made a shift on purpose. After each normalisation, scale every column by a random
# factor and move it by a random amount, fresh for each batch. If stable distributions were the point, that should
# undo all the good.


# %%
def noisy(amount, seed=0):
    """The true layer, its output shaken anew at every batch; going backward the factors are known."""
    rng = np.random.default_rng(seed)

    def forward(x, gamma, beta, bn_param):
        out, cache = batchnorm_forward(x, gamma, beta, bn_param)
        if bn_param["mode"] == "test":
            return out, None
        scale, move = 1 + amount * rng.uniform(-1, 1, x.shape[1]), amount * rng.normal(size=x.shape[1])
        return out * scale + move, (cache, scale)

    def backward(dout, cache):
        return batchnorm_backward(dout * cache[1], cache[0])

    return forward, backward


amounts = (0.0, 0.25, 0.5, 1.0)
plan = [(amount, seed) for amount in amounts for seed in range(3)]
shaken = {key: train(noisy(*key), seed=key[1]) for key in bar(plan, "Networks trained")}
table(
    noise=[*(f"{amount:g}" for amount in amounts), "no layer"],
    loss=[
        *(spread([last(shaken[a, s]) for s in range(3)]) for a in amounts),
        spread([last(runs[3, "no layer", s]) for s in range(3)]),
    ],
    test=[
        *(spread([accuracy(shaken[a, s]) for s in range(3)]) for a in amounts),
        spread([accuracy(runs[3, "no layer", s], NO_LAYER) for s in range(3)]),
    ],
)

# %% [markdown]
# With noise of half a standard deviation in every unit at every batch, the training loss is higher, as it must be
# while the network is being shaken. But in the test it still reads more images than the network without the layer,
# which nobody shakes. At a whole standard deviation the advantage is gone.

# %% [markdown]
# ### A smoother way down
#
# Their own explanation is that the layer makes the loss smoother. A gradient is a promise about the neighbourhood:
# go this way, and it will be so much lower. How far can you go before the promise is broken? Here is the loss after
# steps of different lengths against the gradient, divided by the loss before, on the same batch; the median over
# training.

# %%
LENGTHS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


def along(layer):
    def look_at(step, params, stats, grads, X, y):
        if step % 18:
            return None
        return [
            gradients(
                {name: params[name] - length * grads[name] for name in params},
                [dict(bn_param) for bn_param in stats], X, y, layer,
            )[0]
            for length in (0.0, *LENGTHS)
        ]

    return look_at


def ways_down(name):
    seen = [s for seed in range(3) for s in train(LAYERS[name], seed=seed, watch=along(LAYERS[name]))["seen"] if s]
    return np.array([np.array(s[1:]) / s[0] for s in seen])


fig, ax = figure(width=7, height=3.4)
relative = {name: np.median(ways_down(name), axis=0) for name in ("true", "no layer")}
for name, colour, line in (("true", INK, "o-"), ("no layer", GRADIENT, "s--")):
    ax.plot(LENGTHS, relative[name], line, color=colour, label="with the layer" if name == "true" else "without")
ax.axhline(1, color=MUTED, linewidth=1)
ax.set(xscale="log", yscale="log", xlabel="length of the step (learning rate)", ylabel="loss after / before")
ax.set_xticks(LENGTHS, LENGTHS)
ax.minorticks_off()
ax.legend(frameon=False)
picture(
    fig,
    alt="Loss after a step along the gradient, relative to before, for steps from 0.025 to 1.6. With the layer: "
    f"{', '.join(f'{v:.2f}' for v in relative['true'])}; without: {', '.join(f'{v:.2f}' for v in relative['no layer'])}.",
)

# %% [markdown]
# Short steps pay without the layer too, even a little more. But four times the step that training took, and the
# loss has more than doubled, where with the layer it still falls. That is the picture of the learning rates, seen
# from near. It fits what these networks did, and the shift of the gradients does not. It is not the last word
# either: it says that the loss is smoother, and not yet why.

# %% [markdown]
# ## What you can do now
#
# You can write a training step through the layer, and you have seen what a wrong way back costs: nothing that you
# would notice in a shallow network, nearly everything in a deeper one. You can say why: the true gradient is the
# wrong one without the parts that the loss can't feel. And on the last detour you have held two explanations of why the
# layer helps against numbers of your own.
#
# Three questions, before you go.
#
# <details><summary>1. Your network with batch normalization reaches 95 per cent on the test images. What does that
# say about its backward pass?</summary>
#
# Hardly anything. With one hidden layer, most of the wrong ones in this notebook came close to that. Only a
# gradient check says whether a gradient is right.
# </details>
#
# <details><summary>2. Somebody treats the statistics as constants, and sees the weights before the layer grow while
# the loss hardly moves. Where does that come from?</summary>
#
# The part of the gradient that the true one would have projected away: along the vector of ones, and along
# <code>xhat</code>. Steps along these change the mean and the scale of the column, and the layer takes both out
# again. The loss feels nothing, so the next gradient has the same part again.
# </details>
#
# <details><summary>3. Why may the loss in training be high and the test result good, with batches of 8?</summary>
#
# In training each image is normalised with the statistics of 8 images, which are noisy. In test mode the running
# statistics take their place, and they are an average over many batches.
# </details>

# %% [markdown]
# Next: [9 · Beyond the batch](09_beyond_batch.ipynb), where the layer has relatives that need no batch.
