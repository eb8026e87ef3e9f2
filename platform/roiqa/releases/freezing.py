"""Freezing: a study's complete ROIs, their labels and every rating behind them become one file that never changes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from roiqa import __version__
from roiqa.accounts.models import User
from roiqa.consensus.refresh import refresh_study
from roiqa.consensus.rules.rulesets import ruleset_named
from roiqa.core import audit, jobs, webhooks
from roiqa.core.models import Job
from roiqa.core.scales import SCALES
from roiqa.images.split import RULE, split_of
from roiqa.releases import storage
from roiqa.releases.accepted_votes import WholeLabels
from roiqa.releases.errors import FreezeRunning, LabelOutOfStep, NothingComplete, SplitMoved, StudyTooBusy
from roiqa.releases.labels import label_batch
from roiqa.releases.models import Release, ReleaseState
from roiqa.releases.snapshot_file import FORMAT_VERSION, Record, SnapshotWriter
from roiqa.releases.snapshot_query import ImageRow, RatingRow, ROIRow, Snapshot, StudyRow, Totals, snapshot_of
from roiqa.studies.models import Study

KIND = "freeze"
# While people rate, an answer may arrive between the refresh and the snapshot: then once more, a little later.
_REFRESHES = 8
_PAUSE_SECONDS = 0.05


def freeze_study(*, study: Study, by: User | None, note: str = "", licence: str = "", send: bool = True) -> Release:
    """Start to freeze: a release in state `freezing` and the job that makes it ready. Raises FreezeRunning.

    With `send=False` the caller runs the job itself.
    """
    user_id = by.pk if by else None
    try:
        with transaction.atomic():
            # NO KEY: rows that refer to the study can still be written while the next number is taken.
            held = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
            last = Release.objects.filter(study=held).aggregate(last=Max("number"))["last"] or 0
            release = Release.objects.create(
                study=held, number=last + 1, ruleset=held.ruleset, note=note, licence=licence, created_by=by
            )
            release.job = jobs.start(
                kind=KIND, payload={"release": str(release.pk)}, user_id=user_id, study_slug=held.slug, send=send
            )
            release.save(update_fields=["job"])
            audit.record(
                actor_id=user_id,
                action="release_started",
                study_slug=held.slug,
                target=str(release.pk),
                number=release.number,
                note=note,
            )
    except IntegrityError as error:
        if "release_one_freezing" not in str(error):
            raise
        raise FreezeRunning(study.slug) from error
    return release


def _undone(job: Job) -> None:
    """The job ended without a snapshot: the release says why, and the study can be frozen again."""
    release = Release.objects.select_for_update().filter(job=job, state=ReleaseState.FREEZING).first()
    if release is None:
        return
    release.state, release.failure = ReleaseState.FAILED, job.message
    release.save(update_fields=["state", "failure"])
    audit.record(
        actor_id=job.created_by_id,
        action="release_failed",
        study_slug=job.study_slug,
        target=str(release.pk),
        number=release.number,
        reason=job.message,
    )


@jobs.runs(KIND, undone=_undone)
def run_freeze(progress: jobs.Progress) -> None:
    """Make the snapshot of a release. After a crash it begins again; a release that is ready is left alone."""
    release = Release.objects.select_related("study").get(pk=progress.job.payload["release"])
    if release.state != ReleaseState.FREEZING:
        return
    with storage.incoming_file() as target:
        content_sha256, header = _write_snapshot(target, release=release, progress=progress)
        release.content_sha256 = content_sha256
        storage.keep(target, key=release.snapshot_key)
    # The header's counts are of what is in the file; the row also says what other votes would change.
    counts = header["counts"] | {"variants": header["statistics"]["variants"]}
    # The last look whether somebody cancelled, and whether this attempt still holds the job.
    progress.expect(counts["rois"], _summary(counts))
    progress.job.report = {"release": str(release.pk), "hash": content_sha256, "counts": counts}
    with transaction.atomic():
        waiting = Release.objects.filter(pk=release.pk, state=ReleaseState.FREEZING)
        made_ready = waiting.update(
            state=ReleaseState.READY, content_sha256=content_sha256, ruleset=header["ruleset"], counts=counts
        )
        if not made_ready:
            raise jobs.JobCancelled
        audit.record(
            actor_id=progress.job.created_by_id,
            action="release_frozen",
            study_slug=progress.job.study_slug,
            target=str(release.pk),
            number=release.number,
            hash=content_sha256,
            counts=counts,
        )
        webhooks.announce(
            study_slug=release.study.slug,
            event=webhooks.Event.RELEASE_READY,
            payload={"release": str(release.pk), "number": release.number, "hash": content_sha256, "counts": counts},
        )


def _write_snapshot(target: Any, *, release: Release, progress: jobs.Progress) -> tuple[str, Record]:
    """Write the canonical file; answers the content's sha256 and the header."""
    for attempt in range(_REFRESHES):
        time.sleep(attempt * _PAUSE_SECONDS)
        progress.expect(0, "Bringing the labels up to date")
        refresh_study(study=release.study)
        # The study's ruleset may change meanwhile: the next refresh must see it.
        release.study.refresh_from_db()
        with snapshot_of(study_id=release.study_id) as snapshot:
            totals = snapshot.totals()
            if totals.unlabelled:
                continue
            if totals.rois == 0:
                raise NothingComplete(totals.incomplete_rois)
            study = snapshot.study()
            progress.expect(0, "Comparing the annotators")
            votes, rows = snapshot.votes()
            whole = WholeLabels(votes, ruleset_named(study.ruleset))
            header = _header(study, totals, licence=release.licence) | {
                "statistics": whole.statistics(),
                "collection": snapshot.collection(),
                "qualification": snapshot.qualification(),
                "golds": snapshot.golds(),
            }
            progress.expect(totals.rois, "Writing the snapshot")
            labels = _Labels(whole, rows, header["ruleset"])
            return _write_rows(SnapshotWriter(target), snapshot, header, labels, progress), header
    raise StudyTooBusy


