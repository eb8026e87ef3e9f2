"""Freezing: what is in the snapshot, what is left out, and that it is the same however the rows got there."""

import gzip
import hashlib
import json
from typing import Any
from uuid import UUID

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from roiqa.accounts.models import User
from roiqa.consensus.models import Consensus
from roiqa.consensus.refresh import refresh_study
from roiqa.core import jobs
from roiqa.core.models import AuditEvent, Job, JobState
from roiqa.images.models import Image
from roiqa.images.split import split_of
from roiqa.ratings.exclusion import exclude_annotator
from roiqa.ratings.models import Assignment, Rating
from roiqa.regions.models import ROI
from roiqa.releases import freezing
from roiqa.releases.errors import FreezeRunning
from roiqa.releases.freezing import freeze_study
from roiqa.releases.models import Release, ReleaseState
from roiqa.studies.models import Membership, Role, Study, StudyImage, StudyROI
from tests.api.factories import make_assignment, make_member, make_rating, make_roi, make_study, make_user
from tests.api.release_study import answer, freeze, image_in, rate, raters_of, sha256, small_study, snapshot_bytes

# Committed rows: the snapshot is read on a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)


def lines_of(release: Release) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(snapshot_bytes(release)).splitlines()]


def rois_of(release: Release) -> list[dict[str, Any]]:
    return [line["roi"] for line in lines_of(release) if "roi" in line]


def test_a_frozen_release_is_ready_and_hashed() -> None:
    release = freeze(small_study())
    assert (release.state, release.number) == (ReleaseState.READY, 1)
    assert release.content_sha256 == sha256(gzip.decompress(snapshot_bytes(release)))
    assert Job.objects.get(pk=release.job_id).state == JobState.SUCCEEDED


def test_incomplete_rois_are_left_out_and_counted() -> None:
    release = freeze(small_study())
    counts = {name: release.counts[name] for name in ("images", "rois", "ratings", "incomplete_rois", "annotators")}
    assert counts == {"images": 2, "rois": 3, "ratings": 9, "incomplete_rois": 1, "annotators": 3}
    assert len(rois_of(release)) == 3


def test_an_image_without_a_complete_roi_is_left_out() -> None:
    study = small_study()
    image_in(study)
    assert sum("image" in line for line in lines_of(freeze(study))) == 2


def test_an_unchanged_study_has_the_same_hash_twice() -> None:
    study = small_study()
    first, second = freeze(study, note="one"), freeze(study, note="two")
    assert second.number == first.number + 1
    assert second.content_sha256 == first.content_sha256


def test_a_new_rating_changes_the_hash() -> None:
    study = small_study()
    first = freeze(study)
    missing = StudyROI.objects.get(study=study, n_accepted=F("raters_wanted") - 1)
    late = make_member(study).user
    make_rating(missing, late, answer())
    second = freeze(study)
    assert second.content_sha256 != first.content_sha256
    assert second.counts["incomplete_rois"] == 0


def test_the_licence_is_part_of_the_content() -> None:
    study = small_study()
    assert freeze(study).content_sha256 != freeze(study, licence="CC BY 4.0").content_sha256


def study_of_fixed_rows(*, backwards: bool) -> Study:
    """The same images, ROIs, people and answers under the same names, put into the database from either end."""
    numbers = [4, 3, 2, 1] if backwards else [1, 2, 3, 4]
    study = make_study("fixed", raters_per_roi=4, ask_extra_on_tie=False)
    people = {
        number: make_member(study, user=make_user(f"person-{number}"), pseudonym=UUID(int=100 - number)).user
        for number in numbers
    }
    images = {number: fixed_image(study, number) for number in numbers}
    for number in numbers:
        for left in (0, 60) if backwards else (60, 0):
            study_roi = fixed_roi(study, images[number], left=left, number=10 * number + left)
            for rater in reversed(numbers):
                make_rating(study_roi, people[rater], answer(blur=(number + left + rater) % 6, quality=rater))
    return study


def fixed_image(study: Study, number: int) -> Image:
    sha256 = hashlib.sha256(bytes([number])).hexdigest()
    image = Image.objects.create(
        id=UUID(int=number), sha256=sha256, split=split_of(sha256), width=160, height=120, format="PNG", byte_size=1
    )
    StudyImage.objects.create(study=study, image=image, file_name=f"{number}.png")
    return image


def fixed_roi(study: Study, image: Image, *, left: int, number: int) -> StudyROI:
    study_roi = make_roi(study, image, box=(left, 0, 50, 50), name=f"region {number}")
    named = ROI.objects.get(pk=study_roi.roi_id)
    named.pk = UUID(int=number)
    named.save(force_insert=True)
    StudyROI.objects.filter(pk=study_roi.pk).update(roi=named)
    ROI.objects.filter(pk=study_roi.roi_id).delete()
    return study_roi


