import os
import signal

import pytest
import redis

from roiqa.launcher.valkey import EmbeddedValkey
from tests.unit.launcher.running_platform import wait_for


@pytest.fixture
def server(tmp_path):
    server = EmbeddedValkey(data_dir=tmp_path, log_path=tmp_path / "valkey.log")
    server.start()
    yield server
    server.stop()


def client(server):
    return redis.Redis(unix_socket_path=str(server.socket_folder / "valkey.sock"))


def test_queued_messages_survive_kill_9(server):
    with client(server) as connection:
        connection.rpush("queue", *range(50))
        # The append-only file is synced every second.
        connection.execute_command("WAITAOF", 1, 0, 5000)
    os.kill(server.running.pid, signal.SIGKILL)
    wait_for(lambda: not server.is_running())
    server.start()
    with client(server) as connection:
        assert connection.llen("queue") == 50


def test_a_broker_left_running_is_taken_over_and_stopped(server):
    successor = EmbeddedValkey(data_dir=server.data_dir, log_path=server.log_path)
    successor.start()
    assert successor.running.pid == server.running.pid
    successor.stop()
    assert not server.is_running()


def test_nothing_is_listening_on_the_network(server):
    with client(server) as connection:
        assert connection.config_get("port")["port"] == "0"
