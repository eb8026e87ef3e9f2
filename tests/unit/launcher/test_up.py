import os
import signal
import socket
from contextlib import contextmanager

import psycopg
import pytest

from roiqa.launcher import sockets
from roiqa.launcher.postgres import EmbeddedPostgres
from tests.unit.launcher.running_platform import RunningPlatform, descendants, failed_start, still_alive, wait_for


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """One folder, with a space in its path, that every start of this module uses: only the first makes the database."""
    return tmp_path_factory.mktemp("some folder") / "data"


@pytest.fixture(scope="module")
def started(data_dir):
    """The platforms started so far. The last one is still running unless a test has stopped it."""
    platforms = []
    yield platforms
    for platform in platforms:
        if platform.process.poll() is None:
            below = descendants(platform.process.pid)
            assert platform.stop(signal.SIGTERM) == 0
            assert still_alive(below) == []


@pytest.fixture
def platform(started, data_dir):
    """A running platform: starting one takes seconds, so that tests share it until one of them stops it."""
    if not started or started[-1].process.poll() is not None:
        started.append(RunningPlatform(data_dir))
    return started[-1].wait_until_ready()


@contextmanager
def embedded_database(data_dir):
    """A connection to the folder's database while no platform runs on it."""
    server = EmbeddedPostgres(data_dir=data_dir, log_path=data_dir / "logs" / "postgres.log")
    server.start()
    try:
        with psycopg.connect(server.url()) as connection:
            yield connection
    finally:
        server.stop()


def test_ctrl_c_stops_everything_and_leaves_no_process(platform):
    assert platform.is_ready()
    below = descendants(platform.process.pid)
    assert len(below) >= 8, "postgres, valkey, web with its workers, worker with its pool and its clock"
    assert platform.stop(signal.SIGINT) == 0
    assert still_alive(below) == []
    assert "Stopped." in platform.text()
    assert "Traceback" not in platform.text()


def test_a_second_start_on_the_folder_is_refused_with_the_address_of_the_first(platform, data_dir):
    error = failed_start(data_dir, "--port", "0")
    assert error.count("\n") == 1
    assert "already running" in error
    assert platform.address in error
    assert platform.is_ready()


def test_children_that_are_killed_come_back_and_the_log_says_so(platform, data_dir):
    for program in ("granian", "celery", "postgres", "valkey-server"):
        first = platform.child(program)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda program=program, first=first: platform.child(program) not in {None, first})
    wait_for(platform.is_ready)
    log = (data_dir / "logs" / "supervisor.log").read_text()
    for name in ("web", "worker", "postgres", "valkey"):
        assert f"{name} ended (killed by SIGKILL); starting it again in 0.5 s." in log


def test_a_killed_supervisor_leaves_no_process_and_the_next_start_works(platform, started, data_dir):
    below = descendants(platform.process.pid)
    platform.stop(signal.SIGKILL)
    wait_for(lambda: not still_alive(below))
    started.append(RunningPlatform(data_dir))
    assert started[-1].wait_until_ready().is_ready()


def test_ctrl_c_during_the_first_start_leaves_no_process(tmp_path):
    starting = RunningPlatform(tmp_path / "data")
    wait_for(lambda: starting.child("postgres") or starting.child("initdb"))
    below = descendants(starting.process.pid)
    assert starting.stop(signal.SIGINT) == 0
    assert still_alive(below) == []
    assert "Traceback" not in starting.text()


def test_the_secret_key_is_the_folders_own_and_private(platform, data_dir):
    assert (data_dir / "secret-key").stat().st_mode & 0o777 == 0o600
    assert len((data_dir / "secret-key").read_text()) >= 50


def test_a_busy_port_is_one_line_that_names_the_remedy(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        error = failed_start(tmp_path / "data", "--port", str(port))
    assert error == (
        f"CommandError: Port {port} on 127.0.0.1 is in use by another program: choose another one with --port.\n"
    )


def test_a_database_of_a_newer_version_is_refused_and_nothing_is_left(platform, data_dir):
    with psycopg.connect(sockets.database_url(data_dir)) as connection:
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('core', '9999_future', now())")
    platform.stop()
    error = failed_start(data_dir, "--port", "0")
    assert error.count("\n") == 1
    assert "newer version of ROIQA (migration core.9999_future is unknown" in error
    assert not (data_dir / "postgres" / "postmaster.pid").exists()
    with embedded_database(data_dir) as connection:
        connection.execute("DELETE FROM django_migrations WHERE name = '9999_future'")
