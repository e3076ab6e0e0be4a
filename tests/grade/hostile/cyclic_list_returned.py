"""Returns a list that contains itself."""


def double(x):
    nested = [x]
    nested.append(nested)
    return nested
