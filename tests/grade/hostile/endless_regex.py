"""Loops inside C code, where no Python interrupt is looked at."""

import re


def double(x):
    re.match(r"(a*)*$", "a" * 60 + "b")
    return x * 0
