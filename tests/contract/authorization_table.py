"""Who may do what: one line per method and path, one column per kind of person.

To add an endpoint: add its line to TABLE (`ok`, or the status of the refusal) and, if it takes a body (or, for a GET,
a query), its call to CALLS. Columns: anonymous; a signed-in stranger; annotator, ml_engineer and admin of the study; admin of another
study only. 404 means hidden: the answer must be the same as for something that does not exist.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from roiqa.images.models import Image
from tests.api.factories import ANSWER, PASSWORD, encode_box, picture_bytes
from tests.api.qualifying import LEVELS, SCREEN, right_answers
from tests.contract.world import ROLES, World

TABLE = """
                                                  anonymous stranger annotator ml_engineer admin foreign_admin
GET    auth/csrf/                                 ok        ok       ok        ok          ok    ok
POST   auth/login/                                ok        ok       ok        ok          ok    ok
POST   auth/logout/                               401       ok       ok        ok          ok    ok
GET    auth/me/                                   401       ok       ok        ok          ok    ok
POST   auth/erase/                                401       ok       ok        ok          422   ok
POST   auth/password/                             401       ok       ok        ok          ok    ok
POST   auth/token/                                ok        ok       ok        ok          ok    ok
GET    auth/tokens/                               401       ok       ok        ok          ok    ok
DELETE auth/tokens/{token_id}/                    401       404      404       404         ok    404
GET    docs/                                      ok        ok       ok        ok          ok    ok
GET    schema/                                    ok        ok       ok        ok          ok    ok

GET    invites/{token}/                           ok        ok       ok        ok          ok    ok
POST   invites/{token}/accept/                    ok        ok       ok        ok          ok    ok

GET    jobs/{job_id}/                             401       404      404       404         ok    404
POST   jobs/{job_id}/cancel/                      401       404      404       404         ok    404

GET    studies/                                   401       ok       ok        ok          ok    ok
POST   studies/                                   401       403      403       403         ok    403
GET    studies/{slug}/                            401       404      ok        ok          ok    404
PATCH  studies/{slug}/                            401       404      403       403         ok    404
GET    studies/{slug}/jobs/                       401       404      403       403         ok    404
GET    studies/{slug}/invites/                    401       404      403       403         ok    404
POST   studies/{slug}/invites/                    401       404      403       403         ok    404
DELETE studies/{slug}/invites/{invite_id}/        401       404      403       403         ok    404
GET    studies/{slug}/members/                    401       404      403       403         ok    404
POST   studies/{slug}/members/                    401       404      403       403         ok    404
DELETE studies/{slug}/members/{member_id}/        401       404      403       403         ok    404
POST   studies/{slug}/members/{member_id}/exclude/ 401      404      403       403         ok    404
POST   studies/{slug}/members/{member_id}/include/ 401      404      403       403         ok    404

GET    studies/{slug}/images/                     401       404      ok        ok          ok    404
POST   studies/{slug}/images/                     401       404      403       403         ok    404
DELETE studies/{slug}/images/{image_id}/          401       404      403       403         ok    404
GET    images/{image_id}/                         401       404      ok        ok          ok    404
GET    images/{image_id}/file/                    401       404      ok        ok          ok    404
GET    images/{image_id}/thumbnail/               401       404      ok        ok          ok    404
GET    images/{image_id}/original/                401       404      404       ok          ok    404
GET    images/{image_id}/region-tree/             401       404      403       ok          ok    404
POST   images/{image_id}/region-tree/             401       404      403       ok          ok    404
GET    images/{image_id}/embedding/               401       404      403       ok          ok    404
POST   images/{image_id}/embedding/               401       404      403       ok          ok    404
POST   images/{image_id}/decode/                  401       404      403       ok          ok    404
GET    segmentation-models/                       401       ok       ok        ok          ok    ok
GET    segmentation-models/{model_id}/decoder/    401       ok       ok        ok          ok    ok
GET    images/{image_id}/rois/                    401       404      ok        ok          ok    404
POST   images/{image_id}/rois/                    401       404      403       ok          ok    404
PATCH  rois/{roi_id}/                             401       404      404       403         ok    404
DELETE rois/{roi_id}/                             401       404      404       403         ok    404

