"""What crosses between the grader and a worker: a JSON header, then the raw bytes of the arrays in it.

Nothing else does, and nothing is unpickled. Both ends use this module, and it needs NumPy alone: the sandbox
has no other part of the grader. Whoever reads validates every field, since the other end may be anybody.

A value becomes a node of JSON: None, True, text, floats and small whole numbers stand for themselves; the
rest is a list that begins with its kind, such as ["array", "<f8", [3, 2], [0, 1], 0] with dtype, shape, the
axes in the order in which they lie in memory, and where its bytes begin.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

FRAME = struct.Struct("<QQ")
DTYPE = re.compile(r"[<>|](?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16|32)|[SU]\d{1,4})")
MAX_DEPTH = 16
MAX_PARTS = 20_000
# All the text of a value together, in characters.
MAX_TEXT = 200_000
# What a reply's header can need with that; a request has a whole cell in it, perhaps twice.
MAX_REPLY = 8 * 2**20
MAX_REQUEST = 32 * 2**20
MAX_AXES = 16
MAX_ENTRIES = 2**40
MAX_BITS = 4096
# Arrays begin at addresses that every dtype can be read from.
ALIGN = 16
CHUNK = 2**20

Node = Any
Other = Callable[[Any], Node]


class WireError(ValueError):
    """A value that may not cross, or a message that isn't one; the text says which."""


class Packer:
    """Turns values into nodes, and keeps the arrays whose bytes go behind the header.

    `other` makes a node of what is none of the plain kinds; without it such a value is a WireError. More
    than `room` bytes of arrays are one too.
    """

    def __init__(self, other: Other | None = None, room: int = 2**31):
        self.arrays: list[np.ndarray] = []
        self.size = 0
        self._other, self._room, self._parts, self._letters = other, room, 0, 0

    def pack(self, value: Any, depth: int = 0) -> Node:
        """The node of a value; raises WireError."""
        self._parts += 1
        if depth > MAX_DEPTH:
            raise WireError(f"it is nested deeper than {MAX_DEPTH} levels")
        if self._parts > MAX_PARTS:
            raise WireError(f"it has more than {MAX_PARTS} parts")
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if isinstance(value, np.ndarray):
            return self._array(value) if DTYPE.fullmatch(value.dtype.str) else self._others(value)
        if isinstance(value, np.generic):
            return self._scalar(value) if DTYPE.fullmatch(value.dtype.str) else self._others(value)
        if isinstance(value, bool | int):
            return self._whole(int(value))
        if isinstance(value, float):
            return float(value)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, complex):
            return ["complex", value.real, value.imag]
        if isinstance(value, list | tuple):
            plain = "list" if isinstance(value, list) else "tuple"
            return [plain, _name(value, list, tuple), [self.pack(part, depth + 1) for part in value]]
        if isinstance(value, dict):
            pairs = [[self._key(key), self.pack(part, depth + 1)] for key, part in value.items()]
            return ["dict", _name(value, dict), pairs]
        return self._others(value)

    def _others(self, value: Any) -> Node:
        if self._other is None:
            raise WireError(f"a {type(value).__name__} can't be handed over")
        return self._other(value)

    def _key(self, key: Any) -> str:
        return self._text(key if isinstance(key, str) else repr(key)[:80])

    def _text(self, value: str) -> str:
        self._letters += len(value)
        if self._letters > MAX_TEXT:
            raise WireError(f"it has a text of more than {MAX_TEXT} characters")
        return str(value)

    def _whole(self, value: int) -> Node:
        if value.bit_length() <= 53:
            return value
        return ["int", hex(value)] if value.bit_length() <= MAX_BITS else self._others(value)

    def _scalar(self, value: np.generic) -> Node:
        return ["scalar", value.dtype.str, self._keep(np.asarray(value))]

    def _array(self, value: np.ndarray) -> Node:
        name = _name(value, np.ndarray)
        plain = value.view(np.ndarray) if name else value
        if plain.ndim > MAX_AXES:
            raise WireError(f"an array has {plain.ndim} axes")
        # As it lies in memory, so that a transposed view arrives as one. NumPy's own rule for order "K".
        axes = sorted(range(plain.ndim), key=lambda axis: -abs(plain.strides[axis]))
        return ["array", plain.dtype.str, list(plain.shape), axes, self._keep(plain.transpose(axes)), name]

    def _keep(self, array: np.ndarray) -> int:
        start = self.size
        self.size += array.nbytes + -array.nbytes % ALIGN
        if self.size > self._room:
            raise WireError(f"its arrays need more than {self._room // 2**20} MB")
        self.arrays.append(array)
        return start


def _name(value: Any, *plain: type) -> str | None:
    """The type's own name where it is a subclass of what it looks like: a verdict may have to speak of it."""
    return None if type(value) in plain else type_name(value)


def type_name(value: Any) -> str:
    """The name of a value's type, if it is one that can be shown."""
    name = str(type(value).__name__)
    return name if name.isidentifier() and len(name) <= 80 else "object"


