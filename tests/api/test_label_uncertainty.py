"""Labels with their uncertainty on the staff's pages, and what an annotator's votes change."""

import pytest

from roiqa.accounts.models import User
from roiqa.consensus import corrected, statistics
from roiqa.consensus.refresh import refresh_study
from roiqa.core import jobs
from roiqa.core.scales import SCALES
from roiqa.ratings.exclusion import exclude_annotator, include_annotator
from roiqa.ratings.models import Rating
from roiqa.studies.models import Membership, Study
from tests.api.factories import client_for, make_image, make_member, make_rating, make_roi, make_study, make_user
from tests.api.release_study import answer
from tests.api.test_statistics import rated_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def rated(admin: User) -> Study:
    study = rated_study()
    make_member(study, "admin", user=admin)
    refresh_study(study=study)
    return study


def labels_of(study: Study, user: User) -> dict[str, dict]:
    rows = client_for(user).get(f"/api/v1/studies/{study.slug}/progress/rois/").json()["results"]
    return {row["roi"]: row["consensus"] for row in rows}


def test_every_label_comes_with_its_uncertainty(rated: Study, admin: User):
    labels = labels_of(rated, admin)
    ratings = statistics.ratings_of(rated)
    model = statistics.score_models(ratings)["quality"]
    rois = list(rated.study_rois.order_by("pk").values_list("roi_id", flat=True))
    for row, roi in enumerate(rois):
        quality = labels[str(roi)]["quality"]
        assert quality["mos_map"] == pytest.approx(model.mos[row], abs=1e-6)
        assert quality["mos_map_se"] == pytest.approx(model.standard_error[row], abs=1e-6)
        assert quality["interval"][0] <= quality["mean"] <= quality["interval"][1]
        low, high = quality["t_interval"]
        assert (low + high) / 2 == pytest.approx(quality["mean"], abs=1e-6)
        assert sum(quality["votes"]) == labels[str(roi)]["n"]


def test_excluded_votes_do_not_correct_anything(rated: Study, admin: User):
    before = labels_of(rated, admin)
    member = Membership.objects.filter(study=rated, role="annotator").first()
    exclude_annotator(study=rated, member_id=member.pk, reason="clicks", by=admin)
    refresh_study(study=rated)
    after = labels_of(rated, admin)
    model = statistics.score_models(statistics.ratings_of(rated))["quality"]
    assert [one["quality"]["mos_map"] for one in after.values()] != [
        one["quality"]["mos_map"] for one in before.values()
    ]
    rois = [str(roi) for roi in rated.study_rois.order_by("pk").values_list("roi_id", flat=True)]
    assert [after[roi]["quality"]["mos_map"] for roi in rois] == pytest.approx(model.mos.tolist(), abs=1e-6)


def test_large_study_is_corrected_with_its_last_figures(rated: Study, admin: User, monkeypatch: pytest.MonkeyPatch):
    small = labels_of(rated, admin)
    monkeypatch.setattr(statistics, "SMALL_STUDY_RATINGS", 10)
    monkeypatch.setattr(corrected, "is_small", statistics.is_small)
    assert {label["quality"]["mos_map"] for label in labels_of(rated, admin).values()} == {None}
    jobs.run(client_for(admin).post(f"/api/v1/studies/{rated.slug}/agreement/").json()["id"])
    large = labels_of(rated, admin)
    for roi, label in small.items():
        assert large[roi]["quality"]["mos_map"] == pytest.approx(label["quality"]["mos_map"], abs=1e-6)
        assert large[roi]["importance"]["mos_map_se"] == pytest.approx(label["importance"]["mos_map_se"], abs=1e-6)


@pytest.fixture
def harsh(admin: User) -> tuple[Study, Membership]:
    """Three ROIs that two people call excellent and clean; a third calls two of them bad and blurred."""
    study = make_study("harsh", raters_per_roi=3)
    make_member(study, "admin", user=admin)
    kind = [make_member(study).user for _ in range(2)]
    bad = make_member(study, user=make_user("harsh-one"))
    for number in range(3):
        study_roi = make_roi(study, make_image(study), name=f"roi {number}")
        for person in kind:
            make_rating(study_roi, person, answer(quality=4))
        if number < 2:
            make_rating(study_roi, bad.user, answer(quality=0, blur=0))
    return study, bad


def effect(study: Study, member: Membership, user: User):
    return client_for(user).get(f"/api/v1/studies/{study.slug}/annotators/{member.pk}/effect/")


def test_effect_of_a_harsh_annotator(harsh: tuple[Study, Membership], admin: User):
    study, bad = harsh
    body = effect(study, bad, admin).json()
    assert (body["rois"], body["changed"], body["unlabelled"], body["short"]) == (2, 2, 0, 2)
    # 8/3 of 4 is "good" with them, "excellent" without; blur has a third of the votes either way: absent.
    assert body["scales"] == {**dict.fromkeys(SCALES, 0), "quality": 2}
    assert body["shift"]["quality"] == pytest.approx(8 / 3 - 4)
    assert body["alpha"]["without_votes"]["quality"] is None
    assert body["alpha"]["with_votes"]["quality"] < 0
    assert body["examples"][0]["changes"] == [{"scale": "quality", "with_votes": "good", "without_votes": "excellent"}]
    assert body["examples"][0]["name"].startswith("roi ")


def test_effect_is_the_same_before_and_after_the_decision(harsh: tuple[Study, Membership], admin: User):
    study, bad = harsh
    before = effect(study, bad, admin).json()
    exclude_annotator(study=study, member_id=bad.pk, reason="harsh", by=admin)
    after = effect(study, bad, admin).json()
    assert (before.pop("excluded"), after.pop("excluded")) == (False, True)
    assert after == before
    include_annotator(study=study, member_id=bad.pk, by=admin)
    assert effect(study, bad, admin).json() == {**before, "excluded": False}


def test_effect_of_somebody_who_was_alone_on_an_roi(admin: User):
    study = make_study("alone", raters_per_roi=1)
    make_member(study, "admin", user=admin)
    member = make_member(study)
    make_rating(make_roi(study, make_image(study)), member.user)
    body = effect(study, member, admin).json()
    assert (body["rois"], body["changed"], body["unlabelled"], body["short"]) == (1, 0, 1, 1)
    assert body["examples"] == []


def test_effect_counts_no_answers_that_never_count(harsh: tuple[Study, Membership], admin: User):
    study, bad = harsh
    before = effect(study, bad, admin).json()
    rated = Rating.objects.filter(annotator=bad.user).first().study_roi
    make_rating(rated, bad.user, answer(quality=2), purpose="repeat", status="repeat")
    assert effect(study, bad, admin).json() == before


def test_only_annotators_of_this_study_have_an_effect(harsh: tuple[Study, Membership], admin: User):
    study, _ = harsh
    other = make_member(make_study("other"))
    assert effect(study, other, admin).status_code == 404
