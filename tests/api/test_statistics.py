"""The agreement page and the annotators' page: figures of the labels there are, for staff only."""

import numpy as np
import pytest

from roiqa.accounts.models import User
from roiqa.consensus import statistics
from roiqa.consensus.refresh import refresh_study
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.ratings.models import Rating
from roiqa.studies.models import Membership, Study
from tests.api.factories import client_for, make_image, make_member, make_rating, make_roi, make_study, make_user

pytestmark = pytest.mark.django_db

PEOPLE, VOTES, IMAGES, ROIS_PER_IMAGE = 5, 4, 5, 3


def rated_study(slug="rated", *, seed=3) -> Study:
    """15 ROIs on 5 images, each with 4 of 5 annotators' ratings; they agree well."""
    rng = np.random.default_rng(seed)
    study = make_study(slug, raters_per_roi=VOTES)
    people = [make_member(study, user=make_user(f"{slug}-rater{number}")).user for number in range(PEOPLE)]
    for _ in range(IMAGES):
        image = make_image(study)
        for _ in range(ROIS_PER_IMAGE):
            study_roi = make_roi(study, image)
            truth = np.append(rng.uniform(1, 6, 6), rng.uniform(0, 4, 2))
            for person in rng.choice(PEOPLE, VOTES, replace=False):
                votes = np.clip(np.rint(truth + rng.normal(0, 0.6, 8)), 0, [5] * 6 + [4] * 2).astype(int).tolist()
                answer = {"distortions": dict(zip(DISTORTIONS, votes, strict=False)), "quality": votes[6]}
                make_rating(study_roi, people[person], {**answer, "importance": votes[7]})
    return study


def url(study: Study, page: str) -> str:
    return f"/api/v1/studies/{study.slug}/{page}/"


@pytest.fixture
def rated(admin: User, ml_engineer: User) -> Study:
    study = rated_study()
    make_member(study, "admin", user=admin)
    make_member(study, "ml_engineer", user=ml_engineer)
    return study


def test_agreement_has_every_figure_with_its_interval(rated: Study, admin: User):
    body = client_for(admin).get(url(rated, "agreement")).json()
    assert (body["state"], body["rois"]) == ("ready", IMAGES * ROIS_PER_IMAGE)
    report = body["report"]
    assert (report["images"], report["annotators"], report["resamples"]) == (IMAGES, PEOPLE, 1000)
    assert list(report["scales"]) == list(SCALES)
    quality = report["scales"]["quality"]
    assert quality["alpha"] == body["scales"]["quality"]["alpha"] > 0.4
    for figure in ("icc_single", "icc_mean", "split_half", "ac2"):
        low, high = quality[figure]["interval"]
        assert low <= quality[figure]["value"] <= high
    assert quality["icc_mean"]["value"] > quality["icc_single"]["value"]
    assert report["votes_per_roi"] == VOTES


def test_figures_are_kept_until_the_labels_change(rated: Study, admin: User, monkeypatch: pytest.MonkeyPatch):
    client = client_for(admin)
    first = client.get(url(rated, "agreement")).json()
    with monkeypatch.context() as patch:
        patch.setattr(statistics, "compute", lambda **_: pytest.fail("computed again"))
        again = client.get(url(rated, "agreement")).json()
    assert again == first
    late = make_member(rated, user=make_user("late"))
    make_rating(rated.study_rois.first(), late.user)
    changed = client.get(url(rated, "agreement")).json()
    assert changed["report"]["ratings"] == first["report"]["ratings"] + 1
    assert changed["computed_at"] > first["computed_at"]


def test_study_without_ratings_has_undefined_figures(study: Study, admin: User):
    body = client_for(admin).get(url(study, "agreement")).json()
    assert (body["rois"], body["state"]) == (0, "ready")
    assert body["scales"]["blur"] == {"alpha": None, "note": "undefined (no variation)"}
    assert client_for(admin).get(url(study, "annotators")).json()["annotators"] == []


def test_annotators_are_compared_with_the_others(rated: Study, ml_engineer: User):
    body = client_for(ml_engineer).get(url(rated, "annotators")).json()
    assert body["bounds"]["fewest_ratings"] == 50
    assert len(body["annotators"]) == PEOPLE
    person = body["annotators"][0]
    assert set(person["agreement"]) == set(SCALES)
    assert person["agreement"]["quality"] > 0.3
    assert set(person["presence"]) == set(DISTORTIONS)
    assert 0 <= person["presence"]["blur"]["own"] <= 1
    # 15 ROIs are too few to hold anything against anybody.
    assert {tuple(one["flags"]) for one in body["annotators"]} == {()}
    assert sum(one["bias"]["quality"] for one in body["annotators"]) == pytest.approx(0, abs=1e-9)


