"""Golds: made, marked, served at their density, judged; never in a label, a count or an annotator's sight."""

import io

import numpy as np
import pytest
from django.core.files.storage import default_storage
from PIL import Image as Picture

from roiqa.accounts.models import User
from roiqa.consensus.models import Consensus
from roiqa.consensus.refresh import refresh_study
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.ratings.models import Rating
from roiqa.studies.models import Gold, Membership, Study, StudyImage, StudyROI
from tests.api.factories import client_for, make_image, make_member, make_rating, make_roi
from tests.api.gold_study import RIGHT, WRONG, made_golds, make_gold, pristine_roi, purpose_of, seed_member
from tests.api.rating_calls import claim, submit
from tests.api.release_study import freeze, small_study

pytestmark = pytest.mark.django_db


def pixels(key: str) -> np.ndarray:
    with default_storage.open(key) as stored, Picture.open(io.BytesIO(stored.read())) as picture:
        return np.asarray(picture.convert("RGB"))


def golds(user: User, study: Study) -> list[dict]:
    return client_for(user).get(f"/api/v1/studies/{study.slug}/golds/").json()["results"]


def url(study: Study, *parts: object) -> str:
    return f"/api/v1/studies/{study.slug}/golds/" + "".join(f"{part}/" for part in parts)


def test_golds_are_made_of_pristine_rois_inside_the_mask_only(admin: User, study: Study) -> None:
    sources = [pristine_roi(study) for _ in range(3)]
    job = made_golds(admin, study, *sources, distortions=["blur", "noise"])
    assert (job.state, job.report["made"], job.report["refused"]) == ("succeeded", 3, [])
    rows = golds(admin, study)
    assert sorted(row["distortion"] for row in rows) in (["blur", "blur", "noise"], ["blur", "noise", "noise"])
    for row in rows:
        source = next(s for s in sources if str(s.roi_id) == row["made_from"])
        gold = StudyROI.objects.select_related("image", "roi").get(roi_id=row["id"])
        before, after = pixels(source.image.display_key), pixels(gold.image.display_key)
        x, y, w, h = gold.roi.bbox
        inside = np.zeros(before.shape[:2], dtype=bool)
        inside[y : y + h, x : x + w] = True
        assert (before[~inside] == after[~inside]).all()
        assert (before[inside] != after[inside]).any()
        assert (gold.is_gold, gold.slots_left, gold.image.split) == (True, 0, "test")
        assert gold.roi.counts == source.roi.counts
        assert default_storage.exists(gold.image.thumbnail_key)


def test_one_roi_never_gives_two_golds_that_look_alike(admin: User, study: Study) -> None:
    source = pristine_roi(study)
    reports = [made_golds(admin, study, source, distortions=["contrast"]).report for _ in range(3)]
    assert [report["made"] for report in reports] == [1, 1, 0]
    assert "before" in reports[2]["refused"][0]["reason"]
    assert {recipe["setting"]["strength"] for recipe in Gold.objects.values_list("recipe", flat=True)} == {0, 1}


def test_a_making_that_was_broken_off_makes_nothing_twice(admin: User, study: Study) -> None:
    sources = [pristine_roi(study) for _ in range(2)]
    job = made_golds(admin, study, *sources)
    Gold.objects.filter(recipe__item=1).delete()
    Job.objects.filter(pk=job.pk).update(state="queued", finished_at=None)
    jobs.run(str(job.pk))
    assert sorted(Gold.objects.values_list("recipe__item", flat=True)) == [0, 1]


def test_a_region_in_which_no_distortion_shows_is_refused_with_the_reason(admin: User, study: Study) -> None:
    flat = make_roi(study, make_image(study, with_files=True))
    Picture.new("RGB", (160, 120), (90, 90, 90)).save(default_storage.path(flat.image.display_key), "PNG")
    job = made_golds(admin, study, flat, distortions=["blur"])
    assert job.report["made"] == 0
    assert "choose another distortion" in job.report["refused"][0]["reason"]


def test_golds_are_made_only_of_rois_that_one_is_staff_of(admin: User, study: Study, foreign_admin: User) -> None:
    foreign = make_roi(Study.objects.get(slug="elsewhere"))
    answer = client_for(admin).post(url(study), {"rois": [str(foreign.roi_id)]})
    assert (answer.status_code, answer.json()["code"]) == (404, "roi_not_found")


