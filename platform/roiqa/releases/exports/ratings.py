"""The export `ratings`: CSV, one row per rating, under pseudonyms.

The first columns are those that `manage.py consensus` takes; it leaves out the rows whose `counted` is 0, so it makes
the release's own labels of this file.
"""

import csv
import unicodedata
from collections.abc import Iterator
from typing import Final

from roiqa.core.scales import SCALES
from roiqa.releases.snapshot_file import SnapshotReader

VERSION = 1
HEADER: Final = (
    "roi", "annotator", *SCALES,
    "counted", "current", "revision", "status", "excluded", "mode", "bulk_clean", "simulated",
    "level", "image", "split", "file_name", "ruleset", "release",
)  # fmt: skip
# What a spreadsheet takes as the beginning of a formula.
_FORMULA_STARTS: Final = frozenset("=+-@\t\r\n")


class _Line:
    """What csv writes to: keeps the one line that was just written."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def ratings(reader: SnapshotReader, content_sha256: str) -> Iterator[str]:
    """The header, then each ROI's ratings in the snapshot's order. True is 1, False is 0."""
    line = _Line()
    row = csv.writer(line, lineterminator="\n").writerow
    row(HEADER)
    yield line.text
    origin = (reader.header["ruleset"], content_sha256[:12])
    for _, image, roi in reader.rois():
        about = (roi["level"], image.record["sha256"], image.record["split"], harmless(image.record["file_name"]))
        for rating in roi["ratings"]:
            row((
                roi["id"],
                rating["annotator"],
                *(rating[scale] for scale in SCALES),
                int(rating["counted"]),
                int(rating["current"]),
                rating["revision"],
                rating["status"],
                int(rating["excluded"]),
                rating["mode"],
                int(rating["bulk_clean"]),
                int(rating["simulated"]),
                *about,
                *origin,
            ))  # fmt: skip
            yield line.text


def harmless(text: str) -> str:
    """The text so that no spreadsheet runs it as a formula: an apostrophe in front says "text" to all of them."""
    # NFKC: the wide forms of these characters, which Asian keyboards write, begin a formula as well.
    first = unicodedata.normalize("NFKC", text.lstrip(" ")[:1])
    return f"'{text}" if first in _FORMULA_STARTS else text
