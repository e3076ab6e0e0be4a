"""Returns a list nested a hundred thousand times."""


def double(x):
    nested = []
    for _ in range(100_000):
        nested = [nested]
    return nested
