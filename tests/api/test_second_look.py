"""What people should look at again after votes are in."""

import numpy as np
import pytest

from roiqa.accounts.models import User
from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.second_look import odd_votes, wants_more
from roiqa.studies.models import Study, StudyROI
from tests.api.factories import client_for, make_image, make_member, make_rating, make_roi
from tests.api.suggested_study import LEVELS, as_answer, suggest

PANEL_SAYS = as_answer(LEVELS)


def test_a_vote_is_odd_only_when_panel_and_model_agree_against_it() -> None:
    votes = np.array([[4], [1], [1], [1], [1], [4], [4], [4], [0]])
    roi = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2])
    panel = PanelVotes(roi, np.zeros(9, dtype=np.int64), votes, 3, 1)
    found = odd_votes(panel, np.array([[1], [1], [4]]))
    # The 1 of ROI 1 stands against the panel, but the model sees it too; the 0 of ROI 2 has nobody beside it.
    assert np.flatnonzero(found.odd).tolist() == [0]
    assert (found.others[0, 0], found.distance[0, 0]) == (1.0, 3.0)


def test_more_votes_help_where_label_and_model_differ_or_both_are_torn() -> None:
    gain = wants_more(
        mean=np.array([3.0, 3.0, 2.0, 2.0, 2.0]),
        sd=np.array([0.5, 0.5, 1.3, 1.3, np.nan]),
        model=np.array([1, 3, 2, 2, 2]),
        uncertainty=np.array([0.1, 0.9, 0.8, 0.2, 0.9]),
    )
    assert gain.tolist() == [2.0, 0.0, 1.3, 0.0, 0.0]


@pytest.mark.django_db
def test_the_list_names_vote_person_and_roi(study: Study, admin: User) -> None:
    study_roi = make_roi(study, name="beak")
    suggest(study_roi)
    for _ in range(4):
        make_rating(study_roi, make_member(study).user, PANEL_SAYS)
    odd = make_member(study)
    make_rating(study_roi, odd.user, {**PANEL_SAYS, "quality": 4})
    told = client_for(admin).get(f"/api/v1/studies/{study.slug}/second-look/").json()
    (vote,) = told["votes"]
    assert (vote["username"], vote["pseudonym"], vote["name"]) == (odd.user.username, str(odd.pseudonym), "beak")
    assert (vote["scale"], vote["vote"], vote["others"], vote["model"]) == ("quality", 4, 2.0, 2)
    assert (told["rois"], told["left_off"]) == ([], {"votes": 0, "rois": 0})


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["leaked", "test"])
def test_the_model_says_nothing_of_what_it_knows_or_may_not_touch(study: Study, admin: User, why: str) -> None:
    study_roi = make_roi(study, make_image(study, split="test" if why == "test" else "train"))
    suggest(study_roi, leaked=why == "leaked")
    for quality in (2, 2, 2, 2, 0):
        make_rating(study_roi, make_member(study).user, {**PANEL_SAYS, "quality": quality, "importance": 0})
    told = client_for(admin).get(f"/api/v1/studies/{study.slug}/second-look/").json()
    assert (told["votes"], told["rois"]) == ([], [])


@pytest.mark.django_db
def test_an_admin_asks_for_more_votes_up_to_the_protocols_most(study: Study, admin: User) -> None:
    study_roi = make_roi(study)
    test = make_roi(study, make_image(study, split="test"))
    suggest(study_roi)
    for _ in range(3):
        make_rating(study_roi, make_member(study).user, {**PANEL_SAYS, "quality": 4})
    boss = client_for(admin)
    (doubtful,) = boss.get(f"/api/v1/studies/{study.slug}/second-look/").json()["rois"]
    assert (doubtful["quality"], doubtful["model"], doubtful["votes"], doubtful["wanted"]) == (4.0, 2, 3, 7)
    url = f"/api/v1/studies/{study.slug}/more-votes/"
    both = {"rois": [doubtful["roi"], str(test.roi_id)], "more": 10}
    assert boss.post(url, both).json() == {"asked": 1}
    wanted = dict(StudyROI.objects.values_list("pk", "raters_wanted"))
    assert (wanted[study_roi.pk], wanted[test.pk]) == (15, 7)
    refused = boss.post(url, both)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_more_votes")
