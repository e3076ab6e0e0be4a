"""Waits for the end of its process to do harm."""

import atexit
import time


@atexit.register
def later():
    while True:
        time.sleep(1)


class Last:
    def __del__(self):
        time.sleep(600)


last = Last()


def double(x):
    return x * 0
