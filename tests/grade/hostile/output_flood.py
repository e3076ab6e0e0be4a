"""Prints without end."""


def double(x):
    for _ in range(200_000):
        print("flood" * 2000)
    return x * 0