def test_golds_come_at_their_density_in_an_order_nobody_can_count_off(study: Study) -> None:
    study.gold_every = 4
    study.save()
    for _ in range(40):
        make_roi(study, make_image(study))
    for _ in range(12):
        make_gold(study)
    places = []
    for seed in (1, 2):
        annotator = make_member(study).user
        seed_member(annotator, study, seed)
        client, served = client_for(annotator), []
        for number in range(24):
            held = claim(client, study).json()["id"]
            if purpose_of(held) == "gold":
                served.append(number)
            submit(client, held)
        assert [number // 4 for number in served] == list(range(6)), "one in every four"
        places.append([number % 4 for number in served])
    assert places[0] != places[1]
    assert len(set(places[0])) > 1


def test_answers_to_golds_never_count(study: Study, annotator: User) -> None:
    study.gold_every = 2
    study.save()
    rois = [make_roi(study, make_image(study)) for _ in range(6)]
    gold = make_gold(study)
    client = client_for(annotator)
    for _ in range(4):
        submit(client, claim(client, study).json()["id"])
    gold.refresh_from_db()
    assert Rating.objects.get(study_roi=gold).status == "gold"
    assert (gold.n_active, gold.n_accepted, gold.slots_left, gold.consensus_due) == (0, 0, 0, False)
    refresh_study(study=study)
    assert not Consensus.objects.filter(study_roi=gold).exists()
    assert sum(StudyROI.objects.filter(pk__in=[roi.pk for roi in rois]).values_list("n_accepted", flat=True)) == 3


def test_a_gold_is_given_to_nobody_twice_and_a_retired_one_to_nobody(study: Study, annotator: User) -> None:
    study.gold_every = 2
    study.save()
    for _ in range(30):
        make_roi(study, make_image(study))
    served, retired = make_gold(study), make_gold(study)
    Gold.objects.filter(pk=retired.pk).update(retired_at="2026-01-01T00:00:00Z")
    client, shown = client_for(annotator), []
    for _ in range(12):
        body = claim(client, study).json()
        shown.append(body["roi"]["id"])
        submit(client, body["id"])
    assert shown.count(str(served.roi_id)) == 1
    assert str(retired.roi_id) not in shown


def test_a_gold_does_not_follow_the_image_that_it_was_made_from(study: Study, annotator: User) -> None:
    study.gold_every = 2
    study.save()
    member = seed_member(annotator, study)
    source = make_roi(study)
    gold = make_gold(study, recipe={"source_image": str(source.image_id), "distortion": "blur"})
    Membership.objects.filter(pk=member.pk).update(last_image=source.image_id)
    client = client_for(annotator)
    first, second = claim(client, study).json(), None
    submit(client, first["id"])
    second = claim(client, study)
    assert str(gold.roi_id) not in (first["roi"]["id"], second.json()["roi"]["id"] if second.content else "")


@pytest.mark.parametrize("way", ["skip", "undo", "late", "give back"])
def test_a_gold_takes_no_slot_whatever_is_done_with_it(study: Study, annotator: User, way: str) -> None:
    study.gold_every = 2
    study.save()
    member = seed_member(annotator, study)
    gold = make_gold(study)
    for _ in range(3):
        make_roi(study, make_image(study))
    client = client_for(annotator)
    held = claim(client, study).json()["id"]
    while purpose_of(held) != "gold":
        submit(client, held)
        held = claim(client, study).json()["id"]
    base = f"/api/v1/assignments/{held}/"
    if way == "skip":
        assert client.post(f"{base}skip/", {"reason": "other"}).status_code == 200
        assert client.post(f"{base}reopen/").status_code == 200
    elif way == "undo":
        submit(client, held)
        client.post(f"{base}reopen/")
    elif way == "give back":
        assert client.post(f"{base}release/").status_code == 204
    gold.refresh_from_db()
    assert (gold.n_active, gold.n_accepted) == (0, 0)
    if way != "give back":
        assert submit(client, held, **RIGHT).status_code == 201
        assert Rating.objects.get(study_roi=gold, is_current=True).status == "gold"
    assert member.user_id == annotator.pk


def test_the_pass_rate_shows_with_its_flag_and_each_golds_own(study: Study, admin: User) -> None:
    made = [make_gold(study) for _ in range(12)]
    roi = make_roi(study)
    good, bad, new = (make_member(study).user for _ in range(3))
    for person, answers in ((good, [RIGHT] * 9 + [WRONG]), (bad, [RIGHT] * 6 + [WRONG] * 6), (new, [WRONG] * 9)):
        make_rating(roi, person)
        for gold, answer in zip(made, answers, strict=False):
            rating = make_rating(gold, person, {"quality": 3, "importance": 2, **answer})
            Rating.objects.filter(pk=rating.pk).update(status="gold")
    rows = client_for(admin).get(f"/api/v1/studies/{study.slug}/annotators/").json()["annotators"]
    shown = {row["username"]: (row["golds"], row["gold_rate"], "golds_failed" in row["flags"]) for row in rows}
    assert shown == {good.username: (10, 0.9, False), bad.username: (12, 0.5, True), new.username: (9, 0.0, False)}
    counts = {row["id"]: (row["answered"], row["passed"]) for row in golds(admin, study)}
    assert counts[str(made[0].roi_id)] == (3, 2)
    assert counts[str(made[11].roi_id)] == (1, 0)


def test_an_roi_is_marked_by_hand_and_leaves_the_queue(study: Study, admin: User, annotator: User) -> None:
    study_roi = make_roi(study)
    answer = client_for(admin).post(
        url(study, "mark"), {"roi": str(study_roi.roi_id), "accepted": {"quality": [0, 1], "blur": [0, 1, 2]}}
    )
    assert answer.status_code == 201, answer.json()
    assert answer.json()["accepted"] == {"blur": [0, 1, 2], "quality": [0, 1]}
    assert answer.json()["distortion"] is None
    assert claim(client_for(annotator), study).status_code == 204
    assert client_for(admin).delete(url(study, study_roi.roi_id)).status_code == 204
    assert claim(client_for(annotator), study).status_code == 201


@pytest.mark.parametrize(
    ("accepted", "code"), [({}, "gold_checks_nothing"), ({"quality": [0, 1, 2, 3, 4]}, "gold_levels_wrong")]
)
def test_a_mark_that_checks_nothing_is_refused(study: Study, admin: User, accepted: dict, code: str) -> None:
    answer = client_for(admin).post(url(study, "mark"), {"roi": str(make_roi(study).roi_id), "accepted": accepted})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_an_roi_with_answers_cannot_become_a_gold(study: Study, admin: User, annotator: User) -> None:
    study_roi = make_roi(study)
    claim(client_for(annotator), study)
    mark = {"roi": str(study_roi.roi_id), "accepted": {"quality": [0]}}
    answer = client_for(admin).post(url(study, "mark"), mark)
    assert (answer.status_code, answer.json()["code"]) == (409, "roi_has_ratings")


def test_a_gold_with_answers_is_retired_and_served_again_but_never_removed(
    study: Study, admin: User, annotator: User
) -> None:
    gold = make_gold(study)
    make_rating(gold, annotator)
    client = client_for(admin)
    refused = client.delete(url(study, gold.roi_id))
    assert (refused.status_code, refused.json()["code"]) == (409, "gold_has_answers")
    assert client.post(url(study, gold.roi_id, "retire")).status_code == 204
    assert golds(admin, study)[0]["retired_at"] is not None
    assert client.post(url(study, gold.roi_id, "restore")).status_code == 204
    assert golds(admin, study)[0]["retired_at"] is None


def test_removing_a_made_gold_takes_its_image_along(
    study: Study, admin: User, django_capture_on_commit_callbacks
) -> None:
    source = pristine_roi(study)
    made_golds(admin, study, source)
    gold = StudyROI.objects.get(is_gold=True)
    key = gold.image.display_key
    with django_capture_on_commit_callbacks(execute=True):
        assert client_for(admin).delete(url(study, gold.roi_id)).status_code == 204
    assert not default_storage.exists(key)
    assert list(StudyImage.objects.values_list("image_id", flat=True)) == [source.image_id]


def test_a_release_is_the_same_with_golds(study: Study) -> None:
    frozen = small_study()
    before = freeze(frozen)
    make_gold(frozen)
    assert freeze(frozen).content_sha256 == before.content_sha256


@pytest.mark.parametrize("purpose", ["gold", "warm_up"])
def test_what_somebody_is_rating_without_a_slot_cannot_be_changed(
    study: Study, admin: User, annotator: User, purpose: str
) -> None:
    study.gold_every, study.warm_up_rois = (2, 0) if purpose == "gold" else (0, 1)
    study.save()
    seed_member(annotator, study)
    for _ in range(9):
        make_member(study)
    for _ in range(2):
        make_roi(study)
    make_gold(study)
    client = client_for(annotator)
    body = claim(client, study).json()
    while purpose_of(body["id"]) != purpose:
        submit(client, body["id"])
        body = claim(client, study).json()
    staff = client_for(admin)
    assert staff.delete(f"/api/v1/rois/{body['roi']['id']}/").status_code == 409
    image = f"/api/v1/studies/{study.slug}/images/{body['image']['id']}/"
    assert staff.delete(image).json()["code"] == "image_has_ratings"
    assert submit(client, body["id"]).status_code == 201


def test_golds_are_in_no_gallery_count_progress_or_release(study: Study, admin: User, annotator: User) -> None:
    source = pristine_roi(study)
    study.raters_per_roi = 1
    study.save()
    StudyROI.objects.update(raters_wanted=1)
    client = client_for(admin)

    def shown() -> list[object]:
        base = f"/api/v1/studies/{study.slug}/"
        counts = client.get(base).json()["counts"]
        progress = client.get(f"{base}progress/").json()
        rois = client.get(f"{base}progress/rois/").json()["results"]
        images = client.get(f"{base}images/").json()["results"]
        return [counts, progress["rois"], progress["ratings"]["wanted"], len(rois), [row["id"] for row in images]]

    before = shown()
    made_golds(admin, study, source)
    assert shown() == before
    client.patch(f"/api/v1/studies/{study.slug}/", {"raters_per_roi": 3})
    assert StudyROI.objects.get(is_gold=True).raters_wanted == 0
