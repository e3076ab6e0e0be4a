"""Raises what stops a program when somebody presses Ctrl-C."""


def double(x):
    raise KeyboardInterrupt
