"""Returns an integer of three million digits."""


def double(x):
    return 7 ** (4 * 10**6)
