"""What `manage.py up` starts, watches and stops: embedded PostgreSQL and Valkey, the web server, the worker."""
