import os
from pathlib import Path

import pytest

from roiqa.launcher.data_folder import DATA_FORMAT, DataFolder
from roiqa.launcher.errors import LaunchError


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "data")
    yield folder
    folder.close()


def refusal(folder, **arguments):
    with pytest.raises(LaunchError) as caught:
        folder.open(**arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_secret_key_stays_the_same(folder, tmp_path):
    folder.open()
    key = folder.secret_key()
    folder.close()
    again = DataFolder(tmp_path / "data")
    again.open()
    assert again.secret_key() == key
    again.close()


def test_a_newer_format_is_refused(folder):
    folder.open()
    (folder.path / "data-format").write_text(f"{DATA_FORMAT + 1}\n")
    folder.close()
    assert "was written by a newer version of ROIQA" in refusal(folder)


def test_a_disk_without_room_is_refused_with_the_numbers(folder):
    message = refusal(folder, needed_bytes=10**18)
    assert "is full" in message
    assert "1000000000000 MB needed" in message


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "data").write_text("a file")
    assert "is not a folder" in refusal(DataFolder(tmp_path / "data"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_refused():
    assert "cannot be written" in refusal(DataFolder(Path("/usr/roiqa-data")))


def test_a_large_log_is_set_aside(folder):
    folder.open()
    (folder.logs / "web.log").write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    assert not folder.log_path("web").exists()
    assert (folder.logs / "web.log.1").exists()
