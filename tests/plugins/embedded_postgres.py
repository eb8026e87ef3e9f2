"""pytest plugin: without DATABASE_URL and CELERY_BROKER_URL the tests get servers of their own, gone at the end.

Loaded with `-p`, because pytest-django reads the settings before any conftest. The workers of pytest-xdist inherit the
environment and so share the servers; pytest-django gives each a database, this plugin a data folder and a
broker: a Celery worker of one must not take the jobs of another. ROIQA_TEST_DURABLE=1 keeps fsync on.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
_servers = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Runs before every other such hook, pytest-django's included, as wrappers do."""
    start_missing_servers()
    return (yield)


def pytest_unconfigure() -> None:
    stop_servers()


def stop_servers() -> None:
    _servers.close()


def start_missing_servers() -> None:
    """Start what the environment does not name, in a folder under `var/`, and name it there."""
    os.environ.setdefault("ROIQA_ENV", "test")
    for source_root in (REPOSITORY / "platform", REPOSITORY):
        if str(source_root) not in sys.path:
            sys.path.insert(0, str(source_root))
    if os.environ.get("PYTEST_XDIST_WORKER"):
        _keep_apart(os.environ["PYTEST_XDIST_WORKER"])
        return
    if os.environ.get("DATABASE_URL") and os.environ.get("CELERY_BROKER_URL") and os.environ.get("ROIQA_DATA_DIR"):
        return
    from roiqa.launcher.postgres import EmbeddedPostgres
    from roiqa.launcher.valkey import EmbeddedValkey

    (REPOSITORY / "var").mkdir(mode=0o711, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="test-", dir=REPOSITORY / "var"))
    folder.chmod(0o711)
    atexit.register(_servers.close)
    _servers.callback(shutil.rmtree, folder, ignore_errors=True)
    if not os.environ.get("ROIQA_DATA_DIR"):
        _export("ROIQA_DATA_DIR", str(folder))
    if not os.environ.get("DATABASE_URL"):
        durable = bool(os.environ.get("ROIQA_TEST_DURABLE"))
        postgres = EmbeddedPostgres(data_dir=folder, log_path=folder / "postgres.log", durable=durable)
        _servers.callback(postgres.stop)
        postgres.start()
        postgres.create_database()
        _export("DATABASE_URL", postgres.url())
    if not os.environ.get("CELERY_BROKER_URL"):
        valkey = EmbeddedValkey(data_dir=folder, log_path=folder / "valkey.log")
        _servers.callback(valkey.stop)
        valkey.start()
        _export("CELERY_BROKER_URL", valkey.url())


def _keep_apart(worker: str) -> None:
    """A data folder of the worker's own in that of the tests, and a broker in it unless the environment named one."""
    from roiqa.launcher.valkey import EmbeddedValkey

    folder = Path(os.environ["ROIQA_DATA_DIR"]) / worker
    folder.mkdir(mode=0o711, exist_ok=True)
    os.environ["ROIQA_DATA_DIR"] = str(folder)
    if os.environ["CELERY_BROKER_URL"].startswith("redis+socket:"):
        valkey = EmbeddedValkey(data_dir=folder, log_path=folder / "valkey.log")
        _servers.callback(valkey.stop)
        valkey.start()
        os.environ["CELERY_BROKER_URL"] = valkey.url()


def _export(name: str, value: str) -> None:
    os.environ[name] = value
    _servers.callback(os.environ.pop, name, None)