@dataclass(frozen=True, slots=True)
class _Labels:
    """Labels of batches of ROIs, with what all votes together tell of them."""

    whole: WholeLabels
    rows: Mapping[int, int]
    ruleset: str

    def of(self, batch: Sequence[ROIRow]) -> list[Record]:
        labels = label_batch(batch, ruleset=self.ruleset)
        return [self.whole.add_to(label, self.rows[roi.key]) for roi, label in zip(batch, labels, strict=True)]


def _write_rows(
    writer: SnapshotWriter, snapshot: Snapshot, header: Record, labels: _Labels, progress: jobs.Progress
) -> str:
    writer.header(header)
    image: ImageRow | None = None
    done = 0
    for batch in snapshot.roi_batches():
        for roi, label in zip(batch, labels.of(batch), strict=True):
            if image is None or image.id != roi.image.id:
                image = roi.image
                writer.image(_image_record(image))
            writer.roi(_roi_record(roi, label))
        writer.flush()
        done += len(batch)
        progress.step(done)
    if done != header["counts"]["rois"]:
        raise LabelOutOfStep("(an ROI's image is not in the study)")
    return writer.finish()


def _header(study: StudyRow, totals: Totals, *, licence: str) -> Record:
    """Neither the release's number nor any time: an unchanged study frozen twice has one hash."""
    return {
        "snapshot": FORMAT_VERSION,
        "study": {
            "slug": study.slug,
            "title": study.title,
            "description": study.description,
            "simulated": study.simulated,
        },
        "protocol": study.protocol,
        "ruleset": study.ruleset,
        "split_rule": RULE,
        "versions": {"roiqa": __version__, "snapshot": FORMAT_VERSION},
        "licence": licence or None,
        "counts": {
            "images": totals.images,
            "rois": totals.rois,
            "ratings": totals.ratings,
            "incomplete_rois": totals.incomplete_rois,
            "annotators": totals.annotators,
            "excluded_annotators": totals.excluded_annotators,
            "kept_apart": totals.kept_apart,
            "modes": totals.modes,
        },
    }


def _image_record(image: ImageRow) -> Record:
    """Raises SplitMoved when the stored split is not the hash's: no image is ever on both sides."""
    expected = split_of(image.sha256)
    if image.split != expected:
        raise SplitMoved(sha256=image.sha256, stored=image.split, expected=expected)
    return {
        "id": str(image.id),
        "sha256": image.sha256,
        "split": image.split,
        "width": image.width,
        "height": image.height,
        "file_name": image.file_name,
        "source": image.source,
    }


def _roi_record(roi: ROIRow, label: Record) -> Record:
    return {
        "id": str(roi.id),
        "level": roi.level,
        "name": roi.name,
        "counts": roi.counts,
        "mask_sha256": roi.mask_sha256,
        "bbox": roi.bbox,
        "area": roi.area,
        "label": label,
        "ratings": [_rating_record(rating) for rating in roi.ratings],
    }


def _rating_record(rating: RatingRow) -> Record:
    return {
        "annotator": str(rating.pseudonym),
        "revision": rating.revision,
        "status": rating.status,
        "current": rating.is_current,
        "excluded": rating.is_excluded,
        "counted": rating.is_counted,
        "mode": rating.mode,
        "bulk_clean": rating.bulk_clean,
        "simulated": rating.simulated,
        **dict(zip(SCALES, rating.votes, strict=True)),
    }


def _summary(counts: Record) -> str:
    return (
        f"ROIs: {counts['rois']:,}, images: {counts['images']:,}, ratings: {counts['ratings']:,}, "
        f"annotators: {counts['annotators']:,}. Incomplete ROIs left out: {counts['incomplete_rois']:,}."
    )
