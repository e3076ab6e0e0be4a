"""What a report can be written as, each in a module of its own: data in, text out; nothing here grades."""
