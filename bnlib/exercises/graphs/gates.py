"""The graphs of notebook 02: one gate at a time."""

from __future__ import annotations

import numpy as np

from ...diagnose import Piece
from .traced import Args, Array, piece_of


def add(args: Args) -> Piece:
    """z = x + y."""

    def gate(x: Array, y: Array) -> Array:
        z = x + y
        return z

    dz, x, y = args
    return piece_of(gate, (x, y), {"z": dz}, {"dx": "x", "dy": "y"})


def multiply(args: Args) -> Piece:
    """z = x * y."""

    def gate(x: Array, y: Array) -> Array:
        z = x * y
        return z

    dz, x, y = args
    return piece_of(gate, (x, y), {"z": dz}, {"dx": "x", "dy": "y"})


def broadcast_add(args: Args) -> Piece:
    """z = x + b."""

    def gate(x: Array, b: Array) -> Array:
        z = x + b
        return z

    dz, x, b = args
    return piece_of(gate, (x, b), {"z": dz}, {"dx": "x", "db": "b"})


def mean(args: Args) -> Piece:
    """mu = mean(x), from dmu and x."""

    def gate(x: Array) -> Array:
        mu = np.mean(x, axis=0)
        return mu

    dmu, x = args
    return piece_of(gate, (x,), {"mu": dmu}, {"dx": "x"})


def fan_out(args: Args) -> Piece:
    """z = x * (x - mean(x))."""

    def gate(x: Array) -> Array:
        mu = np.mean(x, axis=0)
        xmu = x - mu
        z = x * xmu
        return z

    dz, x = args
    return piece_of(gate, (x,), {"z": dz}, {"dx": "x"})
