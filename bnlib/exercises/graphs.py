"""The graphs behind the exercises: for a case's arguments, the right computation traced, and what is asked of it.

A diagnosis searches them for what a wrong answer left out. Each function here takes a case's arguments and
gives a `Piece`; an exercise needs one line, such as `graph=graphs.step9`. Where a gradient does not depend on
an input's numbers, zeros of its shape stand for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..diagnose import Piece
from ..graph import trace
from ..norms import staged

Array = NDArray[Any]
Args = tuple[Any, ...]

# What the cache of 1.4 holds, for exercises that get it.
CACHE = ("xhat", "gamma", "xmu", "ivar", "sqrtvar", "var", "eps")
GRADIENTS = {"dx": "x", "dgamma": "gamma", "dbeta": "beta"}


def _piece(
    function: Callable[..., Any],
    inputs: tuple[Any, ...],
    seeds: Mapping[str, Array],
    gradients: Mapping[str, str],
    **constants: Any,
) -> Piece:
    """The function traced on float64 copies of the inputs; N and D are the lengths of the first one's axes."""
    arrays = [np.asarray(array, dtype=np.float64) for array in inputs]
    sizes = {"N": len(arrays[0])} if arrays[0].ndim else {}
    if arrays[0].ndim == 2:
        sizes["D"] = arrays[0].shape[1]
    return Piece(trace(function, *arrays, **constants), seeds, gradients, sizes=sizes)


def forward(function: Callable[..., Any], outputs: tuple[str, ...]) -> Callable[[Args], Piece]:
    """The graph of a forward pass that gets the case's arguments; its results are the outputs, in order."""

    def graph(args: Args) -> Piece:
        names = function.__code__.co_varnames
        constants = {name: value for name, value in zip(names, args, strict=False) if np.ndim(value) == 0}
        arrays = [np.asarray(value, dtype=np.float64) for value in args if np.ndim(value)]
        piece = _piece(function, tuple(arrays), {}, {}, **constants)
        values = dict(zip(outputs, piece.graph.outputs, strict=False))
        return Piece(piece.graph, values=values, sizes=piece.sizes)

    return graph


# Notebooks 00 and 01, with a name for every array.


def _center(x: Array) -> Array:
    mu = np.mean(x, axis=0)
    xmu = x - mu
    return xmu


