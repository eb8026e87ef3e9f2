"""Comparing two releases: what came, what went, which labels changed their word."""

from typing import Any

import pytest

from roiqa.ratings.models import Rating
from roiqa.releases import comparison
from roiqa.releases.errors import OtherStudy, ReleaseNotReady
from roiqa.releases.models import Release
from roiqa.releases.selectors import comparison_of
from roiqa.studies.models import Study, StudyROI
from tests.api.factories import make_roi, make_study
from tests.api.release_study import answer, freeze, image_in, rate, raters_of, small_study

pytestmark = pytest.mark.django_db(transaction=True)


def compared(before: Release, after: Release) -> dict[str, Any]:
    return comparison_of(before=before, after=after)


def revise(study: Study, name: str, **changes: int) -> None:
    """Give every rating of this ROI other answers, as if it had been revised."""
    study_roi = StudyROI.objects.get(study=study, roi__name=name)
    for rating in list(study_roi.ratings.filter(is_current=True)):
        Rating.objects.filter(pk=rating.pk).update(is_current=False)
        columns = {column: getattr(rating, column) for column in ("quality", "importance", *answer()["distortions"])}
        Rating.objects.create(
            study=study,
            study_roi=study_roi,
            annotator=rating.annotator,
            assignment=rating.assignment,
            client_key=rating.pk,
            revision=rating.revision + 1,
            supersedes=rating,
            status="accepted",
            **columns | changes,
        )
    StudyROI.objects.filter(pk=study_roi.pk).update(consensus_due=True)


def test_a_release_equals_itself_and_its_twin() -> None:
    study = small_study()
    first, twin = freeze(study), freeze(study)
    found = compared(first, twin)
    assert found["counts"]["unchanged"] == 3
    assert (found["added"], found["removed"], found["changed"]) == ([], [], [])
    assert not any(found["counts"]["scales"].values())


def test_new_rois_and_images_are_added_and_the_other_way_round_removed() -> None:
    study = small_study()
    first = freeze(study)
    people = raters_of(study, 3)
    added = make_roi(study, image_in(study, file_name="new.png"), name="new")
    rate(added, people, [answer()] * 3)
    second = freeze(study)
    found = compared(first, second)
    assert (found["counts"]["added"], found["counts"]["images_added"], found["counts"]["unchanged"]) == (1, 1, 3)
    assert found["added"] == [
        {"roi": str(added.roi_id), "image": str(added.image_id), "file_name": "new.png", "name": "new"}
    ]
    back = compared(second, first)
    assert back["removed"] == found["added"]
    assert (back["counts"]["removed"], back["counts"]["images_removed"]) == (1, 1)


def test_changed_words_are_named_by_scale() -> None:
    study = small_study()
    first = freeze(study)
    revise(study, "sky", blur=5, noise=0, quality=4)
    found = compared(first, freeze(study))
    (changed,) = found["changed"]
    assert changed["name"] == "sky"
    assert changed["changes"] == [
        {"scale": "noise", "before": None, "after": "extreme"},
        {"scale": "blur", "before": "moderate", "after": None},
        {"scale": "quality", "before": "fair", "after": "excellent"},
    ]
    assert found["counts"]["changed"] == 1
    scales = {scale: n for scale, n in found["counts"]["scales"].items() if n}
    assert scales == {"noise": 1, "blur": 1, "quality": 1}


def test_another_mean_under_the_same_word_is_no_change() -> None:
    study = small_study()
    first = freeze(study)
    revise(study, "sky", quality=2)
    found = compared(first, freeze(study))
    assert (found["counts"]["changed"], found["counts"]["unchanged"]) == (0, 3)


def test_lists_are_cut_off_and_totals_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MAX_NAMED", 1)
    study = small_study()
    first = freeze(study)
    image = image_in(study)
    people = raters_of(study, 3)
    for left in (0, 50, 100):
        rate(make_roi(study, image, box=(left, 0, 40, 40)), people, [answer()] * 3)
    found = compared(first, freeze(study))
    assert (len(found["added"]), found["counts"]["added"]) == (1, 3)


def test_releases_of_two_studies_are_not_compared() -> None:
    with pytest.raises(OtherStudy):
        compared(freeze(small_study("one")), freeze(small_study("two")))


def test_a_failed_release_is_not_compared() -> None:
    study = make_study("empty")
    with pytest.raises(ReleaseNotReady):
        compared(freeze(study), freeze(study))
