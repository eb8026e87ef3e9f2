import os
import sys

import pytest

from roiqa.launcher import addresses
from roiqa.launcher.errors import LaunchError
from roiqa.launcher.processes import start_time
from roiqa.launcher.programs import LONGEST_PAUSE_SECONDS, Backoff, Program
from tests.unit.launcher.running_platform import wait_for


def program(tmp_path, source, **arguments):
    return Program(
        name="probe",
        arguments=("-c", source),
        log_path=tmp_path / "probe.log",
        environment=os.environ,
        folder=tmp_path,
        **arguments,
    )


def test_the_pause_doubles_up_to_its_limit_and_starts_anew_after_a_healthy_run(tmp_path):
    backoff = Backoff(program(tmp_path, ""))
    pauses = [backoff.note_end() for _ in range(9)]
    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    backoff.started_at -= 61
    assert backoff.note_end() == 0.5


def test_a_program_deaf_to_sigterm_goes_with_its_whole_group(tmp_path):
    source = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"child = subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    deaf = program(tmp_path, source, stop_seconds=0.1)
    deaf.start()
    grandchild = int(wait_for(deaf.last_line))
    deaf.stop()
    assert not deaf.is_running()
    wait_for(lambda: start_time(grandchild) == "")


def test_how_a_program_ended_is_said_in_words(tmp_path):
    failing = program(tmp_path, "raise SystemExit(3)")
    failing.start()
    wait_for(lambda: not failing.is_running())
    assert failing.running.ending() == "exit status 3"
    failing.stop()


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(LaunchError, match="not an address of this machine"):
        addresses.free_port("203.0.113.7", 0)


def test_a_port_out_of_range_is_refused():
    with pytest.raises(LaunchError, match="--port 70000 is not a port"):
        addresses.free_port("127.0.0.1", 70000)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80")],
)
def test_the_printed_address_can_be_opened_on_this_machine(host, expected):
    assert addresses.url(host, 80) == expected