def _statistics(x: Array) -> tuple[Array, ...]:
    mu = np.mean(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = np.mean(sq, axis=0)
    return mu, xmu, sq, var


def _normalize(xmu: Array, var: Array, eps: float) -> tuple[Array, ...]:
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    return sqrtvar, ivar, xhat


def _scale_shift(xhat: Array, gamma: Array, beta: Array) -> tuple[Array, ...]:
    gammax = gamma * xhat
    out = gammax + beta
    return gammax, out


center = forward(_center, ("xmu",))
statistics = forward(_statistics, ("mu", "xmu", "sq", "var"))
normalize = forward(_normalize, ("sqrtvar", "ivar", "xhat"))
scale_shift = forward(_scale_shift, ("gammax", "out"))
nine_steps = forward(staged.batchnorm_forward, ("out",))


# Notebook 02: one gate at a time.


def add(args: Args) -> Piece:
    """z = x + y."""

    def gate(x: Array, y: Array) -> Array:
        z = x + y
        return z

    dz, x, y = args
    return _piece(gate, (x, y), {"z": dz}, {"dx": "x", "dy": "y"})


def multiply(args: Args) -> Piece:
    """z = x * y."""

    def gate(x: Array, y: Array) -> Array:
        z = x * y
        return z

    dz, x, y = args
    return _piece(gate, (x, y), {"z": dz}, {"dx": "x", "dy": "y"})


def broadcast_add(args: Args) -> Piece:
    """z = x + b."""

    def gate(x: Array, b: Array) -> Array:
        z = x + b
        return z

    dz, x, b = args
    return _piece(gate, (x, b), {"z": dz}, {"dx": "x", "db": "b"})


def mean(args: Args) -> Piece:
    """mu = mean(x), from dmu and x."""

    def gate(x: Array) -> Array:
        mu = np.mean(x, axis=0)
        return mu

    dmu, x = args
    return _piece(gate, (x,), {"mu": dmu}, {"dx": "x"})


def fan_out(args: Args) -> Piece:
    """z = x * (x - mean(x))."""

    def gate(x: Array) -> Array:
        mu = np.mean(x, axis=0)
        xmu = x - mu
        z = x * xmu
        return z

    dz, x = args
    return _piece(gate, (x,), {"z": dz}, {"dx": "x"})


# Notebook 03: one step at a time, then all of them.


def step9(args: Args) -> Piece:
    """out = gammax + beta."""

    def step(gammax: Array, beta: Array) -> Array:
        out = gammax + beta
        return out

    (dout,) = args
    inputs = np.zeros(dout.shape), np.zeros(dout.shape[1:])
    return _piece(step, inputs, {"out": dout}, {"dbeta": "beta", "dgammax": "gammax"})


def step8(args: Args) -> Piece:
    """gammax = gamma * xhat."""

    def step(xhat: Array, gamma: Array) -> Array:
        gammax = gamma * xhat
        return gammax

    dgammax, xhat, gamma = args
    return _piece(step, (xhat, gamma), {"gammax": dgammax}, {"dgamma": "gamma", "dxhat": "xhat"})


def step7(args: Args) -> Piece:
    """xhat = xmu * ivar."""

    def step(xmu: Array, ivar: Array) -> Array:
        xhat = xmu * ivar
        return xhat

    dxhat, xmu, ivar = args
    return _piece(step, (xmu, ivar), {"xhat": dxhat}, {"divar": "ivar", "dxmu1": "xmu"})


def step6(args: Args) -> Piece:
    """ivar = 1 / sqrtvar."""

    def step(sqrtvar: Array) -> Array:
        ivar = 1.0 / sqrtvar
        return ivar

    divar, sqrtvar = args
    piece = _piece(step, (sqrtvar,), {"ivar": divar}, {"dsqrtvar": "sqrtvar"})
    return Piece(piece.graph, piece.seeds, piece.gradients, sizes={"D": len(sqrtvar)})


def step5(args: Args) -> Piece:
    """sqrtvar = sqrt(var + eps)."""

    def step(var: Array, eps: float) -> Array:
        sqrtvar = np.sqrt(var + eps)
        return sqrtvar

    dsqrtvar, var, eps = args
    piece = _piece(step, (var,), {"sqrtvar": dsqrtvar}, {"dvar": "var"}, eps=eps)
    return Piece(piece.graph, piece.seeds, piece.gradients, sizes={"D": len(var)})


def step4(args: Args) -> Piece:
    """var = mean(sq), from dvar and the shape."""

    def step(sq: Array) -> Array:
        var = np.mean(sq, axis=0)
        return var

    dvar, shape = args
    return _piece(step, (np.zeros(shape),), {"var": dvar}, {"dsq": "sq"})


def step3(args: Args) -> Piece:
    """sq = xmu**2."""

    def step(xmu: Array) -> Array:
        sq = xmu**2
        return sq

    dsq, xmu = args
    return _piece(step, (xmu,), {"sq": dsq}, {"dxmu2": "xmu"})


def step2(args: Args) -> Piece:
    """xmu = x - mu, which is used twice."""

    def step(x: Array, mu: Array) -> tuple[Array, Array]:
        xmu = x - mu
        sq = +xmu
        xhat = +xmu
        return sq, xhat

    dxmu1, dxmu2 = args
    inputs = np.zeros(dxmu1.shape), np.zeros(dxmu1.shape[1:])
    return _piece(step, inputs, {"xhat": dxmu1, "sq": dxmu2}, {"dx1": "x", "dmu": "mu"})


def step1(args: Args) -> Piece:
    """mu = mean(x), from dmu and the shape."""

    def step(x: Array) -> Array:
        mu = np.mean(x, axis=0)
        return mu

    dmu, shape = args
    return _piece(step, (np.zeros(shape),), {"mu": dmu}, {"dx2": "x"})


def step0(args: Args) -> Piece:
    """x, which is used twice."""

    def step(x: Array) -> tuple[Array, Array]:
        mu = +x
        xmu = +x
        return mu, xmu

    dx1, dx2 = args
    return _piece(step, (np.zeros(dx1.shape),), {"xmu": dx1, "mu": dx2}, {"dx": "x"})


def layer(args: Args) -> Piece:
    """The nine steps, from dout and the cache of 1.4; whatever further arguments there are don't matter."""
    dout, (_, gamma, xmu, _, _, _, eps) = args[:2]
    # The gradient is the same wherever the columns' means are.
    inputs = xmu, gamma, np.zeros_like(gamma)
    return _piece(staged.batchnorm_forward, inputs, {"out": dout}, GRADIENTS, eps=eps)


def layer_dx(args: Args) -> Piece:
    """The nine steps, of which only dx is asked."""
    piece = layer(args)
    return Piece(piece.graph, piece.seeds, {"dx": "x"}, sizes=piece.sizes)


# Notebooks 05 to 07.


def normalise_var(args: Args) -> Piece:
    """From dxhat to var: steps 7, 6 and 5."""

    def steps(xmu: Array, var: Array) -> Array:
        sqrtvar = np.sqrt(var)
        ivar = 1.0 / sqrtvar
        xhat = xmu * ivar
        return xhat

    dxhat, xmu, ivar = args
    # eps is in var here, where no gradient notices it.
    return _piece(steps, (xmu, 1.0 / ivar**2), {"xhat": dxhat}, {"dvar": "var"})


def normalise_mu(args: Args) -> Piece:
    """From dxhat to mu, straight through xmu."""

    def steps(x: Array, mu: Array, ivar: Array) -> Array:
        xmu = x - mu
        xhat = xmu * ivar
        return xhat

    dxhat, ivar = args
    inputs = np.zeros(dxhat.shape), np.zeros(dxhat.shape[1:]), ivar
    return _piece(steps, inputs, {"xhat": dxhat}, {"dmu": "mu"})


def scale(args: Args) -> Piece:
    """b = gamma * xhat, with the centred xc and sigma; gamma's own value has no part in its gradient."""

    def steps(xc: Array, sigma: Array, gamma: Array) -> Array:
        xhat = xc / sigma
        b = gamma * xhat
        return b

    stub, xc, sigma = args
    return _piece(steps, (xc, sigma, np.ones_like(sigma)), {"b": stub}, {"dgamma": "gamma"})


def features_first(args: Args) -> Piece:
    """The nine steps lying on their side: x (D, N), gamma and beta (D, 1)."""

    def steps(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
        mu = np.mean(x, axis=1, keepdims=True)
        xmu = x - mu
        sq = xmu**2
        var = np.mean(sq, axis=1, keepdims=True)
        sqrtvar = np.sqrt(var + eps)
        ivar = 1.0 / sqrtvar
        xhat = xmu * ivar
        gammax = gamma * xhat
        out = gammax + beta
        return out

    dout, (_, gamma, xmu, _, _, _, eps) = args
    piece = _piece(steps, (xmu, gamma, np.zeros_like(gamma)), {"out": dout}, GRADIENTS, eps=eps)
    d, n = dout.shape
    return Piece(piece.graph, piece.seeds, piece.gradients, sizes={"N": n, "D": d})


def test_mode(args: Args) -> Piece:
    """The layer in test mode, where the statistics are constants."""

    def steps(x: Array, gamma: Array, beta: Array, sqrtvar: Array) -> Array:
        xhat = x / sqrtvar
        gammax = gamma * xhat
        out = gammax + beta
        return out

    dout, (xhat, gamma, running_var, eps) = args
    sqrtvar = np.sqrt(running_var + eps)
    inputs = xhat * sqrtvar, gamma, np.zeros_like(gamma), sqrtvar
    return _piece(steps, inputs, {"out": dout}, GRADIENTS)


# Notebooks 09 and 11: a forward pass and its backward pass as a pair. Without dout, the forward pass alone.


def batch_pair(args: Args) -> Piece:
    """Batch normalization in training."""
    return _pair(staged.batchnorm_forward, args, eps=args[3].get("eps", 1e-5))


def layer_pair(args: Args) -> Piece:
    """Layer normalisation."""

    def layernorm(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
        mu = np.mean(x, axis=1, keepdims=True)
        xmu = x - mu
        var = np.mean(xmu**2, axis=1, keepdims=True)
        ivar = 1.0 / np.sqrt(var + eps)
        xhat = xmu * ivar
        gammax = gamma * xhat
        out = gammax + beta
        return out

    return _pair(layernorm, args, eps=args[3].get("eps", 1e-5))


def spatial_pair(args: Args) -> Piece:
    """Batch normalization of images, each channel over all images and pixels."""

    def spatial(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
        mu = np.mean(x, axis=(0, 2, 3), keepdims=True)
        xmu = x - mu
        var = np.mean(xmu**2, axis=(0, 2, 3), keepdims=True)
        ivar = 1.0 / np.sqrt(var + eps)
        xhat = xmu * ivar
        gammax = gamma.reshape(1, -1, 1, 1) * xhat
        out = gammax + beta.reshape(1, -1, 1, 1)
        return out

    return _pair(spatial, args, eps=args[3].get("eps", 1e-5))


def group_pair(args: Args) -> Piece:
    """Group normalisation of images."""

    def group(x: Array, gamma: Array, beta: Array, G: int, eps: float) -> Array:
        n, c, h, w = x.shape
        groups = x.reshape(n, G, c // G, h, w)
        mu = np.mean(groups, axis=(2, 3, 4), keepdims=True)
        xmu = groups - mu
        var = np.mean(xmu**2, axis=(2, 3, 4), keepdims=True)
        ivar = 1.0 / np.sqrt(var + eps)
        xhat = (xmu * ivar).reshape(n, c, h, w)
        gammax = gamma * xhat
        out = gammax + beta
        return out

    x, gamma, beta, count, options, *dout = args
    return _pair(group, (x, gamma, beta, options, *dout), G=count, eps=options.get("eps", 1e-5))


def rms_pair(args: Args) -> Piece:
    """RMSNorm."""

    def rmsnorm(x: Array, gamma: Array, eps: float) -> Array:
        ms = np.mean(x**2, axis=1, keepdims=True)
        irms = 1.0 / np.sqrt(ms + eps)
        xhat = x * irms
        out = gamma * xhat
        return out

    x, gamma, eps, *dout = args
    return _pair(rmsnorm, (x, gamma, None, None, *dout), eps=eps)


def _pair(function: Callable[..., Any], args: Args, **constants: Any) -> Piece:
    x, gamma, beta, _, *dout = args
    inputs = (x, gamma) if beta is None else (x, gamma, beta)
    gradients = {
        name: node for name, node in GRADIENTS.items() if node in ("x", "gamma", "beta")[: len(inputs)]
    }
    seeds = {"out": dout[0]} if dout else {}
    piece = _piece(function, inputs, seeds, gradients if dout else {}, **constants)
    sizes = dict(piece.sizes)
    if x.ndim == 4:
        n, c, h, w = x.shape
        sizes = {"N": n, "C": c, "N*H*W": n * h * w}
    return Piece(piece.graph, piece.seeds, piece.gradients, values={"out": "out"}, sizes=sizes)
