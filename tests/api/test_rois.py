"""ROIs one by one: drawing, changing, deleting, and who may."""

import threading
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import timezone
from pycocotools import mask as coco_mask

from roiqa.accounts.models import User
from roiqa.core.models import AuditEvent
from roiqa.images.models import Image
from roiqa.regions.models import ROI
from roiqa.studies.models import Role, Study, StudyROI
from tests.api.factories import (
    client_for,
    encode_box,
    make_assignment,
    make_image,
    make_member,
    make_rating,
    make_roi,
    make_study,
    make_user,
)


@pytest.fixture
def image(study: Study) -> Image:
    return make_image(study, width=160, height=120)


def body(study: Study, image: Image, *, box: tuple[int, int, int, int] = (10, 20, 40, 50), **more: Any) -> dict:
    return {"study": study.slug, "level": "object", "segmentation": encode_box(image, box), **more}


def draw(user: User, study: Study, image: Image, **more: Any) -> Any:
    return client_for(user).post(f"/api/v1/images/{image.pk}/rois/", body(study, image, **more))


def change(user: User, roi_id: Any, **changes: Any) -> Any:
    return client_for(user).patch(f"/api/v1/rois/{roi_id}/", changes)


def delete(user: User, roi_id: Any) -> Any:
    return client_for(user).delete(f"/api/v1/rois/{roi_id}/")


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# Drawing.


def test_a_drawn_region_comes_back_as_it_was_drawn(admin: User, study: Study, image: Image) -> None:
    answer = draw(admin, study, image, name="roof", provenance={"tool": "polygon"})
    assert answer.status_code == 201
    row = ROI.objects.get()
    created_at = answer.json().pop("created_at")
    assert created_at == row.created_at.isoformat().replace("+00:00", "Z")
    assert {k: v for k, v in answer.json().items() if k != "created_at"} == {
        "id": str(row.pk),
        "image": str(image.pk),
        "study": study.slug,
        "level": "object",
        "name": "roof",
        "segmentation": encode_box(image, (10, 20, 40, 50)),
        "bbox": [10, 20, 40, 50],
        "area": 2000,
        "created_by_me": True,
        "editable": True,
    }
    assert row.provenance == {"tool": "polygon"}
    place = StudyROI.objects.get()
    assert (place.raters_wanted, place.slots_left, place.n_accepted) == (7, 7, 0)
    assert 0 <= place.shuffle_key < StudyROI.SHUFFLE_KEYS


def test_holes_are_kept(admin: User, study: Study, image: Image) -> None:
    ring = np.zeros((120, 160), dtype=np.uint8, order="F")
    ring[10:80, 10:90] = 1
    ring[30:50, 30:50] = 0
    counts = coco_mask.encode(ring)["counts"].decode()
    answer = draw(admin, study, image, segmentation={"size": [120, 160], "counts": counts})
    assert answer.json()["area"] == int(ring.sum())
    assert answer.json()["segmentation"]["counts"] == counts


def test_each_study_gives_its_own_number_of_raters(admin: User, study: Study, image: Image) -> None:
    Study.objects.update(raters_per_roi=3)
    draw(admin, study, image)
    assert StudyROI.objects.values_list("raters_wanted", "slots_left").get() == (3, 3)


@pytest.mark.parametrize(
    ("segmentation", "code"),
    [
        ({"size": [160, 120], "counts": "0"}, "mask_wrong_size"),
        ({"size": [120, 161], "counts": "0"}, "mask_wrong_size"),
        ({"size": [120, 160], "counts": "zz z"}, "mask_broken"),
        ({"size": [120, 160], "counts": "1"}, "mask_broken"),
        ({"size": [120, 160], "counts": "PPPPPPPPPPPPPPPPP"}, "mask_broken"),
        ({"size": [120, 160], "counts": "oooooooooooooooooooo"}, "mask_broken"),
    ],
)
def test_a_mask_that_is_none_of_this_image_is_refused(
    admin: User, study: Study, image: Image, segmentation: dict, code: str
) -> None:
    answer = draw(admin, study, image, segmentation=segmentation)
    assert code_of(answer) == (422, code)
    assert list(answer.json()["fields"]) == ["segmentation"]
    assert not ROI.objects.exists()


