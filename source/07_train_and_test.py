# %% [markdown]
# # 7 · Train and test
#
# A network has been trained, batch after batch. Now somebody sends it one single image. There is no batch. Which
# mean and which variance shall the layer use?
#
# Until now the layer looked at a batch and at nothing else. In this notebook it gets a memory. You will build
# that memory, find out what it costs in the first minutes of training, write the layer with both its modes, and
# see that the second mode has a backward pass of its own. At the end you mend a broken layer, and make a working
# one disappear. There are five exercises, and it takes about 45 minutes.

# %% given=true
import numpy as np

# %% [markdown]
# The demonstrations use the course's helpers. One of them lays numbers out as a table.

# %%
from bnlib import check, digits, draw, hint, judge, norms, picture, play, trace
from bnlib.norms import staged
from bnlib.style import ACCENT, INK, MUTED, figure
from bnlib.table import table

images, labels = digits()

# %% [markdown]
# ## One image and no batch
#
# Take one image of a digit and put it into a batch with others that happen to be there. What the layer makes of
# it depends on its company. How much? Pixel 20 of our image is looked at in 400 different companies, for each of
# several batch sizes. Before you run the cell: what will the layer give for a batch of one?

# %%
rng = np.random.default_rng(7)
ours = images[0]
sizes = [1, 2, 4, 16, 64, 256]


def in_company(n):
    """What pixel 20 of our image becomes in a batch of n images, the others drawn at random."""
    batch = np.vstack([ours, images[rng.integers(len(images), size=n - 1)]])
    out, _ = staged.batchnorm_forward(batch, np.ones(64), np.zeros(64), 1e-5)
    return out[0, 20]


samples = [[in_company(n) for _ in range(400)] for n in sizes]
table(batch_size=sizes, mean=[np.mean(s) for s in samples], standard_deviation=[np.std(s) for s in samples])

# %% [markdown]
# Alone, the image is its own mean, and all that is left is `beta`. With one companion it is either above or below
# the other, by one standard deviation, whatever the two images are; or equal to it. Only in large company does
# the result settle, and even then the same image gets a slightly different answer each time.
#
# In training that noise can be borne, and a reader of Kratzert's post, tapsi, reports in its comments both that
# it is said to regularise and that it did harm in an experiment. [Notebook 08](08_does_it_matter.ipynb) measures
# which. In a finished network nobody wants it. There the answer should depend on the image alone.

# %% [markdown]
# ## A running mean
#
# So the layer has to carry a mean and a variance with it that belong to the data as a whole. S. Ioffe and C.
# Szegedy ([2015](https://arxiv.org/abs/1502.03167)) compute them after training, from many batches. Most
# libraries, and the assignment of Stanford's [cs231n](https://cs231n.github.io), keep a running value during
# training instead. After each batch
#
# $$\text{running} \leftarrow \text{momentum} \cdot \text{running} + (1 - \text{momentum}) \cdot \text{batch}.$$
#
# With momentum 0.9, nine tenths stay and one tenth is new. Now the warning. PyTorch uses the same word for the
# other weight, that of the new value: **0.9 here is 0.1 there**. What would happen to a layer whose author took
# the number along and left it at 0.9?
#
# ### 7.1 One more batch
#
# Difficulty ●○○○○ · about 2 minutes
#
# Write `update_running(running, batch, momentum)`. `running` and `batch` are arrays of shape (D,), `momentum` is
# the course's, the weight of the old value. It gives back the new running value.
#
# Which momentum would make the layer forget everything but the last batch?

# %% answer="7.1"
def update_running(running, batch, momentum):
    """A running statistic (D,) after one more batch with the statistic batch (D,)."""
    updated = None
    ###########################################################################
    # TODO 7.1: Weigh the old value and the batch's, and store the result in  #
    # updated. Make a new array: the caller may still need the old one.       #
    ###########################################################################
    ### BEGIN SOLUTION
    updated = momentum * running + (1 - momentum) * batch
    ### END SOLUTION
    return updated

# %% [markdown]
# Momentum 0 forgets, momentum 1 never learns.

# %% check="7.1"
check("7.1")
### BEGIN HIDDEN TESTS
assert np.allclose(update_running(np.array([1.0, 0.0]), np.array([2.0, 10.0]), 0.9), [1.1, 1.0])
### END HIDDEN TESTS

# %% [markdown]
# Now watch a running value at work. Each dot is the mean of pixel 20 in one batch of 16 images, the line is the
# running mean, and the dotted line is the mean over all images. Move `momentum` to 0.1, which is what a 0.9
# copied into PyTorch amounts to. Then move it to 0.99. What do you pay for a quiet line?

# %%
steps = np.arange(1, 101)
batch_means = [images[rng.integers(len(images), size=16), 20].mean() for _ in steps]