def test_time_per_roi_is_that_of_the_page_in_view(rated: Study, admin: User):
    member = Membership.objects.filter(study=rated, role="annotator").first()
    for number, rating in enumerate(Rating.objects.filter(annotator=member.user).order_by("created_at")):
        study_roi, answer = rating.study_roi, {scale: getattr(rating, scale) for scale in SCALES}
        rating_again = Rating(
            study=rated,
            study_roi=study_roi,
            annotator=make_user(f"timed{number}"),
            assignment=rating.assignment,
            client_key=rating.id,
            status="accepted",
            telemetry={"visible_ms": "not a number" if number == 0 else 3000 + 1000 * number},
            **answer,
        )
        rating_again.annotator = member.user
        Rating.objects.filter(pk=rating.pk).update(is_current=False)
        rating_again.revision = 2
        rating_again.save()
    n = Rating.objects.filter(annotator=member.user, is_current=True).count()
    body = client_for(admin).get(url(rated, "annotators")).json()
    (mine,) = [one for one in body["annotators"] if one["member"] == str(member.pk)]
    assert mine["median_seconds"] == pytest.approx(np.median(3 + np.arange(1, n)))
    assert mine["fast_share"] > 0
    assert {one["median_seconds"] for one in body["annotators"] if one is not mine} == {None}


def test_excluded_annotator_is_shown_but_is_no_yardstick(rated: Study, admin: User):
    client = client_for(admin)
    before = client.get(url(rated, "annotators")).json()
    agreement_before = client.get(url(rated, "agreement")).json()["report"]
    member = before["annotators"][0]
    answer = client.post(f"{url(rated, 'members')}{member['member']}/exclude/", {"reason": "Clicks at random."})
    assert answer.status_code == 204
    after = client.get(url(rated, "annotators")).json()["annotators"]
    assert len(after) == PEOPLE
    (excluded,) = [one for one in after if one["excluded_at"]]
    assert (excluded["member"], excluded["exclusion_reason"]) == (member["member"], "Clicks at random.")
    assert excluded["ratings"] == member["ratings"]
    report = client.get(url(rated, "agreement")).json()["report"]
    assert report["annotators"] == PEOPLE - 1
    assert report["ratings"] == agreement_before["ratings"] - member["ratings"]


def test_large_study_is_computed_by_a_job_and_shows_its_last_figures_meanwhile(
    rated: Study, admin: User, monkeypatch: pytest.MonkeyPatch
):
    client = client_for(admin)
    monkeypatch.setattr(statistics, "SMALL_STUDY_RATINGS", 10)
    refresh_study(study=rated)
    first, people = client.get(url(rated, "agreement")).json(), client.get(url(rated, "annotators")).json()
    assert (first["state"], first["report"], first["computed_at"], first["job"]) == ("missing", None, None, None)
    assert first["scales"]["quality"]["alpha"] > 0.4  # quick enough to be made while the page waits
    assert (people["state"], people["annotators"], people["bounds"]) == ("missing", [], None)
    ordered = client.post(url(rated, "agreement"))
    assert ordered.status_code == 202
    again = client.post(url(rated, "agreement")).json()
    assert again["id"] == ordered.json()["id"] == client.get(url(rated, "annotators")).json()["job"]["id"]
    jobs.run(again["id"])
    ready = client.get(url(rated, "agreement")).json()
    assert (ready["state"], ready["rois"], ready["job"]) == ("ready", IMAGES * ROIS_PER_IMAGE, None)
    assert ready["scales"] == first["scales"]
    assert client.post(url(rated, "agreement")).status_code == 204
    Study.objects.filter(pk=rated.pk).update(ruleset="literal-v1")
    outdated = client.get(url(rated, "agreement")).json()
    assert outdated["state"] == "outdated"
    assert outdated["report"] == ready["report"]


def test_small_study_needs_no_job(rated: Study, admin: User):
    assert client_for(admin).post(url(rated, "agreement")).status_code == 204
    assert not Job.objects.exists()


def test_figures_are_of_one_study_alone(rated: Study, admin: User):
    before = client_for(admin).get(url(rated, "agreement")).json()
    rated_study("other", seed=9)
    assert client_for(admin).get(url(rated, "agreement")).json() == before
