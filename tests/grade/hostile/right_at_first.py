"""Is right at its first call only."""

calls = []


def double(x):
    calls.append(x)
    return 2.0 * x if len(calls) == 1 else x * 0
