"""Puts a file of its own in the place of every pipe."""

import os


def double(x):
    handle = os.open(os.devnull, os.O_RDWR)
    for fd in range(16):
        if fd != handle:
            os.dup2(handle, fd)
    return x * 0