def memory(momentum, start):
    running, line = start, []
    for mean in batch_means:
        running = momentum * running + (1 - momentum) * mean
        line.append(running)
    fig, ax = figure(height=3.2)
    ax.plot(steps, batch_means, ".", color=MUTED)
    ax.plot(steps, line, color=ACCENT)
    ax.axhline(images[:, 20].mean(), color=INK, linewidth=1, linestyle=":")
    ax.set(xlabel="batches seen", ylabel="mean of pixel 20", ylim=(0, 16))
    late = np.std(line[50:])
    near = np.flatnonzero(np.abs(np.array(line) - images[:, 20].mean()) < 1.0)
    first = f"comes within 1 of the mean of all images after {near[0] + 1} batches" if near.size else "never comes near"
    return picture(
        fig,
        alt=f"Running mean of pixel 20 over 100 batches with momentum {momentum:g}, starting at {start:g}. It "
        f"{first}, and its standard deviation over the last 50 batches is {late:.2f}; that of the dots is "
        f"{np.std(batch_means[50:]):.2f}.",
        trim=False,
    )


play(memory, momentum=(0.9, 0.0, 0.99, 0.01), start=[0.0, 10.0], labels={"start": "starting value"})

# %% [markdown]
# <details><summary>Compare with your answer</summary>
#
# A low momentum follows every batch, noise and all. A high one is quiet, and it needs long to get away from where
# it started. With 0.99 a hundred batches are not enough. That is the price, and the next section counts it.
# </details>

# %% [markdown]
# ## What the start costs
#
# A running value has to start somewhere. In cs231n's assignment both statistics start at 0. In PyTorch the mean
# starts at 0 and the variance at 1. After t batches the start still has the weight momentum to the power t.
# Suppose every batch had the same variance: how far off is the layer in test mode after a few batches?
#
# The table says how many times too large the normalised values come out, for a feature with a large variance,
# that of pixel 20, and for one with a small variance, 0.01. Which of the two starts would you expect to do
# better?

# %%
def too_large(start, var, t, momentum=0.9):
    """The factor by which test mode overdoes it after t batches that all had the variance var."""
    running = start
    for _ in range(t):
        running = momentum * running + (1 - momentum) * var
    return np.sqrt((var + 1e-5) / (running + 1e-5))


large, small = images[:, 20].var(), 0.01
after = [1, 3, 10, 30, 100]
table(
    batches=after,
    weight_of_the_start=[0.9**t for t in after],
    large_variance_from_0=[too_large(0.0, large, t) for t in after],
    large_variance_from_1=[too_large(1.0, large, t) for t in after],
    small_variance_from_0=[too_large(0.0, small, t) for t in after],
    small_variance_from_1=[too_large(1.0, small, t) for t in after],
)

# %% [markdown]
# Neither start is harmless. From 0, every feature comes out too large, by the same factor, and after one batch
# the factor is about 3. From 1, a feature with a large variance comes out nearly as badly, and one with a small
# variance comes out far too small, and stays so for longer: after 30 batches it still has less than half of its
# size.
#
# Who notices? Not training, which uses the batch's own statistics. It is the first measurement on test data,
# taken after a handful of batches, that looks worse than the network is.
#
# Starting at 0 has one advantage. The error is the same for all features, as long as their variance is far above
# `eps`, and it is known exactly, so it can be divided out.

# %%
for t in (1, 3, 10):
    running = 0.0
    for _ in range(t):
        running = 0.9 * running + 0.1 * large
    print(f"after {t:2} batches: running {running:7.4f}, divided by 1 - 0.9**{t}: {running / (1 - 0.9**t):.4f}")

# %% [markdown]
# The optimiser Adam does this to its own running means (D. Kingma and J. Ba,
# [2014](https://arxiv.org/abs/1412.6980)). Batch normalization layers usually don't, and neither will yours: the
# course starts both statistics at 0, as cs231n does, and waits.

# %% [markdown]
# ## Which variance to keep
#
# In notebook 01 the layer divided by N, because it wants *these* N numbers to have the mean square 1. Now the
# question is another one: how large is the variance of all the data, of which the batch is a sample? Let the
# batches be small, and average many of them. Three candidates: the variance with N, the variance with N - 1, and
# the square of the averaged standard deviation. The last one is in the running because an answer below Kratzert's
# post says that the running mean and *std* belong to a pretrained network. Which comes closest to the variance of
# all images?

# %%
pixel = images[:, 20]
sizes = [2, 4, 8, 32]
drawn = [pixel[rng.integers(len(pixel), size=(20_000, n))] for n in sizes]
table(
    batch_size=sizes,
    with_N=[batches.var(axis=1).mean() for batches in drawn],
    with_N_minus_1=[batches.var(axis=1, ddof=1).mean() for batches in drawn],
    averaged_std_squared=[batches.std(axis=1).mean() ** 2 for batches in drawn],
    all_images=[pixel.var()] * 4,
)

# %% [markdown]
# With N - 1 the average is right for every batch size. With N it is too small by the factor (N - 1)/N, a half for
# batches of 2. The averaged standard deviation is too small in another way, and no factor mends it for all data.
# What should be averaged is the variance.
#
# The paper therefore uses N - 1 in test mode. PyTorch normalises with N in training and *stores* N - 1. The
# assignment of cs231n stores what it normalised with, N, and so does this course. For batches of 100 that is a
# difference of one per cent of the variance. For batches of 2 it is not small, as the table shows.

