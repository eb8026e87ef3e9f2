"""A study of the demo's images that asks for everything before rating, made inside the running platform."""

import json
import uuid
from dataclasses import dataclass

from tests.e2e.conftest import Platform

SETUP = """
import json, uuid
from roiqa.accounts.models import User
from roiqa.images.models import Split
from roiqa.regions.models import ROI
from roiqa.studies.models import Membership, Study, StudyImage, StudyROI
from roiqa.studies.qualification_rules import change_rules
from roiqa.studies.training import add_item

admin = User.objects.create_user({admin!r}, password={password!r})
person = User.objects.create_user({person!r}, password={password!r})
study = Study.objects.create(slug={slug!r}, title="Harbour study", description="How good do parts of photographs look?",
  suggestion_mode="blind")
Membership.objects.create(study=study, user=admin, role="admin")
Membership.objects.create(study=study, user=person, role="annotator")
free = []
places = StudyROI.objects.filter(study__slug="demo-open", is_gold=False).select_related("roi", "image").order_by("pk")
# Twice: the demo is small.
for place in [*places, *places]:
    StudyImage.objects.get_or_create(study=study, image=place.image, defaults={{"file_name": f"{{place.image_id}}.jpg"}})
    roi = ROI.objects.get(pk=place.roi_id)
    roi.pk = uuid.uuid4()
    roi.save(force_insert=True)
    copy = StudyROI.objects.create(study=study, roi=roi, image=place.image, shuffle_key=place.shuffle_key, raters_wanted=7)
    if place.image.split == Split.TRAIN:
        free.append(copy)
reference = {{"exposure": 5, "noise": 5, "blur": 2, "contrast": 5, "colorfulness": 5, "compression": 5, "quality": 2}}
for number, place in enumerate(free[:15]):
    add_item(study=study, roi_id=place.roi_id, use="training" if number < 10 else "quiz", reference=reference,
      explanation="The edges are soft." if number < 10 else "", from_consensus=False, by=admin)
change_rules(study=study, by=admin, changes={{"consent_text": "We keep your ratings under a number.", **{asks!r}}})
print(json.dumps({{"items": len(free[:15])}}))
"""
CHECK = """
import json
from roiqa.studies.models import *
from roiqa.studies.plates import pictures
from roiqa.studies.qualification_models import ViewingCheck
check = ViewingCheck.objects.filter(membership__study__slug={slug!r}).latest("started_at")
print(json.dumps([picture.answer for picture in pictures(check.seed)]))
"""
STEPS = ("ask_consent", "ask_viewing", "ask_training", "ask_quiz")
PASSWORD = "correct-horse-battery"


@dataclass(frozen=True)
class QualifyingStudy:
    slug: str
    admin: str
    person: str
    platform: Platform

    def seen_on_last_check(self) -> list[int]:
        """What somebody with good eyes answers to the pictures of the check begun last."""
        answers: list[int] = json.loads(shell(self.platform, CHECK.format(slug=self.slug)))
        return answers


def shell(platform: Platform, code: str) -> str:
    """The last line that the code printed."""
    return platform.run(code).strip().splitlines()[-1]


def make_qualifying_study(platform: Platform, *steps: str) -> QualifyingStudy:
    """Ten ROIs to train on, five of a quiz, the others to rate; the steps that are named come before rating."""
    tag = uuid.uuid4().hex[:6]
    study = QualifyingStudy(f"harbour-{tag}", f"lead-{tag}", f"novice-{tag}", platform)
    asks = {step: step in steps for step in STEPS}
    code = SETUP.format(admin=study.admin, person=study.person, slug=study.slug, password=PASSWORD, asks=asks)
    assert json.loads(shell(platform, code)) == {"items": 15}
    return study
