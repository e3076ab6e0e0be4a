"""What crosses to a worker and back: everything plain arrives as it was, and nothing else does any harm."""

from __future__ import annotations

import contextlib
import io
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bnlib.grade.worker import wire
from bnlib.grade.worker.wire import FRAME, Packer, Unpacker, WireError, frames, receive


def sent(value: Any, other: Any = None, back: Any = None, room: int = 2**30, copy: bool = True) -> Any:
    """A value after a journey as bytes."""
    packer = Packer(other)
    data = b"".join(frames({"value": packer.pack(value)}, packer))
    message = receive(reader(data), room)
    return Unpacker(message.payload, back, copy).unpack(message.header["value"])


def reader(data: bytes) -> Any:
    stream = io.BytesIO(data)

    def read(count: int) -> bytearray:
        part = stream.read(count)
        if len(part) < count:
            raise EOFError
        return bytearray(part)

    return read


def same(a: Any, b: Any) -> bool:
    """Equal, of the same type, and not-a-number equal to itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    return a == b


DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    hnp.complex_number_dtypes(endianness="?", sizes=(64, 128)),
    hnp.unicode_string_dtypes(endianness="?", max_len=4),
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**4000), 2**4000),
    st.floats(),
    st.complex_numbers(),
    st.text(st.characters(), max_size=8),
    ARRAYS,
    hnp.from_dtype(np.dtype("f4")),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=4), inner, max_size=3),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(VALUES, st.booleans())
def test_whatever_is_plain_arrives_as_it_was(value: Any, copy: bool) -> None:
    assert same(sent(value, copy=copy), value)


@settings(deadline=None, max_examples=60)
@given(hnp.arrays("f8", hnp.array_shapes(min_dims=1, max_dims=4, max_side=4)), st.data())
def test_an_array_lies_in_memory_as_it_did(array: np.ndarray, data: st.DataObject) -> None:
    turned = array.transpose(data.draw(st.permutations(range(array.ndim))))
    found = sent(turned)
    assert same(found, np.asarray(turned))
    # Where an axis has one entry, its stride says nothing.
    long = [axis for axis, size in enumerate(array.shape) if size > 1]
    if len(long) == array.ndim:
        assert np.argsort(found.strides).tolist() == np.argsort(turned.strides).tolist()
    assert found.flags.writeable


@pytest.mark.parametrize("step", [1, 3])
def test_a_large_array_arrives_whole_whatever_its_layout(step: int) -> None:
    array = np.arange(3 * 700 * 500, dtype=float).reshape(700, 3, 500)[:, ::-1, ::step]
    assert same(sent(array), np.ascontiguousarray(array))
    assert same(sent([array, 1, array.T])[2], np.ascontiguousarray(array.T))


def test_a_subclass_arrives_by_its_name_and_without_its_tricks() -> None:
    class Always(np.ndarray):
        def __eq__(self, other: object) -> Any:
            return True

    class Pair(tuple):
        __slots__ = ()

        def __len__(self) -> int:
            return 3

    array = sent(np.arange(3.0).view(Always))
    assert type(array).__name__ == "Always"
    assert isinstance(array, np.ndarray)
    assert not (array == 7).any()
    masked = sent(np.ma.masked_array([1.0, 2.0], [True, False]))
    assert (type(masked).__name__, type(masked) is np.ndarray) == ("MaskedArray", False)
    pair = sent(Pair((1, 2)))
    assert (type(pair).__name__, isinstance(pair, tuple), len(pair)) == ("Pair", True, 2)


def test_a_dictionary_has_text_for_its_keys() -> None:
    assert sent({1: "a", "b": 2}) == {"1": "a", "b": 2}


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([None]), np.array(["2016"], "M8[D]"), len])
def test_what_is_not_plain_does_not_cross_by_itself(value: Any) -> None:
    with pytest.raises(WireError):
        sent(value)
    # Its owner may send a token for it, and the other end say what that stands for.
    assert sent(value, lambda value: ["opaque", 7], lambda node: node) == ["opaque", 7]


def deep(levels: int) -> Any:
    value: Any = 1.0
    for _ in range(levels):
        value = [value]
    return value


def circle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (deep(wire.MAX_DEPTH + 1), "nested"),
        (circle(), "nested"),
        ([0] * wire.MAX_PARTS, "parts"),
        ("x" * (wire.MAX_TEXT + 1), "a text of more"),
        (np.broadcast_to(1.0, (2**20, 2**20)), "MB"),
        (2**10_000, "can't be handed over"),
    ],
)
def test_what_is_too_large_is_refused_where_it_starts(value: Any, says: str) -> None:
    with pytest.raises(WireError, match=says):
        Packer().pack(value)


GOOD = ["array", "<f8", [2, 3], [0, 1], 0, None]
BAD = {
    "a dtype that holds objects": ["array", "|O", [2], [0], 0, None],
    "a structured dtype": ["array", "<f8,<f8", [2], [0], 0, None],
    "more than was sent": ["array", "<f8", [7], [0], 0, None],
    "a size below 0": ["array", "<f8", [-1, -6], [0, 1], 0, None],
    "sizes whose product is 0 and huge": ["array", "<f8", [0, 2**62, 2**62], [0, 1, 2], 0, None],
    "a size that is no number": ["array", "<f8", [True], [0], 0, None],
    "axes that don't fit": ["array", "<f8", [2, 3], [0, 0], 0, None],
    "too many axes": ["array", "<f8", [1] * 40, list(range(40)), 0, None],
    "a start before the beginning": ["array", "<f8", [1], [0], -16, None],
    "a start between two entries": ["array", "<f8", [1], [0], 3, None],
    "a name that is none": ["array", "<f8", [1], [0], 0, "a b"],
    "a name that is too long": ["array", "<f8", [1], [0], 0, "a" * 100],
    "fields that are missing": ["array", "<f8"],
    "a kind that is none": ["pickle", "abc"],
    "an object": {"array": 1},
    "an empty node": [],
    "a whole number that is none": ["int", "xyz"],
    "a key that is no text": ["dict", None, [[1, 2]]],
    "a pair that is none": ["dict", None, [["a"]]],
    "parts that are no list": ["list", None, "abc"],
    "a complex number in words": ["complex", "a", 1],
    "nested too deep": json.loads('["list", null, [' * 30 + "1" + "]]" * 30),
}


@pytest.mark.parametrize("node", BAD.values(), ids=BAD)
def test_a_node_that_says_something_impossible_is_refused(node: Any) -> None:
    payload = np.arange(6.0).tobytes()
    assert Unpacker(payload).unpack(GOOD).shape == (2, 3)
    with pytest.raises(WireError):
        Unpacker(payload).unpack(node)


NODES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-5, 70), st.floats(), st.sampled_from(["<f8", "x", "|S3"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(
            st.sampled_from(["array", "list", "tuple", "dict", "scalar", "int", "complex", "opaque"]),
            *[inner] * 5,
        ).map(lambda node: list(node)),
        st.tuples(
            st.just("array"),
            st.sampled_from(["<f8", ">i2", "|b1", "<U2", "|O"]),
            *[st.lists(st.integers(-1, 4), max_size=3)] * 2,
            st.integers(-16, 64),
            st.none(),
        ).map(list),
    ),
    max_leaves=10,
)


@settings(deadline=None, max_examples=300)
@given(NODES, st.binary(max_size=64))
def test_any_node_is_a_value_or_refused(node: Any, payload: bytes) -> None:
    with contextlib.suppress(WireError):
        Unpacker(payload).unpack(node)


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(st.binary(max_size=80), st.builds(lambda text: FRAME.pack(len(text), 0) + text, st.binary()))
)
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        found = receive(reader(data), 1000)
    except (WireError, EOFError):
        return
    assert type(found.header) is dict


@pytest.mark.parametrize(
    "data",
    [
        FRAME.pack(2**62, 0),
        FRAME.pack(2, 2**62) + b"{}",
        FRAME.pack(2, 0) + b"[]",
        FRAME.pack(200_000, 0) + b"[" * 200_000,
        FRAME.pack(10_004, 0) + b'{"a":' + b"1" * 9_998 + b"}",
        FRAME.pack(3, 0) + b"\xff{}",
    ],
)
def test_a_message_that_is_none_or_too_large_is_refused_before_it_is_read(data: bytes) -> None:
    with pytest.raises(WireError):
        receive(reader(data), 2**20)
