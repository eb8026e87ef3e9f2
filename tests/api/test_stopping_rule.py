"""The stopping rule at work: seven votes, then two more while a label is uncertain, never in the test split."""

import numpy as np
import pytest

from roiqa.accounts.models import User
from roiqa.consensus.models import Consensus
from roiqa.consensus.refresh import refresh_study
from roiqa.consensus.rules.stopping import StoppingRule, wanted_votes
from roiqa.consensus.selectors import histograms_of
from roiqa.studies.models import Study, StudyROI
from tests.api.factories import client_for, make_image, make_member, make_rating, make_roi
from tests.api.rating_calls import claim
from tests.api.release_study import answer

pytestmark = pytest.mark.django_db

SETTLED, DISPUTED = (2,) * 7, (0, 4, 0, 4, 2, 0, 4)


@pytest.fixture
def people(study: Study) -> list[User]:
    return [make_member(study).user for _ in range(12)]


def rated(study: Study, people: list[User], votes: tuple[int, ...], *, split: str = "train") -> StudyROI:
    study_roi = make_roi(study, make_image(study, split=split))
    for person, quality in zip(people, votes, strict=False):
        make_rating(study_roi, person, answer(quality=quality))
    return study_roi


def wanted(*rois: StudyROI) -> list[int]:
    return [StudyROI.objects.get(pk=roi.pk).raters_wanted for roi in rois]


def adapt(study: Study, **fields: object) -> None:
    Study.objects.filter(pk=study.pk).update(adaptive_votes=True, ask_on_near_ties=False, **fields)
    study.refresh_from_db()


def test_uncertain_rois_get_two_more_votes_and_settled_ones_none(study: Study, people: list[User]) -> None:
    adapt(study, half_width=1.0)
    settled, disputed = rated(study, people, SETTLED), rated(study, people, DISPUTED)
    refresh_study(study=study)
    assert wanted(settled, disputed) == [7, 9]
    assert claim(client_for(people[11]), study).json()["roi"]["id"] == str(disputed.roi_id)


def test_the_two_votes_of_a_step_are_asked_for_together_up_to_the_most(study: Study, people: list[User]) -> None:
    adapt(study, half_width=0.3, most_votes=9)
    disputed = rated(study, people, DISPUTED)
    seen = []
    for person in people[7:9]:
        refresh_study(study=study)
        seen += wanted(disputed)
        make_rating(disputed, person, answer(quality=2))
    refresh_study(study=study)
    assert [*seen, *wanted(disputed)] == [9, 9, 9]


def test_the_test_split_is_never_asked_about_again(study: Study, people: list[User]) -> None:
    adapt(study, half_width=0.3)
    train, test = rated(study, people, DISPUTED), rated(study, people, DISPUTED, split="test")
    refresh_study(study=study)
    assert wanted(train, test) == [9, 7]


def test_near_ties_ask_too_if_the_study_says_so(study: Study, people: list[User]) -> None:
    split_votes = [{"blur": 2, "noise": 2}] * 3 + [{}] * 4
    study_roi = make_roi(study)
    for person, distortions in zip(people, split_votes, strict=False):
        make_rating(study_roi, person, answer(quality=2, **distortions))
    adapt(study, half_width=3.0)
    refresh_study(study=study)
    assert wanted(study_roi) == [7]
    change(study, ask_on_near_ties=True)
    refresh_study(study=study)
    assert wanted(study_roi) == [9]


def change(study: Study, **changes: object) -> None:
    admin = make_member(study, "admin").user
    answer = client_for(admin).patch(f"/api/v1/studies/{study.slug}/checks/", changes)
    assert answer.status_code == 200, answer.json()
    study.refresh_from_db()


def test_without_the_rule_nothing_is_asked_and_a_rule_set_later_looks_at_every_roi(
    study: Study, people: list[User]
) -> None:
    disputed = rated(study, people, DISPUTED)
    refresh_study(study=study)
    assert wanted(disputed) == [7]
    change(study, adaptive_votes=True, half_width=1.0)
    refresh_study(study=study)
    assert wanted(disputed) == [9]
    change(study, adaptive_votes=False)
    refresh_study(study=study)
    assert wanted(disputed) == [7], "what nobody has answered is taken back"


def test_a_stricter_rule_taken_back_keeps_the_votes_given(study: Study, people: list[User]) -> None:
    adapt(study, half_width=0.3)
    disputed = rated(study, people, DISPUTED)
    refresh_study(study=study)
    make_rating(disputed, people[8], answer(quality=2))
    change(study, half_width=2.0)
    refresh_study(study=study)
    # Eight are there: the step that they began is finished.
    assert wanted(disputed) == [9]


def test_only_votes_that_no_model_was_shown_before_count_for_the_rule(study: Study, people: list[User]) -> None:
    adapt(study, half_width=1.0)
    settled, mixed = rated(study, people, SETTLED), make_roi(study, make_image(study))
    for number, person in enumerate(people[:7]):
        make_rating(mixed, person, answer(quality=2), mode="prefill" if number < 2 else "blind")
    refresh_study(study=study)
    assert wanted(settled, mixed) == [7, 9]


def test_the_rule_in_the_database_is_the_rule_of_the_forecast(study: Study, people: list[User]) -> None:
    adapt(study, half_width=0.8)
    rois = [rated(study, people, votes) for votes in (SETTLED, DISPUTED, (1, 2, 3, 2, 1, 2, 3), (0, 1, 2, 3, 4, 2, 2))]
    refresh_study(study=study)
    votes = [Consensus.objects.get(study_roi=roi).votes for roi in rois]
    histograms = histograms_of(votes)
    expected = wanted_votes(
        StoppingRule(half_width=0.8, near_ties=None),
        quality=histograms.quality,
        severity=histograms.severity,
        in_test=np.zeros(len(rois), dtype=bool),
    )
    assert wanted(*rois) == expected.tolist()


@pytest.mark.parametrize(
    ("raters", "changes", "field"),
    [(5, {"adaptive_votes": True}, "adaptive_votes"), (9, {"adaptive_votes": True, "most_votes": 8}, "most_votes")],
)
def test_a_rule_that_cannot_be_followed_is_refused(study: Study, admin: User, raters: int, changes, field: str) -> None:
    Study.objects.filter(pk=study.pk).update(raters_per_roi=raters)
    answer = client_for(admin).patch(f"/api/v1/studies/{study.slug}/checks/", changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "stopping_rule_impossible")
    assert field in answer.json()["fields"]


def test_more_raters_than_the_rule_allows_are_refused(study: Study, admin: User) -> None:
    adapt(study, most_votes=9)
    answer = client_for(admin).patch(f"/api/v1/studies/{study.slug}/", {"raters_per_roi": 11})
    assert (answer.status_code, answer.json()["code"]) == (422, "stopping_rule_impossible")


@pytest.mark.parametrize("changes", [{"gold_every": 1}, {"half_width": 0}, {"warm_up_rois": -1}, {"gold_every": "12"}])
def test_senseless_checks_are_refused(study: Study, admin: User, changes) -> None:
    assert client_for(admin).patch(f"/api/v1/studies/{study.slug}/checks/", changes).status_code == 400
