"""The order of work where a model has a say."""

from collections import Counter

import numpy as np
import pytest

from roiqa.accounts.models import User
from roiqa.consensus.rules.ordering import LARGEST, priorities
from roiqa.consensus.work_order import refresh, refresh_all
from roiqa.core.scales import SCALES
from roiqa.ratings.models import Assignment
from roiqa.ratings.priority_draw import chances_of, draw
from roiqa.studies.models import Membership, Study, StudyROI
from tests.api.factories import client_for, make_image, make_member, make_roi
from tests.api.rating_calls import claim
from tests.api.suggested_study import LEVELS, suggest


def predicted(quality: int, **severities: int) -> list[int]:
    return [severities.get(scale, 5 if scale != "importance" else 2) for scale in SCALES[:-2]] + [quality, 2]


class TestPriorities:
    def test_the_uncertain_come_first_among_their_like(self) -> None:
        levels = np.array([predicted(3)] * 4)
        found = priorities(uncertainty=np.array([0.0, 0.1, 0.2, 0.7]), levels=levels)
        assert found[0] == 0
        assert (np.diff(found) > 0).all()
        assert found.mean() == pytest.approx(1)

    def test_every_quality_and_every_distortion_gets_its_quota(self) -> None:
        rng = np.random.default_rng(1)
        # Nearly all middling and blurred; now and then bad, now and then compressed.
        levels = np.array(
            [
                predicted(0 if row % 10 == 0 else 2, **({"compression": 1} if row % 20 == 5 else {"blur": 2}))
                for row in range(400)
            ]
        )
        found = priorities(uncertainty=rng.uniform(0.2, 0.8, 400), levels=levels)
        bad, compressed = levels[:, SCALES.index("quality")] == 0, levels[:, SCALES.index("compression")] == 1
        assert found[bad].sum() / found.sum() == pytest.approx(0.5, abs=0.1)
        assert found[compressed].sum() / found.sum() > 0.3
        assert found.max() <= LARGEST

    def test_nothing_to_go_by_is_no_order(self) -> None:
        assert priorities(uncertainty=np.zeros(3), levels=np.array([predicted(1)] * 3)).tolist() == [0, 0, 0]
        assert priorities(uncertainty=np.zeros(0), levels=np.zeros((0, 8), dtype=int)).tolist() == []


def test_half_of_the_chance_is_by_lot() -> None:
    assert chances_of([0, 0, 3, 1]) == pytest.approx([0.125, 0.125, 0.5, 0.25])
    assert chances_of([0, 0]) == [0.5, 0.5]


def test_the_draw_follows_the_chances_and_can_be_drawn_again() -> None:
    chances = chances_of([0, 0, 3, 1])
    drawn = Counter(draw(chances, order_seed=7, claim_number=number) for number in range(4000))
    assert [drawn[index] / 4000 for index in range(4)] == pytest.approx(chances, abs=0.03)
    assert draw(chances, order_seed=7, claim_number=11) == draw(chances, order_seed=7, claim_number=11)


@pytest.mark.django_db
def test_priorities_come_from_shown_suggestions_and_never_reach_the_test_part(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(order_by_model=True)
    sure, unsure = make_roi(study), make_roi(study)
    test = make_roi(study, make_image(study, split="test"))
    leaked = make_roi(study)
    suggest(sure, uncertainty=0.1)
    suggest(unsure, uncertainty=0.6)
    suggest(test, uncertainty=0.9)
    suggest(leaked, uncertainty=0.9, leaked=True)
    StudyROI.objects.filter(pk=leaked.pk).update(priority=5)
    assert refresh_all() == 3
    found = dict(StudyROI.objects.values_list("pk", "priority"))
    assert 0 < found[sure.pk] < found[unsure.pk]
    assert (found[test.pk], found[leaked.pk]) == (0, 0)
    assert refresh(study=study) == 0


@pytest.mark.django_db
def test_claims_follow_the_priorities_and_keep_their_chance(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(order_by_model=True, raters_per_roi=100)
    image = make_image(study)
    rois = [make_roi(study, image) for _ in range(4)]
    StudyROI.objects.update(raters_wanted=100)
    StudyROI.objects.filter(pk=rois[0].pk).update(priority=4)
    first = Counter[int]()
    for _ in range(24):
        client = client_for(make_member(study).user)
        held = Assignment.objects.get(pk=claim(client, study).json()["id"])
        first[held.study_roi_id] += 1
        assert held.selection_probability == pytest.approx(0.625 if held.study_roi_id == rois[0].pk else 0.125)
    assert first[rois[0].pk] > 8


@pytest.mark.django_db
def test_without_the_setting_chance_alone_decides(study: Study, annotator: User) -> None:
    study_roi = make_roi(study)
    suggest(study_roi, LEVELS, uncertainty=0.9)
    assert refresh_all() == 0
    held = claim(client_for(annotator), study).json()["id"]
    assert Assignment.objects.get(pk=held).selection_probability is None


@pytest.mark.django_db
def test_the_end_of_the_walk_is_reached_with_the_setting_too(study: Study, annotator: User) -> None:
    Study.objects.filter(pk=study.pk).update(order_by_model=True)
    for _ in range(5):
        make_roi(study)
    client = client_for(annotator)
    for _ in range(5):
        held = claim(client, study)
        assert held.status_code == 201
        client.post(f"/api/v1/assignments/{held.json()['id']}/skip/", {"reason": "other"})
    assert claim(client, study).status_code == 204
    assert Membership.objects.get(study=study, user=annotator).claims_made == 5
