"""One study with everything in it, one person of each kind, and the ids that fill the URL map."""

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core.models import Job, JobState
from roiqa.core.webhook_models import Delivery, Webhook
from roiqa.images.storage import put
from roiqa.ratings.models import AssignmentState
from roiqa.regions.segmentation_models import find
from roiqa.studies.models import Membership, ProposalState, Role, Study, StudyROI
from roiqa.studies.qualification_models import (
    ConsentText,
    CrowdLink,
    CrowdPlace,
    ExternalId,
    ItemUse,
    QualificationRules,
    TrainingItem,
    ViewingCheck,
)
from roiqa.training.models import RunEvent, TrainingRun
from roiqa.training.planning import plan_run
from roiqa.training.services import start_run
from tests.api.factories import (
    client_for,
    make_assignment,
    make_image,
    make_invite,
    make_job,
    make_member,
    make_proposal,
    make_rating,
    make_roi,
    make_study,
    make_token,
    make_user,
    store_embedding,
    store_region_tree,
)
from tests.api.gold_study import make_gold
from tests.api.qualifying import LEVELS
from tests.api.release_study import freeze, image_in
from tests.api.suggested_study import make_model, make_revealed, promoted

ROLES = ("anonymous", "stranger", "annotator", "ml_engineer", "admin", "foreign_admin")


@dataclass(kw_only=True)
class World:
    """`people` by role (None: not signed in); `values` fills URL parameters; `secrets` must not show in a refusal."""

    study: Study
    people: dict[str, User | None]
    values: dict[str, Any]
    secrets: list[str] = field(default_factory=list)

    def client(self, role: str, *, check_csrf: bool = False):
        return client_for(self.people[role], check_csrf=check_csrf)


def make_qualifying(study: Study, annotator: User) -> dict[str, Any]:
    """Rules that hold nobody up, one item of each use, a begun viewing check, and a way in that the annotator came by."""
    QualificationRules.objects.create(study=study, ask_consent=True)
    ConsentText.objects.create(study=study, version=1, text="Consent-kept-secret")
    image = make_image(study, split="train")
    items = []
    for number, use in enumerate((ItemUse.TRAINING, ItemUse.QUIZ)):
        place = make_roi(study, image, box=(number, 0, 40, 40))
        StudyROI.objects.filter(pk=place.pk).update(is_training=True)
        items.append(TrainingItem.objects.create(study=study, study_roi=place, use=use, reference=LEVELS))
    seat = Membership.objects.get(study=study, user=annotator, role=Role.ANNOTATOR)
    check = ViewingCheck.objects.create(
        membership=seat, device=uuid.uuid4(), device_pixel_ratio=1, screen_width=1920, screen_height=1080, seed=5
    )
    link = CrowdLink.objects.create(
        study=study,
        name="Link-kept-secret",
        id_parameter="PROLIFIC_PID",
        rois_wanted=1,
        completion_code="Code-kept-secret",
        max_people=10,
        purge_on=timezone.localdate() + timedelta(days=30),
    )
    place = CrowdPlace.objects.create(membership=seat, link=link)
    ExternalId.objects.create(place=place, link=link, external_id="external-kept-secret")
    return {
        "item_id": items[0].pk,
        "quiz_item_id": items[1].pk,
        # What people learn on has to be of the train part; other images are where their bytes put them.
        "train_roi_id": make_roi(study, image, box=(9, 0, 40, 40)).roi_id,
        "check_id": check.pk,
        "picture": "0",
        "link_id": link.pk,
        "crowd_token": link.token,
    }


def run_on_set(study: Study, state: str) -> TrainingRun:
    """A run on a synthetic set that lies where the installation looks for them; one that is over has told what it told."""
    folder = settings.SYNTHETIC_DIR / "set-kept-secret"
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"rows": {"references": 1, "masks": 1, "scores": 120}, "fingerprint": "fingerprint-kept-secret"}
    (folder / "dataset.json").write_text(json.dumps(facts), encoding="utf-8")
    plan = plan_run(
        study=study, stage="scratch", preset="ci", synthetic_set="set-kept-secret", settings={"seed": len(state)}
    )
    run, _ = start_run(plan, by=None, note="Run-kept-secret")
    if state == "cancelled":
        RunEvent.objects.create(run=run, kind="log", data={"line": "Line-kept-secret"})
        Job.objects.filter(pk=run.job_id).update(state=state, finished_at=timezone.now())
        TrainingRun.objects.filter(pk=run.pk).update(state=state, finished_at=timezone.now())
    return run


