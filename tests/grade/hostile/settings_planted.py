"""Changes the environment, and plants settings where whoever starts next would read them."""

import os
import pathlib
import sys

os.environ.update(PYTHONPATH="/tmp", PYTHONSTARTUP="/tmp/bnlib_planted.py", BNLIB_PASSED="1", HOME="/tmp")
homes = ("~", "~root", "/etc", sys.prefix, "~/.ipython/profile_default/startup", *sys.path)
for folder in homes:
    try:
        # A file of this name is read by whatever Python starts next; this one does nothing but be there.
        (pathlib.Path(folder).expanduser() / "bnlib_planted.pth").write_text("# planted\n")
    except (OSError, RuntimeError):
        pass


def double(x):
    return x * 0
