"""What differs between two releases of one study: a merge of the two snapshots, which are sorted alike."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from roiqa.core.scales import SCALES
from roiqa.releases.snapshot_file import FrozenROI, Record, SnapshotReader

# As many of each list are named; the totals count all.
MAX_NAMED = 500


def compare(before: SnapshotReader, after: SnapshotReader) -> dict[str, Any]:
    """ROIs and images that came or went, and labels that changed their word, by scale.

    `changed` counts ROIs with at least one scale whose word differs (absent: no word); `unchanged` the others that are
    in both. Each list names the first MAX_NAMED in the snapshot's order.
    """
    counts: Counter[str] = Counter()
    scales: Counter[str] = Counter()
    named: dict[str, list[Record]] = {"added": [], "removed": [], "changed": []}

    def note(what: str, entry: Record) -> None:
        counts[what] += 1
        if len(named[what]) < MAX_NAMED:
            named[what].append(entry)

    for was, now in _merged_rois(before, after):
        if was is None and now is not None:
            note("added", _names(now))
        elif now is None and was is not None:
            note("removed", _names(was))
        elif was is not None and now is not None:
            changes = _changes(was, now)
            if changes:
                scales.update(change["scale"] for change in changes)
                note("changed", _names(now) | {"changes": changes})
            else:
                counts["unchanged"] += 1
    images_added, images_removed = _image_counts(before, after)
    return {
        "counts": {
            **{what: counts[what] for what in ("added", "removed", "changed", "unchanged")},
            "images_added": images_added,
            "images_removed": images_removed,
            "scales": {scale: scales[scale] for scale in SCALES},
        },
        **named,
    }


def _names(roi: FrozenROI) -> Record:
    image = roi.image.record
    return {
        "roi": roi.record["id"],
        "image": image["id"],
        "file_name": image["file_name"],
        "name": roi.record["name"],
    }


def _changes(was: FrozenROI, now: FrozenROI) -> list[Record]:
    if was.record["label"] == now.record["label"]:
        return []
    before, after = _words(was.record["label"]), _words(now.record["label"])
    return [
        {"scale": scale, "before": before[scale], "after": after[scale]}
        for scale in SCALES
        if before[scale] != after[scale]
    ]


def _words(label: Record) -> dict[str, str | None]:
    """The level word on each scale; None for a distortion that is not present."""
    scores = {"quality": label["quality"], "importance": label["importance"]}
    return {scale: record["level_word"] for scale, record in (label["distortions"] | scores).items()}


def _merged_rois(before: SnapshotReader, after: SnapshotReader) -> Iterator[tuple[FrozenROI | None, FrozenROI | None]]:
    """Pairs of the same ROI in both; None stands where one has no such ROI."""
    left, right = before.rois(), after.rois()
    was, now = next(left, None), next(right, None)
    while was is not None or now is not None:
        if now is None or (was is not None and _place(was) < _place(now)):
            yield was, None
            was = next(left, None)
        elif was is None or _place(now) < _place(was):
            yield None, now
            now = next(right, None)
        else:
            yield was, now
            was, now = next(left, None), next(right, None)


def _place(roi: FrozenROI) -> tuple[str, str, str]:
    """What the snapshot is sorted by."""
    return roi.image.record["sha256"], roi.record["mask_sha256"], roi.record["id"]


def _image_counts(before: SnapshotReader, after: SnapshotReader) -> tuple[int, int]:
    """How many images came and went."""
    left = (image.record["sha256"] for image in before.images())
    right = (image.record["sha256"] for image in after.images())
    added = removed = 0
    was, now = next(left, None), next(right, None)
    while was is not None or now is not None:
        if now is None or (was is not None and was < now):
            removed += 1
            was = next(left, None)
        elif was is None or now < was:
            added += 1
            now = next(right, None)
        else:
            was, now = next(left, None), next(right, None)
    return added, removed
