"""Operations on each entry by itself; operands are broadcast, which `unbroadcast` undoes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .rule import rule


def power(x: Any, y: Any, out: Any = None) -> Any:
    """`x**y`: NumPy takes shortcuts there, such as a product for a square, that `np.power` does not promise."""
    if out is None:
        return x**y
    np.copyto(out, x)
    out **= y
    return out


def _power_base(dz: Any, z: Any, x: Any, y: Any) -> Any:
    # Where the exponent is 0 the result is 1 for every base, 0 included.
    if np.asarray(x).dtype.kind != "f":
        x = np.asarray(x, float)
    if np.ndim(y) == 0:
        return dz * y * x ** (y - 1) if y != 0 else np.zeros_like(dz)
    flat = np.equal(y, 0)
    return dz * np.where(flat, 0, y * np.power(x, np.where(flat, 1, y) - 1))


def _power_exponent(dz: Any, z: Any, x: Any, y: Any) -> Any:
    # 0**y is 0 for every y > 0; its logarithm must not make that a NaN.
    return dz * z * np.log(np.where(np.equal(x, 0), 1, x))


def _share(mine: Any, other: Any, z: Any) -> Any:
    """1 where `mine` was chosen, 1/2 where both were, in the dtype of the result."""
    return ((mine == z) / (1.0 + (mine == other))).astype(np.asarray(z).dtype)


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
for _power in (power, np.power):
    rule(
        _power,
        "{0}**{1}",
        ("{dz} * {1} * {0}**({1} - 1)", _power_base),
        ("{dz} * {z} * log({0})", _power_exponent),
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
for _both in (np.logical_and, np.logical_or, np.bitwise_and, np.bitwise_or):
    rule(_both, f"{_both.__name__}({{0}}, {{1}})", None, None)
for _one in (np.logical_not, np.invert, np.sign, np.floor, np.ceil, np.isnan, np.isfinite, np.isinf):
    rule(_one, f"{_one.__name__}({{0}})", None)
