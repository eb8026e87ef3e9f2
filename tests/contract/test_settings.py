"""Production refuses to start with what is only good for development."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FIT = {
    "ROIQA_ENV": "production",
    "ROIQA_SECRET_KEY": "x1" * 30,
    "ROIQA_ALLOWED_HOSTS": "lab.example.org",
    "DATABASE_URL": "postgresql://roiqa@db/roiqa",
    "CELERY_BROKER_URL": "redis://broker/0",
}
SHOW = "import roiqa.config.settings as s; print(s.DEBUG, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT)"


def start(environment: dict[str, str], code: str = SHOW) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "ROIQA_DATA_DIR") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={**kept, "PYTHONPATH": str(REPOSITORY / "platform"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_production_starts_with_everything_it_needs():
    started = start(FIT)
    assert started.stdout.split() == ["False", "True", "True", "True"], started.stderr


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ROIQA_SECRET_KEY": ""}, "ROIQA_SECRET_KEY"),
        ({"ROIQA_SECRET_KEY": "development-only-key-never-use-it-in-production"}, "ROIQA_SECRET_KEY"),
        ({"ROIQA_SECRET_KEY": "short"}, "ROIQA_SECRET_KEY"),
        ({"ROIQA_DEBUG": "1"}, "ROIQA_DEBUG"),
        ({"ROIQA_ALLOWED_HOSTS": ""}, "ROIQA_ALLOWED_HOSTS"),
        ({"ROIQA_ALLOWED_HOSTS": "*"}, "ROIQA_ALLOWED_HOSTS"),
        ({"ROIQA_DEBUG": "maybe"}, "ROIQA_DEBUG"),
        ({"ROIQA_ENV": "prod"}, "ROIQA_ENV"),
        ({"DATABASE_URL": "sqlite:///db.sqlite3"}, "DATABASE_URL"),
    ],
    ids=lambda value: "-".join(f"{k}={v}" for k, v in value.items())[:50] if isinstance(value, dict) else "",
)
def test_production_refuses_and_names_the_setting(change: dict[str, str], why: str):
    refused = start({**FIT, **change})
    assert refused.returncode != 0
    assert why in refused.stderr.splitlines()[-1]


def test_debug_is_off_unless_asked_for():
    assert start({}, "import roiqa.config.settings as s; print(s.DEBUG)").stdout.strip() == "False"


def test_a_secret_can_come_from_a_file(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("from-a-file" * 5 + "\n")
    environment = {name: value for name, value in FIT.items() if name != "ROIQA_SECRET_KEY"}
    started = start(
        {**environment, "ROIQA_SECRET_KEY_FILE": str(secret)},
        "import roiqa.config.settings as s; print(s.SECRET_KEY)",
    )
    assert started.stdout.strip() == "from-a-file" * 5


def test_the_web_process_never_imports_torch():
    code = (
        "import django, sys; django.setup(); import roiqa.config.urls, roiqa.config.asgi;"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'torch', 'transformers', 'ml', 'torchvision'}))"
    )
    started = start({"DJANGO_SETTINGS_MODULE": "roiqa.config.settings"}, code)
    assert started.stdout.strip() == "[]", started.stderr
