"""Random programs: whatever a learner could write with known operations, the graph gets right."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from witness import first, function, gradient, same

from bnlib import trace

N, D = 3, 2
# Names and shapes that the programs start from.
INPUTS = {"x": (N, D), "gamma": (D,), "c": (N, 1), "s": ()}
SMOOTH = [
    "np.tanh({a})",
    "np.exp(-{a} * {a})",
    "-{a}",
    "{a}**2",
    "np.square({a})",
    "np.sqrt({a} * {a} + 1)",
    "{a} * 1",
]
SMOOTH += [
    "1.0 / (1 + {a}**2)",
    "np.log(1 + {a} * {a})",
    "({a} * {a} + 0.5)**-0.5",
    "np.sin({a})",
    "2 - {a}",
    "{a} / 2",
]
KINKED = ["np.abs({a})", "np.maximum({a}, 0)", "np.where({a} > 0.1, {a}, 0.1 * {a})", "{a} * ({a} > 0)"]
BINARY = [
    "{a} + {b}",
    "{a} - {b}",
    "{a} * {b}",
    "{a} / (2 + {b} * {b})",
    "np.tanh({a} * {b})",
    "{a} * {b} + {a}",
]
PICKED = ["np.maximum({a}, {b})", "np.where({a} > {b}, {a}, {b})"]
REDUCED = [
    "np.sum({a}, axis={axis})",
    "np.mean({a}, axis={axis})",
    "{a}.mean({axis})",
    "{a}.sum(axis={axis})",
]
GATHERED = [
    "np.var({a}, axis={axis})",
    "np.max({a}, axis={axis})",
    "{a}.var({axis})",
    "{a}.std(axis={axis}, ddof=0)",
]
MOVED = [
    "{a}.T",
    "{a}[::-1]",
    "{a}.copy()",
    "{a}.reshape(-1)",
    "{a}[0]",
    "np.concatenate([{a}, {a}])",
    "np.stack([{a}, {a}])[1]",
]


def shape_of(text, shapes):
    """The shape of an expression, found by trying it; None where NumPy would refuse it."""
    try:
        with np.errstate(all="ignore"):
            return np.shape(eval(text, {"np": np}, {name: np.ones(shape) for name, shape in shapes.items()}))
    except (ValueError, IndexError, np.exceptions.AxisError):
        return None


@st.composite
def programs(draw, smooth):
    """The text of a function of 1 to 12 statements; with `smooth` it takes complex numbers too."""
    shapes, lines = dict(INPUTS), []

    def name():
        return draw(st.sampled_from(sorted(shapes)))

    def expression():
        kinds = [SMOOTH, BINARY, BINARY, REDUCED, MOVED, ["{a} @ {b}"]] + (
            [] if smooth else [KINKED, PICKED, GATHERED]
        )
        text = draw(st.sampled_from(draw(st.sampled_from(kinds))))
        a, b = name(), name()
        axis = draw(st.sampled_from(["0", "-1", "None", "0, keepdims=True", "-1, keepdims=True"]))
        if ".mean({axis})" in text or ".var({axis})" in text:
            axis = axis.split(",")[0]
        text = text.format(a=a, b=b, axis=axis)
        shape = shape_of(text, shapes)
        assume(shape is not None and np.prod(shape, dtype=int) <= 24)
        return text, shape

    def target():
        new = st.sampled_from([f"v{k}" for k in range(5)])
        return draw(st.one_of(new, st.sampled_from(["x", "out", "gamma"])))

    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["assign"] * 6 + ["pair", "in place", "loop", "lines", "helper"]))
        text, shape = expression()
        if kind == "assign":
            goal = target()
            lines.append(f"{goal} = {text}")
        elif kind == "lines":
            goal = target()
            lines += [f"{goal} = (", f"    {text}  # two lines", ")"]
        elif kind == "helper":
            goal = target()
            lines.append(f"{goal} = helper({text})")
        elif kind == "pair":
            other, other_shape = expression()
            goal, second = "p", "q"
            lines.append(f"{goal}, {second} = {text}, {other}")
            shapes[second] = other_shape
        elif kind == "in place":
            # Of its own memory, so that no other name shows a part of it.
            goal = "acc"
            change = draw(st.sampled_from(["+=", "-=", "*="]))
            lines += [
                f"{goal} = ({text}) * 1.5",
                f"{goal} {change} {draw(st.sampled_from(['s', '2', 'acc']))}",
            ]
        else:
            goal = "acc"
            lines += [
                f"{goal} = ({text}) + 0",
                f"for k in range({draw(st.integers(1, 3))}):",
                f"    {goal} = {goal} * 0.5 + s",
                f"    t = {goal} * k",
                f"    {goal} = t + {goal}",
            ]
            shapes["t"] = shape
        shapes[goal] = shape
        if kind == "loop":
            del shapes["t"]
    result = draw(st.sampled_from(sorted(set(shapes) - set(INPUTS)) or ["x"]))
    if draw(st.booleans()):
        text, _ = expression()
        lines.append(f"return {text}")
    else:
        lines.append(f"return {result}, s" if draw(st.booleans()) else f"return {result}")
    head = "def helper(a):\n    inner = a * 2\n    return inner - a * a\n\ndef f(x, gamma, c, s):\n"
    return head + "".join(f"    {line}\n" for line in lines)


def inputs(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return [
        rng.uniform(-1.5, 1.5, shape).astype(dtype)[()]
        if shape == ()
        else rng.uniform(-1.5, 1.5, shape).astype(dtype)
        for shape in INPUTS.values()
    ]


def check(f, seed, smooth):
    arrays = inputs(seed)
    before = [np.array(array) for array in arrays]
    with np.errstate(all="ignore"):
        plain = np.asarray(first(f(*[np.array(a) if np.ndim(a) else a for a in arrays])))
        graph = trace(f, *arrays)
    assert same(graph[graph.result].value, plain)
    assert all(same(np.asarray(a), b) for a, b in zip(arrays, before, strict=True))
    # Where numbers have grown beyond measure there is no witness.
    assume(
        all(np.isfinite(node.value).all() and np.abs(node.value).max() < 1e3 for node in graph.nodes.values())
    )
    rng = np.random.default_rng(seed)
    dout, other = rng.normal(size=(2, *plain.shape))
    grads = graph.backward(dout)
    largest = max([1.0, *(np.abs(grads[name]).max() for name in grads)])
    for position, name in enumerate(INPUTS):
        witness = gradient(f, arrays, position, dout, smooth)
        if not smooth:
            # At a kink two steps of different length do not agree, and there is nothing to compare with.
            assume(
                np.allclose(witness, gradient(f, arrays, position, dout, smooth, h=2e-6), atol=1e-5 * largest)
            )
        limit = (1e-11 if smooth else 1e-5) * largest
        np.testing.assert_allclose(grads[name], witness, rtol=0, atol=limit, err_msg=name)
    for name in graph.nodes:
        total = sum(
            (one.value for one in grads.contributions(name)),
            grads.seed.get(name, 0.0) + np.zeros(graph[name].shape),
        )
        np.testing.assert_allclose(grads[name], total, rtol=0, atol=1e-12 * largest)
    mixed = graph.backward(3 * dout - 2 * other)
    others = graph.backward(other)
    scale = max([largest, *(np.abs(others[name]).max() for name in others)])
    for name in graph.nodes:
        np.testing.assert_allclose(
            mixed[name], 3 * grads[name] - 2 * others[name], rtol=0, atol=1e-10 * scale
        )
    unfolded = graph.unfold().backward({graph.result: dout})
    for name in graph.nodes:
        np.testing.assert_allclose(unfolded[name], grads[name], rtol=0, atol=1e-10 * scale)


SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("known_source", [True, False])
@SETTINGS
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_smooth_programs_against_the_complex_step(known_source, data, seed):
    text = data.draw(programs(smooth=True))
    check(function(text, known_source), seed, smooth=True)


@pytest.mark.parametrize("known_source", [True, False])
@SETTINGS
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_programs_with_kinks_against_differences(known_source, data, seed):
    text = data.draw(programs(smooth=False))
    check(function(text, known_source), seed, smooth=False)


@SETTINGS
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_float32_stays_float32(data, seed):
    f = function(data.draw(programs(smooth=False)))
    arrays = inputs(seed, np.float32)
    with np.errstate(all="ignore"):
        plain = np.asarray(first(f(*[np.array(a) if np.ndim(a) else a for a in arrays])))
        graph = trace(f, *arrays)
        assert same(graph[graph.result].value, plain)
        grads = graph.backward(np.ones(plain.shape))
    # NumPy 1 widens a float32 number beside a Python number, and the graph does what NumPy does.
    if int(np.__version__.split(".")[0]) < 2:
        return
    assert plain.dtype == np.float32
    assert all(grads[name].dtype == np.float32 for name in graph.nodes if graph[name].dtype.kind == "f")
    assert {node.dtype for node in graph.nodes.values()} <= {np.dtype(np.float32), np.dtype(bool)}


@SETTINGS
@given(data=st.data())
def test_every_node_stands_on_its_own_line(data):
    """A node's line assigns the node's name, if it has one of the program's, and its parents stand before it."""
    text = data.draw(programs(smooth=True))
    graph = trace(function(text), *inputs(0))
    lines = text.splitlines()
    before = set()
    for name, node in graph.nodes.items():
        assert set(node.parents) <= before
        before.add(name)
        own = name.split("#")[0].split(".")[0]
        if not node.is_input:
            assert 1 <= node.lineno <= len(lines)
            assert node.line.startswith(lines[node.lineno - 1].split("#")[0].strip())
            assert own in lines[node.lineno - 1] or (name == graph.result and node.line.startswith("return"))