GET    studies/{slug}/proposals/                  401       404      403       ok          ok    404
POST   studies/{slug}/proposals/                  401       404      403       403         ok    404
POST   proposals/{proposal_id}/accept/            401       404      404       ok          ok    404
POST   proposals/{proposal_id}/reject/            401       404      404       ok          ok    404
POST   proposals/{proposal_id}/undo/              401       404      404       403         ok    404

POST   studies/{slug}/assignments/                401       404      ok        403         403   404
GET    studies/{slug}/my-progress/                401       404      ok        ok          ok    404
GET    assignments/{assignment_id}/               401       404      ok        404         404   404
POST   assignments/{assignment_id}/renew/         401       404      ok        404         404   404
POST   assignments/{assignment_id}/release/       401       404      ok        404         404   404
PUT    assignments/{assignment_id}/draft/         401       404      ok        404         404   404
POST   assignments/{assignment_id}/rating/        401       404      ok        404         404   404
POST   assignments/{assignment_id}/reveal/        401       404      ok        404         404   404
POST   assignments/{assignment_id}/second-thought/ 401      404      ok        404         404   404
POST   assignments/{assignment_id}/skip/          401       404      ok        404         404   404
POST   assignments/{assignment_id}/reopen/        401       404      ok        404         404   404

GET    studies/{slug}/qualification/              401       404      ok        403         403   404
POST   studies/{slug}/qualification/consent/      401       404      ok        403         403   404
DELETE studies/{slug}/qualification/consent/      401       404      ok        403         403   404
GET    studies/{slug}/qualification/people/       401       404      403       403         ok    404
GET    studies/{slug}/qualification/rules/        401       404      403       403         ok    404
PATCH  studies/{slug}/qualification/rules/        401       404      403       403         ok    404
POST   studies/{slug}/members/{member_id}/quiz-tries/ 401   404      403       403         ok    404
POST   studies/{slug}/viewing-checks/             401       404      ok        403         403   404
GET    viewing-checks/{check_id}/pictures/{picture}/ 401    404      ok        404         404   404
POST   viewing-checks/{check_id}/answer/          401       404      ok        404         404   404
GET    studies/{slug}/training/                   401       404      ok        403         403   404
POST   studies/{slug}/training/{item_id}/         401       404      ok        403         403   404
GET    studies/{slug}/quiz/                       401       404      ok        403         403   404
POST   studies/{slug}/quiz/{item_id}/             401       404      ok        403         403   404
GET    studies/{slug}/training-candidates/        401       404      403       403         ok    404
GET    studies/{slug}/training-items/             401       404      403       403         ok    404
POST   studies/{slug}/training-items/             401       404      403       403         ok    404
PATCH  studies/{slug}/training-items/{item_id}/   401       404      403       403         ok    404
DELETE studies/{slug}/training-items/{item_id}/   401       404      403       403         ok    404
GET    studies/{slug}/crowd-links/                401       404      403       403         ok    404
POST   studies/{slug}/crowd-links/                401       404      403       403         ok    404
PATCH  studies/{slug}/crowd-links/{link_id}/      401       404      403       403         ok    404
POST   studies/{slug}/crowd-links/{link_id}/payments/ 401   404      403       403         ok    404
POST   studies/{slug}/completion/                 401       404      ok        404         404   404
GET    crowd/{crowd_token}/                       ok        ok       ok        ok          ok    ok
POST   crowd/{crowd_token}/enter/                 ok        409      409       409         409   409

GET    studies/{slug}/checks/                     401       404      403       ok          ok    404
PATCH  studies/{slug}/checks/                     401       404      403       403         ok    404
GET    studies/{slug}/golds/                      401       404      403       ok          ok    404
POST   studies/{slug}/golds/                      401       404      403       403         ok    404
POST   studies/{slug}/golds/mark/                 401       404      403       403         ok    404
DELETE studies/{slug}/golds/{roi_id}/             401       404      403       403         ok    404
POST   studies/{slug}/golds/{roi_id}/retire/      401       404      403       403         ok    404
POST   studies/{slug}/golds/{roi_id}/restore/     401       404      403       403         ok    404

