"""Takes memory until there is none."""


def double(x):
    kept = []
    while True:
        kept.append(bytearray(64 * 2**20))