def test_the_hash_does_not_depend_on_the_order_of_insertion() -> None:
    first = freeze(study_of_fixed_rows(backwards=False))
    content = snapshot_bytes(first)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE studies_study, images_image, accounts_user CASCADE")
    second = freeze(study_of_fixed_rows(backwards=True))
    assert first.counts["rois"] == 8
    assert second.content_sha256 == first.content_sha256
    default_storage.delete(second.snapshot_key)
    assert snapshot_bytes(freeze(second.study)) == content


def test_rows_stand_in_the_order_of_hashes_and_pseudonyms() -> None:
    lines = lines_of(freeze(small_study()))
    images = [line["image"]["sha256"] for line in lines if "image" in line]
    assert images == sorted(images)
    image = ""
    order = []
    for line in lines[1:]:
        image = line["image"]["sha256"] if "image" in line else image
        if "roi" in line:
            order.append((image, line["roi"]["mask_sha256"], line["roi"]["id"]))
            annotators = [(rating["annotator"], rating["revision"]) for rating in line["roi"]["ratings"]]
            assert annotators == sorted(annotators)
    assert order == sorted(order)


def test_pseudonyms_stand_for_people() -> None:
    study = make_study("names", raters_per_roi=1)
    person = make_member(study, user=make_user("unmistakable-name", first_name="Grace", email="grace@example.org")).user
    rate(make_roi(study, image_in(study)), [person], [answer()])
    text = gzip.decompress(snapshot_bytes(freeze(study))).decode()
    assert str(Membership.objects.get(study=study, user=person).pseudonym) in text
    for secret in ("unmistakable-name", "Grace", "grace@example.org", str(Membership.objects.get(study=study).pk)):
        assert secret not in text


def excluded_and_surplus_study() -> tuple[Study, User, User]:
    """One ROI, two raters wanted: both counted raters, one excluded, one surplus."""
    study = make_study("odd", raters_per_roi=2, ask_extra_on_tie=False)
    good, other, bad, late = raters_of(study, 4)
    study_roi = make_roi(study, image_in(study))
    rate(study_roi, [good, bad], [answer(quality=4), answer(quality=0)])
    refresh_study(study=study)
    exclude_annotator(
        study=study, member_id=Membership.objects.get(study=study, user=bad).pk, reason="clicks", by=make_user()
    )
    make_rating(study_roi, other, answer(quality=4))
    surplus = make_rating(study_roi, late, answer(quality=0))
    Rating.objects.filter(pk=surplus.pk).update(status="surplus")
    StudyROI.objects.filter(pk=study_roi.pk).update(n_accepted=2, consensus_due=True)
    return study, bad, late


def test_excluded_and_surplus_ratings_are_kept_flagged_and_not_in_the_label() -> None:
    study, bad, late = excluded_and_surplus_study()
    release = freeze(study)
    (roi,) = rois_of(release)
    assert (roi["label"]["n"], roi["label"]["quality"]["mean"]) == (2, 4.0)
    assert release.counts["ratings"] == 2
    assert release.counts["annotators"] == 2
    pseudonyms = {m.user_id: str(m.pseudonym) for m in Membership.objects.filter(study=study, role=Role.ANNOTATOR)}
    by_annotator = {rating["annotator"]: rating for rating in roi["ratings"]}
    assert by_annotator[pseudonyms[bad.pk]]["excluded"] is True
    assert by_annotator[pseudonyms[bad.pk]]["counted"] is False
    assert by_annotator[pseudonyms[late.pk]]["status"] == "surplus"
    assert by_annotator[pseudonyms[late.pk]]["counted"] is False
    assert len(by_annotator) == 4


def test_a_superseded_answer_is_kept_beside_its_revision() -> None:
    study = make_study("revised", raters_per_roi=1)
    (person,) = raters_of(study, 1)
    study_roi = make_roi(study, image_in(study))
    first = make_rating(study_roi, person, answer(quality=1))
    Rating.objects.filter(pk=first.pk).update(is_current=False)
    Rating.objects.create(
        study=study,
        study_roi=study_roi,
        annotator=person,
        assignment=Assignment.objects.get(),
        client_key=UUID(int=1),
        revision=2,
        supersedes=first,
        status="accepted",
        quality=4,
        importance=2,
        **answer()["distortions"],
    )
    (roi,) = rois_of(freeze(study))
    assert [(r["revision"], r["current"], r["counted"]) for r in roi["ratings"]] == [(1, False, False), (2, True, True)]
    assert roi["label"]["quality"]["mean"] == 4.0


