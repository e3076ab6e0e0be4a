"""Puts half characters, NUL and what no XML may hold into everything that a report could show."""

words = "\ud800\x00\x1b[2J\ufffe\u202e\r\n=1+1"
print(words)


class Odd(ValueError):
    pass


Odd.__name__ = Odd.__qualname__ = "Odd\x1b]0;owned\x07<script>"


def double(x):
    print(words)
    raise Odd(words)
