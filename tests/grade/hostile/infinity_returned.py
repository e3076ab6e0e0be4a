"""Returns infinity."""


def double(x):
    return x + float("inf")
