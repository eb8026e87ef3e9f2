"""Uploads for the import tests: zips, COCO files and images, made in memory."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from pycocotools import mask as coco_mask

from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.studies.models import Study
from tests.api.factories import client_for


def zipped(members: Mapping[str | zipfile.ZipInfo, bytes | str], *, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def box_rle(width: int, height: int, box: Sequence[int], *, compressed: bool = True) -> dict[str, Any]:
    """A filled box [x, y, w, h] as COCO RLE, as text or as a list of run lengths."""
    x, y, w, h = box
    mask = np.zeros((height, width), dtype=np.uint8, order="F")
    mask[y : y + h, x : x + w] = 1
    if compressed:
        return {"size": [height, width], "counts": coco_mask.encode(mask)["counts"].decode()}
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *edges, flat.size]).tolist()
    return {"size": [height, width], "counts": [0, *counts] if flat[0] else counts}


def coco(images: Sequence[Mapping[str, Any]], annotations: Sequence[Any], **more: Any) -> bytes:
    document = {"images": list(images), "annotations": list(annotations), "categories": [{"id": 1, "name": "region"}]}
    return json.dumps({**document, **more}).encode()


def annotation(image_id: Any = 1, *, number: int = 1, box: Sequence[int] = (4, 4, 40, 40), **more: Any) -> dict:
    """One on a 96 x 64 image, unless the segmentation is given."""
    row = {"id": number, "image_id": image_id, "category_id": 1, "segmentation": box_rle(96, 64, box)}
    return {**row, **more}


def post_files(user: User, study: Study, files: Mapping[str, bytes], **fields: Any) -> Any:
    uploads = [SimpleUploadedFile(name, content) for name, content in files.items()]
    return client_for(user).post(
        f"/api/v1/studies/{study.slug}/images/", {"files": uploads, **fields}, format="multipart"
    )


def run_import(user: User, study: Study, files: Mapping[str, bytes], **fields: Any) -> dict[str, Any]:
    """Upload, let the job run here instead of in a worker, answer its report."""
    answer = post_files(user, study, files, **fields)
    assert answer.status_code == 202, answer.content
    jobs.run(answer.json()["id"])
    job = Job.objects.get(pk=answer.json()["id"])
    assert job.state == "succeeded", job.message
    return job.report


def codes(report: Mapping[str, Any]) -> dict[str, str]:
    return {row["file"]: row["code"] for row in report["refused"]}


def counts(report: Mapping[str, Any]) -> tuple[int, int, int, int, int]:
    """(images added, known, ROIs added, known, refused)"""
    names = ("images_added", "images_known", "rois_added", "rois_known", "refused_count")
    return tuple(report[name] for name in names)  # type: ignore[return-value]
