"""Every route through nginx: the site that every installation has, before a gunicorn with production settings."""
