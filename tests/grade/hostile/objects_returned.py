"""Returns the right numbers as Python objects."""


def double(x):
    return (2.0 * x).astype(object)
