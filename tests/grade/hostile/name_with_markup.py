"""Puts markup and control characters into what the report will show."""


def double(x):
    raise ValueError("<script>alert(1)</script>\x1b[2J\x1b]0;owned\x07 ]]> =cmd()")