GET    studies/{slug}/progress/                   401       404      403       ok          ok    404
GET    studies/{slug}/progress/rois/              401       404      403       ok          ok    404
GET    studies/{slug}/agreement/                  401       404      403       ok          ok    404
GET    studies/{slug}/suggestion-audit/          401       404      403       ok          ok    404
GET    studies/{slug}/second-look/               401       404      403       ok          ok    404
POST   studies/{slug}/more-votes/                401       404      403       403         ok    404
POST   studies/{slug}/agreement/                  401       404      403       ok          ok    404
GET    studies/{slug}/annotators/                 401       404      403       ok          ok    404
GET    studies/{slug}/annotators/{member_id}/effect/ 401    404      403       ok          ok    404
GET    studies/{slug}/stopping-forecast/          401       404      403       ok          ok    404
GET    studies/{slug}/plan/                       401       404      403       ok          ok    404

GET    studies/{slug}/releases/                   401       404      403       ok          ok    404
POST   studies/{slug}/releases/                   401       404      403       ok          ok    404
GET    releases/{release_id}/                     401       404      404       ok          ok    404
GET    releases/{release_id}/compare/{other_id}/  401       404      404       ok          ok    404
GET    releases/{release_id}/export/              401       404      404       ok          ok    404
POST   releases/{release_id}/exports/             401       404      404       ok          ok    404
GET    releases/{release_id}/methods/             401       404      404       ok          ok    404
POST   releases/{release_id}/methods/             401       404      404       ok          ok    404

GET    training-runs/                             401       404      403       ok          ok    404
POST   training-runs/                             401       404      403       ok          ok    404
GET    training-runs/options/                     401       404      403       ok          ok    404
POST   training-runs/estimate/                    401       404      403       ok          ok    404
GET    training-runs/{run_id}/                    401       404      404       ok          ok    404
GET    training-runs/{run_id}/points/             401       404      404       ok          ok    404
GET    training-runs/{run_id}/events/             401       404      404       ok          ok    404
POST   training-runs/{run_id}/cancel/             401       404      404       ok          ok    404
POST   training-runs/{run_id}/resume/             401       404      404       ok          ok    404
GET    studies/{slug}/retrain-rule/               401       404      403       ok          ok    404
PUT    studies/{slug}/retrain-rule/               401       404      403       ok          ok    404

GET    model-versions/                            401       ok       ok        ok          ok    ok
GET    model-versions/{version_id}/               401       404      404       ok          ok    404
GET    model-versions/{version_id}/files/{name}   401       404      404       ok          ok    404
GET    model-versions/{version_id}/card/          401       404      404       ok          ok    404
GET    model-versions/{version_id}/compare/{other_version_id}/ 401 404 404     ok          ok    404
POST   model-versions/{version_id}/compare/{other_version_id}/ 401 404 404     ok          ok    404
POST   model-versions/{version_id}/promote/       401       404      404       ok          ok    404
POST   studies/{slug}/model-versions/             401       404      403       ok          ok    404
GET    studies/{slug}/promotions/                 401       404      403       ok          ok    404
POST   studies/{slug}/promotions/roll-back/       401       404      403       ok          ok    404
GET    studies/{slug}/suggestions/                401       404      403       ok          ok    404
POST   studies/{slug}/suggestions/                401       404      403       ok          ok    404
GET    studies/{slug}/suggestions/state/          401       404      403       ok          ok    404

