# %% [markdown]
# # 11 · Capstone
#
# Can you write the whole layer, forward and backward, on an empty page?
#
# This is the last notebook, and there is no help in it. No graph is drawn before you have written its code, no
# step is laid out, and the hints name the notebook to go back to and a way to test, and no formula. There are five functions. They have the
# interface of Stanford's course [cs231n](https://cs231n.github.io), assignment 2, so you can take them there, or
# bring yours from there and have them checked here. You have written each of them once, in pieces or whole. Allow 45
# minutes, or ten if you bring them. The part in which they train a network is a detour of five more.

# %% given=true
import numpy as np

# %% [markdown]
# The answers need nothing but NumPy. The cells around them need the course's helpers.

# %%
from bnlib import check, digits, hint, judge, look, norms, picture, play, trace
from bnlib.style import ACCENT, GRADIENT, INK, figure

# %% [markdown]
# ## The rules
#
# An answer is judged by what it computes. What you put into a cache, whether you write one line or thirty,
# whether you call `np.var`, whether you print something on the way, whether you write helper functions: all of
# that is yours. Each backward pass is run on the cache of *your* forward pass, and `x`, `gamma`, `beta` and
# `dout` must come out as they went in. `bn_param` may be changed in place, since that is what it is for.
#
# The inputs are (N, D) arrays, some of them float32, some of them integers, one of them a single row. `gamma`,
# `beta` and their gradients have the shape (D,). What would go wrong in training if `dgamma` had the shape (1,
# D)?

# %%
gamma, dgamma = np.ones(3), np.full((1, 3), 0.5)
try:
    gamma -= 0.1 * dgamma
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# The step of gradient descent fails, or worse: written as `gamma = gamma - 0.1 * dgamma`, it makes a `gamma` of
# another shape and goes on.
#
# | key of `bn_param` | what it is | if it is missing |
# |---|---|---|
# | `mode` | `"train"` or `"test"` | it has to be there |
# | `eps` | what is added under the root | 1e-5 |
# | `momentum` | the weight of the old statistics | 0.9 |
# | `running_mean` | (D,), written in train mode | zeros |
# | `running_var` | (D,), written in train mode, with N | zeros |
#
# `ln_param` has only `eps`, with the same default.

# %% [markdown]
# ## The five functions
#
# ### 11.1 Batch normalization, forward
#
# Difficulty ●●●○○ · about 8 minutes
#
# Write `batchnorm_forward(x, gamma, beta, bn_param)`. It gives back `out` (N, D) and a `cache`.
#
# Before you start: which of your lines are used in one mode only, and which in both?

