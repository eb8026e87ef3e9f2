"""Promise 3 of the data: nothing that annotator A can read depends on what annotator B does."""

import json
import re
from collections import defaultdict
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from roiqa.accounts.models import User
from roiqa.core.scales import SCALES
from roiqa.ratings.modes import stays_blind
from roiqa.studies.models import Membership, Role, Study, StudyROI
from tests.api.factories import ANSWER, JSONClient, client_for, make_image, make_member, make_rating, make_roi
from tests.api.gold_study import made_golds, make_gold, pristine_roi, purpose_of
from tests.api.qualifying import LEVELS, add_items
from tests.api.rating_calls import claim, submit
from tests.api.suggested_study import make_revealed, suggest

pytestmark = pytest.mark.django_db

# What varies from one request to the next for reasons of its own.
VOLATILE_HEADERS = {"Set-Cookie", "Date", "Expires"}


def readable_paths(study: Study, study_roi: StudyROI, assignment: str) -> list[str]:
    """Every API path of the URL map, with the ids of this study filled in."""
    values: dict[str, Any] = {
        "slug": study.slug,
        "image_id": study_roi.image_id,
        "roi_id": study_roi.roi_id,
        "assignment_id": assignment,
    }

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> list[str]:
        found: list[str] = []
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                found += walk(entry.url_patterns, route)
            elif route.startswith("api/v1/"):
                for name, value in values.items():
                    for converter in ("slug", "uuid", "str"):
                        route = route.replace(f"<{converter}:{name}>", str(value))
                if "<" not in route:
                    found.append("/" + route)
        return found

    return walk(get_resolver().url_patterns, "")


def everything_readable(client: JSONClient, paths: list[str]) -> dict[str, Any]:
    seen = {}
    for path in paths:
        response = client.get(path)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        headers = {name: value for name, value in response.headers.items() if name not in VOLATILE_HEADERS}
        seen[path] = (response.status_code, headers, body)
    return seen


def test_nothing_an_annotator_reads_changes_when_others_rate(study: Study, annotator: User) -> None:
    image = make_image(study, with_files=True)
    rated, waiting = make_roi(study, image), make_roi(study, image, box=(80, 20, 40, 40))
    mine = client_for(annotator)
    first = claim(mine, study).json()["id"]
    submit(mine, first)
    second = claim(mine, study).json()["id"]
    paths = [
        path
        for study_roi, assignment in ((rated, first), (waiting, second))
        for path in readable_paths(study, study_roi, assignment)
    ]
    assert len(paths) > 20
    before = everything_readable(mine, paths)
    for severity in range(3):
        other = make_member(study).user
        for study_roi in (rated, waiting):
            make_rating(study_roi, other, {**ANSWER, "quality": severity})
    assert everything_readable(mine, paths) == before


def test_the_answer_to_a_submit_is_the_same_whoever_else_has_rated(study: Study) -> None:
    bodies = []
    for others in (0, 3):
        study_roi = make_roi(study)
        for _ in range(others):
            make_rating(study_roi, make_member(study).user)
        me = make_member(study).user
        client = client_for(me)
        StudyROI.objects.exclude(pk=study_roi.pk).update(n_accepted=7)
        body = submit(client, claim(client, study).json()["id"]).json()
        bodies.append({name: value for name, value in body.items() if name not in {"id", "assignment", "created_at"}})
    assert bodies[0] == bodies[1]


def test_training_and_quiz_show_nobody_elses_answers_and_no_reference_before_the_own(
    study: Study, admin: User, annotator: User
) -> None:
    lead, mine, other = client_for(admin), client_for(annotator), client_for(make_member(study).user)
    training, quiz = (add_items(lead, study, use, 2) for use in ("training", "quiz"))
    path = f"/api/v1/studies/{study.slug}/"
    before = [mine.get(f"{path}{page}/").json() for page in ("training", "quiz", "qualification")]
    assert "reference" not in str(before)
    for use, items in (("training", training), ("quiz", quiz)):
        for item in items:
            other.post(f"{path}{use}/{item}/", LEVELS)
    assert [mine.get(f"{path}{page}/").json() for page in ("training", "quiz", "qualification")] == before


@pytest.mark.parametrize(
    "path",
    [
        "progress/", "progress/rois/", "agreement/", "releases/", "members/", "jobs/", "suggestion-audit/",
        "training-items/", "training-candidates/", "qualification/people/", "qualification/rules/", "crowd-links/",
    ],
)  # fmt: skip
def test_the_pages_of_the_admins_are_closed_to_annotators(study: Study, annotator: User, path: str) -> None:
    response = client_for(annotator).get(f"/api/v1/studies/{study.slug}/{path}")
    assert response.status_code == 403
    assert response.json().keys() == {"code", "detail", "fields"}


