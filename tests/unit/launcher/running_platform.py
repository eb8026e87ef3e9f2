"""`manage.py up` as a real process, and a look at the processes it brings about."""

import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from roiqa.launcher.processes import start_time

REPOSITORY = Path(__file__).resolve().parents[3]
NAMED_BY_TEST_RUN = {"DATABASE_URL", "CELERY_BROKER_URL", "ROIQA_DATA_DIR", "ROIQA_ENV", "DJANGO_SETTINGS_MODULE"}


def wait_for(condition, *, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return found


def descendants(pid):
    """Every live process below `pid`, with its start time: a pid alone may be used again."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = {}, [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            found[child] = start_time(child)
            waiting.append(child)
    return found


def still_alive(processes):
    return [pid for pid, started in processes.items() if started and start_time(pid) == started]


class RunningPlatform:
    def __init__(self, data_dir, *arguments, **environment):
        inherited = {name: value for name, value in os.environ.items() if name not in NAMED_BY_TEST_RUN}
        self.output = data_dir.parent / f"{data_dir.name}.output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "manage.py",
                    "up",
                    "--no-demo",
                    "--data-dir",
                    str(data_dir),
                    "--port",
                    "0",
                    *arguments,
                ],
                cwd=REPOSITORY,
                env=inherited | environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.data_dir = data_dir

    def text(self):
        return self.output.read_text()

    def wait_until_ready(self):
        def address():
            assert self.process.poll() is None, self.text()
            lines = [line for line in self.text().splitlines() if line.startswith("ROIQA is ready at ")]
            return lines[-1].split(" ")[4] if lines else None

        self.address = wait_for(address, seconds=90)
        return self

    def child(self, text):
        """The direct child whose command line names `text`."""
        for pid in sorted(descendants(self.process.pid)):
            try:
                parent = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1]
                command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue  # it has ended meanwhile
            if int(parent) == self.process.pid and text in command:
                return pid
        return None

    def is_ready(self):
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self, number=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=60)


def failed_start(data_dir, *arguments, **environment):
    """The error output of an `up` that ends by itself, which must be with status 1."""
    inherited = {name: value for name, value in os.environ.items() if name not in NAMED_BY_TEST_RUN}
    run = subprocess.run(
        [sys.executable, "manage.py", "up", "--no-demo", "--data-dir", str(data_dir), *arguments],
        cwd=REPOSITORY,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stderr