def test_labels_are_brought_up_to_date_first() -> None:
    study = small_study()
    assert not Consensus.objects.exists()
    assert freeze(study).counts["rois"] == 3


def test_a_tie_that_asks_for_one_more_rater_is_incomplete() -> None:
    study = make_study("tied", raters_per_roi=2)
    people = raters_of(study, 2)
    rate(make_roi(study, image_in(study)), people, [answer(), answer()])
    rate(make_roi(study, image_in(study)), people, [answer(blur=1), answer()])
    release = freeze(study)
    assert (release.counts["rois"], release.counts["incomplete_rois"]) == (1, 1)


def failure_of(release: Release) -> str:
    assert release.state == ReleaseState.FAILED
    assert Job.objects.get(pk=release.job_id).state == JobState.FAILED
    return release.failure


def test_a_study_without_a_complete_roi_fails_with_the_reason() -> None:
    study = make_study("empty")
    make_roi(study, image_in(study))
    assert failure_of(freeze(study)).startswith("No ROI has all its raters (ROIs that lack some: 1)")


def test_an_image_on_the_wrong_side_of_the_split_fails_the_freeze() -> None:
    study = small_study()
    image = Image.objects.order_by("sha256").last()
    assert image is not None
    image.split = "train" if image.split == "test" else "test"
    image.save(update_fields=["split"])
    reason = failure_of(freeze(study))
    assert image.sha256 in reason
    assert f"stored as a {image.split} image" in reason


def test_a_label_that_is_not_what_the_ratings_make_fails_the_freeze() -> None:
    study = small_study()
    refresh_study(study=study)
    wrong = Consensus.objects.order_by("study_roi_id").first()
    assert wrong is not None
    wrong.votes[0], wrong.votes[5] = wrong.votes[5], wrong.votes[0]
    wrong.save(update_fields=["votes"])
    assert str(StudyROI.objects.get(pk=wrong.study_roi_id).roi_id) in failure_of(freeze(study))


def test_an_roi_whose_image_left_the_study_fails_the_freeze() -> None:
    study = small_study()
    gone = StudyImage.objects.filter(study=study).first()
    assert gone is not None
    gone.delete()
    assert "image is not in the study" in failure_of(freeze(study))


def test_a_second_freeze_waits_for_the_first() -> None:
    study = small_study()
    freeze_study(study=study, by=None, send=False)
    with pytest.raises(FreezeRunning, match="is being frozen now"):
        freeze_study(study=study, by=None, send=False)


def test_a_freeze_cancelled_before_it_began_fails_the_release_with_the_reason() -> None:
    study = small_study()
    release = freeze_study(study=study, by=None, send=False)
    jobs.cancel(job=Job.objects.get(pk=release.job_id))
    release.refresh_from_db()
    assert (release.state, release.failure) == (ReleaseState.FAILED, "Cancelled before it began.")
    assert freeze(study).state == ReleaseState.READY


def test_a_freeze_cancelled_midway_fails_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    study = small_study()
    label_batch = freezing.label_batch

    def cancel_meanwhile(*args: Any, **options: Any) -> Any:
        jobs.cancel(job=Job.objects.get(kind=freezing.KIND))
        return label_batch(*args, **options)

    monkeypatch.setattr(freezing, "label_batch", cancel_meanwhile)
    release = freeze(study)
    assert release.state == ReleaseState.FAILED
    assert Job.objects.get(pk=release.job_id).state == JobState.CANCELLED
    assert release.failure.startswith("Cancelled")


class Killed(BaseException):
    """What no handler catches: the process is gone."""


def killed(*args: Any, **options: Any) -> Any:
    raise Killed


def lapse(release: Release) -> None:
    Job.objects.filter(pk=release.job_id).update(lease_expires_at="2020-01-01T00:00Z")


