"""Files reach storage whole or not at all, and once."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from roiqa.images.storage import put


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "media"},
        },
    }
    return tmp_path / "media"


def test_what_is_put_can_be_read_and_nothing_else_is_left(media: Path) -> None:
    put("images/ab/x/original", b"bytes")
    with default_storage.open("images/ab/x/original") as stored:
        assert stored.read() == b"bytes"
    assert [path.name for path in (media / "images/ab/x").iterdir()] == ["original"]


def test_a_key_keeps_its_first_content(media: Path) -> None:
    put("images/ab/x/display.png", b"first")
    put("images/ab/x/display.png", b"second")
    assert (media / "images/ab/x/display.png").read_bytes() == b"first"


def test_a_broken_write_leaves_no_file(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("roiqa.images.storage.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        put("images/ab/x/original", b"bytes")
    assert list((media / "images/ab/x").iterdir()) == []
    assert not default_storage.exists("images/ab/x/original")