# %% [markdown]
# ## Two modes
#
# Now the layer with all of it. Its interface is that of cs231n: what belongs to the layer, but isn't a parameter
# that is trained by gradients, travels in a dictionary `bn_param`.
#
# | key | what it is | if it is missing |
# |---|---|---|
# | `mode` | `"train"` or `"test"` | it has to be there |
# | `eps` | what is added under the root | 1e-5 |
# | `momentum` | the weight of the old statistics | 0.9 |
# | `running_mean` | (D,) | zeros |
# | `running_var` | (D,), with N | zeros |
#
# In train mode the layer normalises with the batch's statistics, and puts the updated running ones into the
# dictionary. In test mode it normalises with the running ones and leaves them alone.
#
# ### 7.2 A layer with two modes
#
# Difficulty ●●●○○ · about 7 minutes
#
# Write `batchnorm_forward(x, gamma, beta, bn_param)`. It gives back `out` (N, D) and a `cache`. What is in the
# cache is your choice. A good one is the seven of notebook 01 in train mode, and
# `(xhat, gamma, running_var, eps)` in test mode.
#
# Suppose you updated the statistics in test mode too. What could somebody do to your network who sends it images
# in a certain order?

# %% answer="7.2"
def batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalization of x (N, D), in the mode that bn_param says, with its running statistics."""
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    D = x.shape[1]
    running_mean = bn_param.get("running_mean", np.zeros(D))
    running_var = bn_param.get("running_var", np.zeros(D))

    out, cache = None, None
    ###########################################################################
    # TODO 7.2: In mode "train", normalise with the batch's mean and variance #
    # (N, eps inside the root), and write both running statistics back into   #
    # bn_param. In mode "test", normalise with the running statistics and     #
    # leave them alone. Scale by gamma, shift by beta, in both. Keep in cache #
    # what a backward pass needs. For another mode, raise a ValueError.       #
    ###########################################################################
    ### BEGIN SOLUTION
    if mode == "train":
        mu = np.mean(x, axis=0)
        xmu = x - mu
        var = np.mean(xmu**2, axis=0)
        sqrtvar = np.sqrt(var + eps)
        ivar = 1.0 / sqrtvar
        xhat = xmu * ivar
        cache = (xhat, gamma, xmu, ivar, sqrtvar, var, eps)
        bn_param["running_mean"] = update_running(running_mean, mu, momentum)
        bn_param["running_var"] = update_running(running_var, var, momentum)
    elif mode == "test":
        xhat = (x - running_mean) / np.sqrt(running_var + eps)
        cache = (xhat, gamma, running_var, eps)
    else:
        raise ValueError(f"mode is {mode!r}; it should be 'train' or 'test'")
    out = gamma * xhat + beta
    ### END SOLUTION
    return out, cache

# %% [markdown]
# The check makes single calls in both modes, and several in a row with one and the same dictionary.

# %% check="7.2"
check("7.2")
### BEGIN HIDDEN TESTS
_param = {"mode": "train", "momentum": 0.5, "eps": 0.0}
batchnorm_forward(np.array([[0.0], [2.0]]), np.ones(1), np.zeros(1), _param)
batchnorm_forward(np.array([[0.0], [4.0]]), np.ones(1), np.zeros(1), _param)
assert np.allclose(_param["running_mean"], 1.25)
assert np.allclose(_param["running_var"], 2.25)
_out, _ = batchnorm_forward(np.array([[2.75]]), np.array([2.0]), np.array([1.0]), {**_param, "mode": "test"})
assert np.allclose(_out, 3.0)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Compare with your answer to the question</summary>
#
# Send it many images of one kind, and its statistics become those of that kind. The next person's image is then
# normalised as if it were one of them. An answer in test mode must not depend on who asked before.
# </details>

# %% [markdown]
# ### Beside PyTorch
#
# Is this the layer that everybody uses? The next cell runs PyTorch's `BatchNorm1d` on two training batches and
# then, in `eval` mode, on a third. Where PyTorch is not installed, it takes the stored results of just this run.
# Read the three lines that set the layer up: which number looks wrong, and isn't?

# %%
from bnlib.data import pytorch_batchnorm

numbers = pytorch_batchnorm()
try:
    import torch
except ImportError:
    source = "stored numbers"
else:
    layer = torch.nn.BatchNorm1d(3, eps=1e-5, momentum=0.1, dtype=torch.float64)
    layer.weight.data = torch.tensor(numbers["gamma"])
    layer.bias.data = torch.tensor(numbers["beta"])
    for name in ("first", "second"):
        numbers[f"out_{name}"] = layer(torch.tensor(numbers[name])).detach().numpy()
        numbers[f"running_mean_{name}"] = layer.running_mean.numpy().copy()
        numbers[f"running_var_{name}"] = layer.running_var.numpy().copy()
    layer.eval()
    numbers["out_test"] = layer(torch.tensor(numbers["unseen"])).detach().numpy()
    numbers["version"] = torch.__version__.split("+")[0]
    source = "run here"
print(f"PyTorch {numbers['version']}, {source}")

# %% [markdown]
# Now the same three calls with the interface of cs231n, with your function where it has passed its check and with
# the course's otherwise. The dictionary starts with a running variance of 1, as PyTorch does. Which of the five
# rows will not agree?

# %%
def beside_pytorch(forward):
    gamma, beta = numbers["gamma"], numbers["beta"]
    param = {"mode": "train", "eps": 1e-5, "momentum": 0.9, "running_var": np.ones(3)}
    first, _ = forward(numbers["first"], gamma, beta, param)
    second, _ = forward(numbers["second"], gamma, beta, param)
    theirs = {"running_mean": numbers["running_mean_second"], "running_var": numbers["running_var_second"]}
    unseen, _ = forward(numbers["unseen"], gamma, beta, {**param, **theirs, "mode": "test"})
    compared = {
        "out, first batch": (first, numbers["out_first"]),
        "out, second batch": (second, numbers["out_second"]),
        "running mean": (param["running_mean"], numbers["running_mean_second"]),
        "running variance": (param["running_var"], numbers["running_var_second"]),
        "out in test mode, with PyTorch's statistics": (unseen, numbers["out_test"]),
    }
    return table(
        compared=list(compared), largest_difference=[np.max(np.abs(a - b)) for a, b in compared.values()]
    )


beside_pytorch(batchnorm_forward if judge("7.2", globals()).passed else norms.batchnorm_forward)

# %% [markdown]
# Four rows agree to rounding. The running variance doesn't, because PyTorch stores N - 1. The first batch had 6
# rows and the second 5. Put the factors 6/5 and 5/4 where they belong, and it agrees too.

# %%
corrected = np.ones(3)
for name in ("first", "second"):
    n = len(numbers[name])
    corrected = 0.9 * corrected + 0.1 * numbers[name].var(axis=0) * n / (n - 1)
print("difference of the running variance:", np.max(np.abs(corrected - numbers["running_var_second"])))

# %% [markdown]
# When you carry a layer from one library to another, three things have to be asked, then: which weight is called
# momentum, which variance is stored, and which `eps`, since that isn't stored with the weights at all.

# %% [markdown]
# ## Two ways back
#
# In train mode `x` reaches `out` by four ways, three of them through the mean or the variance. How many are there
# in test mode?

# %%
def test_mode(x, gamma, beta, running_mean, running_var, eps):
    xmu = x - running_mean
    ivar = 1.0 / np.sqrt(running_var + eps)
    xhat = xmu * ivar
    gammax = gamma * xhat
    out = gammax + beta
    return out


x = np.array([[1.0, 10.0, 0.1], [2.0, 14.0, 0.3], [3.0, 12.0, 0.2], [4.0, 18.0, 0.3], [5.0, 16.0, 0.6]])
gamma, beta = np.array([1.5, -2.0, 0.5]), np.array([0.0, 1.0, -1.0])
constants = {"running_mean": np.array([2.0, 15.0, 0.2]), "running_var": np.array([1.0, 4.0, 0.1]), "eps": 1e-5}

graph = trace(test_mode, x, gamma, beta, **constants)
draw(graph, backward=True, dims={"N": 5, "D": 3})

# %% [markdown]
# One. The statistics came from somewhere else, and this `x` can't move them. That a gradient treats the
# statistics as constants is a mistake in train mode, one that [notebook 08](08_does_it_matter.ipynb) has a
# learning curve of. In test mode it is the truth.
#
# Who needs a backward pass in test mode? Whoever asks which pixels a finished network looks at, whoever looks for
# the smallest change that deceives it, and whoever trains a pretrained network further while its statistics stay
# frozen.
#
# ### 7.3 Back through the test mode
#
# Difficulty ●●○○○ · about 4 minutes
#
# Write `batchnorm_backward_test(dout, cache)`. The cache is `(xhat, gamma, running_var, eps)`. It gives back `dx`
# (N, D), `dgamma` (D,) and `dbeta` (D,).
#
# Which of the three are the same formulas as in train mode? And will the columns of `dx` still sum to 0?

# %% answer="7.3"
def batchnorm_backward_test(dout, cache):
    """Carry dout (N, D) back through a call in test mode."""
    xhat, gamma, running_var, eps = cache
    dx, dgamma, dbeta = None, None, None
    ###########################################################################
    # TODO 7.3: Find the three gradients, with the statistics as constants.   #
    # Store them in dx, of shape (N, D), and in dgamma and dbeta, of shape    #
    # (D,).                                                                   #
    ###########################################################################
    ### BEGIN SOLUTION
    dx = dout * gamma / np.sqrt(running_var + eps)
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown]
# `dgamma` and `dbeta` don't care where `xhat` came from.

# %% check="7.3"
check("7.3")
### BEGIN HIDDEN TESTS
_dx, _dgamma, _dbeta = batchnorm_backward_test(
    np.array([[1.0], [3.0]]), (np.array([[1.0], [-1.0]]), np.array([2.0]), np.array([3.0]), 1.0)
)
assert np.allclose(_dx, [[1.0], [3.0]])
assert np.allclose(_dgamma, -2.0)
assert np.allclose(_dbeta, 4.0)
### END HIDDEN TESTS

# %% [markdown]
# What if somebody uses the train mode's backward pass here? The table holds both against centred differences of
# the layer in test mode. The last two columns are the sum of the first column of `dx`.

# %%
from bnlib.gradcheck import numeric_gradient

dout = np.random.default_rng(1).normal(size=x.shape)
param = {"mode": "test", **constants}
measured = numeric_gradient(lambda moved: norms.batchnorm_forward(moved, gamma, beta, dict(param))[0], x, dout)

_, test_cache = norms.batchnorm_forward(x, gamma, beta, dict(param))
_, train_cache = norms.batchnorm_forward(x, gamma, beta, {"mode": "train"})
found = {
    "of test mode": norms.batchnorm_backward(dout, test_cache)[0],
    "of train mode": norms.batchnorm_backward(dout, train_cache)[0],
}
table(
    backward_pass=list(found),
    largest_difference=[np.max(np.abs(dx - measured)) for dx in found.values()],
    largest_entry_measured=[np.max(np.abs(measured))] * 2,
    sum_of_a_column=[dx[:, 0].sum() for dx in found.values()],
    sum_measured=[measured[:, 0].sum()] * 2,
)

# %% [markdown]
# The columns no longer sum to 0, and they shouldn't. In train mode, shifting a whole column changes nothing,
# since the mean takes the shift off again. In test mode the running mean stays where it is, so a shift goes
# straight through.
#
# PyTorch's own gradients, stored with the other numbers, say the same in both modes.

# %%
frozen = {"running_mean": numbers["running_mean_second"], "running_var": numbers["running_var_second"]}
differences = {}
for mode in ("train", "test"):
    _, cache = norms.batchnorm_forward(numbers["unseen"], numbers["gamma"], numbers["beta"], {"mode": mode, **frozen})
    found = norms.batchnorm_backward(numbers["dout"], cache)
    for name, array in zip(("dx", "dgamma", "dbeta"), found, strict=True):
        differences[f"{name} in {mode} mode"] = np.max(np.abs(array - numbers[f"{name}_{mode}"]))
table(gradient=list(differences), difference_from_PyTorch=list(differences.values()))

# %% [markdown]
# ## What a pretrained network must carry
#
# Below Kratzert's post a reader asked two questions that are worth an experiment each. How does one test a
# network with batch normalization when the training data are not available? And what if `gamma` and `beta` are
# unknown?
#
# Here is a small network to lose things from: linear, batch normalization, ReLU, linear, trained on 1,200 of the
# digits and tested on the other 597. `gamma` starts from random numbers of both signs, so that it becomes a
# vector with something in it. The loss is a plain function, and the graph that bnlib traces of it knows the way back; in
# [notebook 08](08_does_it_matter.ipynb) you write that yourself.

# %%
from bnlib.exercises.does_it_matter import sgd_update as one_step  # you write it in notebook 08

rng = np.random.default_rng(1)
order = rng.permutation(len(images))
seen, seen_labels = images[order[:1200]], labels[order[:1200]]
unseen, unseen_labels = images[order[1200:]], labels[order[1200:]]
HIDDEN = 32


def loss(W1, gamma, beta, W2, x, y, statistics):
    """The mean cross-entropy; the statistics are the batch's where None are given."""
    z = x @ W1
    mean, var = (np.mean(z, axis=0), np.var(z, axis=0)) if statistics is None else statistics
    xhat = (z - mean) / np.sqrt(var + 1e-5)
    scores = np.maximum(gamma * xhat + beta, 0) @ W2
    logp = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    loss = -np.sum(np.eye(10)[y] * logp) / len(y)
    return loss


