"""Returns the right real part, with an imaginary one."""


def double(x):
    return 2.0 * x + 1j
