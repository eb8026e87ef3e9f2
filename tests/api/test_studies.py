"""Studies: who sees them, who makes and changes them, what a change does to the ROIs."""

import pytest

from roiqa.accounts.models import User
from roiqa.core.models import AuditEvent
from roiqa.studies.models import Role, Study, StudyROI
from tests.api.factories import (
    client_for,
    make_assignment,
    make_image,
    make_member,
    make_rating,
    make_roi,
    make_study,
    make_user,
)

pytestmark = pytest.mark.django_db
PATH = "/api/v1/studies/"


@pytest.fixture
def lead(db: None) -> User:
    return make_user("lea", can_create_studies=True)


def test_made_study_has_its_maker_as_admin(lead: User):
    answer = client_for(lead).post(PATH, {"title": "Phone cameras 2026"})
    assert answer.status_code == 201
    study = answer.json()
    assert study["slug"] == "phone-cameras-2026"
    assert study["my_roles"] == ["admin"]
    assert study["counts"] == {"images": 0, "rois": 0}
    assert (study["raters_per_roi"], study["ruleset"], study["lease_minutes"]) == (7, "anchor-v1", 15)
    assert AuditEvent.objects.get(action="study_created").study_slug == "phone-cameras-2026"


def test_making_a_study_needs_the_right_to(admin: User):
    answer = client_for(admin).post(PATH, {"title": "Mine"})
    assert (answer.status_code, answer.json()["code"]) == (403, "may_not_create_studies")


@pytest.mark.parametrize("title", ["Mountains", "mountains!", "Möuntains"])
def test_slug_from_the_title_avoids_taken_ones(lead: User, study: Study, title: str):
    slug = client_for(lead).post(PATH, {"title": title}).json()["slug"]
    assert slug == "mountains-2"


def test_title_without_any_latin_letter_still_gets_a_slug(lead: User):
    assert client_for(lead).post(PATH, {"title": "图像质量"}).json()["slug"] == "study"


def test_taken_slug_is_refused(lead: User, study: Study):
    answer = client_for(lead).post(PATH, {"title": "Again", "slug": "mountains"})
    assert (answer.status_code, answer.json()["code"]) == (409, "slug_taken")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 201),
        ("title", "a\x00b"),
        ("title", 7),
        ("slug", "Not A Slug"),
        ("slug", "a_b"),
        ("raters_per_roi", 0),
        ("raters_per_roi", 101),
        ("raters_per_roi", 2**70),
        ("raters_per_roi", "7"),
        ("raters_per_roi", True),
        ("raters_per_roi", 7.0),
        ("lease_minutes", 241),
        ("ruleset", "mine-v1"),
        ("ask_extra_on_tie", "yes"),
        ("description", "x" * 20_001),
    ],
)
def test_unfit_value_is_refused_with_its_field(lead: User, field: str, value: object):
    answer = client_for(lead).post(PATH, {"title": "Fine", field: value})
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert not Study.objects.exists()


@pytest.mark.parametrize("field", ["simulated", "created_by", "id", "my_roles", "counts", "state", "memberships"])
def test_what_is_not_offered_cannot_be_set(lead: User, field: str):
    answer = client_for(lead).post(PATH, {"title": "Fine", field: True})
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_list_holds_only_studies_i_am_a_member_of(study: Study, annotator: User):
    make_study("foreign")
    body = client_for(annotator).get(PATH).json()
    assert [row["slug"] for row in body["results"]] == ["mountains"]
    assert (body["next"], body["previous"]) == (None, None)


def test_list_shows_a_study_once_with_all_my_roles(study: Study, annotator: User):
    make_member(study, Role.ADMIN, user=annotator)
    rows = client_for(annotator).get(PATH).json()["results"]
    assert [row["my_roles"] for row in rows] == [["admin", "annotator"]]


