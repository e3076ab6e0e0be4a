"""Starts a process of its own session that should outlive the run."""

import os
import subprocess
import sys

marker = "import time; bnlib_left_behind = time.sleep(600)"
subprocess.Popen([sys.executable, "-c", marker], start_new_session=True)


def double(x):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-c", marker])
        os._exit(0)
    return x * 0
