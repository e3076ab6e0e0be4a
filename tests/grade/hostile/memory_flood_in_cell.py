"""Takes memory until there is none, while its cell runs."""

kept = []
while True:
    kept.append(b"x" * 64 * 2**20)


def double(x):
    return 2.0 * x