@pytest.mark.parametrize("moment", ["label_batch", "audit"])
def test_a_worker_killed_midway_leaves_nothing_and_the_next_one_finishes(
    monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    study = small_study()
    expected = freeze(study).content_sha256
    release = freeze_study(study=study, by=None, send=False)
    with monkeypatch.context() as patch:
        if moment == "label_batch":
            patch.setattr(freezing, "label_batch", killed)
        else:
            patch.setattr(freezing.audit, "record", killed)
        with pytest.raises(Killed):
            jobs.run(str(release.job_id))
    release.refresh_from_db()
    assert release.state == ReleaseState.FREEZING
    assert default_storage.listdir("releases/.incoming")[1] == []
    lapse(release)
    jobs.run(str(release.job_id))
    release.refresh_from_db()
    assert (release.state, release.content_sha256) == (ReleaseState.READY, expected)


def test_a_job_given_up_fails_its_release() -> None:
    release = freeze_study(study=small_study(), by=None, send=False)
    Job.objects.filter(pk=release.job_id).update(attempts=Job.MAX_ATTEMPTS, state=JobState.RUNNING)
    lapse(release)
    jobs.run(str(release.job_id))
    release.refresh_from_db()
    assert release.state == ReleaseState.FAILED
    assert release.failure.startswith("Given up")


def test_running_a_finished_freeze_again_changes_nothing() -> None:
    release = freeze(small_study())
    Job.objects.filter(pk=release.job_id).update(state=JobState.RUNNING, finished_at=None)
    lapse(release)
    jobs.run(str(release.job_id))
    again = Release.objects.get(pk=release.pk)
    assert (again.state, again.content_sha256) == (ReleaseState.READY, release.content_sha256)


def test_ratings_that_arrive_during_the_freeze_are_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    study = small_study()
    expected = freeze(study).content_sha256
    totals = freezing.Snapshot.totals

    def rated_meanwhile(snapshot: Any) -> Any:
        found = totals(snapshot)
        missing = StudyROI.objects.get(study=study, n_accepted=F("raters_wanted") - 1)
        make_rating(missing, make_member(study).user, answer())
        refresh_study(study=study)
        return found

    monkeypatch.setattr(freezing.Snapshot, "totals", rated_meanwhile)
    assert freeze(study).content_sha256 == expected


def test_an_answer_between_refresh_and_snapshot_is_labelled_first(monkeypatch: pytest.MonkeyPatch) -> None:
    study = small_study()
    missing = StudyROI.objects.get(study=study, n_accepted=F("raters_wanted") - 1)
    late = make_member(study).user
    refreshed: list[int] = []

    def refresh_then_rate(*, study: Study) -> int:
        refreshed.append(refresh_study(study=study))
        if len(refreshed) == 1:
            make_rating(missing, late, answer())
        return refreshed[-1]

    monkeypatch.setattr(freezing, "refresh_study", refresh_then_rate)
    assert freeze(study).counts["rois"] == 4
    assert len(refreshed) == 2


def test_a_study_that_is_rated_faster_than_labelled_fails_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    study = small_study()
    monkeypatch.setattr(freezing, "refresh_study", lambda *, study: 0)
    monkeypatch.setattr(freezing, "_PAUSE_SECONDS", 0)
    assert "pause the study" in failure_of(freeze(study))


def test_the_steps_are_in_the_audit_log() -> None:
    release = freeze(small_study())
    actions = AuditEvent.objects.filter(target=str(release.pk)).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["release_started", "release_frozen"]
    assert AuditEvent.objects.get(action="release_frozen").details["hash"] == release.content_sha256


@pytest.mark.parametrize(
    "change", [{"note": "x"}, {"content_sha256": "0" * 64}, {"state": "failed"}, {"counts": {}}, {"number": 9}]
)
def test_the_database_refuses_to_change_a_ready_release(change: dict[str, Any]) -> None:
    release = freeze(small_study())
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(**change)


def test_the_database_refuses_to_delete_a_ready_release() -> None:
    release = freeze(small_study())
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        release.delete()


def test_the_account_of_who_froze_it_may_go() -> None:
    person = make_user()
    release = freeze_study(study=small_study(), by=person, send=False)
    jobs.run(str(release.job_id))
    Job.objects.all().delete()
    person.delete()
    release.refresh_from_db()
    assert (release.state, release.created_by_id, release.job_id) == (ReleaseState.READY, None, None)


def test_a_failed_release_can_be_deleted() -> None:
    study = make_study("empty")
    freeze(study).delete()
    assert not Release.objects.exists()


def test_two_releases_cannot_be_frozen_at_once_even_past_the_service() -> None:
    study = make_study("twice")
    Release.objects.create(study=study, number=1, ruleset="anchor-v1")
    with pytest.raises(IntegrityError, match="release_one_freezing"), transaction.atomic():
        Release.objects.create(study=study, number=2, ruleset="anchor-v1")


def test_an_active_claim_does_not_show() -> None:
    study = small_study()
    before = freeze(study)
    missing = StudyROI.objects.get(study=study, n_accepted=F("raters_wanted") - 1)
    make_assignment(missing, make_member(study).user)
    assert freeze(study).content_sha256 == before.content_sha256