def make_world() -> World:
    study = make_study(
        "kept-secret",
        title="Title-kept-secret",
        description="Description-kept-secret",
        guide_text="Guide-kept-secret",
        raters_per_roi=2,
        segmentation_model="tiny-sam",
    )
    admin = make_user("admin-kept-secret", can_create_studies=True)
    annotator, second = make_user("annotator-kept-secret"), make_user("second-annotator")
    engineer = make_user("engineer-kept-secret")
    foreign_admin = make_user("admin-of-another", can_create_studies=False)
    make_member(study, Role.ADMIN, user=admin)
    member = make_member(study, user=annotator)
    make_member(study, user=second)
    make_member(study, Role.ML_ENGINEER, user=engineer)
    make_member(make_study("another"), Role.ADMIN, user=foreign_admin)
    idle = make_member(study, user=make_user("idle-annotator"))
    excluded = make_member(study, user=make_user("excluded-annotator"), excluded_at=timezone.now())

    image = image_in(study, file_name="file-kept-secret.png", with_files=True)
    store_region_tree(image)
    store_embedding(image, find("tiny-sam"))
    claimed, rated, free = (make_roi(study, image, name=f"roi-kept-secret-{n}") for n in range(3))
    bare_image = image_in(study, file_name="bare-kept-secret.png", with_files=True)
    proposal = make_proposal(study, image)
    accepted = make_proposal(
        study, image, box=(5, 5, 40, 40), state=ProposalState.ACCEPTED, roi=make_roi(study, image, created_by=admin).roi
    )
    assignment = make_assignment(claimed, annotator)
    make_rating(rated, second)
    revealed = make_revealed(make_roi(study, image, name="roi-kept-secret-revealed"), annotator)
    rating = make_rating(rated, annotator)
    expired = make_assignment(free, annotator, state=AssignmentState.EXPIRED)
    invite, invite_token = make_invite(study, max_uses=50)
    _, token_secret = make_token(admin)
    token, _ = make_token(admin)
    job = make_job(study, message="Job-kept-secret", state=JobState.RUNNING)
    releases = [freeze(study, note="Note-kept-secret") for _ in range(2)]
    serving = promoted(study)
    text = b'{"name": "ci"}'
    candidate = make_model(
        study,
        name="Model-kept-secret",
        files={"config.json": {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}},
    )
    put(f"{candidate.folder_key}config.json", text)
    webhook = Webhook.objects.create(
        study_slug=study.slug, url="https://kept-secret.example.org/hook", events=["release.ready"]
    )
    delivery = Delivery.objects.create(
        webhook=webhook, event="release.ready", payload={}, state="failed", next_attempt_at=None
    )
    qualifying = make_qualifying(study, annotator)
    values = {
        **qualifying,
        "slug": study.slug,
        "member_id": idle.pk,
        "invite_id": invite.pk,
        "token": invite_token,
        "token_id": token.pk,
        "job_id": job.pk,
        "image_id": image.pk,
        "roi_id": free.roi_id,
        "assignment_id": assignment.pk,
        "proposal_id": proposal.pk,
        "model_id": "tiny-sam",
        "release_id": releases[0].pk,
        "other_id": releases[1].pk,
        "version_id": candidate.pk,
        "other_version_id": serving.pk,
        "name": "config.json",
        "run_id": run_on_set(study, "cancelled").pk,
        "waiting_run_id": run_on_set(study, "queued").pk,
        "webhook_id": webhook.pk,
        "delivery_id": delivery.pk,
        # For rows that need another row of the same kind.
        "annotating_member_id": member.pk,
        "excluded_member_id": excluded.pk,
        "revealed_assignment_id": revealed.pk,
        "submitted_assignment_id": rating.assignment_id,
        "expired_assignment_id": expired.pk,
        "bare_image_id": bare_image.pk,
        "accepted_proposal_id": accepted.pk,
        "gold_roi_id": make_gold(study).roi_id,
    }
    secrets = [
        "kept-secret",
        "second-annotator",
        str(member.pseudonym),
        image.sha256,
        claimed.roi.counts,
        releases[0].content_sha256,
        token.digest,
        token_secret,
        invite.digest,
        token.prefix,
    ]
    people = {
        "anonymous": None,
        "stranger": make_user("stranger"),
        "annotator": annotator,
        "ml_engineer": engineer,
        "admin": admin,
        "foreign_admin": foreign_admin,
    }
    return World(study=study, people=people, values=values, secrets=secrets)


def missing_values(values: dict[str, Any]) -> dict[str, Any]:
    """Values of the same kinds that name nothing."""
    return {
        name: uuid.UUID(int=uuid.uuid4().int) if isinstance(value, uuid.UUID) else "there-is-no-such-thing"
        for name, value in values.items()
    }