def gradients(net, x, y, statistics=None):
    """By name, from the graph of the loss."""
    names = ("W1", "gamma", "beta", "W2")
    grads = trace(loss, *(net[name] for name in names), x=x, y=y, statistics=statistics).backward()
    return {name: grads[name] for name in names}


def scores(net, x, param):
    h, _ = norms.batchnorm_forward(x @ net["W1"], net["gamma"], net["beta"], param)
    return np.maximum(h, 0) @ net["W2"]


def train(net, bn):
    for _ in range(10):
        for rows in np.array_split(rng.permutation(len(seen)), 37):
            scores(net, seen[rows], bn)  # writes the running statistics
            net = one_step(net, gradients(net, seen[rows], seen_labels[rows]), 0.3)
    return net


def accuracy(net, bn, x=unseen, y=unseen_labels):
    return np.mean(scores(net, x, {**bn, "mode": "test"}).argmax(axis=1) == y)


start = {"W1": 0.05 * rng.normal(size=(64, HIDDEN)), "W2": 0.2 * rng.normal(size=(HIDDEN, 10))}
bn = {"mode": "train"}
net = train({**start, "gamma": rng.normal(size=HIDDEN), "beta": np.zeros(HIDDEN)}, bn)
print(f"right on {accuracy(net, bn):.1%} of the images that it has not seen")
print(f"gamma from {net['gamma'].min():.1f} to {net['gamma'].max():.1f}, {np.sum(net['gamma'] < 0)} of 32 negative")

