"""Attack the application with other people's tools, and with rules and fuzz targets of its own.

    make security                                        all, some twenty minutes
    .venv/bin/python -m benchmarks.security bandit fuzz  some of it

`docs/security-tests.md` says what each one does and what became of what it found.
"""
