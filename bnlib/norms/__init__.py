"""The layers themselves in plain NumPy; `staged` is batch normalization in nine small steps."""
