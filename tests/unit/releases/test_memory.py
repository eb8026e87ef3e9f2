"""Exports need the memory of one piece: ten times the ROIs, not ten times the memory. (bench/ has the real sizes.)"""

import hashlib
import tracemalloc
import uuid

import pytest

from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.releases import storage
from roiqa.releases.comparison import compare
from roiqa.releases.exports import parquet
from roiqa.releases.exports.formats import FORMATS
from roiqa.releases.snapshot_file import FORMAT_VERSION, Record, SnapshotReader, SnapshotWriter

SCORE = {"mean": 2.0, "sd": 0.5, "interval": [1.0, 3.0], "level": 2, "level_word": "fair", "votes": [0, 0, 7, 0, 0]}
ABSENT = {
    "present": False,
    "severity": None,
    "sd": None,
    "interval": None,
    "level": None,
    "level_word": None,
    "votes": [0, 0, 0, 0, 0, 7],
    "tie": False,
    "p_present": 0.0,
    "severity_present": None,
    "severity_all": 5.0,
}
LABEL = {
    "n": 7,
    "clean": True,
    "contested_clean": False,
    "tie": False,
    "quality": SCORE,
    "importance": SCORE,
    "distortions": dict.fromkeys(DISTORTIONS, ABSENT),
}


def rating(number: int) -> Record:
    return {
        "annotator": str(uuid.UUID(int=number)),
        "revision": 1,
        "status": "accepted",
        "current": True,
        "excluded": False,
        "counted": True,
        "mode": "blind",
        "bulk_clean": False,
        "simulated": True,
        **dict.fromkeys(SCALES, 3),
    }


def snapshot(rois: int) -> str:
    """A stored snapshot of this many ROIs, ten an image; its key."""
    counts = {"images": rois // 10, "rois": rois, "ratings": 7 * rois, "incomplete_rois": 0, "annotators": 7}
    with storage.incoming_file() as target:
        writer = SnapshotWriter(target)
        writer.header(
            {
                "snapshot": FORMAT_VERSION,
                "study": {"title": "Large"},
                "protocol": {},
                "ruleset": "anchor-v1",
                "versions": {},
                "licence": None,
                "split_rule": "",
                "counts": counts,
            }
        )
        for number in range(rois // 10):
            sha256 = f"{number:064x}"
            writer.image(
                {
                    "id": str(uuid.UUID(int=number)),
                    "sha256": sha256,
                    "split": "train",
                    "width": 640,
                    "height": 480,
                    "file_name": f"{number}.png",
                    "source": "",
                }
            )
            for roi in range(10):
                writer.roi(
                    {
                        "id": str(uuid.UUID(int=10 * number + roi)),
                        "level": "object",
                        "name": "",
                        "area": 1024,
                        "counts": hashlib.sha256(b"%d" % roi).hexdigest() * 8,
                        "mask_sha256": f"{roi:064x}",
                        "bbox": [0, 0, 32, 32],
                        "label": LABEL,
                        "ratings": [rating(n) for n in range(7)],
                    }
                )
            writer.flush()
        key = f"releases/test/{writer.finish()}.jsonl.gz"
        storage.keep(target, key=key)
    return key


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    return snapshot(300), snapshot(3000)


def peak_bytes(work: object) -> int:
    tracemalloc.start()
    try:
        work()  # type: ignore[operator]
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", list(FORMATS))
def test_an_export_of_ten_times_as_much_needs_no_more_memory(
    name: str, keys: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_ROIS", 100)

    def export(key: str) -> None:
        for piece in FORMATS[name].make(SnapshotReader(key), "0" * 64, False):
            assert piece is not None

    export(keys[0])  # imports and caches count once
    small, large = (peak_bytes(lambda key=key: export(key)) for key in keys)
    assert large < 1.2 * small + 300_000


def test_a_comparison_needs_no_more_memory_either(keys: tuple[str, str]) -> None:
    small, large = (peak_bytes(lambda key=key: compare(SnapshotReader(key), SnapshotReader(key))) for key in keys)
    assert large < 1.2 * small + 300_000
