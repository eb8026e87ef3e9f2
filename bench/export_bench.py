"""Freezing and exporting 3,261 and 100,000 ROIs with seven ratings each, against the way one writes first.

    python -m bench.export_bench

The plain way asks the ORM for every ROI with its ratings, makes one document of them and writes it with `json.dumps`.
It has no release to read from, so its time also holds what ours did once, when freezing: reading the tables and making
the labels. Memory is the peak resident size of a process of its own that does nothing else, as the kernel counted it.
"""

import filecmp
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import servers
from bench.rows import Row, table

PAPER_ROIS, MANY_ROIS = 3_261, 100_000
TARGET_SECONDS, TARGET_MB = 2.0, 512.0
FORMATS = {"seagull": "json", "coco": "json", "ratings": "csv", "parquet": "parquet"}
MB = 2**20


def run() -> list[Row]:
    """Needs a set-up platform (`bench.servers.platform`)."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for rois in (PAPER_ROIS, MANY_ROIS):
            rows += _measure(rois, Path(folder))
    _empty()
    return rows


def _measure(rois: int, folder: Path) -> list[Row]:
    from bench.generated import make_study

    slug, what = f"bench-export-{rois}", f"{rois:,} ROIs x 7"
    few = rois == PAPER_ROIS
    study = make_study(slug, rois=rois, given=7, annotators=1, due=True).study
    _split_by_hash()
    labels = _seconds(_refresh, study)
    freezing, freezing_mb = _command("freeze", slug)
    rows = [
        Row(f"labels of {what}, before the first freeze", labels, None, "s"),
        Row(f"freeze {what}, process start to end", freezing, None, "s"),
        Row(f"freeze {what}, peak memory", freezing_mb, None, "MB", TARGET_MB),
    ]
    # The large study is exported once each way, in a process whose start (a second) counts: a minute saved.
    plain_seconds, plain_mb = _process("-m", "bench.export_bench", "plain", slug, str(folder / "plain.json"))
    if few:
        plain_seconds = _seconds(plain, slug, folder / "plain.json")
    for name, suffix in FORMATS.items():
        path = folder / f"{slug}-{name}.{suffix}"
        seconds, megabytes = _command("export", f"{slug}@1", "--format", name, "--output", str(path))
        if few:
            again = folder / f"again.{suffix}"
            seconds = _seconds(_export, slug, name, again)
            if not filecmp.cmp(path, again, shallow=False):
                raise SystemExit(f"bench: two exports of {slug} as {name} differ.")
            again.unlink()
        compare = name == "seagull"
        size = path.stat().st_size / MB
        rows += [
            Row(
                f"export {what} as {name} ({size:.0f} MB)" + ("" if few else ", process start to end"),
                seconds,
                plain_seconds if compare else None,
                "s",
                TARGET_SECONDS if few else None,
            ),
            Row(f"export {what} as {name}, peak memory", megabytes, plain_mb if compare else None, "MB", TARGET_MB),
        ]
    if not few:
        rows += _over_http(slug, folder)
    return rows


def _over_http(slug: str, folder: Path) -> list[Row]:
    """The download through granian by a client that dawdles, so that what the server makes ahead would pile up."""
    from bench.generated import make_study
    from roiqa.releases.models import Release
    from roiqa.studies.models import Membership, Role

    visitor = make_study("bench-export-visitor", rois=1)
    study = Release.objects.get(study__slug=slug).study
    Membership.objects.create(study=study, user=visitor.annotators[0], role=Role.ML_ENGINEER)
    release = Release.objects.get(study=study)
    with servers.web(worker=False) as (host, port):
        before = _peak_mb_of_web()
        connection = http.client.HTTPConnection(host, port, timeout=120)
        url = f"/api/v1/releases/{release.pk}/export/?format=seagull"
        start = time.perf_counter()
        connection.request("GET", url, headers={"Authorization": f"Token {visitor.tokens[0]}"})
        response = connection.getresponse()
        first = time.perf_counter() - start
        size = len(response.read(MB))
        time.sleep(3)
        resumed = time.perf_counter()
        while piece := response.read(MB):
            size += len(piece)
        seconds = time.perf_counter() - resumed
        connection.close()
        if size != (folder / f"{slug}-seagull.json").stat().st_size:
            raise SystemExit(f"bench: {size:,} bytes came over HTTP, the file has another size.")
        return [
            Row(f"download {MANY_ROIS:,} ROIs x 7 over HTTP, first byte", first, None, "s"),
            Row(f"download {MANY_ROIS:,} ROIs x 7 over HTTP, whole", seconds, None, "s"),
            Row("web process beside it, peak memory before", before, None, "MB"),
            Row("web process beside it, peak memory after a slow client", _peak_mb_of_web(), None, "MB", TARGET_MB),
        ]


def _peak_mb_of_web() -> float:
    """The largest peak resident size among the web server's processes below this one."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
            command = (status.parent / "cmdline").read_text()
        except OSError:
            continue
        parent = re.search(r"PPid:\s+(\d+)", text)
        if parent and "granian" in command:
            parents[int(status.parent.name)] = int(parent[1])
    below, size = {os.getpid()}, 0
    while len(below) > size:
        size = len(below)
        below |= {pid for pid, parent in parents.items() if parent in below}
    return max(_peak_mb(pid) for pid in parents.keys() & below)


