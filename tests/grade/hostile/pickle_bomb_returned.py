"""Returns an object that runs a command when it is unpickled or copied."""

import os


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/bnlib_bomb",)

    __deepcopy__ = __copy__ = lambda self, *a: os.system("touch /tmp/bnlib_bomb")


def double(x):
    return Bomb()