GET    studies/{slug}/webhooks/                   401       404      403       ok          ok    404
POST   studies/{slug}/webhooks/                   401       404      403       ok          ok    404
DELETE studies/{slug}/webhooks/{webhook_id}/      401       404      403       ok          ok    404
GET    studies/{slug}/webhooks/{webhook_id}/deliveries/ 401 404      403       ok          ok    404
POST   studies/{slug}/webhooks/{webhook_id}/test/ 401       404      403       ok          ok    404
POST   studies/{slug}/webhooks/{webhook_id}/deliveries/{delivery_id}/retry/ 401 404 403 ok ok    404
"""


@dataclass(frozen=True, kw_only=True)
class Call:
    """How to call an endpoint so that whoever may, succeeds. `values` renames URL parameters: {"member_id": "..."}."""

    body: Callable[[World, str], Any] = lambda world, role: None
    headers: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    multipart: bool = False


def sends(body: Any, **options: Any) -> Call:
    return Call(body=lambda world, role: body, **options)


def newcomer_or_nothing(world: World, role: str) -> dict[str, str]:
    return {"username": "newcomer", "password": "a-long-enough-one"} if role == "anonymous" else {}


def one_picture(world: World, role: str) -> dict[str, Any]:
    return {"files": SimpleUploadedFile("new.png", picture_bytes(), content_type="image/png")}


def a_box(world: World, role: str) -> dict[str, Any]:
    image = Image.objects.get(pk=world.values["image_id"])
    return {"study": world.study.slug, "level": "object", "segmentation": encode_box(image, (0, 0, 40, 40))}


def the_password(world: World, role: str) -> dict[str, str]:
    """The admin is the last one of the study, who would be told its name: a wrong password stops them before."""
    return {"password": "wrong" if role == "admin" else PASSWORD}


def all_seen(world: World, role: str) -> dict[str, Any]:
    return right_answers(world.values["check_id"])


def an_item(world: World, role: str) -> dict[str, Any]:
    return {"roi": str(world.values["train_roi_id"]), "use": "training", "reference": LEVELS}


def a_crowd_link(world: World, role: str) -> dict[str, Any]:
    day = timezone.localdate() + timedelta(days=30)
    return {"name": "Prolific", "rois_wanted": 20, "purge_on": day.isoformat()}


def the_free_roi(world: World, role: str) -> dict[str, Any]:
    return {"rois": [str(world.values["roi_id"])]}


def a_mark(world: World, role: str) -> dict[str, Any]:
    return {"roi": str(world.values["roi_id"]), "accepted": {"quality": [0, 1]}}


def its_study(world: World, role: str) -> dict[str, str]:
    return {"study": world.study.slug}


def a_training_run(world: World, role: str) -> dict[str, Any]:
    return {"study": world.study.slug, "stage": "scratch", "preset": "ci", "synthetic_set": "set-kept-secret"}


A_RULE = {
    "enabled": False,
    "min_new_rois": 100,
    "min_growth_percent": 10.0,
    "debounce_minutes": 30,
    "budget_hours_per_week": 5.0,
    "stage": "scratch",
    "preset": "ci",
}

CALLS: dict[str, Call] = {
    "POST auth/login/": sends({"username": "stranger", "password": PASSWORD}),
    "POST auth/password/": sends({"old_password": PASSWORD, "new_password": "violet-tram-76-harbour"}),
    "POST auth/token/": sends({"username": "stranger", "password": PASSWORD}),
    "POST invites/{token}/accept/": Call(body=newcomer_or_nothing),
    "POST studies/": sends({"title": "A new one"}),
    "PATCH studies/{slug}/": sends({"title": "Another title"}),
    "POST studies/{slug}/invites/": sends({"role": "annotator"}),
    "POST studies/{slug}/members/": sends({"username": "idle-annotator", "role": "ml_engineer"}),
    "POST studies/{slug}/members/{member_id}/exclude/": sends({"reason": "Clicks at random."}),
    "POST studies/{slug}/members/{member_id}/include/": Call(values={"member_id": "excluded_member_id"}),
    "POST studies/{slug}/images/": Call(body=one_picture, multipart=True),
    "DELETE studies/{slug}/images/{image_id}/": Call(values={"image_id": "bare_image_id"}),
    "POST images/{image_id}/region-tree/": Call(values={"image_id": "bare_image_id"}),
    "POST images/{image_id}/embedding/": Call(values={"image_id": "bare_image_id"}),
    "POST images/{image_id}/decode/": sends({"points": [{"x": 20, "y": 20}]}),
    "POST studies/{slug}/proposals/": sends({"level": "component"}),
    # It was accepted by the admin, and its ROI is theirs.
    "POST proposals/{proposal_id}/undo/": Call(values={"proposal_id": "accepted_proposal_id"}),
    "POST images/{image_id}/rois/": Call(body=a_box),
    "PATCH rois/{roi_id}/": sends({"name": "another name", "level": "component"}),
    "PUT assignments/{assignment_id}/draft/": sends({"revision": 1, "draft": {"quality": 3}}),
    "POST assignments/{assignment_id}/rating/": sends(ANSWER, headers={"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}),
    "POST studies/{slug}/more-votes/": Call(body=lambda world, role: {"rois": [str(world.values["roi_id"])]}),
    "POST assignments/{assignment_id}/reveal/": Call(values={"assignment_id": "revealed_assignment_id"}),
    "POST assignments/{assignment_id}/second-thought/": sends(
        ANSWER,
        headers={"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())},
        values={"assignment_id": "revealed_assignment_id"},
    ),
    "POST assignments/{assignment_id}/skip/": sends({"reason": "too_small"}),
    "POST auth/erase/": Call(body=the_password),
    "POST studies/{slug}/qualification/consent/": sends({"version": 1}),
    "PATCH studies/{slug}/qualification/rules/": sends({"recheck_days": 20}),
    "POST studies/{slug}/viewing-checks/": sends(SCREEN),
    "POST viewing-checks/{check_id}/answer/": Call(body=all_seen),
    "POST studies/{slug}/training/{item_id}/": sends(LEVELS),
    "POST studies/{slug}/quiz/{item_id}/": sends(LEVELS, values={"item_id": "quiz_item_id"}),
    "POST studies/{slug}/training-items/": Call(body=an_item),
    "PATCH studies/{slug}/training-items/{item_id}/": sends({"explanation": "Look at the edges."}),
    "POST studies/{slug}/crowd-links/": Call(body=a_crowd_link),
    "PATCH studies/{slug}/crowd-links/{link_id}/": sends({"closed": True}),
    "POST crowd/{crowd_token}/enter/": sends({"parameters": {"PROLIFIC_PID": "somebody"}}),
    "PATCH studies/{slug}/checks/": sends({"gold_every": 12}),
    "POST studies/{slug}/golds/": Call(body=the_free_roi),
    "POST studies/{slug}/golds/mark/": Call(body=a_mark),
    "DELETE studies/{slug}/golds/{roi_id}/": Call(values={"roi_id": "gold_roi_id"}),
    "POST studies/{slug}/golds/{roi_id}/retire/": Call(values={"roi_id": "gold_roi_id"}),
    "POST studies/{slug}/golds/{roi_id}/restore/": Call(values={"roi_id": "gold_roi_id"}),
    "POST studies/{slug}/releases/": sends({"note": "For the paper."}),
    "GET studies/{slug}/plan/": sends({"rois": 100, "half_width": 0.6}),
    "GET releases/{release_id}/export/": sends({"format": "seagull"}),
    "POST releases/{release_id}/exports/": sends({"format": "coco"}),
    "POST model-versions/{version_id}/promote/": sends({"override_reason": "Nothing to compare it on."}),
    "POST studies/{slug}/model-versions/": sends({"shipped": "tiny"}),
    "GET training-runs/": Call(body=its_study),
    "GET training-runs/options/": Call(body=its_study),
    "POST training-runs/": Call(body=a_training_run),
    "POST training-runs/estimate/": Call(body=a_training_run),
    "POST training-runs/{run_id}/cancel/": Call(values={"run_id": "waiting_run_id"}),
    "PUT studies/{slug}/retrain-rule/": sends(A_RULE),
    "POST studies/{slug}/promotions/roll-back/": sends({"reason": "It calls everything blurred."}),
    "POST studies/{slug}/webhooks/": sends({"url": "https://lab.example.org/roiqa", "events": ["release.ready"]}),
    "POST assignments/{assignment_id}/reopen/": Call(values={"assignment_id": "submitted_assignment_id"}),
}

# Unsafe without a cookie's power: the password in the body is the proof.
NEEDS_NO_CSRF_TOKEN = {"POST auth/token/"}


def expectations() -> dict[str, dict[str, str]]:
    """{"GET studies/": {"anonymous": "401", ...}, ...}"""
    lines = [line for line in TABLE.splitlines() if line.strip()]
    if lines[0].split() != list(ROLES):
        raise ValueError(f"The table's columns are {lines[0].split()}, not {ROLES}.")
    table = {}
    for line in lines[1:]:
        method, route, *outcomes = line.split()
        table[f"{method} {route}"] = dict(zip(ROLES, outcomes, strict=True))
    return table