def test_1023_pixels_are_too_few_and_1024_enough(admin: User, study: Study, image: Image) -> None:
    assert code_of(draw(admin, study, image, box=(0, 0, 33, 31))) == (422, "roi_too_small")
    assert draw(admin, study, image, box=(0, 0, 32, 32)).status_code == 201


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"level": "huge"}, "level"),
        ({"colour": "red"}, "colour"),
        ({"created_by": 1}, "created_by"),
        ({"raters_wanted": 1}, "raters_wanted"),
        ({"name": "x" * 121}, "name"),
        ({"name": 7}, "name"),
        ({"provenance": []}, "provenance"),
        ({"provenance": {"prompts": "x" * 70_000}}, "provenance"),
        ({"segmentation": {"size": [120], "counts": "0"}}, "segmentation.size"),
        ({"segmentation": {"size": ["120", 160], "counts": "0"}}, "segmentation.size"),
        ({"segmentation": {"size": [120, 160], "counts": [0]}}, "segmentation.counts"),
        ({"segmentation": {"size": [120, 160]}}, "segmentation.counts"),
        ({"segmentation": "all"}, "segmentation"),
    ],
)
def test_a_malformed_body_names_the_field(admin: User, study: Study, image: Image, more: dict, field: str) -> None:
    answer = draw(admin, study, image, **more)
    assert answer.status_code == 400
    assert any(name.startswith(field) for name in answer.json()["fields"]), answer.json()


def test_the_same_region_twice_is_refused_whatever_its_name(admin: User, study: Study, image: Image) -> None:
    first = draw(admin, study, image).json()["id"]
    again = draw(admin, study, image, name="other", level="component")
    assert code_of(again) == (409, "roi_exists")
    assert again.json()["roi"] == first


def test_an_image_outside_the_study_is_not_drawn_on(admin: User, study: Study, image: Image) -> None:
    other = make_study()
    make_member(other, Role.ADMIN, user=admin)
    assert code_of(draw(admin, other, image)) == (404, "study_not_found")


def test_a_closed_study_takes_no_regions(admin: User, study: Study, image: Image) -> None:
    roi = make_roi(study, image, created_by=admin)
    Study.objects.update(state="closed")
    assert code_of(draw(admin, study, image)) == (409, "study_closed")
    assert code_of(change(admin, roi.roi_id, name="x")) == (409, "study_closed")
    assert code_of(delete(admin, roi.roi_id)) == (409, "study_closed")


# Listing.


def listed(user: User, image: Image, **query: str) -> list[dict]:
    return client_for(user).get(f"/api/v1/images/{image.pk}/rois/", query).json()["results"]


def test_staff_see_all_regions_in_the_order_they_were_drawn(
    admin: User, ml_engineer: User, study: Study, image: Image
) -> None:
    ids = [str(make_roi(study, image, box=(n, 0, 40, 40)).roi_id) for n in range(3)]
    for user in (admin, ml_engineer):
        assert [row["id"] for row in listed(user, image)] == ids
        assert [row["id"] for row in listed(user, image, study=study.slug)] == ids


def test_regions_of_another_study_on_the_same_image_are_kept_apart(admin: User, study: Study, image: Image) -> None:
    other, foreign = make_study(), make_study()
    make_member(other, Role.ML_ENGINEER, user=admin)
    for place in (other, foreign):
        place.study_images.create(image=image, file_name="x.png")
    here = make_roi(study, image)
    there = make_roi(other, image)
    make_roi(foreign, image)
    assert {row["id"] for row in listed(admin, image)} == {str(here.roi_id), str(there.roi_id)}
    assert {row["id"] for row in listed(admin, image, study=study.slug)} == {str(here.roi_id)}
    answer = client_for(admin).get(f"/api/v1/images/{image.pk}/rois/", {"study": foreign.slug})
    assert code_of(answer) == (404, "study_not_found")


def test_the_list_costs_the_same_for_many_regions(
    admin: User, study: Study, image: Image, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        make_roi(study, image, box=(n, 0, 40, 40))
    client = client_for(admin)
    # Session, user, image, study, roles twice, the page.
    with django_assert_max_num_queries(7):
        answer = client.get(f"/api/v1/images/{image.pk}/rois/", {"study": study.slug})
    assert len(answer.json()["results"]) == 12


# Changing and deleting, by staff.


def test_name_level_and_region_can_be_changed_while_nobody_rated(admin: User, study: Study, image: Image) -> None:
    roi = make_roi(study, image)
    answer = change(admin, roi.roi_id, name="door", level="component", segmentation=encode_box(image, (0, 0, 50, 60)))
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["level"], answer.json()["bbox"]) == (
        "door",
        "component",
        [0, 0, 50, 60],
    )
    row = ROI.objects.get(pk=roi.roi_id)
    assert (row.area, row.w, row.h) == (3000, 50, 60)
    assert AuditEvent.objects.filter(action="roi_changed", target=str(roi.roi_id), actor=admin).exists()