def _empty() -> None:
    """Leave nothing behind for the next bench: ratings and ready releases refuse to be deleted row by row."""
    with servers.superuser() as connection:
        connection.execute("TRUNCATE studies_study, images_image, accounts_user, core_job CASCADE")


def _seconds(work: object, *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)  # type: ignore[operator]
    return time.perf_counter() - start


def _split_by_hash() -> None:
    """Generated images get the split that their hash says, or no release is made of them: 5 * n < 2**64."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE images_image SET split = CASE WHEN left(sha256, 16) <= '3333333333333333' THEN 'test' ELSE 'train' END"
        )


def _refresh(study: object) -> None:
    from roiqa.consensus.refresh import refresh_study

    refresh_study(study=study)  # type: ignore[arg-type]


def _export(slug: str, name: str, path: Path) -> None:
    from roiqa.releases.exports.formats import export_of
    from roiqa.releases.models import Release

    release = Release.objects.select_related("study").get(study__slug=slug)
    with path.open("wb") as file:
        file.writelines(export_of(release, name=name, images=False).pieces())


def _command(*arguments: str) -> tuple[float, float]:
    return _process("manage.py", *arguments)


def _process(*arguments: str) -> tuple[float, float]:
    """Seconds and peak resident MB of a Python process.

    Not `ru_maxrss`: that begins with what this process held when it forked.
    """
    start = time.perf_counter()
    peak = 0.0
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [sys.executable, *arguments], cwd=servers.REPOSITORY, stdout=said, stderr=subprocess.STDOUT
        )
        while child.poll() is None:
            peak = max(peak, _peak_mb(child.pid))
            time.sleep(0.01)
        seconds = time.perf_counter() - start
        if child.returncode:
            said.seek(0)
            raise SystemExit(f"bench: {' '.join(arguments)} failed: {said.read().decode(errors='replace')[-2000:]}")
    return seconds, peak


def _peak_mb(pid: int) -> float:
    """The high-water mark of a living process; 0 once it is gone."""
    try:
        peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(peak[1]) / 1024 if peak else 0


def plain(slug: str, path: Path) -> None:
    """The baseline: every row an object, the whole document in memory, one `json.dumps`."""
    from roiqa.consensus.selectors import label_records
    from roiqa.studies.models import Study, StudyImage, StudyROI

    study = Study.objects.get(slug=slug)
    rois = list(
        StudyROI.objects.filter(study=study)
        .select_related("roi", "image", "consensus")
        .prefetch_related("ratings__annotator")
        .order_by("image__sha256", "roi__mask_sha256", "roi_id")
    )
    labels = label_records(row.consensus for row in rois)
    images = {row.image_id: row for row in StudyImage.objects.filter(study=study).select_related("image")}
    numbers = {image: number for number, image in enumerate(images, 1)}
    document = {
        "images": [
            {
                "id": numbers[row.image_id],
                "file_name": row.file_name,
                "width": row.image.width,
                "height": row.image.height,
                "sha256": row.image.sha256,
                "source": row.source,
                "split": row.image.split,
            }
            for row in images.values()
        ],
        "annotations": [
            {
                "id": number,
                "image_id": numbers[row.image_id],
                "category_id": 1 if row.roi.level == "object" else 2,
                "segmentation": {"size": [row.image.height, row.image.width], "counts": row.roi.counts},
                "bbox": row.roi.bbox,
                "area": row.roi.area,
                "iscrowd": 0,
                "n_raters": len(row.ratings.all()),
                **labels[row.pk],
            }
            for number, row in enumerate(rois, 1)
        ],
        "categories": [{"id": 1, "name": "object"}, {"id": 2, "name": "component"}],
    }
    path.write_text(json.dumps(document))


if __name__ == "__main__":
    if sys.argv[1:2] == ["plain"]:
        import django

        django.setup()
        plain(sys.argv[2], Path(sys.argv[3]))
    else:
        with servers.platform():
            print(table(run()))
        print(servers.machine())
