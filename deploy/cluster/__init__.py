"""A whole cluster of real processes on this computer, to kill parts of it: `python -m deploy.cluster up`.

nginx with TLS, two gunicorn nodes, two workers, PgBouncer in transaction mode, a PostgreSQL primary with a synchronous
replica, and a mail server. Everything lies below `var/cluster`; nothing of an installation's `.env` is used.
"""