def test_a_change_to_an_existing_region_is_refused(admin: User, study: Study, image: Image) -> None:
    draw(admin, study, image, box=(0, 0, 50, 60))
    other = draw(admin, study, image, box=(5, 5, 50, 60)).json()["id"]
    assert code_of(change(admin, other, segmentation=encode_box(image, (0, 0, 50, 60)))) == (409, "roi_exists")
    assert change(admin, other, segmentation=encode_box(image, (5, 5, 50, 60))).status_code == 200


def test_bad_changes_are_refused(admin: User, study: Study, image: Image) -> None:
    roi = make_roi(study, image)
    small = change(admin, roi.roi_id, segmentation=encode_box(image, (0, 0, 10, 10)))
    assert code_of(small) == (422, "roi_too_small")
    assert change(admin, roi.roi_id, area=3).status_code == 400
    assert change(admin, roi.roi_id, level=None).status_code == 400


def test_a_region_is_deleted_with_its_place(admin: User, study: Study) -> None:
    roi = make_roi(study)
    assert delete(admin, roi.roi_id).status_code == 204
    assert not ROI.objects.exists()
    assert not StudyROI.objects.exists()
    assert AuditEvent.objects.filter(action="roi_deleted", target=str(roi.roi_id), actor=admin).exists()
    assert code_of(delete(admin, roi.roi_id)) == (404, "roi_not_found")


@pytest.mark.parametrize("touched_by", [make_rating, make_assignment])
def test_a_rated_or_claimed_region_stays_as_it_is(
    admin: User, annotator: User, study: Study, image: Image, touched_by: Any
) -> None:
    roi = make_roi(study, image)
    touched_by(roi, annotator)
    assert code_of(delete(admin, roi.roi_id)) == (409, "roi_has_ratings")
    assert code_of(change(admin, roi.roi_id, level="component")) == (409, "roi_has_ratings")
    changed = change(admin, roi.roi_id, segmentation=encode_box(image, (0, 0, 50, 60)))
    assert code_of(changed) == (409, "roi_has_ratings")
    assert change(admin, roi.roi_id, name="renamed", level="object").status_code == 200
    assert [row["editable"] for row in listed(admin, image)] == [False]


def test_a_rating_holds_the_region_even_when_it_counts_no_more(
    admin: User, annotator: User, study: Study, image: Image
) -> None:
    roi = make_roi(study, image)
    make_rating(roi, annotator)
    # As after the annotator's exclusion: the slot is open again, the rating is kept.
    StudyROI.objects.update(n_accepted=0)
    assert code_of(delete(admin, roi.roi_id)) == (409, "roi_has_ratings")
    moved = change(admin, roi.roi_id, segmentation=encode_box(image, (0, 0, 50, 60)))
    assert code_of(moved) == (409, "roi_has_ratings")
    assert [row["editable"] for row in listed(admin, image)] == [False]


@pytest.mark.parametrize("state", ["expired", "skipped"])
def test_a_claim_that_came_to_nothing_holds_no_region(admin: User, annotator: User, study: Study, state: str) -> None:
    roi = make_roi(study)
    make_assignment(roi, annotator, state=state)
    assert delete(admin, roi.roi_id).status_code == 204


def test_ml_engineers_change_their_own_regions_only(admin: User, ml_engineer: User, study: Study, image: Image) -> None:
    theirs = draw(ml_engineer, study, image).json()["id"]
    others = draw(admin, study, image, box=(0, 0, 50, 50)).json()["id"]
    assert change(ml_engineer, theirs, name="mine").status_code == 200
    assert change(ml_engineer, others, name="mine").status_code == 403
    assert delete(ml_engineer, others).status_code == 403
    assert [row["editable"] for row in listed(ml_engineer, image)] == [True, False]
    assert [row["created_by_me"] for row in listed(ml_engineer, image)] == [True, False]
    assert delete(admin, theirs).status_code == 204


# Annotators.