# %% [markdown]
# ### The statistics are lost
#
# Suppose the file that you downloaded holds `W1`, `W2`, `gamma` and `beta`, and no statistics. You have no
# training data, but you do have some images without labels. The statistics are means and variances of `x @ W1`,
# so you can take them anew. How many images do you need? Guess before you run the cell. The first row takes what
# PyTorch starts from, a mean of 0 and a variance of 1.

# %%
def measured_on(x, net=net):
    z = x @ net["W1"]
    return {"running_mean": z.mean(axis=0), "running_var": z.var(axis=0)}


def several(n):
    return [accuracy(net, measured_on(seen[rng.choice(len(seen), n, replace=False)])) for _ in range(20)]


rows = {"none: mean 0, variance 1": [accuracy(net, {"running_var": np.ones(HIDDEN)})]}
rows |= {f"{n} images": several(n) for n in (2, 4, 8, 16, 32, 128)}
rows["120 images of threes"] = [accuracy(net, measured_on(seen[seen_labels == 3][:120]))]
rows["the running ones, for comparison"] = [accuracy(net, bn)]
table(
    statistics_from=list(rows),
    mean_accuracy=[f"{np.mean(a):.1%}" for a in rows.values()],
    worst_of_the_draws=[f"{min(a):.1%}" for a in rows.values()],
)

