"""What the database has seen against what this code knows."""

from pathlib import Path

import psycopg
from django.db.migrations.loader import MigrationLoader

from roiqa.launcher.data_folder import newer_data
from roiqa.launcher.errors import LaunchError


def pending_migrations(database_url: str, *, data_dir: Path | None) -> bool:
    """Whether migrations are waiting to be applied.

    Raises LaunchError when the database has migrations that this code does not know (a newer version wrote it; `data_dir`
    is None for a database that is not ours to start) and when it cannot be reached.
    """
    loader = MigrationLoader(connection=None)
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known |= {(app, name) for app, name in migration.replaces}
    applied = _applied_migrations(database_url)
    unknown = sorted(applied - known)
    if unknown:
        why = f"migration {'.'.join(unknown[0])} is unknown to this one"
        if data_dir is not None:
            raise newer_data(data_dir, why)
        raise LaunchError(
            f"The database of DATABASE_URL was written by a newer version of ROIQA ({why}): start that one."
        )
    return not set(loader.disk_migrations) <= applied


def _applied_migrations(database_url: str) -> set[tuple[str, str]]:
    try:
        with psycopg.connect(database_url, connect_timeout=10) as connection:
            table = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
            if table is None or table[0] is None:
                return set()
            return set(connection.execute("SELECT app, name FROM django_migrations").fetchall())
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise LaunchError(f"The database of DATABASE_URL does not answer: {reason}") from error
