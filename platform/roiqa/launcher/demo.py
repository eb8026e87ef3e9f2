"""The demo: studies on real photographs, one rated by simulated annotators, the others open for the visitor.

There is one in each mode of suggestions; where a mode needs a model, it is the small network that ships.

Everything is made through the same doors that people use. Running it again repairs what is missing and changes
nothing that is there.
"""

import csv
import json
import secrets
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.consensus.refresh import refresh_study
from roiqa.core.scales import DISTORTIONS
from roiqa.ratings.answers import Answer
from roiqa.ratings.past_ratings import PastRating, take_in
from roiqa.registry.services import promote
from roiqa.registry.shipped import take_in as take_in_shipped
from roiqa.studies.models import Membership, Role, Study, StudyImage, StudyROI
from roiqa.studies.services import create_study

ADMIN, ANNOTATOR, ENGINEER = "demo-admin", "demo-annotator", "demo-engineer"
NOTES = {
    ADMIN: "leads the demo studies",
    ANNOTATOR: "rates in the open demo studies",
    ENGINEER: "freezes and exports releases",
}


def load_demo(*, fixtures: Path, logins_file: Path) -> None:
    """Make the demo's people and studies. Passwords are made once and written to `logins_file` (owner only)."""
    manifest = json.loads((fixtures / "manifest.json").read_text(encoding="utf-8"))
    _make_people(logins_file)
    admin = User.objects.get(username=ADMIN)
    for entry in manifest["studies"]:
        study = _make_study(entry, people=manifest["simulated_annotators"] if entry["ratings"] else [ANNOTATOR])
        _import_content(study, entry, fixtures)
        if entry["model"] is not None and not study.promotions.exists():
            # The worker computes what it suggests as soon as it runs; nothing waits for that.
            promote(model=take_in_shipped(study=study, name=entry["model"], by=admin), by=admin)
        if entry["ratings"]:
            _take_in_ratings(study, fixtures)
            refresh_study(study=study)


def _make_people(logins_file: Path) -> None:
    if logins_file.exists():
        return
    logins = []
    for username, note in NOTES.items():
        password = secrets.token_urlsafe(9)
        user, _ = User.objects.get_or_create(
            username=username, defaults={"can_create_studies": username == ADMIN, "first_name": "Demo"}
        )
        user.set_password(password)
        user.save(update_fields=["password"])
        logins.append({"username": username, "password": password, "note": note})
    partial = logins_file.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(logins, indent=2), encoding="utf-8")
    partial.replace(logins_file)


@transaction.atomic
def _make_study(entry: dict[str, Any], *, people: list[str]) -> Study:
    admin = User.objects.get(username=ADMIN)
    study = Study.objects.filter(slug=entry["slug"]).first()
    if study is None:
        study = create_study(
            by=admin,
            title=entry["title"],
            slug=entry["slug"],
            description=entry["description"],
            raters_per_roi=entry["raters_per_roi"],
            suggestion_mode=entry["mode"],
        )
        study.simulated = entry["simulated"]
        study.save(update_fields=["simulated"])
    engineer = User.objects.get(username=ENGINEER)
    Membership.objects.get_or_create(study=study, user=engineer, role=Role.ML_ENGINEER)
    for username in people:
        simulated = username != ANNOTATOR
        user, created = User.objects.get_or_create(username=username, defaults={"is_simulated": simulated})
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        Membership.objects.get_or_create(study=study, user=user, role=Role.ANNOTATOR)
    return study


def _import_content(study: Study, entry: dict[str, Any], fixtures: Path) -> None:
    """The study's own photographs and regions, through the importer."""
    coco = json.loads((fixtures / "annotations.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "images"
        pictures.mkdir()
        for name in entry["images"]:
            shutil.copyfile(fixtures / "images" / name, pictures / name)
        mine = [row for row in coco["annotations"] if row["key"] in set(entry["rois"])]
        images = [row for row in coco["images"] if row["file_name"] in set(entry["images"])]
        regions = Path(folder) / "annotations.json"
        regions.write_text(json.dumps({**coco, "images": images, "annotations": mine}), encoding="utf-8")
        call_command("import_images", study.slug, str(pictures), coco=regions, source="ROIQA demo", verbosity=0)


def _take_in_ratings(study: Study, fixtures: Path) -> None:
    members = {m.user.username: m for m in study.memberships.filter(role=Role.ANNOTATOR).select_related("user")}
    rois = _roi_ids(study, fixtures)
    with (fixtures / "ratings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # Each annotator's rows are in the order in which they worked; their last answer was given an hour ago.
    clock: dict[str, datetime] = dict.fromkeys(members, timezone.now() - timedelta(hours=1))
    ratings = []
    for row in reversed(rows):
        seconds = float(row["seconds"])
        ratings.append(
            PastRating(
                member=members[row["annotator"]],
                roi_id=rois[row["roi"]],
                answer=Answer(
                    severities={name: int(row[name]) for name in DISTORTIONS},
                    quality=int(row["quality"]),
                    importance=int(row["importance"]),
                    bulk_clean=False,
                ),
                at=clock[row["annotator"]],
                seconds=seconds,
            )
        )
        # A short pause between two ROIs spreads the work over a few hours, as a session would.
        clock[row["annotator"]] -= timedelta(seconds=seconds + 240)
    take_in(study=study, ratings=list(reversed(ratings)), simulated=True)


def _roi_ids(study: Study, fixtures: Path) -> dict[str, UUID]:
    """The ROI of each `key` of the demo's regions, found by picture and mask."""
    coco = json.loads((fixtures / "annotations.json").read_text(encoding="utf-8"))
    names = {row["id"]: row["file_name"] for row in coco["images"]}
    file_names = dict(StudyImage.objects.filter(study=study).values_list("image_id", "file_name"))
    found = {
        (file_names[row.image_id], row.roi.counts): row.roi_id
        for row in StudyROI.objects.filter(study=study).select_related("roi")
    }
    places = {row["key"]: (names[row["image_id"]], row["segmentation"]["counts"]) for row in coco["annotations"]}
    return {key: found[place] for key, place in places.items() if place in found}