# %% [markdown]
# A few dozen unlabelled images bring nearly everything back. With 2 or 4 you do worse than with none at all: such a
# small sample says more about itself than about digits. What they are matters more than how many: 120 images
# of threes are worse than 16 of all kinds, since they describe threes. The images have to be drawn as the
# training data were.
#
# The same works where nothing was lost and the world has changed. Print every digit with half the ink:

# %%
pale = 0.5 * unseen
print(f"pale images, old statistics: {accuracy(net, bn, pale):.1%}")
print(f"pale images, statistics of pale images: {accuracy(net, measured_on(pale), pale):.1%}")

# %% [markdown]
# ### gamma and beta are lost too
#
# Now only `W1` and `W2` are left. The statistics can be taken from data as before. What about `gamma` and `beta`?
# The obvious guess is 1 and 0. And would it help to know the training data's inputs, all of them?

# %%
guess = {**net, "gamma": np.ones(HIDDEN), "beta": np.zeros(HIDDEN)}
print(f"gamma 1 and beta 0: {accuracy(guess, bn):.1%}, with statistics of the training data")

# %% [markdown]
# No input tells what `gamma` was. It is no more a property of the data than `W2` is. It was learned, and any
# `gamma` and `beta` whatever fit the inputs equally well. So for the reader's second question the answer is no,
# from inputs alone.
#
# But two things can be done. With some *labelled* images `gamma` and `beta` can be learned again, everything else
# held fixed, in test mode, where the statistics are constants. That is 64 numbers to learn. How far do you get?

# %%
def learned_again(n):
    rows = rng.choice(len(seen), n, replace=False)
    again, frozen = dict(guess), (bn["running_mean"], bn["running_var"])
    for _ in range(300):
        grads = gradients(again, seen[rows], seen_labels[rows], frozen)
        again |= one_step({name: again[name] for name in ("gamma", "beta")}, grads, 0.3)
    return again


relearned = {n: learned_again(n) for n in (20, 50, 100, 200)}
negative = net["gamma"] < 0
table(
    labelled_images=list(relearned),
    accuracy=[f"{accuracy(again, bn):.1%}" for again in relearned.values()],
    negative_entries_found_again=[f"{np.sum(r['gamma'][negative] < 0)} of {negative.sum()}" for r in relearned.values()],
)

# %% [markdown]
# Most of the way, and not to where it was. One reason stands in the last column: the entries of `gamma` that were
# negative have not found their sign again. These 64 numbers are another solution that descent could reach from 1
# and 0, and not the one that was lost. A unit whose `gamma` has the wrong sign lets through what it used to
# block.
#
# The other way needs somebody who still has the network running, and tells you what the layer makes of two
# inputs. In test mode each column of the layer is a straight line, `out = a * z + c`, and two points fix a line.

# %%
z = seen[:2] @ net["W1"]
answer, _ = norms.batchnorm_forward(z, net["gamma"], net["beta"], {**bn, "mode": "test"})
a = (answer[1] - answer[0]) / (z[1] - z[0])
c = answer[0] - a * z[0]

z_new = unseen @ net["W1"]
answer, _ = norms.batchnorm_forward(z_new, net["gamma"], net["beta"], {**bn, "mode": "test"})
print(f"largest difference on 597 new images: {np.max(np.abs(a * z_new + c - answer)):.1e}")

# %% [markdown]
# That is the whole layer, from two inputs and their outputs. Are `gamma`, `beta` and the two statistics
# recovered, then? Count: there are four numbers for each feature, and a line has two,
# $a = \gamma/\sqrt{\mathit{var} + \varepsilon}$ and $c = \beta - a\,\mathit{mean}$. Double `gamma` and quadruple
# `var + eps`, and nothing that leaves the layer changes. With the statistics taken from data you get `gamma` and
# `beta` as well. Without them you don't, and in test mode you don't need them.
#
# So this is the list. A pretrained network has to carry `gamma`, `beta`, `running_mean`, `running_var` and `eps`.
# The first two are parameters like the weights: trained by gradients and the learning rate, batch by batch, and
# never reset to 1 and 0 between epochs, as the same reader wondered. The running statistics are not. No gradient
# ever reaches them.

# %% [markdown]
# ## A repair
#
# The second answer to a question on Cross Validated about this layer
# ([2018](https://stats.stackexchange.com/questions/328242)) ends with a solution to cs231n's assignment that was
# broken off. The function below is the course's own, with the same six faults. Read it with the nine steps in
# mind, and note what you find before you go on.

