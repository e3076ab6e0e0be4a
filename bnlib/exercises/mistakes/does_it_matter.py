"""What goes wrong in notebook 08: a step of a network with the layer in it. The step downhill is in `descent`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .descent import Array, Params, descend, mistake, set_back
from .layers import Rows, add
from .one_step import constants, ignored, loss_after, means, network_step, overflowing, relu_of, softmax

NETWORK: Rows = (
    (
        "layer-ignored",
        {"way_back": ignored},
        "Going backward, the gradient passes the normalisation as if it weren't there. What does the "
        "layer do to a step in `z`?",
    ),
    (
        "statistics-constant",
        {"way_back": constants},
        "The layer's way back takes the batch's mean and variance for constants. Does `W1` move them?",
    ),
    (
        "layer-left-out",
        {"skip": True},
        "The loss is that of a network without batch normalization. Which of the five layers got skipped, "
        "and what does the ReLU get?",
    ),
    (
        "relu-missing",
        {"relu": lambda a: a, "gate": np.ones_like},
        "There is no ReLU in your network, forward or backward. What can two linear layers do that one "
        "can't?",
    ),
    (
        "relu-missing",
        {"relu": lambda a: a},
        "Forward, the output of the layer goes on unclipped; backward it is masked. Which way did the "
        "loss go?",
    ),
    (
        "relu-ignored",
        {"gate": np.ones_like},
        "The ReLU is passed going forward and not going backward. What may a unit that was cut off to 0 "
        "send back?",
    ),
    (
        "relu-reversed",
        {"gate": lambda a: a <= 0},
        "The ReLU lets the gradient through where it let nothing through before. Which units had a part "
        "in the loss?",
    ),
    (
        "value-for-slope",
        {"gate": relu_of},
        "The gradient is multiplied by the ReLU's output. What is its slope where it is open?",
    ),
    (
        "outputs-swapped",
        {"change": lambda g, s: {**g, "gamma": g["beta"], "beta": g["gamma"]}},
        "`gamma` moves by the gradient of `beta`, and `beta` by that of `gamma`. In which order does the "
        "layer's backward function return them?",
    ),
    (
        "one-over-n-lost",
        {"per_row": lambda n: 1.0},
        "All gradients are too large by the number of rows: they are those of a sum. What does `loss` "
        "average over?",
    ),
    (
        "one-over-n-twice",
        {"per_row": lambda n: 1 / n**2},
        "The gradients have been divided by the number of rows twice. Who divides by it already?",
    ),
    (
        "one-over-n-lost",
        {"loss_of": np.sum},
        "The step is right and the loss is a sum over the batch. Which loss belongs to these gradients?",
    ),
    (
        "sign-lost",
        {"loss_of": lambda logp: -np.mean(logp)},
        "The loss comes out negative. Is the logarithm of a probability above 0 or below it?",
    ),
    (
        "target-not-subtracted",
        {"picked": 0.0},
        "The gradient of the scores is the probabilities themselves. What about the class that was right?",
    ),
    (
        "eps-outside-root",
        {"root": "eps outside"},
        "Your layer has `eps` outside the root. What does the one that is given above divide by?",
    ),
    ("eps-forgotten", {"root": "no eps"}, "Your layer works without `eps`. What does `bn_param` hold?"),
    (
        "hard-coded",
        {"root": "own eps"},
        "The layer's `eps` is 1e-5 here, whatever `bn_param` says. Which dictionary did you hand to it?",
    ),
    (
        "sign-lost",
        {"update": lambda params, grads, lr: descend(params, grads, -lr)},
        "The step goes uphill, in every parameter. What does `sgd_update` do with a gradient?",
    ),
    (
        "learning-rate-missing",
        {"update": lambda params, grads, lr: descend(params, grads, 1.0)},
        "The step takes the gradients whole. Which argument isn't used?",
    ),
    (
        "step-not-taken",
        {"update": lambda params, grads, lr: {**params}},
        "The parameters that come back are those that went in. What does `sgd_update` return, and where "
        "does it go?",
    ),
    (
        "parameters-frozen",
        {"update": lambda params, grads, lr: descend(params, grads, lr, rate_of_norm=lambda lr: 0.0)},
        "`gamma` and `beta` stay as they are. Which of the five gradients reach `sgd_update`?",
    ),
    (
        "parameters-reset",
        {"update": set_back},
        "After the step `gamma` is 1 and `beta` is 0 again. What have they learned from this batch?",
    ),
    (
        "mean-for-sum",
        {"way_back": means},
        "`gamma` and `beta` move by means over the batch where sums are due. The loss has its 1/N "
        "already: where does the second one come from?",
    ),
    (
        "mean-for-sum",
        {"change": lambda g, s: {**g, "b2": s["d"].mean(axis=0)}},
        "`b2` moves by a mean over the rows. What does going back through a broadcast do?",
    ),
    (
        "updated-too-early",
        {"early": True},
        "`W2` was moved before the gradient went back through it. With which `W2` was the loss made?",
    ),
    (
        "relu-ignored",
        {"change": lambda g, s: {**g, "W2": s["a"].T @ s["d"]}},
        "The gradient of `W2` uses what stood before the ReLU. What was multiplied by `W2`?",
    ),
)
add(mistake, "8.2", NETWORK, network_step)
mistake.add(
    "8.2",
    "loss-after-step",
    "The loss is that of the new parameters. On which of the two was the gradient taken?",
    loss_after,
)


@mistake(
    "8.2",
    "not-finite",
    "Where a score is large its exponential has no room in a number, and the softmax is inf by inf. What "
    "can be taken off all the scores of a row without changing their softmax?",
)
def _(params: Params, X: Array, y: Any, lr: float, bn_param: dict[str, Any]) -> tuple[Any, Any]:
    return network_step(params, X, y, lr, bn_param, logarithm=overflowing)


@mistake(
    "8.2",
    "running-in-train",
    "The layer is in test mode while you train: it normalises with running statistics, which are still 0. "
    "What does `bn_param` say about the mode?",
)
def _(params: Params, X: Array, y: Any, lr: float, bn_param: dict[str, Any]) -> tuple[Any, Any]:
    rows, ivar = np.arange(len(y)), 1 / np.sqrt(bn_param["eps"])
    xhat = X @ params["W1"] * ivar
    a = params["gamma"] * xhat + params["beta"]
    h = relu_of(a)
    logp = softmax(h @ params["W2"] + params["b2"])
    d = np.exp(logp)
    d[rows, y] -= 1
    d /= len(y)
    da = d @ params["W2"].T * (a > 0)
    grads = {"W1": X.T @ (da * params["gamma"] * ivar), "gamma": np.sum(da * xhat, axis=0)}
    grads |= {"beta": np.sum(da, axis=0), "W2": h.T @ d, "b2": np.sum(d, axis=0)}
    return descend(params, grads, lr), -np.mean(logp[rows, y])
