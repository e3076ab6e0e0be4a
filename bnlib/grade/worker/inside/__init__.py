"""What runs in the sandbox, as a program of its own, with `wire` beside it and no other part of the grader.

Nothing here is trusted once a learner's cell has run: whatever this process says, the other end checks.
`start` says what can be imported and sets the limits, `serve` runs cells and calls functions, `after` tells
what a call has changed. Inside, the package is `_bnlib_inside`, and `bnlib` is the stand-in.
"""
