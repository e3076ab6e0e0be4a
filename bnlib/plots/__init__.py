"""Pictures that lessons and figures share: each module draws one, from numbers that it is given."""