# %% answer="11.1"
def batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalization of x (N, D) in train or test mode."""
    out, cache = None, None
    ###########################################################################
    # TODO 11.1: Compute out (N, D) and a cache for your backward passes, and #
    # keep the running statistics in bn_param.                                #
    ###########################################################################
    ### BEGIN SOLUTION
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1]))
    if mode == "train":
        mean, var = np.mean(x, axis=0), np.var(x, axis=0)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    elif mode == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"mode is {mode!r}; it should be 'train' or 'test'")
    ivar = 1.0 / np.sqrt(var + eps)
    xhat = (x - mean) * ivar
    out = gamma * xhat + beta
    cache = (xhat, gamma, ivar)
    ### END SOLUTION
    return out, cache

# %% [markdown]
# The check makes calls in both modes, single ones and several in a row with one `bn_param`.

# %% check="11.1"
check("11.1")
### BEGIN HIDDEN TESTS
_param = {"mode": "train", "momentum": 0.25, "eps": 0.0}
_out, _ = batchnorm_forward(np.array([[0.0, 1.0], [2.0, 5.0]]), np.array([1.0, 3.0]), np.array([0.0, 1.0]), _param)
assert np.allclose(_out, [[-1.0, -2.0], [1.0, 4.0]])
assert np.allclose(_param["running_mean"], [0.75, 2.25])
assert np.allclose(_param["running_var"], [0.75, 3.0])
### END HIDDEN TESTS

# %% [markdown]
# ### 11.2 Batch normalization, backward
#
# Difficulty ●●●●○ · about 10 minutes
#
# Write `batchnorm_backward(dout, cache)` for a call in train mode. Go back through the graph, step by step. It
# gives back `dx` (N, D), `dgamma` (D,) and `dbeta` (D,).
#
# If you draw the graph on paper first, how many of its arrows does your drawing have?

# %% answer="11.2"
def batchnorm_backward(dout, cache):
    """Carry dout (N, D) back through a training call, step by step."""
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 11.2: Compute dx (N, D), dgamma (D,) and dbeta (D,).               #
    ###########################################################################
    ### BEGIN SOLUTION
    xhat, gamma, ivar = cache
    N = len(dout)
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    dxmu1 = dxhat * ivar
    # xmu is xhat / ivar, and d ivar / d var is -ivar**3 / 2.
    xmu = xhat / ivar
    dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * ivar**3
    dxmu2 = dvar * 2 * xmu / N
    dx1 = dxmu1 + dxmu2
    dx = dx1 - np.sum(dx1, axis=0) / N
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# The check calls your `batchnorm_forward` first, in train mode, and hands its cache over unread.

# %% check="11.2"
check("11.2")

# %% [markdown]
# ### 11.3 The same in short
#
# Difficulty ●●●●○ · about 7 minutes
#
# Write `batchnorm_backward_alt(dout, cache)`. It gives back the same three gradients, with `dx` simplified on
# paper as far as you can.
#
# The check looks at the numbers alone, so it would accept a copy of your last answer. What would you have missed?

# %% answer="11.3"
def batchnorm_backward_alt(dout, cache):
    """The same gradients as batchnorm_backward, from the closed form."""
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 11.3: Compute dx (N, D), dgamma (D,) and dbeta (D,), with as few   #
    # passes over the arrays as you can.                                      #
    ###########################################################################
    ### BEGIN SOLUTION
    xhat, gamma, ivar = cache
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dx = gamma * ivar * (dout - (dbeta + xhat * dgamma) / len(dout))
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# The same inputs, the same caches, the other function.

# %% check="11.3"
check("11.3")

# %% [markdown]
# ### 11.4 Layer normalisation, forward
#
# Difficulty ●●○○○ · about 4 minutes
#
# Write `layernorm_forward(x, gamma, beta, ln_param)`. Every row is normalised over its own D features (J. Ba, J.
# Kiros and G. Hinton, [2016](https://arxiv.org/abs/1607.06450)); `gamma` and `beta` stay (D,). It gives back
# `out` (N, D) and a `cache`.
#
# There is no mode. Why does this layer need no running statistics?

# %% answer="11.4"
def layernorm_forward(x, gamma, beta, ln_param):
    """Layer normalisation of x (N, D)."""
    out, cache = None, None
    ###########################################################################
    # TODO 11.4: Compute out (N, D) and a cache for your backward pass.       #
    ###########################################################################
    ### BEGIN SOLUTION
    eps = ln_param.get("eps", 1e-5)
    mean, var = np.mean(x, axis=1, keepdims=True), np.var(x, axis=1, keepdims=True)
    ivar = 1.0 / np.sqrt(var + eps)
    xhat = (x - mean) * ivar
    out = gamma * xhat + beta
    cache = (xhat, gamma, ivar)
    ### END SOLUTION
    return out, cache

# %% [markdown]
# The inputs are those of before, with a row among them that hardly varies.

# %% check="11.4"
check("11.4")
### BEGIN HIDDEN TESTS
_out, _ = layernorm_forward(np.array([[1.0, 3.0], [5.0, 5.0]]), np.array([2.0, 1.0]), np.array([0.0, 1.0]), {"eps": 3.0})
assert np.allclose(_out, [[-1.0, 1.5], [0.0, 1.0]])
### END HIDDEN TESTS

# %% [markdown]
# ### 11.5 Layer normalisation, backward
#
# Difficulty ●●●●○ · about 6 minutes
#
# Write `layernorm_backward(dout, cache)`. It gives back `dx` (N, D), `dgamma` (D,) and `dbeta` (D,).
#
# Which two sums of your short form have changed their axis, and which two have not?

# %% answer="11.5"
def layernorm_backward(dout, cache):
    """Carry dout (N, D) back through layer normalisation."""
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 11.5: Compute dx (N, D), dgamma (D,) and dbeta (D,).               #
    ###########################################################################
    ### BEGIN SOLUTION
    xhat, gamma, ivar = cache
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    mean = np.mean(dxhat, axis=1, keepdims=True)
    share = np.mean(dxhat * xhat, axis=1, keepdims=True)
    dx = ivar * (dxhat - mean - xhat * share)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# Wherever there is more than one feature, `gamma` differs from one to the next.

# %% check="11.5"
check("11.5")

# %% [markdown]
# ## The graph that you made
#
# Now that it is written: this is the graph of your `batchnorm_forward` in train mode, made from your lines.
# Compare it with the one on your paper.

# %%
x = np.array([[1.0, 10.0, 0.1], [2.0, 14.0, 0.3], [3.0, 12.0, 0.2], [4.0, 18.0, 0.3], [5.0, 16.0, 0.6]])
parameters = np.array([1.5, -2.0, 0.5]), np.array([0.0, 1.0, -1.0])

look(batchnorm_forward, x, *parameters, bn_param={"mode": "train"}, backward=True, dims={"N": 5, "D": 3})

# %% [markdown]
# And your layer normalisation, with the same inputs. The two pictures may well have the same boxes and arrows.
# What in them tells which is which?

# %%
look(layernorm_forward, x, *parameters, ln_param={}, backward=True, dims={"N": 5, "D": 3})

# %% [markdown]
# <details><summary>Compare with your answer</summary>
#
# The shapes in brackets. The statistics of one are (D,), those of the other (N, 1). The arithmetic is the same.
# </details>

# %% [markdown]
# ## Two witnesses
#
# Don't take the check's word for it. Centred differences know no formula at all, and the graph knows only single
# operations. From here on the cells use your five functions, once all of them have passed. Until then they use
# the course's, from `bnlib.norms`.

# %%
import contextlib
import io

FIVE = {
    "11.1": "batchnorm_forward",
    "11.2": "batchnorm_backward",
    "11.3": "batchnorm_backward_alt",
    "11.4": "layernorm_forward",
    "11.5": "layernorm_backward",
}


def quiet(function):
    """The same function without what it prints: it will be called some hundred times."""

    def run(*arguments):
        with contextlib.redirect_stdout(io.StringIO()):
            return function(*arguments)

    return run


done = all(judge(exercise, globals()).passed for exercise in FIVE)
layers = {name: quiet(globals()[name]) if done else getattr(norms, name) for name in FIVE.values()}
print("These are your functions." if done else "These are the course's functions.")

# %% [markdown]
# How far is each backward pass from either witness? The numbers are the largest differences over all three
# gradients. The differences are those of the same hand's forward pass, the graph is that of the course's. Which
# of the two columns do you expect to be the smaller one, and by how many digits?

# %%
from IPython.display import Markdown

from bnlib.gradcheck import numeric_gradient

rng = np.random.default_rng(11)
point = rng.normal(1.0, 2.0, size=(6, 4)), rng.uniform(1, 2, 4), rng.normal(size=4)
dout = rng.normal(size=(6, 4))


def against_the_witnesses(forward, backward, options):
    def out(*arrays):
        return layers[forward](*arrays, dict(options))[0]

    _, cache = layers[forward](*point, dict(options))
    found = layers[backward](dout, cache)
    measured = [
        numeric_gradient(lambda moved, i=i: out(*point[:i], moved, *point[i + 1 :]), point[i], dout) for i in range(3)
    ]
    graph = trace(getattr(norms, forward), *point, **{"bn_param" if "mode" in options else "ln_param": dict(options)})
    grads = graph.backward(dout)
    flowed = [grads[name] for name in ("x", "gamma", "beta")]
    return [max(np.max(np.abs(a - b)) for a, b in zip(found, w, strict=True)) for w in (measured, flowed)]


lines = ["| backward pass | from differences | from the graph |", "|---|--:|--:|"]
for forward, backward, options in (
    ("batchnorm_forward", "batchnorm_backward", {"mode": "train"}),
    ("batchnorm_forward", "batchnorm_backward_alt", {"mode": "train"}),
    ("layernorm_forward", "layernorm_backward", {}),
):
    differences, graph = against_the_witnesses(forward, backward, options)
    lines.append(f"| `{backward}` | {differences:.1e} | {graph:.1e} |")
Markdown("\n".join(lines))

# %% [markdown]
# ## In a network
#
# *A detour of five minutes.*
#
# Last, let the functions do what they are for. A network with one hidden layer of 32 units learns the digits:
# once without normalisation, once with each of the two layers before the ReLU. The functions below take a layer
# as a pair and know nothing of what is in it.

# %%
images, labels = digits()
order = np.random.default_rng(0).permutation(len(images))
images, labels = images[order] - 8.0, labels[order]


def nothing_forward(x, gamma, beta, param):
    return gamma * x + beta, (x, gamma)


def nothing_backward(dout, cache):
    x, gamma = cache
    return dout * gamma, np.sum(dout * x, axis=0), np.sum(dout, axis=0)


FAMILY = {
    "no layer": (nothing_forward, nothing_backward, {}),
    "batch": (layers["batchnorm_forward"], layers["batchnorm_backward_alt"], {"mode": "train"}),
    "layer": (layers["layernorm_forward"], layers["layernorm_backward"], {}),
}


def learning_curve(name, lr, steps=80, size=64):
    forward, backward, param = FAMILY[name]
    param = dict(param)
    rng = np.random.default_rng(3)
    W1, W2 = 0.1 * rng.normal(size=(64, 32)), 0.2 * rng.normal(size=(32, 10))
    gamma, beta, losses = np.ones(32), np.zeros(32), []
    for _ in range(steps):
        rows = rng.choice(len(images), size, replace=False)
        x, y = images[rows], labels[rows]
        h, cache = forward(x @ W1, gamma, beta, param)
        scores = np.maximum(h, 0) @ W2
        scores -= scores.max(axis=1, keepdims=True)
        p = np.exp(scores)
        p /= p.sum(axis=1, keepdims=True)
        losses.append(-np.mean(np.log(p[np.arange(size), y] + 1e-300)))
        p[np.arange(size), y] -= 1
        dh = (p / size @ W2.T) * (h > 0)
        dz, dgamma, dbeta = backward(dh, cache)
        W2 -= lr * np.maximum(h, 0).T @ p / size
        W1 -= lr * x.T @ dz
        gamma, beta = gamma - lr * dgamma, beta - lr * dbeta
    return losses


# %% [markdown]
# Move the learning rate. Up to where does each of the three learn? Guess first: by which factor will they differ?

# %%
RATES = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]


def race(learning_rate):
    fig, ax = figure(height=3.4)
    alt = f"Loss over 80 steps with the learning rate {learning_rate:g}."
    for name, colour, style in zip(FAMILY, (GRADIENT, ACCENT, INK), ("--", "-", ":"), strict=True):
        with np.errstate(all="ignore"):
            losses = learning_curve(name, learning_rate)
        ax.plot(np.clip(np.nan_to_num(losses, nan=10.0), 0, 10), style, color=colour, label=name)
        alt += f" {name.capitalize()}: from {losses[0]:.2f} to {np.mean(losses[-10:]):.2f}."
    ax.set(xlabel="step", ylabel="loss", ylim=(0, 5))
    ax.legend(frameon=False)
    return picture(fig, alt=alt, trim=False)


play(race, learning_rate=RATES, labels={"learning_rate": "learning rate"})

# %% [markdown]
# The same in numbers: the mean loss of the last ten steps. A network that gives every digit the same chance has
# the loss log 10.

# %%
lines = ["| learning rate | " + " | ".join(FAMILY) + " |", "|--:|" + "--:|" * len(FAMILY)]
for lr in RATES:
    with np.errstate(all="ignore"):
        last = [np.mean(learning_curve(name, lr)[-10:]) for name in FAMILY]
    lines.append(f"| {lr:g} | " + " | ".join(f"{loss:.3f}" for loss in last) + " |")
print(f"log 10 is {np.log(10):.3f}")
Markdown("\n".join(lines))

# %% [markdown]
# Read the first row before you praise the layers. With the smallest rate the plain network is far ahead of both.
# What they buy is room: they go on learning at rates at which the plain network has long left the numbers
# (`nan`), and at the best rate of each they end lower, batch normalization lowest. This is one small network and
# eighty steps. [Notebook 08](08_does_it_matter.ipynb) looks longer and asks why.

# %% [markdown]
# ## Take it with you
#
# In the assignment the five functions stand in `cs231n/layers.py`, with these names and these arguments, so your
# answers can be pasted there as they are. The other way works too. The course's own family has the complete
# interface, the layers for images included, and can be imported in place of those functions. It says what is
# wrong when a shape is.

# %%
import inspect

for name in norms.__all__:
    print(f"{name}({', '.join(inspect.signature(getattr(norms, name)).parameters)})")

# %% [markdown]
# One thing doesn't travel: a cache. It is a private matter between a forward and a backward pass of the same
# hand. If you take one of yours and one of somebody else's, they will misunderstand each other, at best loudly.

# %%
_, cache = norms.layernorm_forward(x, *parameters, {})
try:
    norms.batchnorm_backward(np.ones((5, 3)), cache)
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# ## What you can do now
#
# You can write batch normalization and layer normalisation, forward and backward, with nothing but NumPy and an
# empty page, and you know how to convince yourself that they are right. Nobody has to believe your gradients.
# They can be measured.
#
# Three questions to test yourself, about the course as a whole. Answer before you unfold.
#
# <details><summary>1. You have five minutes to find out whether an unknown backward pass for this layer is right. What do you do?</summary>
#
# A gradient check of its own forward pass against yours first, then of its gradients against centred differences:
# in float64, a random upstream gradient, <code>gamma</code> unlike 1, N of at least 3 and unlike D, an
# <code>eps</code> as large as the variance in one case. Then the sums of the columns of dx.
# </details>
#
# <details><summary>2. Why does the gradient of a batch normalization layer with respect to its input have to be computed from the whole batch?</summary>
#
# Because the output was. Every row of <code>x</code> moves the mean and the variance, and through them every row
# of
# <code>out</code>. In test mode none does, and there each row is alone.
# </details>
#
# <details><summary>3. Somebody hands you a new layer, with a formula that you have never seen. How do you get its backward pass?</summary>
#
# Write the forward pass in steps, each with one operation whose derivative you know. Draw the graph, go back
# through it, add where an array was used twice, sum where one was broadcast. Then fold it up on paper, and check
# it both ways.
# </details>

# %% [markdown]
# This was the last lesson. The [glossary](12_glossary.ipynb) says where each name, step and mistake is treated, and the map of
# the course, with all that you have passed, is in [0 · Start
# here](00_start_here.ipynb).
