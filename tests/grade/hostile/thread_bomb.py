"""Starts threads, each as small as can be, until it is given no more."""

import threading
import time

threading.stack_size(2**15)


def double(x):
    for _ in range(5_000):
        try:
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        except (RuntimeError, MemoryError):
            break
    return x * 0
