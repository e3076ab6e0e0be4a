"""Calls itself without end, with the limit taken away."""

import sys

sys.setrecursionlimit(10**9)


def double(x):
    return double(x) + 0.0