# %%
def handed_in(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    rows, columns = x.shape
    kept_mean = bn_param.get("running_mean", np.zeros(columns))
    kept_var = bn_param.get("running_var", np.zeros(columns))

    out, cache = None, None
    if mode == "train":
        batch_mean = x.sum(axis=0) / rows
        deviation = x - column_mean
        batch_var = (deviations**2).sum() / rows
        scaled = deviation - np.sqrt(batch_var + eps)
        kept_mean = momentum * kept_mean + (1 - momentum) * batch_mean
        kept_var = momentum * kept_var + (1 - momentum) * batch_var
        out = gamma * scaled + beta
    elif mode == "test":
        pass

    bn_param["running_mean"], bn_param["running_var"] = kept_mean, kept_var
    return out, cache


try:
    handed_in(x, gamma, beta, {"mode": "train"})
except NameError as error:
    print("NameError:", error)

# %% [markdown]
# Python finds one fault at a time, and only those that keep it from going on. Give it the two names that it would
# ask for, and it falls silent. What is left has to be found by looking at what comes out. Here the two names are
# lent to it. Which two numbers in each column give the remaining faults of the training branch away?

# %%
column_mean = x.mean(axis=0)
deviations = x - column_mean
param = {"mode": "train"}
out, cache = handed_in(x, np.ones(3), np.zeros(3), param)
del column_mean, deviations

table(
    column=range(3),
    mean_of_out=out.mean(axis=0),
    standard_deviation_of_out=out.std(axis=0),
    standard_deviation_of_x=x.std(axis=0),
    running_var=param["running_var"],
    a_tenth_of_the_variance=0.1 * x.var(axis=0),
)

# %% [markdown]
# No warning, all shapes as they should be, and everything wrong. The columns have no mean of 0, and each has kept
# the standard deviation that it had: something was subtracted where it should have been divided by. And
# `running_var` has three entries, as it should, all the same. A single number was broadcast into it.
#
# ### 7.4 The repair
#
# Difficulty ●●●○○ · about 5 minutes
#
# Write `repaired(x, gamma, beta, bn_param)`, the function above in working order, in both modes. You may start by
# pasting its lines. Two of the six faults are not in any line: what does it give back, and what happens in test
# mode?
#
# Does it matter that `bn_param` is written to after the last branch, in test mode as well?

# %% answer="7.4"
def repaired(x, gamma, beta, bn_param):
    """The layer above, mended: x (N, D) to out (N, D) and a cache, in both modes."""
    out, cache = None, None
    ###########################################################################
    # TODO 7.4: Mend all six faults. In train mode cache has to hold what a   #
    # backward pass needs.                                                    #
    ###########################################################################
    ### BEGIN SOLUTION
    mode = bn_param["mode"]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    rows, columns = x.shape
    kept_mean = bn_param.get("running_mean", np.zeros(columns))
    kept_var = bn_param.get("running_var", np.zeros(columns))

    if mode == "train":
        batch_mean = x.sum(axis=0) / rows
        deviation = x - batch_mean
        batch_var = (deviation**2).sum(axis=0) / rows
        root = np.sqrt(batch_var + eps)
        scaled = deviation / root
        kept_mean = momentum * kept_mean + (1 - momentum) * batch_mean
        kept_var = momentum * kept_var + (1 - momentum) * batch_var
        out = gamma * scaled + beta
        cache = (scaled, gamma, deviation, 1 / root, root, batch_var, eps)
    elif mode == "test":
        scaled = (x - kept_mean) / np.sqrt(kept_var + eps)
        out = gamma * scaled + beta
        cache = (scaled, gamma, kept_var, eps)
    else:
        raise ValueError(f"mode is {mode!r}; it should be 'train' or 'test'")

    bn_param["running_mean"], bn_param["running_var"] = kept_mean, kept_var
    ### END SOLUTION
    return out, cache

# %% [markdown]
# In test mode the two statistics are written back unchanged, which does no harm.

# %% check="7.4"
check("7.4")
### BEGIN HIDDEN TESTS
_param = {"mode": "train", "momentum": 0.5, "eps": 0.0}
_out, _cache = repaired(np.array([[0.0, 1.0], [2.0, 5.0]]), np.array([1.0, 3.0]), np.zeros(2), _param)
assert np.allclose(_out, [[-1.0, -3.0], [1.0, 3.0]])
assert np.allclose(_param["running_var"], [0.5, 2.0])
assert _cache is not None
### END HIDDEN TESTS

# %% [markdown]
# The `x` that was handed out with 5 rows and 3 columns shows all of these faults. A test with a single column
# would have hidden one: there, a sum over everything is a sum over the column.

# %% [markdown]
# ## Fold it away
#
# In test mode each column goes through a straight line. The linear layer before it is made of lines too. So why
# do two things? A network that has been trained can be rid of all its batch normalization layers, and give the
# same answers.
#
# Write one column of both layers as a formula. With $s = \gamma / \sqrt{\mathit{var} + \varepsilon}$,
#
# $$\mathit{out} = s\,(x W + b - \mathit{mean}) + \beta .$$
#
# What stands with $x$ in it, and what stands alone?
#
# ### 7.5 Fold the layer away
#
# Difficulty ●●○○○ · about 4 minutes
#
# Write `fold(W, b, gamma, beta, running_mean, running_var, eps)`. The linear layer is `x @ W + b`, with `W` (M,
# D) and `b` (D,). It gives back the `W` and the `b` of one linear layer that does the work of both.
#
# In training, the bias `b` of a linear layer before batch normalization has no effect at all: the mean takes it
# off. Is the folded `b` as useless?

# %% answer="7.5"
def fold(W, b, gamma, beta, running_mean, running_var, eps):
    """One linear layer for x @ W + b and the batch normalization in test mode behind it."""
    new_W, new_b = None, None
    ###########################################################################
    # TODO 7.5: Compute the weights and biases of the one layer, and store    #
    # them in new_W (M, D) and new_b (D,). Leave W and b as they are: the     #
    # network may be trained further.                                         #
    ###########################################################################
    ### BEGIN SOLUTION
    scale = gamma / np.sqrt(running_var + eps)
    new_W = W * scale
    new_b = (b - running_mean) * scale + beta
    ### END SOLUTION
    return new_W, new_b

# %% [markdown]
# It is not. It now does what the mean and `beta` did.

# %% check="7.5"
check("7.5")
### BEGIN HIDDEN TESTS
_W, _b = fold(np.eye(2), np.array([1.0, 0.0]), np.array([2.0, 3.0]), np.array([0.0, 1.0]), np.array([0.0, 2.0]), np.array([3.0, 0.0]), 1.0)
assert np.allclose(_W, [[1.0, 0.0], [0.0, 3.0]])
assert np.allclose(_b, [1.0, -5.0])
### END HIDDEN TESTS

# %% [markdown]
# The network from before, with its layer and without it; and PyTorch's linear and normalisation layers in `eval`
# mode against one folded layer. PyTorch keeps the weights of a linear layer transposed, as (D, M), so there the
# scale goes to the rows.

# %%
from bnlib.exercises.train_and_test import fold as the_courses


def folded(fold):
    statistics = bn["running_mean"], bn["running_var"], 1e-5
    W, b = fold(net["W1"], np.zeros(HIDDEN), net["gamma"], net["beta"], *statistics)
    short = np.maximum(unseen @ W + b, 0) @ net["W2"]
    whole = scores(net, unseen, {**bn, "mode": "test"})
    print(f"scores of the network: largest difference {np.max(np.abs(short - whole)):.1e}")

    W, b = fold(*(numbers[name] for name in ("W", "b", "gamma", "beta")), *frozen.values(), 1e-5)
    difference = np.max(np.abs(numbers["z"] @ W + b - numbers["out_folded"]))
    print(f"PyTorch {numbers['version']}: largest difference {difference:.1e}")


folded(fold if judge("7.5", globals()).passed else the_courses)

# %% [markdown]
# Nothing but rounding. This is why a finished network often shows no sign of its normalisation layers. It also
# shows what can't be folded: the train mode, where the line itself depends on the batch.

# %% [markdown]
# ### The other way round
#
# Kratzert, unsure what the reader below his post wanted, asks back: does he mean to put the layer into a trained network
# that never had one? And what does he expect to happen? The folded network is such a network. Put a fresh layer into it,
# with the statistics of the training data, `gamma` 1 and `beta` 0. Then think of notebook 01: which `gamma` and `beta`
# would do no harm?

# %%
W, b = the_courses(net["W1"], np.zeros(HIDDEN), net["gamma"], net["beta"], bn["running_mean"], bn["running_var"], 1e-5)
z = seen @ W + b
fresh = {"W1": W, "gamma": np.ones(HIDDEN), "beta": np.zeros(HIDDEN), "W2": net["W2"]}
undone = {**fresh, "gamma": np.sqrt(z.var(axis=0) + 1e-5), "beta": z.mean(axis=0)}
statistics = {"running_mean": z.mean(axis=0) - b, "running_var": z.var(axis=0)}  # of x @ W, which lacks b
answers = (np.maximum(unseen @ W + b, 0) @ net["W2"]).argmax(axis=1)
print(f"folded, with no layer:            {np.mean(answers == unseen_labels):.1%}")
print(f"a fresh layer, gamma 1, beta 0:   {accuracy(fresh, statistics):.1%}")
print(f"gamma the root and beta the mean: {accuracy(undone, statistics):.1%}")

# %% [markdown]
# A fresh layer takes away a scale and a shift that the weights behind it count on. Here that costs little. With the root of the variance and the mean for `gamma` and `beta` the layer does nothing at first, and can
# be trained from there.

# %% [markdown]
# ## What you can do now
#
# You can say what the layer remembers and why, keep its running statistics, and go forward and backward in both
# modes. You know what has to travel with a trained network, what can be measured again if it got lost, and what
# can't.
#
# Three questions to test yourself. Answer before you unfold.
#
# <details><summary>1. A network gets 98 % in training and 20 % in a test after the first 5 batches, and later both agree. What happened?</summary>
#
# Nothing bad. After five batches with momentum 0.9 more than half of the running statistics is still their start.
# Training doesn't use them, the test does.
# </details>
#
# <details><summary>2. Somebody fine-tunes a network in test mode with the train mode's backward pass. The columns of dx sum to 0. Is that reassuring?</summary>
#
# No. In train mode they must. In test mode a shift of a column passes through to <code>out</code>, so the sum is
# that of
# <code>dout</code> times <code>gamma</code> over the root, which is 0 only by chance.
# </details>
#
# <details><summary>3. You fold the layer away and then go on training the folded network. Is that the same as training the old one?</summary>
#
# It gives the same answers at first. Then it is another thing: it has no batch statistics to normalise with, and
# one weight matrix instead of a matrix and a <code>gamma</code>, so the steps of gradient descent differ.
# </details>

# %% [markdown]
# Next: [8 · Does it matter?](08_does_it_matter.ipynb)
