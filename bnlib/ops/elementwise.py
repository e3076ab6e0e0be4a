"""Operations on each entry by itself; operands are broadcast, which `unbroadcast` undoes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .rule import rule

rule(np.add, "{0} + {1}", ("{dz}", lambda dz, z, x, y: dz), ("{dz}", lambda dz, z, x, y: dz))
rule(np.subtract, "{0} - {1}", ("{dz}", lambda dz, z, x, y: dz), ("-{dz}", lambda dz, z, x, y: -dz))
rule(
    np.multiply,
    "{0} * {1}",
    ("{dz} * {1}", lambda dz, z, x, y: dz * y),
    ("{dz} * {0}", lambda dz, z, x, y: dz * x),
)
rule(
    np.divide,
    "{0} / {1}",
    ("{dz} / {1}", lambda dz, z, x, y: dz / y),
    ("-{dz} * {0} / {1}**2", lambda dz, z, x, y: -dz * x / y**2),
)
rule(
    np.power,
    "{0}**{1}",
    ("{dz} * {1} * {0}**({1} - 1)", lambda dz, z, x, y: dz * y * np.power(x, _down(y))),
    ("{dz} * {z} * log({0})", lambda dz, z, x, y: dz * z * np.log(x)),
)
rule(np.negative, "-{0}", ("-{dz}", lambda dz, z, x: -dz))
rule(np.positive, "+{0}", ("{dz}", lambda dz, z, x: dz))
rule(np.square, "square({0})", ("{dz} * 2 * {0}", lambda dz, z, x: dz * 2 * x))
rule(np.sqrt, "sqrt({0})", ("{dz} / (2 * {z})", lambda dz, z, x: dz / (2 * z)))
rule(np.reciprocal, "1 / {0}", ("-{dz} * {z}**2", lambda dz, z, x: -dz * z**2))
rule(np.exp, "exp({0})", ("{dz} * {z}", lambda dz, z, x: dz * z))
rule(np.expm1, "expm1({0})", ("{dz} * ({z} + 1)", lambda dz, z, x: dz * (z + 1)))
rule(np.log, "log({0})", ("{dz} / {0}", lambda dz, z, x: dz / x))
rule(np.log1p, "log1p({0})", ("{dz} / (1 + {0})", lambda dz, z, x: dz / (1 + x)))
rule(np.tanh, "tanh({0})", ("{dz} * (1 - {z}**2)", lambda dz, z, x: dz * (1 - z**2)))
rule(np.sin, "sin({0})", ("{dz} * cos({0})", lambda dz, z, x: dz * np.cos(x)))
rule(np.cos, "cos({0})", ("-{dz} * sin({0})", lambda dz, z, x: -dz * np.sin(x)))
rule(np.absolute, "abs({0})", ("{dz} * sign({0})", lambda dz, z, x: dz * np.sign(x)), name="abs")
# Where both operands are the largest the gradient is halved between them, as PyTorch and autograd do.
rule(
    np.maximum,
    "maximum({0}, {1})",
    ("{dz} * ({0} > {1})", lambda dz, z, x, y: dz * _share(x, y, z)),
    ("{dz} * ({1} > {0})", lambda dz, z, x, y: dz * _share(y, x, z)),
)
rule(
    np.minimum,
    "minimum({0}, {1})",
    ("{dz} * ({0} < {1})", lambda dz, z, x, y: dz * _share(x, y, z)),
    ("{dz} * ({1} < {0})", lambda dz, z, x, y: dz * _share(y, x, z)),
)
rule(
    np.where,
    "where({0}, {1}, {2})",
    None,
    ("where({0}, {dz}, 0)", lambda dz, z, c, x, y: np.where(c, dz, np.zeros_like(dz))),
    ("where({0}, 0, {dz})", lambda dz, z, c, x, y: np.where(c, np.zeros_like(dz), dz)),
)

# Flat almost everywhere: they are in the graph, and no gradient passes them.
for _symbol, _function in {
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
}.items():
    rule(_function, "{0} " + _symbol + " {1}", None, None)
for _function in (np.logical_and, np.logical_or, np.bitwise_and, np.bitwise_or):
    rule(_function, f"{_function.__name__}({{0}}, {{1}})", None, None)
for _function in (np.logical_not, np.invert, np.sign, np.floor, np.ceil, np.isnan, np.isfinite, np.isinf):
    rule(_function, f"{_function.__name__}({{0}})", None)


def _down(exponent: Any) -> Any:
    """One less than an exponent, kept a Python number where it was one so that float32 stays float32."""
    return exponent - 1


def _share(mine: Any, other: Any, z: Any) -> Any:
    """1 where `mine` was chosen, 1/2 where both were, in the dtype of the result."""
    return ((mine == z) / (1.0 + (mine == other))).astype(np.asarray(z).dtype)
