"""Browser tests: the real platform (`manage.py up` with its demo) and a real Chromium. Skipped, saying why, without one."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.shell import REPOSITORY, Shell

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
START_SECONDS = 120


class Platform:
    """One `manage.py up` on a data folder of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.url = ""
        self.process: subprocess.Popen[str] | None = None
        self._shell: Shell | None = None
        self._lines: list[str] = []
        self._reader = threading.Thread()

    def start(self, *, port: int = 0) -> None:
        # The servers that the other tests share are not for this one: it starts its own.
        environment = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "CELERY_BROKER_URL"}}
        environment |= {
            "ROIQA_ENV": "development",
            "ROIQA_LOGIN_RATE": "600/min",
            "ROIQA_LOGIN_ADDRESS_RATE": "600/min",
        }
        command = [sys.executable, "manage.py", "up", "--port", str(port), "--data-dir", str(self.data_dir)]
        self.process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._reader = threading.Thread(target=self._read, args=[self.process], daemon=True)
        self._reader.start()
        give_up_at = time.monotonic() + START_SECONDS
        while not self.url and time.monotonic() < give_up_at and self.process.poll() is None:
            time.sleep(0.05)
        assert self.url, "the platform did not start:\n" + "".join(self._lines)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._lines.append(line)
                ready = re.search(r"ready at (http://\S+?)/? ", line)
                if ready:
                    self.url = ready.group(1)

    def stop(self) -> None:
        if self._shell is not None:
            self._shell.close()
            self._shell = None
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
            self._reader.join()
            self.process, self.url = None, ""

    def logins(self) -> dict[str, str]:
        """Password of each demo user by user name."""
        entries = json.loads((self.data_dir / "demo-logins.json").read_text(encoding="utf-8"))
        return {entry["username"]: entry["password"] for entry in entries}

    def run(self, code: str) -> str:
        """Run Python against this platform's database; answers what it printed."""
        if self._shell is None:
            self._shell = Shell(self.data_dir)
        return self._shell.run(code)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    if not (REPOSITORY / "annotator_ui" / "dist" / "index.html").exists():
        pytest.skip("the interface is not built: run `make ui`")
    one = Platform(tmp_path_factory.mktemp("platform"))
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium): browser tests did not run")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--disable-dev-shm-usage"])
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser, platform: Platform) -> Iterator[BrowserContext]:
    fresh = browser.new_context(base_url=platform.url, viewport={"width": 1440, "height": 900})
    fresh.set_default_timeout(15_000)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def sign_in(page: Page, username: str, password: str) -> None:
    page.goto("/login")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
