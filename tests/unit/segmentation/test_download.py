"""Installing weights: from a hub that says their hash, from a folder, and never half."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ml.segmentation import download, manifest
from ml.segmentation.download import KNOWN, DownloadError, install

REPOSITORY = Path(__file__).resolve().parents[3]
TINY = REPOSITORY / "tests" / "weights" / "tiny-sam"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as is asked: what a repository's files hash to, and the files."""

    files: dict[str, bytes]
    said_sha256: str

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/"):
            lfs = {"sha256": self.said_sha256, "size": len(self.files["model.safetensors"]), "pointerSize": 134}
            siblings = [{"rfilename": name, **({"lfs": lfs} if "safe" in name else {})} for name in self.files]
            told = {"id": path.removeprefix("/api/models/"), "sha": COMMIT, "siblings": siblings}
            self.answer(json.dumps(told).encode(), "application/json")
        elif f"/resolve/{COMMIT}/" in path:
            self.answer(self.files[path.rpartition("/")[2]], "application/octet-stream")
        else:
            self.send_error(404)

    def answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def hub() -> Iterator[type[Hub]]:
    """A hub on this machine that has one repository under every name."""
    files = {name: (TINY / name).read_bytes() for name in download.FILES}
    handler = type(
        "OneHub", (Hub,), {"files": files, "said_sha256": hashlib.sha256(files["model.safetensors"]).hexdigest()}
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def run(*arguments: str, hub: str, into: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, because the hub's client reads its address when it is imported."""
    environment = {**os.environ, "HF_ENDPOINT": hub, "HF_HOME": str(into / "home"), "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "ml.segmentation.download", *arguments, "--into", str(into / "weights")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


def test_the_weights_that_the_hub_published_are_installed(hub: type[Hub], tmp_path: Path) -> None:
    done = run("rtdetr-r50", hub=hub.url, into=tmp_path)  # type: ignore[attr-defined]
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "weights" / "rtdetr-r50" / "detector.json").read_text())
    assert (said["id"], said["weights_sha256"]) == ("rtdetr-r50", hub.said_sha256)
    assert said["source"] == f"PekingU/rtdetr_r50vd@{COMMIT}"
    assert sorted(path.name for path in (tmp_path / "weights").iterdir()) == ["rtdetr-r50"]
    again = install("rtdetr-r50", into=tmp_path / "weights")
    assert f"is there already: weights {hub.said_sha256}" in again


def test_other_weights_than_the_hub_published_are_refused(hub: type[Hub], tmp_path: Path) -> None:
    hub.said_sha256 = "0" * 64
    done = run("sam-vit-b", hub=hub.url, into=tmp_path)  # type: ignore[attr-defined]
    assert (done.returncode, list((tmp_path / "weights").iterdir())) == (1, [])
    assert "but the hub says 000" in done.stderr


def test_without_a_network_one_line_says_what_to_do(tmp_path: Path) -> None:
    done = run("sam-vit-h", hub="http://127.0.0.1:9", into=tmp_path)
    assert (done.returncode, list((tmp_path / "weights").iterdir())) == (1, [])
    [line] = done.stderr.strip().splitlines()
    assert "facebook/sam-vit-huge could not be fetched" in line
    assert "`manage.py download_weights sam-vit-h --from FOLDER`" in line


def test_a_folder_becomes_a_model_of_its_name(tmp_path: Path) -> None:
    said = install("our-own", into=tmp_path, source=TINY, licence="CC0-1.0")
    made = manifest.read(tmp_path / "our-own")
    assert (made.id, made.licence, made.source) == ("our-own", "CC0-1.0", str(TINY))
    assert made.weights_sha256 in said
    (tmp_path / "our-own" / "model.safetensors").write_bytes(b"changed")
    with pytest.raises(manifest.ModelError):
        install("our-own", into=tmp_path, source=TINY)


@pytest.mark.parametrize("missing", download.FILES)
def test_a_folder_that_lacks_a_file_leaves_nothing(tmp_path: Path, missing: str) -> None:
    shutil.copytree(TINY, tmp_path / "given")
    (tmp_path / "given" / missing).unlink()
    with pytest.raises(DownloadError, match=missing):
        install("rtdetr-r50", into=tmp_path / "weights", source=tmp_path / "given")
    assert list((tmp_path / "weights").iterdir()) == []


def test_what_is_not_known_is_refused_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="sam-vit-b, sam-vit-l, sam-vit-h") as refused:
        install("sam-vit-g", into=tmp_path)
    assert all(name in str(refused.value) for name in KNOWN)


@pytest.mark.parametrize("name", ["../outside", "a/b", ".hidden", "Upper", "", "region-tree"])
def test_a_name_that_is_no_folders_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DownloadError, match="is no name"):
        install(name, into=tmp_path / "weights", source=TINY)
    assert not (tmp_path / "outside").exists()


def test_a_folder_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "sam-vit-b").mkdir()
    (tmp_path / "sam-vit-b" / "notes.txt").write_text("mine")
    with pytest.raises(DownloadError, match="remove it"):
        install("sam-vit-b", into=tmp_path)
    assert (tmp_path / "sam-vit-b" / "notes.txt").read_text() == "mine"
