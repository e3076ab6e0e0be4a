"""Leaves a thread behind that goes on when the cell is done."""

import threading


def work():
    while True:
        sum(range(10**5))


for _ in range(4):
    threading.Thread(target=work, daemon=False).start()


def double(x):
    return x * 0
