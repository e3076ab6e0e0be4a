"""Functions that the tests of the flow trace: from four numbers to a graph of hundreds of nodes."""

from __future__ import annotations

import linecache
from collections.abc import Callable

import numpy as np

from bnlib import Graph, trace
from bnlib.norms import staged

STEPS = {
    "out": (9, staged.step9),
    "gammax": (8, staged.step8),
    "xhat": (7, staged.step7),
    "ivar": (6, staged.step6),
    "sqrtvar": (5, staged.step5),
    "var": (4, staged.step4),
    "sq": (3, staged.step3),
    "xmu": (2, staged.step2),
    "mu": (1, staged.step1),
    "x": (0, staged.step0),
}


def toy(x, y):
    q = x * y
    f = q + x
    return f


def layernorm(x, gamma, beta, eps):
    mu = x.mean(axis=1, keepdims=True)
    centred = x - mu
    var = np.mean(centred**2, axis=1, keepdims=True)
    std = np.sqrt(var + eps)
    xhat = centred / std
    out = gamma * xhat + beta
    return out


def network(x, W1, gamma, beta, W2, b2, eps):
    h = x @ W1
    mu = np.mean(h, axis=0)
    hmu = h - mu
    var = np.mean(hmu**2, axis=0)
    hhat = hmu / np.sqrt(var + eps)
    a = gamma * hhat + beta
    r = np.maximum(a, 0)
    scores = r @ W2 + b2
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    e = np.exp(shifted)
    total = np.sum(e, axis=1, keepdims=True)
    p = e / total
    loss = -np.mean(np.log(p))
    return loss


def two_layers(x, y, W1, b1, gamma1, beta1, W2, b2, gamma2, beta2, W3, b3, eps):
    offset = np.mean(x, axis=0)
    centred = x - offset
    h1 = centred @ W1
    a1 = h1 + b1
    mu1 = np.mean(a1, axis=0)
    amu1 = a1 - mu1
    sq1 = amu1**2
    var1 = np.mean(sq1, axis=0)
    sqrtvar1 = np.sqrt(var1 + eps)
    ivar1 = 1.0 / sqrtvar1
    ahat1 = amu1 * ivar1
    gammaa1 = gamma1 * ahat1
    out1 = gammaa1 + beta1
    r1 = np.maximum(out1, 0)
    h2 = r1 @ W2
    a2 = h2 + b2
    mu2 = np.mean(a2, axis=0)
    amu2 = a2 - mu2
    sq2 = amu2**2
    var2 = np.mean(sq2, axis=0)
    sqrtvar2 = np.sqrt(var2 + eps)
    ivar2 = 1.0 / sqrtvar2
    ahat2 = amu2 * ivar2
    gammaa2 = gamma2 * ahat2
    out2 = gammaa2 + beta2
    r2 = np.maximum(out2, 0)
    both = r1 + r2
    h3 = both @ W3
    scores = h3 + b3
    top = np.max(scores, axis=1, keepdims=True)
    shifted = scores - top
    e = np.exp(shifted)
    total = np.sum(e, axis=1, keepdims=True)
    logtotal = np.log(total)
    logp = shifted - logtotal
    picked = y * logp
    rows = np.sum(picked, axis=1)
    data = -np.mean(rows)
    W1sq = W1**2
    size1 = np.sum(W1sq)
    W2sq = W2**2
    size2 = np.sum(W2sq)
    W3sq = W3**2
    size3 = np.sum(W3sq)
    sizes = size1 + size2
    weights = sizes + size3
    penalty = 0.01 * weights
    loss = data + penalty
    return loss


def graph_of(name: str, seed: int = 0) -> Graph:
    """One of the graphs by name."""
    rng = np.random.default_rng(seed)

    def some(*shape: int) -> np.ndarray:
        return rng.normal(size=shape)

    if name == "toy":
        return trace(toy, -2.0, 5.0)
    if name == "batchnorm":
        return trace(staged.batchnorm_forward, some(5, 3), some(3), some(3), eps=1e-3)
    if name == "layernorm":
        return trace(layernorm, some(4, 6), some(6), some(6), eps=1e-5)
    if name == "network":
        return trace(network, some(8, 5), some(5, 4), some(4), some(4), some(4, 3), some(3), eps=1e-3)
    if name == "two layers":
        targets = np.eye(3)[rng.integers(0, 3, size=8)]
        layer = [some(4), some(4), some(4)]
        return trace(
            two_layers,
            some(8, 5),
            targets,
            some(5, 4),
            *layer,
            some(4, 4),
            *layer,
            some(4, 3),
            some(3),
            eps=1e-3,
        )
    raise KeyError(name)


def deep(nodes: int, shape: tuple[int, ...] = (64, 32)) -> Graph:
    """A graph of that many nodes, of products, sums and tanh, with ways around each other."""
    lines = ["def deep(x, w, b):", "    h0 = x * w + b"]
    kinds = ("h{a} * h{c}", "h{a} + h{c}", "np.tanh(h{a})", "h{a} - 0.5")
    for i in range(1, nodes - 3):
        lines.append(f"    h{i} = {kinds[i % 4].format(a=i - 1, c=max(0, i - 3))}")
    rng = np.random.default_rng(0)
    function = made("deep", [*lines, f"    return h{nodes - 4}"])
    return trace(function, rng.normal(size=shape), rng.normal(size=shape[-1]), rng.normal(size=shape[-1]))


def made(name: str, lines: list[str]) -> Callable[..., np.ndarray]:
    """A function of that text, whose source can be had as that of a notebook's cell can."""
    file = f"<{name} of {len(lines)} lines>"
    linecache.cache[file] = (0, None, [f"{line}\n" for line in lines], file)
    namespace: dict[str, object] = {"np": np}
    exec(compile("\n".join(lines), file, "exec"), namespace)
    return namespace[name]  # type: ignore[return-value]