def test_list_comes_in_pages(annotator: User):
    for _ in range(3):
        make_member(make_study(), user=annotator)
    client = client_for(annotator)
    seen, url = [], f"{PATH}?limit=2"
    while url:
        page = client.get(url).json()
        assert len(page["results"]) <= 2
        seen += [row["slug"] for row in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 4


@pytest.mark.parametrize(
    "cursor", ["nonsense", "cD1ub3RhZGF0ZQ==", "cD0lMDA=", "bz05OTk5OTk5OTk5OTk5OTk5", "cj0xJnA9MjAyNi0xMy00MA=="]
)
def test_forged_cursor_is_refused_not_a_crash(annotator: User, cursor: str):
    assert client_for(annotator).get(PATH, {"cursor": cursor}).status_code in {200, 404}


def test_study_counts_its_images_and_rois(study: Study, annotator: User):
    image = make_image(study)
    make_roi(study, image)
    make_roi(study, image)
    make_roi(make_study())
    assert client_for(annotator).get(f"{PATH}mountains/").json()["counts"] == {"images": 1, "rois": 2}


def test_foreign_study_looks_like_a_missing_one(study: Study, foreign_admin: User):
    client = client_for(foreign_admin)
    foreign, missing = client.get(f"{PATH}mountains/"), client.get(f"{PATH}nothing-here/")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["code"] == missing.json()["code"] == "study_not_found"
    assert client.patch(f"{PATH}mountains/", {"title": "Mine"}).status_code == 404


def test_admin_changes_texts_and_state(study: Study, admin: User):
    answer = client_for(admin).patch(f"{PATH}mountains/", {"guide_text": "Look first.", "state": "paused"})
    assert answer.status_code == 200
    assert (answer.json()["guide_text"], answer.json()["state"]) == ("Look first.", "paused")
    event = AuditEvent.objects.get(action="study_changed")
    assert event.details["before"] == {"guide_text": "", "state": "open"}


def test_annotator_cannot_change_the_study(study: Study, annotator: User):
    answer = client_for(annotator).patch(f"{PATH}mountains/", {"state": "closed"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("field", ["slug", "simulated", "created_at", "my_roles"])
def test_what_is_fixed_cannot_be_changed(study: Study, admin: User, field: str):
    answer = client_for(admin).patch(f"{PATH}mountains/", {field: "x"})
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


class TestRaters:
    def change(self, admin: User, wanted: int):
        return client_for(admin).patch(f"{PATH}mountains/", {"raters_per_roi": wanted})

    def counters(self, study: Study) -> list[tuple[int, int]]:
        rows = StudyROI.objects.filter(study=study).order_by("pk")
        return list(rows.values_list("raters_wanted", "slots_left"))

    def test_growth_opens_slots_on_every_roi(self, study: Study, admin: User, annotator: User):
        make_rating(make_roi(study), annotator)
        make_assignment(make_roi(study), annotator)
        make_roi(study)
        assert self.change(admin, 9).status_code == 200
        assert self.counters(study) == [(9, 8), (9, 8), (9, 9)]

    def test_growth_opens_complete_rois_again(self, admin: User, study: Study):
        Study.objects.update(raters_per_roi=1)
        study.refresh_from_db()
        make_rating(make_roi(study), make_user())
        assert self.counters(study) == [(1, 0)]
        self.change(admin, 3)
        assert self.counters(study) == [(3, 2)]

    def test_growth_keeps_the_extra_rater_of_a_tie(self, admin: User, study: Study):
        make_roi(study)
        StudyROI.objects.update(raters_wanted=8)
        self.change(admin, 9)
        assert self.counters(study) == [(10, 10)]

    def test_growth_opens_nothing_on_an_overfull_roi(self, admin: User, study: Study):
        make_roi(study)
        StudyROI.objects.update(raters_wanted=7, n_accepted=9)
        self.change(admin, 8)
        assert self.counters(study) == [(8, 0)]

    def test_growth_leaves_other_studies_alone(self, admin: User, study: Study):
        make_roi(study)
        other = make_roi(make_study())
        self.change(admin, 9)
        other.refresh_from_db()
        assert (other.raters_wanted, other.slots_left) == (7, 7)

    def test_number_may_shrink_before_rating_begins(self, admin: User, study: Study):
        make_roi(study)
        assert self.change(admin, 3).status_code == 200
        assert self.counters(study) == [(3, 3)]

    @pytest.mark.parametrize("make", [make_rating, make_assignment])
    def test_number_cannot_shrink_once_rating_has_begun(self, admin: User, annotator: User, study: Study, make):
        make(make_roi(study), annotator)
        answer = self.change(admin, 6)
        assert (answer.status_code, answer.json()["code"]) == (409, "raters_cannot_shrink")
        assert self.counters(study) == [(7, 6)]

    def test_same_number_changes_nothing(self, admin: User, annotator: User, study: Study):
        make_rating(make_roi(study), annotator)
        assert self.change(admin, 7).status_code == 200
        assert not AuditEvent.objects.filter(action="study_changed").exists()


def test_another_ruleset_has_all_labels_made_again(study: Study, admin: User, annotator: User):
    rated, untouched = make_roi(study), make_roi(study)
    make_rating(rated, annotator)
    StudyROI.objects.update(consensus_due=False)
    client_for(admin).patch(f"{PATH}mountains/", {"ruleset": "literal-v1"})
    assert StudyROI.objects.get(pk=rated.pk).consensus_due
    assert not StudyROI.objects.get(pk=untouched.pk).consensus_due