def test_annotators_neither_draw_nor_see_regions_unless_the_study_says_so(
    annotator: User, study: Study, image: Image
) -> None:
    roi = make_roi(study, image, created_by=annotator)
    assert code_of(draw(annotator, study, image)) == (403, "drawing_closed")
    assert listed(annotator, image) == []
    answer = client_for(annotator).get(f"/api/v1/images/{image.pk}/rois/", {"study": study.slug})
    assert code_of(answer) == (403, "drawing_closed")
    assert code_of(change(annotator, roi.roi_id, name="x")) == (404, "roi_not_found")
    assert code_of(delete(annotator, roi.roi_id)) == (404, "roi_not_found")


@pytest.fixture
def drawing(study: Study) -> Study:
    Study.objects.update(annotators_draw=True)
    study.refresh_from_db()
    return study


def test_annotators_who_draw_see_their_own_only(annotator: User, admin: User, drawing: Study, image: Image) -> None:
    others = make_roi(drawing, image, created_by=admin)
    own = draw(annotator, drawing, image).json()["id"]
    assert [row["id"] for row in listed(annotator, image)] == [own]
    assert code_of(change(annotator, others.roi_id, name="x")) == (404, "roi_not_found")


def test_drawing_what_another_drew_tells_an_annotator_nothing(
    annotator: User, admin: User, drawing: Study, image: Image
) -> None:
    draw(admin, drawing, image)
    assert draw(annotator, drawing, image).status_code == 201
    assert code_of(draw(annotator, drawing, image)) == (409, "roi_exists")


def test_annotators_mend_their_own_for_ten_minutes(annotator: User, drawing: Study, image: Image) -> None:
    own = draw(annotator, drawing, image).json()["id"]
    assert change(annotator, own, name="door").json()["editable"] is True
    ROI.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    assert [row["editable"] for row in listed(annotator, image)] == [False]
    assert code_of(change(annotator, own, name="x")) == (409, "roi_locked")
    assert code_of(delete(annotator, own)) == (409, "roi_locked")


def test_a_refusal_tells_an_annotator_nothing_of_other_raters(annotator: User, drawing: Study, image: Image) -> None:
    rated, old = (draw(annotator, drawing, image, box=(n, 0, 50, 50)).json()["id"] for n in (0, 1))
    before = [row["editable"] for row in listed(annotator, image)]
    make_rating(StudyROI.objects.get(roi_id=rated), make_user())
    assert [row["editable"] for row in listed(annotator, image)] == before
    ROI.objects.filter(pk=old).update(created_at=timezone.now() - timedelta(hours=1))
    assert delete(annotator, rated).json() == delete(annotator, old).json()
    assert code_of(delete(annotator, rated)) == (409, "roi_locked")


# Everybody else.


@pytest.mark.parametrize("who", ["stranger", "foreign_admin"])
def test_others_cannot_tell_that_a_region_exists(
    who: str, study: Study, image: Image, request: pytest.FixtureRequest
) -> None:
    user, roi = request.getfixturevalue(who), make_roi(study, image)
    assert code_of(client_for(user).get(f"/api/v1/images/{image.pk}/rois/")) == (404, "image_not_found")
    assert code_of(draw(user, study, image)) == (404, "image_not_found")
    assert code_of(change(user, roi.roi_id, name="x")) == (404, "roi_not_found")
    assert code_of(delete(user, roi.roi_id)) == (404, "roi_not_found")


@pytest.mark.django_db(transaction=True)
def test_a_deletion_waits_for_a_claim_under_way_and_then_is_refused() -> None:
    study = make_study()
    admin = make_member(study, Role.ADMIN, user=make_user()).user
    annotator = make_member(study, Role.ANNOTATOR, user=make_user()).user
    roi = make_roi(study)
    answers: list[Any] = []

    def work() -> None:
        answers.append(delete(admin, roi.roi_id))
        connection.close()

    thread = threading.Thread(target=work)
    with transaction.atomic():
        StudyROI.objects.select_for_update().get(pk=roi.pk)
        thread.start()
        thread.join(timeout=0.3)
        assert answers == []
        make_assignment(roi, annotator)
    thread.join(timeout=10)
    assert code_of(answers[0]) == (409, "roi_has_ratings")
    assert StudyROI.objects.filter(pk=roi.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_region_drawn_twice_at_once_is_kept_once() -> None:
    study = make_study()
    admin = make_member(study, Role.ADMIN, user=make_user()).user
    image = make_image(study)
    answers: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        answers.append(draw(admin, study, image).status_code)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409, 409, 409]
    assert ROI.objects.count() == 1