class Unpacker:
    """Turns nodes back into values; `payload` holds the bytes of the arrays.

    `other` makes a value of a node whose kind is none of the plain ones. With `copy` the arrays are copies;
    else they lie in the payload. Every node that doesn't say something possible is a WireError.
    """

    def __init__(
        self, payload: bytes | bytearray, other: Callable[[list[Any]], Any] | None = None, copy: bool = True
    ):
        self._payload, self._other, self._copy, self._parts = payload, other, copy, 0

    def unpack(self, node: Node, depth: int = 0) -> Any:
        """The value of a node; raises WireError."""
        self._parts += 1
        if depth > MAX_DEPTH or self._parts > MAX_PARTS:
            raise WireError("it has too many parts")
        if node is None or type(node) in (bool, int, float, str):
            return node
        if type(node) is not list or not node or type(node[0]) is not str:
            raise WireError("a node is of no known kind")
        kind, *fields = node
        try:
            if kind in ("list", "tuple"):
                name, parts = fields
                plain: type = list if kind == "list" else tuple
                return _like(plain, name)(self.unpack(part, depth + 1) for part in _listed(parts))
            if kind == "dict":
                name, pairs = fields
                found = {_str(key): self.unpack(part, depth + 1) for key, part in _listed(pairs)}
                return _like(dict, name)(found)
            if kind == "array":
                dtype, shape, axes, start, name = fields
                return self._array(dtype, _sizes(shape), _sizes(axes), start, name)
            if kind == "scalar":
                dtype, start = fields
                return self._array(dtype, (), (), start, None)[()]
            if kind == "int":
                return int(_str(*fields), 16)
            if kind == "complex":
                real, imag = fields
                return complex(float(real), float(imag))
        except (TypeError, ValueError, OverflowError) as error:
            raise WireError(f"a node {kind!r} is damaged ({error})") from None
        if self._other is None:
            raise WireError("a node is of no known kind")
        return self._other(node)

    def _array(self, dtype: Any, shape: tuple[int, ...], axes: tuple[int, ...], start: Any, name: Any) -> Any:
        if not DTYPE.fullmatch(_str(dtype)):
            raise WireError("an array is of no known dtype")
        kind = np.dtype(dtype)
        if sorted(axes) != list(range(len(shape))) or len(shape) > MAX_AXES:
            raise WireError("an array's axes don't fit its shape")
        count, room = 1, 1
        for size in shape:
            count, room = count * size, room * max(size, 1)
        if type(start) is not int or start < 0 or start % ALIGN or room > MAX_ENTRIES:
            raise WireError("an array is damaged")
        if start + count * kind.itemsize > len(self._payload):
            raise WireError("an array reaches beyond what was sent")
        flat = np.frombuffer(self._payload, kind, count, start) if count else np.empty(0, kind)
        laid = flat.reshape([shape[axis] for axis in axes])
        array = laid.transpose(np.argsort(axes)) if axes else laid
        if self._copy:
            array = array.copy(order="K")
        return array if name is None else array.view(_like(np.ndarray, name))


def _like(plain: type, name: Any) -> type:
    """A type that behaves as the plain one and has only its name from the other end."""
    if name is None:
        return plain
    if not _str(name).isidentifier() or len(name) > 80:
        raise WireError("a type has no proper name")
    return type(name, (plain,), {})


def _listed(value: Any) -> list[Any]:
    if type(value) is not list:
        raise WireError("a list was expected")
    return value


def _str(value: Any) -> str:
    if type(value) is not str:
        raise WireError("a text was expected")
    return value


def _sizes(value: Any) -> tuple[int, ...]:
    if any(type(size) is not int or size < 0 for size in _listed(value)):
        raise WireError("sizes were expected")
    return tuple(value)


@dataclass(frozen=True)
class Message:
    """A header, and the bytes of the arrays that it speaks of."""

    header: dict[str, Any]
    payload: bytes | bytearray


def frames(header: dict[str, Any], packer: Packer) -> Iterator[bytes | memoryview]:
    """The bytes of a message in pieces, without a copy of what lies in one piece already."""
    text = json.dumps(header).encode()
    # Small parts go together: each part is a call of the system's.
    small = bytearray(FRAME.pack(len(text), packer.size) + text)
    for array in packer.arrays:
        for part in _pieces(array):
            if len(small) + part.nbytes <= CHUNK:
                small += part.tobytes()
            else:
                yield bytes(small)
                small.clear()
                yield part.reshape(-1).view(np.uint8).data
        small += bytes(-array.nbytes % ALIGN)
    yield bytes(small)


def _pieces(array: np.ndarray) -> Iterator[np.ndarray]:
    """An array in parts that lie in one piece each; copies are small, since memory may be what is judged."""
    if not array.size:
        return
    if array.flags.c_contiguous:
        yield array
    elif array.nbytes <= CHUNK or array.ndim == 0:
        yield np.ascontiguousarray(array)
    else:
        step = max(1, CHUNK * len(array) // array.nbytes)
        for start in range(0, len(array), step):
            part = array[start : start + step]
            if part.nbytes > CHUNK and len(part) == 1:
                yield from _pieces(part[0])
            else:
                yield np.ascontiguousarray(part)


def receive(read: Callable[[int], bytearray], room: int, header_room: int = MAX_REPLY) -> Message:
    """Read one message by `read(count)`, which gives exactly that many bytes; raises WireError."""
    header_size, size = FRAME.unpack(read(FRAME.size))
    if header_size > header_room or size > room:
        raise WireError(f"a message of {max(header_size, size)} bytes is too large")
    try:
        header = json.loads(read(header_size))
    except (ValueError, RecursionError):
        raise WireError("a message's header is not JSON") from None
    if type(header) is not dict:
        raise WireError("a message's header is no object")
    return Message(header, read(size))
