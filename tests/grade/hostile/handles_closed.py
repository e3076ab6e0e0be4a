"""Closes every file that its process has open."""

import os


def double(x):
    os.closerange(0, 256)
    return x * 0
