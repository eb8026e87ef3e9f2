"""Proposals: how they are kept, who decides on them, and that nothing becomes an ROI by itself or twice."""

from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core.errors import Conflict
from roiqa.core.models import AuditEvent, Job
from roiqa.images.models import Image
from roiqa.regions.masks import Mask, mask_from_array
from roiqa.regions.models import ROI
from roiqa.studies import proposals
from roiqa.studies.models import Proposal, Role, Study, StudyROI
from roiqa.studies.proposals import NewProposal
from tests.api.factories import (
    JSONClient,
    client_for,
    encode_box,
    make_image,
    make_member,
    make_proposal,
    make_rating,
    make_roi,
    make_study,
    make_user,
)

SOURCE = {"tool": "sam", "model": "tiny-sam", "version": "0123456789ab", "home": "worker", "events": []}


@pytest.fixture
def image(study: Study) -> Image:
    return make_image(study)


@pytest.fixture
def client(admin: User) -> JSONClient:
    return client_for(admin)


def box_mask(image: Image, x: int, y: int, w: int, h: int) -> Mask:
    pixels = np.zeros((image.height, image.width), dtype=np.bool_)
    pixels[y : y + h, x : x + w] = True
    return mask_from_array(pixels)


def add(study: Study, image: Image, *boxes: tuple[int, int, int, int], level: str = "component") -> int:
    """Add proposals with falling scores."""
    incoming = [
        NewProposal(mask=box_mask(image, *box), score=0.9 - number / 10, stability=0.95, source=SOURCE)
        for number, box in enumerate(boxes)
    ]
    return proposals.add(study_id=study.pk, image=image, level=level, incoming=incoming)


def act(client: JSONClient, proposal: Proposal, action: str, **body: Any) -> Any:
    return client.post(f"/api/v1/proposals/{proposal.pk}/{action}/", body)


