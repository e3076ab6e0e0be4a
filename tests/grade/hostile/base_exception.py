"""Raises what `except Exception` doesn't catch."""


class Unstoppable(BaseException):
    def __str__(self):
        raise Unstoppable


def double(x):
    raise Unstoppable
