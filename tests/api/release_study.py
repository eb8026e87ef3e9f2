"""A study that can be frozen: images with the split that their hash says, ROIs, raters, ratings."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.files.storage import default_storage

from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.core.scales import DISTORTIONS
from roiqa.images.models import Image
from roiqa.images.split import split_of
from roiqa.ratings.models import Rating
from roiqa.releases.exports.formats import export_of
from roiqa.releases.freezing import freeze_study
from roiqa.releases.models import Release
from roiqa.studies.models import Study, StudyROI
from tests.api.factories import make_image, make_member, make_rating, make_roi, make_study, make_user


def answer(*, quality: int = 3, importance: int = 2, **severities: int) -> dict[str, Any]:
    """A full answer; distortions that are not named are nonexistent (5)."""
    return {"distortions": dict.fromkeys(DISTORTIONS, 5) | severities, "quality": quality, "importance": importance}


def image_in(study: Study, **options: Any) -> Image:
    image = make_image(study, **options)
    image.split = split_of(image.sha256)
    image.save(update_fields=["split"])
    return image


def raters_of(study: Study, count: int) -> list[User]:
    return [make_member(study, user=make_user()).user for _ in range(count)]


def rate(study_roi: StudyROI, raters: Sequence[User], answers: Sequence[Mapping[str, Any]]) -> list[Rating]:
    return [make_rating(study_roi, rater, given) for rater, given in zip(raters, answers, strict=True)]


def small_study(slug: str = "hills", *, raters: int = 3, **fields: Any) -> Study:
    """Two images; three ROIs with all their raters, one that lacks one."""
    study = make_study(slug, raters_per_roi=raters, **fields)
    people = raters_of(study, raters)
    first, second = image_in(study, file_name="a/one.png"), image_in(study, file_name="two, three.png")
    rate(make_roi(study, first, name="sky"), people, [answer(blur=2, quality=q) for q in (1, 2, 3)[:raters]])
    rate(
        make_roi(study, first, box=(60, 60, 40, 40), level="component"),
        people,
        [answer(), answer(noise=1), answer()][:raters],
    )
    rate(make_roi(study, second, box=(0, 0, 100, 90)), people, [answer(quality=4, importance=4)] * raters)
    rate(make_roi(study, second, box=(5, 5, 50, 50)), people[:-1], [answer()] * (raters - 1))
    return study


def freeze(study: Study, **options: Any) -> Release:
    """Freeze and run the job as a worker would; the release as it then is."""
    release = freeze_study(study=study, by=None, send=False, **options)
    jobs.run(str(release.job_id))
    release.refresh_from_db()
    return release


def exported(release: Release, name: str, *, images: bool = False) -> bytes:
    return b"".join(export_of(release, name=name, images=images).pieces())


def seagull_of(release: Release) -> Any:
    return json.loads(exported(release, "seagull"))


def snapshot_bytes(release: Release) -> bytes:
    with default_storage.open(release.snapshot_key) as stored:
        data: bytes = stored.read()
    return data


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
