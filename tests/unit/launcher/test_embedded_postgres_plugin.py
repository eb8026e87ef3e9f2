import os
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.plugins.embedded_postgres import REPOSITORY


def test_this_run_has_a_real_postgresql():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SHOW server_version_num").fetchone()[0] >= "160000"


def test_a_run_leaves_neither_server_nor_folder(tmp_path):
    probe = tmp_path / "test_probe.py"
    probe.write_text(
        "import os\ndef test_address(): print('address', os.environ['DATABASE_URL'], os.environ['ROIQA_DATA_DIR'])\n"
    )
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "CELERY_BROKER_URL", "ROIQA_DATA_DIR"} and not name.startswith("PYTEST_")
    }
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-s",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            "-c",
            "pyproject.toml",
            "--rootdir",
            str(REPOSITORY),
            str(probe),
        ],
        cwd=REPOSITORY,
        env=inherited,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    _, url, folder = next(line for line in run.stdout.splitlines() if line.startswith("address")).split(" ", 2)
    assert not Path(folder).exists()
    assert url != os.environ["DATABASE_URL"]
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return
    raise AssertionError(f"the server of the inner run still answers at {url}")
