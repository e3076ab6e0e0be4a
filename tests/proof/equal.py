"""Mutants that pass because they are right, each with the reason; what is claimed here is checked numerically.

A mutant is told by its exercise and its name, as shell patterns. `EQUAL` compute the same as the solution to the
last digits. `FREE` compute something else that the exercise leaves to the learner.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

EQUAL: tuple[tuple[str, str, str], ...] = (
    ("2.1", "copy lost: *", "an array handed on as it is has the values of its copy"),
    ("2.1", "swapped: return (dx, dy) -> *", "dx and dy are equal"),
    ("2.1", "name: return (dx, dy) -> *", "dx and dy are equal"),
    ("3.9", "name: return (dbeta, dgammax) -> return (dbeta, dout)", "dgammax has the values of dout"),
    ("3.2", "name: return (dx1, dmu) -> return (dxmu, dmu)", "dx1 has the values of dxmu"),
    ("3.2", "name: dmu = -np.sum(dxmu, axis=0) -> *(dx1, axis=0)", "dx1 has the values of dxmu"),
    (
        "3.2",
        "name: * -> dmu = -np.sum(dxmu1, axis=0)",
        "the columns of dxmu2 sum to 0: the part of dmu that is 0",
    ),
    ("2.5", "right alone: * -> dx3 = dmu / x.shape[0]", "dx1 + dx2 + dx3 broadcasts it to the same rows"),
    ("2.5", "name: *shape*", "all of these arrays have the same shape"),
    ("2.5", "name: dx = dx1 + dx2 + dx3 -> dx = dx1 + dxmu + dx3", "dx2 has the values of dxmu"),
    (
        "2.6",
        "name: grads = dict.fromkeys(order, 0.0) -> *",
        "a dictionary of the same names in another order",
    ),
    ("2.6", "switch: * -> *strict=False):", "the lists are equally long"),
    ("3.10", "arguments swapped: dvar = step5(*", "var + eps is eps + var"),
    ("3.10", "arguments swapped: dxmu2 = step3(*", "the factors of a product"),
    ("3.10", "arguments swapped: dx1, dmu = step2(*", "the terms of a sum"),
    ("3.10", "arguments swapped: dx = step0(*", "the terms of a sum"),
    ("4.1", "*: dx = np.zeros(point.shape) -> *", "every entry is overwritten"),
    ("4.1", "name: * -> for index in np.ndindex(dx.shape):", "dx has the shape of point"),
    ("4.2", "operands swapped: * -> *np.abs(b - a)*", "the distance of b from a is that of a from b"),
    ("4.2", "arguments swapped: *", "the larger of two numbers, in either order"),
    ("4.3", "arguments swapped: *", "the relative error is the same both ways round"),
    ("4.3", "constant: * -> *< 2e-06:", "no gradient of the cases is wrong by one or two millionths"),
    (
        "5.4",
        "*: * np.sum(along / N - dy, axis=0)) -> *",
        "the columns of along, like those of xhat, sum to 0",
    ),
    ("6.1", "constant: N = x_column.shape[0] -> *", "a column has one axis"),
    (
        "6.1",
        "*: xmu = x_column - np.mean(x_column) -> *",
        "xhat enters as xhat xhat': a sign is squared away",
    ),
    ("6.1", "sign added: xhat = *", "xhat enters as xhat xhat': a sign is squared away"),
    ("6.4", "arguments swapped: V = *", "the larger of two numbers, in either order"),
    ("6.4", "name: stub = * -> *(V > 0)", "V is positive where b is"),
    ("6.5", "constant: *-1*", "the last axis of two is axis 1"),
    ("7.2", "constant: D = x.shape[1] -> *", "the last axis of two is axis 1"),
    (
        "7.[24]",
        "*: cache = *",
        "7.2 and 7.4 are judged without a backward pass: what the cache holds is free",
    ),
    ("7.[24]", "*: return (out, cache) -> *", "7.2 and 7.4 are judged without a backward pass"),
    ("8.1", "name: * -> *for name in grads}", "both dictionaries have the same names"),
    ("8.2", "arguments swapped: da = relu_backward*", "the factors of a product"),
    ("9.[1278]", "constant: *axis=-1*", "the last axis of two is axis 1"),
    ("9.[2468]", "input changed: *", "a backward pass may do as it likes with its own cache"),
    (
        "9.[34]",
        "constant: *.reshape(-1, C) -> *.reshape(-2, C)",
        "NumPy takes any negative number for the rest",
    ),
    ("9.5", "arguments swapped: groups = x.reshape(N, G, *", "all three last axes are averaged over"),
    ("9.6", "arguments swapped: dxhat = *.reshape(N, G, *", "all three last axes are averaged over"),
    ("9.[56]", "swapped: *axis=(*", "axes to sum over have no order"),
    ("9.6", "constant: * -> *axis=(0, -2, 3)*", "of four axes the second last is axis 2"),
    ("9.6", "sign added: xhat = *", "xhat enters twice: a sign is squared away"),
    ("10.[12]", "arguments swapped: np.multiply(*", "the factors of a product"),
    ("10.2", "name: * -> *np.zeros_like(ivar)*", "ivar has the shape and dtype of gamma"),
    ("11.1", "constant: running_* = bn_param.get(*", "the last axis of two is axis 1"),
    ("11.1", "swapped: cache = *", "the backward passes multiply gamma and ivar"),
    ("11.[235]", "input changed: *", "a backward pass may do as it likes with its own cache"),
    ("11.2", "sign added: xmu = *", "xmu enters twice: a sign is squared away"),
    ("11.[45]", "constant: *axis=-1*", "the last axis of two is axis 1"),
)

FREE: tuple[tuple[str, str, str], ...] = (
    ("4.4", "sign added: *", "an upstream gradient of random numbers, with the other sign, is as good"),
    ("4.4", "doubled: *", "twice as large is still of the size of 1"),
)


def reason(claims: tuple[tuple[str, str, str], ...], exercise: str, mutant: str) -> str | None:
    """Why a mutant passes, or None where nothing is claimed."""
    for identifier, name, why in claims:
        if fnmatchcase(exercise, identifier) and fnmatchcase(mutant, name.replace("[", "[[]")):
            return why
    return None
