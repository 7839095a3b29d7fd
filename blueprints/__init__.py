"""HTTP and the command line: load, check, validate, one service call, answer."""
