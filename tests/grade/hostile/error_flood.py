"""Raises an exception whose text is fifty million characters long."""


def double(x):
    raise ValueError("long" * 12_500_000)
