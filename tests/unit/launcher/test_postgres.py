import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from roiqa.launcher.errors import LaunchError
from roiqa.launcher.postgres import EmbeddedPostgres
from roiqa.launcher.processes import start_time
from tests.unit.launcher.running_platform import wait_for


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A data folder with a database that holds one row; each test starts and stops the server itself."""
    folder = tmp_path_factory.mktemp("cluster")
    server = EmbeddedPostgres(data_dir=folder, log_path=folder / "postgres.log")
    server.start()
    server.create_database()
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('here')")
    server.stop()
    return folder


@pytest.fixture
def server(cluster):
    server = EmbeddedPostgres(data_dir=cluster, log_path=cluster / "postgres.log")
    yield server
    server.stop()


def rows(server):
    with psycopg.connect(server.url()) as connection:
        return connection.execute("SELECT word FROM kept").fetchall()


def test_a_stopped_server_is_gone_and_starts_again_with_its_rows(server):
    server.start()
    pid = server.running.pid
    server.stop()
    assert start_time(pid) == ""
    server.start()
    assert rows(server) == [("here",)]


def test_committed_rows_survive_kill_9_of_the_server(server):
    server.start()
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE before_kill AS SELECT generate_series(1, 1000) AS n")
    os.kill(server.running.pid, signal.SIGKILL)
    wait_for(lambda: not server.is_running())
    server.start()
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT count(*) FROM before_kill").fetchone() == (1000,)
        connection.execute("DROP TABLE before_kill")


@pytest.mark.parametrize("content", ["{pid}\n/elsewhere\n0\n5432\n", ""], ids=["names another process", "is empty"])
def test_a_stale_pid_file_harms_neither_the_start_nor_the_process_it_names(server, cluster, content):
    foreign = subprocess.Popen(["sleep", "60"])
    try:
        (cluster / "postgres" / "postmaster.pid").write_text(content.format(pid=foreign.pid))
        server.start()
        assert rows(server) == [("here",)]
        server.stop()
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_a_server_left_running_is_taken_over_and_stopped(server, cluster):
    server.start()
    successor = EmbeddedPostgres(data_dir=cluster, log_path=cluster / "postgres.log")
    successor.start()
    assert successor.running.pid == server.running.pid
    assert rows(successor) == [("here",)]
    successor.stop()
    assert not server.is_running()


def test_the_server_ends_with_a_supervisor_that_is_killed(cluster):
    program = (
        "import sys, time; from pathlib import Path; from roiqa.launcher.postgres import EmbeddedPostgres as E;"
        "s = E(data_dir=Path(sys.argv[1]), log_path=Path(sys.argv[1]) / 'postgres.log'); s.start();"
        "print(s.running.pid, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program, str(cluster)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": "platform"},
    )
    with owner:
        pid = int(owner.stdout.readline())
        owner.kill()
    wait_for(lambda: start_time(pid) == "")


def test_a_cluster_of_another_major_version_is_refused_in_one_line(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("99\n")
    with pytest.raises(
        LaunchError, match="PostgreSQL 99 database; this version of ROIQA runs PostgreSQL 18"
    ) as refusal:
        EmbeddedPostgres(data_dir=tmp_path, log_path=tmp_path / "log").start()
    assert "\n" not in str(refusal.value)


def test_a_folder_that_is_no_cluster_is_not_written_into(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "thesis.txt").write_text("mine")
    with pytest.raises(LaunchError, match="not empty and no PostgreSQL database"):
        EmbeddedPostgres(data_dir=tmp_path, log_path=tmp_path / "log").start()


def test_a_path_too_long_for_a_socket_works_and_leaves_no_folder(tmp_path):
    folder = tmp_path / ("long" * 25) / "with space"
    folder.mkdir(parents=True)
    server = EmbeddedPostgres(data_dir=folder, log_path=folder / "log", durable=False)
    try:
        server.start()
        server.create_database()
        assert server.socket_folder != server.cluster
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
    assert not server.socket_folder.exists()


def test_an_interrupted_first_start_is_begun_anew(tmp_path):
    unfinished = tmp_path / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(data_dir=tmp_path, log_path=tmp_path / "log", durable=False)
    try:
        server.start()
        assert server.is_running()
    finally:
        server.stop()
    assert not unfinished.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look through the eyes of another user")
def test_root_runs_it_unprivileged_and_opens_no_folder_to_do_so(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "data").mkdir()
    server = EmbeddedPostgres(data_dir=home / "data", log_path=home / "log", durable=False)
    try:
        server.start()
        server.create_database()
        assert Path(f"/proc/{server.running.pid}").stat().st_uid != 0
        assert home.stat().st_mode & 0o777 == 0o700
        assert server.cluster.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look through the eyes of another user")
def test_another_user_cannot_connect(server):
    server.start()
    command = [server.program.with_name("psql"), server.url(), "-c", "SELECT 1"]
    subprocess.run(command, cwd="/", check=True, capture_output=True)
    other = subprocess.run(
        command, user=12345, group=12345, extra_groups=[], cwd="/", check=False, capture_output=True, text=True
    )
    assert "Permission denied" in other.stderr


def test_the_application_is_no_superuser(server):
    server.start()
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT usesuper FROM pg_user WHERE usename = current_user").fetchone() == (False,)
