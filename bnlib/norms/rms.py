"""RMSNorm: B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization" (2019), https://arxiv.org/abs/1910.07467.

Layer normalisation without the mean: each row is divided by its root mean square, and there is no beta.
"""

from __future__ import annotations

import numpy as np

from .core import EPS, Array, batch, parameter, upstream

Cache = tuple[Array, Array, Array]


def rmsnorm_forward(x: Array, gamma: Array, eps: float = EPS) -> tuple[Array, Cache]:
    """Divide each row of x (N, D) by its root mean square, then scale by gamma (D,).

    Returns out (N, D) and the cache (xhat, gamma, irms), irms (N, 1). Raises ValueError for shapes that don't
    fit.
    """
    x = batch(x, "(N, D)")
    gamma = parameter("gamma", gamma, x, x.shape[1:])
    irms = 1.0 / np.sqrt(np.mean(x**2, axis=1, keepdims=True) + float(eps))
    xhat = x * irms
    return gamma * xhat, (xhat, gamma, irms)


def rmsnorm_backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """Carry dout (N, D) back. Returns dx (N, D) and dgamma (D,).

    Along a row the Jacobian is irms * (I - xhat xhat'/D): layer normalisation's without the mean's path.
    """
    xhat, gamma, irms = cache
    dout = upstream(dout, xhat.shape)
    dxhat = dout * gamma
    dx = irms * (dxhat - xhat * np.mean(dxhat * xhat, axis=1, keepdims=True))
    return dx, np.sum(dout * xhat, axis=0)
