"""The servers that the benches measure: the embedded PostgreSQL and broker as `manage.py up` starts them (fsync on),
the web server and the worker with the very arguments of `manage.py up`. All of it is gone at the end.
"""

import os
import platform as platform_module
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

REPOSITORY = Path(__file__).resolve().parents[1]
SETTINGS = "roiqa.config.settings"
for source_root in (REPOSITORY / "platform", REPOSITORY):
    if str(source_root) not in sys.path:
        sys.path.insert(0, str(source_root))

from roiqa.launcher import addresses  # noqa: E402  (needs the path set above)
from roiqa.launcher.postgres import SUPERUSER, EmbeddedPostgres  # noqa: E402
from roiqa.launcher.processes import wait_until  # noqa: E402
from roiqa.launcher.programs import Program, command_program, web_program, worker_program  # noqa: E402
from roiqa.launcher.sockets import DATABASE  # noqa: E402
from roiqa.launcher.valkey import EmbeddedValkey  # noqa: E402

_HOST = "127.0.0.1"


@contextmanager
def platform() -> Iterator[None]:
    """A migrated, empty platform in a folder of its own; Django is set up on it in this process too."""
    os.environ["ROIQA_ENV"] = "development"
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    (REPOSITORY / "var").mkdir(mode=0o711, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=REPOSITORY / "var"))
    folder.chmod(0o711)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = EmbeddedPostgres(data_dir=folder, log_path=folder / "postgres.log")
        stack.callback(postgres.stop)
        postgres.start()
        postgres.create_database()
        valkey = EmbeddedValkey(data_dir=folder, log_path=folder / "valkey.log")
        stack.callback(valkey.stop)
        valkey.start()
        os.environ["ROIQA_DATA_DIR"] = str(folder)
        os.environ["DATABASE_URL"] = postgres.url()
        os.environ["CELERY_BROKER_URL"] = valkey.url()
        migrate = command_program(
            "migrate --no-input", log_path=folder / "migrate.log", environment=_environment(), folder=REPOSITORY
        )
        if _run(migrate) != 0:
            raise SystemExit(f"bench: the migrations failed: {migrate.last_line()}")
        import django

        django.setup()
        yield


def _run(program: Program) -> int:
    program.start()
    wait_until(lambda: not program.is_running(), seconds=300)
    child = program.running.child if program.running else None
    program.stop()
    return 1 if child is None else child.returncode


def _environment(**more: str) -> dict[str, str]:
    paths = [str(REPOSITORY / "platform"), str(REPOSITORY)]
    return {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(paths), **more}


@contextmanager
def web(*, settings: str = SETTINGS, worker: bool = True, **environment: str) -> Iterator[tuple[str, int]]:
    """The web server (and the worker with its clock) of `manage.py up`; answers host and port once it is ready."""
    folder = Path(os.environ["ROIQA_DATA_DIR"])
    port = addresses.free_port(_HOST, 0)
    surroundings = _environment(DJANGO_SETTINGS_MODULE=settings, **environment)
    programs = [
        web_program(
            host=_HOST,
            port=port,
            workers=min(2, os.cpu_count() or 1),
            log_path=folder / "web.log",
            environment=surroundings,
            folder=REPOSITORY,
        )
    ]
    if worker:
        log = folder / "worker.log"
        programs.append(worker_program(data_dir=folder, log_path=log, environment=surroundings, folder=REPOSITORY))
    with ExitStack() as stack:
        for program in programs:
            program.start()
            stack.callback(program.stop)
        if not wait_until(lambda: addresses.is_ready(_HOST, port, allowed_name=_HOST), seconds=60, every=0.1):
            raise SystemExit(f"bench: the web server does not start: {programs[0].last_line()}")
        yield _HOST, port


@contextmanager
def superuser() -> Iterator[psycopg.Connection]:
    """A connection that may switch off foreign-key checks while rows are generated, and may VACUUM."""
    cluster = Path(os.environ["ROIQA_DATA_DIR"]) / "postgres"
    from roiqa.launcher.sockets import POSTGRES_SOCKET, socket_folder

    socket = socket_folder(cluster, POSTGRES_SOCKET)
    where = make_conninfo(host=str(socket), port=5432, user=SUPERUSER, dbname=DATABASE)
    with psycopg.connect(where, autocommit=True) as connection:
        yield connection


def machine() -> str:
    """What the figures depend on, without naming the machine."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        "unknown CPU",
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GB, Python {platform_module.python_version()}, "
        f"load average {os.getloadavg()[0]:.1f} at the start"
    )
