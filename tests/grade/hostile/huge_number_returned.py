"""Returns an integer of three million digits."""


def double(x):
    return 1 << 10**7
