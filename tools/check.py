"""Every check and every test, each with its time; stops at the first that fails. `make test` and CI run this.

The checks that leave a core idle run two at a time, what they say is shown as each ends; the tests follow, alone.

Arguments go to pytest: `tools/check.py tests/unit -x`. ROIQA_CHECK=fmt,types,... picks steps by name.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
UI = REPOSITORY / "annotator_ui"


@dataclass(frozen=True, kw_only=True)
class Step:
    name: str
    what: str
    command: list[str]
    folder: Path = REPOSITORY
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    status: int
    said: str
    seconds: float


PRODUCTION = {
    "ROIQA_ENV": "production",
    "ROIQA_SECRET_KEY": secrets.token_urlsafe(64),
    "ROIQA_ALLOWED_HOSTS": "roiqa.example.org",
    "ROIQA_DEBUG": "0",
}
NO_TESTS_CHOSEN = 5
# Two of the checks use one core only, and last longest.
CHECKS_AT_ONCE = 2
# More would compete for memory: a process that has loaded torch takes 0.6 GB.
TEST_PROCESSES = min(os.cpu_count() or 1, 4)
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as main; main()"


def check_steps() -> list[Step]:
    manage = [PYTHON, "manage.py"]
    return [
        Step(name="fmt", what="Python format", command=[PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."]),
        Step(name="lint", what="Python lint", command=[PYTHON, "-m", "ruff", "check", "--quiet", "."]),
        Step(name="imports", what="import contracts", command=[PYTHON, "-c", LINT_IMPORTS]),
        Step(name="types", what="Python types", command=[PYTHON, "-m", "mypy"]),
        Step(
            name="migrations",
            what="migrations",
            command=[PYTHON, "tools/with_database.py", *manage, "makemigrations", "--check", "--dry-run"],
        ),
        Step(
            name="deploy",
            what="deployment checks",
            command=[*manage, "check", "--deploy", "--fail-level", "WARNING"],
            environment=PRODUCTION,
        ),
        Step(name="schema", what="API schema drift", command=[PYTHON, "tools/schema.py", "--check"]),
        Step(
            name="ui-check",
            what="interface: format, lint, types",
            command=["npm", "run", "--silent", "check"],
            folder=UI,
        ),
        Step(name="ui-test", what="interface: unit tests", command=["npm", "run", "--silent", "test"], folder=UI),
    ]


def test_steps(pytest_arguments: list[str]) -> list[Step]:
    """The browser tests in a process of their own: Playwright keeps an event loop running, which others cannot bear."""
    pytest = [PYTHON, "-m", "pytest"]
    if any(argument.startswith("tests") for argument in pytest_arguments):
        return [Step(name="tests", what="chosen tests", command=[*pytest, *pytest_arguments])]
    return [
        Step(
            name="tests",
            what="Python tests",
            command=[*pytest, "--ignore=tests/e2e", "-n", str(TEST_PROCESSES), *pytest_arguments],
        ),
        Step(name="e2e", what="browser tests", command=[*pytest, "tests/e2e", "-rs", *pytest_arguments]),
    ]


def main() -> int:
    arguments = sys.argv[1:]
    wanted = set(filter(None, os.environ.get("ROIQA_CHECK", "").split(",")))
    checks = [step for step in check_steps() if not wanted or step.name in wanted]
    tests = [step for step in test_steps(arguments) if not wanted or step.name in wanted]
    began = time.monotonic()
    with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
        for step, ending in zip(checks, pool.map(lambda step: run(step, shown=False), checks), strict=True):
            print(f"== {step.what}\n{ending.said}", end="", flush=True)
            if not passed(step, ending):
                pool.shutdown(cancel_futures=True)
                return 1
    for step in tests:
        print(f"== {step.what}", flush=True)
        ending = run(step, shown=True)
        # pytest's 5: none of its tests was chosen, which is no fault when the arguments choose.
        if not (ending.status == NO_TESTS_CHOSEN and arguments) and not passed(step, ending):
            return 1
    print(f"== all {len(checks) + len(tests)} checks passed in {time.monotonic() - began:.1f} s", flush=True)
    return 0


def run(step: Step, *, shown: bool) -> Ending:
    began = time.monotonic()
    ended = subprocess.run(
        step.command,
        cwd=step.folder,
        env=os.environ | step.environment,
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Ending(ended.returncode, ended.stdout or "", time.monotonic() - began)


def passed(step: Step, ending: Ending) -> bool:
    word = "passed in" if ending.status == 0 else "FAILED after"
    print(f"== {step.what}: {word} {ending.seconds:.1f} s", flush=True)
    return ending.status == 0


if __name__ == "__main__":
    sys.exit(main())
