"""Every check and every test in order, each with its time; stops at the first that fails. `make test` and CI run this.

Arguments go to pytest: `tools/check.py tests/unit -x`. ROIQA_CHECK=fmt,types,... picks steps by name.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
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


PRODUCTION = {
    "ROIQA_ENV": "production",
    "ROIQA_SECRET_KEY": secrets.token_urlsafe(64),
    "ROIQA_ALLOWED_HOSTS": "roiqa.example.org",
    "ROIQA_DEBUG": "0",
}
NO_TESTS_CHOSEN = 5
# More would compete for memory: a process that has loaded torch takes 0.6 GB.
TEST_PROCESSES = min(os.cpu_count() or 1, 4)
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as main; main()"


def steps(pytest_arguments: list[str]) -> list[Step]:
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
        *test_steps(pytest_arguments),
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
    wanted = set(filter(None, os.environ.get("ROIQA_CHECK", "").split(",")))
    chosen = [step for step in steps(sys.argv[1:]) if not wanted or step.name in wanted]
    began = time.monotonic()
    for step in chosen:
        print(f"== {step.what}", flush=True)
        step_began = time.monotonic()
        status = subprocess.run(
            step.command, cwd=step.folder, env=os.environ | step.environment, check=False
        ).returncode
        seconds = time.monotonic() - step_began
        # pytest's 5: none of its tests was chosen, which is no fault when the arguments choose.
        if status != 0 and not (status == NO_TESTS_CHOSEN and sys.argv[1:]):
            print(f"== {step.what}: FAILED after {seconds:.1f} s", flush=True)
            return 1
        print(f"== {step.what}: passed in {seconds:.1f} s", flush=True)
    print(f"== all {len(chosen)} checks passed in {time.monotonic() - began:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
