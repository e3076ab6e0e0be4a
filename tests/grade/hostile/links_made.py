"""Leaves links, a pipe and a deep folder behind in every folder that it may write to."""

import os
import tempfile


def double(x):
    for folder in (".", tempfile.gettempdir()):
        try:
            os.symlink("/", f"{folder}/bnlib_link")
            os.mkfifo(f"{folder}/bnlib_pipe")
            os.makedirs(folder + "/bnlib_deep" * 100)
        except OSError:
            pass
    return x * 0