def listed(client: JSONClient, study: Study, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/studies/{study.slug}/proposals/", query)
    assert answer.status_code == 200, answer.json()
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


# What is kept.


def test_proposals_come_image_by_image_the_best_first(client: JSONClient, study: Study, image: Image) -> None:
    add(study, image, (0, 0, 40, 40), (60, 60, 50, 40))
    other = make_image(study, file_name="b.png")
    add(study, other, (0, 0, 80, 80))
    rows = listed(client, study)
    assert [(row["image"], row["bbox"]) for row in rows] == [
        (str(image.pk), [0, 0, 40, 40]),
        (str(image.pk), [60, 60, 50, 40]),
        (str(other.pk), [0, 0, 80, 80]),
    ]
    first = rows[0]
    assert (first["score"], first["stability"], first["area"], first["state"]) == (0.9, 0.95, 1600, "pending")
    assert (first["source"], first["roi"], rows[2]["file_name"]) == (SOURCE, None, "b.png")
    assert first["segmentation"] == encode_box(image, (0, 0, 40, 40))
    assert client.get(first["image_url"]).status_code == 404  # its files were not made here
    assert first["image_url"] == f"/api/v1/images/{image.pk}/file/"


def test_doubles_of_rois_and_of_earlier_proposals_are_left_out(study: Study, image: Image) -> None:
    make_roi(study, image, box=(0, 0, 40, 40))
    # IoU with the ROI: 0.875, and with each other: 0.9.
    assert add(study, image, (0, 0, 40, 35), (80, 60, 40, 40), (80, 60, 40, 36), (0, 60, 40, 40)) == 2
    assert add(study, image, (0, 0, 40, 35), (80, 60, 40, 40), (80, 60, 40, 36), (0, 60, 40, 40)) == 0
    assert sorted(Proposal.objects.values_list("x", "y", "w", "h")) == [(0, 60, 40, 40), (80, 60, 40, 40)]


def test_what_was_rejected_is_not_proposed_again(client: JSONClient, study: Study, image: Image) -> None:
    add(study, image, (0, 0, 40, 40))
    act(client, Proposal.objects.get(), "reject")
    assert add(study, image, (0, 0, 40, 40), (0, 0, 40, 38)) == 0


def test_levels_and_studies_have_proposals_of_their_own(study: Study, image: Image) -> None:
    other = make_study("plains")
    other.study_images.create(image=image, file_name="a.png")
    assert [add(study, image, (0, 0, 40, 40)), add(study, image, (0, 0, 40, 40), level="object")] == [1, 1]
    assert add(other, image, (0, 0, 40, 40)) == 1


def test_what_people_cannot_judge_is_not_proposed(study: Study, image: Image) -> None:
    assert add(study, image, (0, 0, 31, 33), (60, 0, 32, 32)) == 1


def test_an_image_that_left_the_study_gets_none(study: Study, image: Image) -> None:
    study.study_images.all().delete()
    assert add(study, image, (0, 0, 40, 40)) == 0


def test_a_closed_study_takes_none(study: Study, image: Image) -> None:
    Study.objects.filter(pk=study.pk).update(state="closed")
    with pytest.raises(Conflict):
        add(study, image, (0, 0, 40, 40))


def test_lists_are_filtered_and_ask_the_database_little(
    client: JSONClient, study: Study, image: Image, django_assert_max_num_queries: Any
) -> None:
    made = [make_proposal(study, image, box=(n, 0, 40, 40)) for n in range(8)]
    make_proposal(study, level="object")
    act(client, made[0], "reject")
    assert len(listed(client, study, state="pending")) == 8
    assert [row["id"] for row in listed(client, study, state="rejected")] == [str(made[0].pk)]
    assert len(listed(client, study, image=str(image.pk))) == 8
    assert len(listed(client, study, level="object")) == 1
    assert client.get(f"/api/v1/studies/{study.slug}/proposals/", {"state": "new"}).status_code == 400
    assert client.get(f"/api/v1/studies/{study.slug}/proposals/", {"roi__name": "x"}).status_code == 400
    with django_assert_max_num_queries(5):
        listed(client, study)


# Deciding.


def test_accepting_makes_an_roi_with_its_provenance(client: JSONClient, study: Study, image: Image) -> None:
    add(study, image, (0, 0, 40, 40))
    proposal = Proposal.objects.get()
    answer = act(client, proposal, "accept", name="window", provenance={"edited_px": 0})
    assert answer.status_code == 201, answer.json()
    roi = ROI.objects.get()
    assert (answer.json()["id"], roi.level, roi.name, roi.area) == (str(roi.pk), "component", "window", 1600)
    assert roi.provenance == {**SOURCE, "edited_px": 0, "proposal": str(proposal.pk)}
    assert StudyROI.objects.get(roi=roi).raters_wanted == study.raters_per_roi
    [row] = listed(client, study)
    assert (row["state"], row["roi"]) == ("accepted", str(roi.pk))
    assert AuditEvent.objects.filter(action="proposal_accepted", target=str(proposal.pk)).exists()


def test_a_repaired_mask_and_another_level_can_be_accepted(client: JSONClient, study: Study, image: Image) -> None:
    proposal = make_proposal(study, image)
    repaired = encode_box(image, (5, 5, 60, 60))
    answer = act(client, proposal, "accept", segmentation=repaired, level="object")
    assert (answer.json()["segmentation"], answer.json()["level"]) == (repaired, "object")


def test_a_repaired_mask_is_checked_like_any_other(client: JSONClient, study: Study, image: Image) -> None:
    proposal = make_proposal(study, image)
    small = act(client, proposal, "accept", segmentation=encode_box(image, (5, 5, 20, 20)))
    assert (small.status_code, small.json()["code"]) == (422, "roi_too_small")
    wrong = act(client, proposal, "accept", segmentation={"size": [10, 10], "counts": "0"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "mask_wrong_size")
    proposal.refresh_from_db()
    assert (proposal.state, ROI.objects.count()) == ("pending", 0)


def test_nothing_is_accepted_twice(client: JSONClient, study: Study, image: Image) -> None:
    proposal = make_proposal(study, image)
    first = act(client, proposal, "accept").json()
    again = act(client, proposal, "accept")
    assert (again.status_code, again.json()["code"], again.json()["roi"]) == (409, "proposal_decided", first["id"])
    assert act(client, proposal, "reject").status_code == 409
    assert ROI.objects.count() == 1


def test_a_region_that_is_there_already_stays_one(client: JSONClient, study: Study, image: Image) -> None:
    roi = client.post(
        f"/api/v1/images/{image.pk}/rois/",
        {"study": study.slug, "level": "object", "segmentation": encode_box(image, (20, 20, 50, 60))},
    ).json()
    answer = act(client, make_proposal(study, image), "accept")
    assert (answer.status_code, answer.json()["code"], answer.json()["roi"]) == (409, "roi_exists", roi["id"])
    assert Proposal.objects.get().state == "pending"


def test_a_decision_can_be_taken_back(client: JSONClient, study: Study, image: Image) -> None:
    proposal = make_proposal(study, image)
    act(client, proposal, "accept")
    undone = act(client, proposal, "undo")
    assert (undone.status_code, undone.json()["state"], undone.json()["roi"]) == (200, "pending", None)
    assert not ROI.objects.exists()
    assert act(client, proposal, "reject").json()["state"] == "rejected"
    assert act(client, proposal, "reject").json()["state"] == "rejected"
    assert act(client, proposal, "undo").json()["state"] == "pending"
    assert act(client, proposal, "undo").json()["state"] == "pending"
    assert act(client, proposal, "accept").status_code == 201
    proposal.refresh_from_db()
    assert (proposal.decided_by is not None, proposal.decided_at is not None) == (True, True)


def test_what_was_rated_is_not_taken_back(client: JSONClient, annotator: User, study: Study, image: Image) -> None:
    proposal = make_proposal(study, image)
    act(client, proposal, "accept")
    make_rating(StudyROI.objects.get(), annotator)
    refused = act(client, proposal, "undo")
    assert (refused.status_code, refused.json()["code"]) == (409, "roi_has_ratings")
    assert (ROI.objects.count(), Proposal.objects.get().state) == (1, "accepted")


def test_an_roi_deleted_elsewhere_leaves_the_decision(client: JSONClient, study: Study, image: Image) -> None:
    proposal = make_proposal(study, image)
    roi = act(client, proposal, "accept").json()["id"]
    assert client.delete(f"/api/v1/rois/{roi}/").status_code == 204
    [row] = listed(client, study)
    assert (row["state"], row["roi"]) == ("accepted", None)
    assert act(client, proposal, "undo").json()["state"] == "pending"


def test_ml_engineers_decide_too_but_do_not_undo_an_admins_roi(
    client: JSONClient, ml_engineer: User, study: Study, image: Image
) -> None:
    mine, admins = make_proposal(study, image), make_proposal(study, image, box=(0, 0, 40, 40))
    engineer = client_for(ml_engineer)
    assert act(engineer, mine, "accept").status_code == 201
    assert act(engineer, mine, "undo").status_code == 200
    act(client, admins, "accept")
    assert act(engineer, admins, "undo").status_code == 403


def test_annotators_see_no_proposals_even_where_they_draw(annotator: User, study: Study, image: Image) -> None:
    """A proposal that they saw before rating would be a hint about the region."""
    Study.objects.filter(pk=study.pk).update(annotators_draw=True)
    proposal = make_proposal(study, image)
    client = client_for(annotator)
    assert client.get(f"/api/v1/studies/{study.slug}/proposals/").status_code == 403
    for action in ("accept", "reject", "undo"):
        answer = act(client, proposal, action)
        assert (answer.status_code, answer.json()["code"]) == (404, "proposal_not_found")


def test_staff_of_another_study_with_the_same_picture_see_nothing(study: Study, image: Image) -> None:
    other = make_study("plains")
    other.study_images.create(image=image, file_name="a.png")
    user = make_member(other, Role.ADMIN, user=make_user("paula")).user
    assert act(client_for(user), make_proposal(study, image), "accept").status_code == 404


def test_a_closed_study_decides_nothing(client: JSONClient, study: Study, image: Image) -> None:
    proposal = make_proposal(study, image)
    Study.objects.filter(pk=study.pk).update(state="closed")
    for action in ("accept", "reject", "undo"):
        answer = act(client, proposal, action)
        assert (answer.status_code, answer.json()["code"]) == (409, "study_closed")


# Asking for them.


def test_asking_twice_is_one_job(client: JSONClient, study: Study, image: Image) -> None:
    url = f"/api/v1/studies/{study.slug}/proposals/"
    first = client.post(url, {"level": "component"})
    assert (first.status_code, first.json()["kind"]) == (202, "proposals")
    assert client.post(url, {"level": "component"}).json()["id"] == first.json()["id"]
    some = client.post(url, {"level": "component", "images": [str(image.pk)]})
    objects = client.post(url, {"level": "object"})
    assert len({first.json()["id"], some.json()["id"], objects.json()["id"]}) == 3
    Job.objects.update(state="succeeded", finished_at=timezone.now())
    assert client.post(url, {"level": "component"}).json()["id"] != first.json()["id"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"level": "scene"}, 400),
        ({"level": "object", "images": []}, 400),
        ({"level": "object", "images": ["x"]}, 400),
        ({"level": "object", "images": ["6a2f41a3-c54c-fce8-32d2-0324e1c32e22"]}, 404),
        ({"level": "object", "model": "tiny-sam"}, 400),
    ],
)
def test_a_wrong_question_is_refused(client: JSONClient, study: Study, body: dict[str, Any], status: int) -> None:
    assert client.post(f"/api/v1/studies/{study.slug}/proposals/", body).status_code == status
    assert not Job.objects.exists()