@pytest.mark.parametrize("mode", ["reveal_after", "prefill"])
def test_a_blind_claim_holds_no_trace_of_a_suggestion(study: Study, annotator: User, mode: str) -> None:
    # Two ROIs of one study, alike but for the split; only one has a suggestion that may be shown.
    Study.objects.filter(pk=study.pk).update(suggestion_mode=mode)
    client = client_for(annotator)
    Membership.objects.filter(study=study, user=annotator).update(order_seed=seed_that_shows_at_once())
    texts = {}
    for split in ("test", "train"):
        study_roi = make_roi(study, make_image(study, split=split))
        suggest(study_roi)
        texts[split] = claim(client, study).content.decode()
        submit(client, json.loads(texts[split])["id"], confirmed=list(SCALES))
    blind, shown = (shape_of(json.loads(texts[split])) for split in ("test", "train"))
    assert "mode" not in blind
    assert blind["suggestion"] == "null"
    if mode == "reveal_after":
        # Until the own answer is in, nobody can tell them apart: not a field, not a value.
        assert blind == shown
    else:
        assert blind | {"suggestion": shown["suggestion"]} == shown


def test_the_modes_of_others_do_not_show(study: Study, annotator: User) -> None:
    mine = client_for(annotator)
    study_roi = make_roi(study)
    suggest(study_roi)
    held = claim(mine, study).json()["id"]
    paths = readable_paths(study, study_roi, held)
    before = everything_readable(mine, paths)
    make_revealed(make_roi(study, study_roi.image, box=(80, 20, 40, 40)), make_member(study).user)
    make_rating(study_roi, make_member(study).user)
    after = everything_readable(mine, paths)
    regions = f"/api/v1/images/{study_roi.image_id}/rois/"
    counts = f"/api/v1/studies/{study.slug}/"
    assert {path for path in paths if before[path] != after[path]} <= {regions, counts, "/api/v1/studies/"}


@pytest.mark.parametrize("mode", ["blind", "reveal_after"])
def test_a_gold_and_a_repeat_look_like_any_other_roi(study: Study, annotator: User, mode: str) -> None:
    """Not a field, a value, a header, a file or a counter tells why an ROI is given out; before and after the answer."""
    Study.objects.filter(pk=study.pk).update(suggestion_mode=mode, gold_every=3, repeat_every=5, warm_up_rois=1)
    admin = make_member(study, Role.ADMIN).user
    sources = [pristine_roi(study, split="test", file_name=f"street/IMG_{number:04}.jpg") for number in range(24)]
    assert made_golds(admin, study, *sources[:8]).report["made"] == 8
    for _ in range(8):
        make_member(study)
    client = client_for(annotator)
    looks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    before = None
    for number in range(1, 34):
        response = claim(client, study)
        body = response.json()
        held = body["id"]
        submitted = submit(client, held)
        progress = client.get(f"/api/v1/studies/{study.slug}/my-progress/").json()
        assert (body["position"], progress["rated"], progress["skipped"]) == (number, number, 0)
        image = f"/api/v1/images/{body['image']['id']}/"
        read = everything_readable(client, [image, f"{image}file/", f"{image}thumbnail/", f"{image}rois/"])
        detail = json.loads(read[image][2])
        looks[purpose_of(held)].append(
            {
                "claim": (response.status_code, headers_of(response), plain(response.content)),
                "answer": (submitted.status_code, headers_of(submitted), plain(submitted.content)),
                "image": {
                    name: plain(json.dumps(value).encode()) for name, value in detail.items() if name != "sha256"
                },
                "files": [(status, sorted(headers)) for status, headers, _ in read.values()],
            }
        )
        # What there is to see of the study stays as it was before the golds were made.
        seen = everything_readable(client, [f"/api/v1/studies/{study.slug}/", f"/api/v1/studies/{study.slug}/images/"])
        assert before in (None, seen)
        before = seen
    assert looks.keys() == {"label", "gold", "repeat", "warm_up"}
    like = looks["label"][0]
    for purpose, ones in looks.items():
        for one in ones:
            assert one == like, purpose


def test_the_checks_of_a_study_do_not_show_to_annotators(study: Study, annotator: User) -> None:
    client = client_for(annotator)
    paths = ["/api/v1/studies/", f"/api/v1/studies/{study.slug}/", "/api/v1/auth/me/"]
    before = everything_readable(client, paths)
    Study.objects.filter(pk=study.pk).update(gold_every=12, repeat_every=20, warm_up_rois=3, adaptive_votes=True)
    make_gold(study)
    assert everything_readable(client, paths) == before


def headers_of(response: Any) -> dict[str, str]:
    own = VOLATILE_HEADERS | {"ETag", "Content-Length"}
    return {name: value for name, value in response.headers.items() if name not in own}


def plain(content: bytes) -> str:
    """JSON with ids and numbers alike: what is left is what could tell one kind of thing from another."""
    return re.sub(r"\d+", "0", re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", content.decode()))


def seed_that_shows_at_once() -> int:
    """An `order_seed` whose first two claims are not among those drawn to be blind."""
    return next(
        seed
        for seed in range(1000)
        if not any(stays_blind(order_seed=seed, claim_number=number, percent=20) for number in (1, 2))
    )


def shape_of(body: dict[str, Any]) -> dict[str, str]:
    """The fields of an answer with what is not this ROI's own (ids, place, times)."""
    own = {"id", "roi", "image", "position", "lease_expires_at"}
    return {name: "its own" if name in own else json.dumps(value) for name, value in body.items()}
