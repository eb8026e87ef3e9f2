"""Making a study and changing its protocol."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.text import slugify

from roiqa.accounts.models import User
from roiqa.core import audit
from roiqa.regions.segmentation_models import check_name
from roiqa.studies import embeddings
from roiqa.studies.checks import check_stopping
from roiqa.studies.errors import MayNotCreateStudies, ModeIsFixed, RatersCannotShrink, SlugTaken
from roiqa.studies.models import Membership, Role, Study, StudyROI

SLUG_LENGTH = 64
# What decides how a vote came about.
MODE_FIELDS = {"suggestion_mode", "blind_percent", "wrong_percent"}

# Rows are locked in the order of their ids, as everywhere.
_LOCKED = """
WITH locked AS (
  SELECT id FROM studies_studyroi WHERE study_id = %(study)s AND NOT is_gold ORDER BY id FOR NO KEY UPDATE
)
UPDATE studies_studyroi r
"""
# Every ROI of the study wants `more` raters more (fewer when negative).
_WANT_MORE = _LOCKED + "SET raters_wanted = r.raters_wanted + %(more)s FROM locked WHERE r.id = locked.id"
_RELABEL = _LOCKED + "SET consensus_due = true FROM locked WHERE r.id = locked.id AND r.n_accepted > 0"


@transaction.atomic
def create_study(*, by: User, title: str, slug: str = "", **protocol: Any) -> Study:
    """A new study with `by` as its admin. Without a slug one is made from the title.

    Raises MayNotCreateStudies, SlugTaken, UnknownModel.
    """
    if not by.may_create_studies:
        raise MayNotCreateStudies
    if "segmentation_model" in protocol:
        check_name(protocol["segmentation_model"], field="segmentation_model")
    else:
        protocol["segmentation_model"] = settings.SEGMENTATION_MODEL
    if slug:
        study = _insert(slug=slug, title=title, created_by=by, **protocol)
        if study is None:
            raise SlugTaken(slug)
    else:
        study = _insert_under_free_slug(title=title, created_by=by, **protocol)
    Membership.objects.create(study=study, user=by, role=Role.ADMIN)
    audit.record(actor_id=by.pk, action="study_created", study_slug=study.slug, target=study.slug, title=title)
    return study


def _insert(**fields: Any) -> Study | None:
    """The new study, or None when its slug is taken."""
    try:
        with transaction.atomic():
            return Study.objects.create(**fields)
    except IntegrityError:
        return None


def _insert_under_free_slug(*, title: str, **fields: Any) -> Study:
    base = slugify(title)[: SLUG_LENGTH - 8].strip("-_").replace("_", "-") or "study"
    number = 1
    while True:
        study = _insert(slug=base if number == 1 else f"{base}-{number}", title=title, **fields)
        if study is not None:
            return study
        number += 1


@transaction.atomic
def change_study(*, study: Study, by: User, changes: Mapping[str, Any]) -> Study:
    """Change title, texts, state or protocol. Raises RatersCannotShrink and ModeIsFixed once rating has begun, UnknownModel."""
    # NO KEY: rows that refer to the study can still be written. An import takes the same lock when it reads
    # `raters_per_roi`, so that no new ROI misses a change.
    held = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    before = {name: getattr(held, name) for name in changes}
    changed = {name: value for name, value in changes.items() if value != before[name]}
    if "raters_per_roi" in changed:
        _change_raters(study=held, wanted=changed["raters_per_roi"])
    if (fixed := MODE_FIELDS & changed.keys()) and _has_begun(held):
        raise ModeIsFixed(sorted(fixed))
    if "segmentation_model" in changed:
        check_name(changed["segmentation_model"], field="segmentation_model")
    if "ruleset" in changed:
        with connection.cursor() as cursor:
            cursor.execute(_RELABEL, {"study": held.pk})
    for name, value in changed.items():
        setattr(held, name, value)
    check_stopping(held)
    if changed:
        held.save(update_fields=list(changed))
        audit.record(
            actor_id=by.pk,
            action="study_changed",
            study_slug=held.slug,
            target=held.slug,
            before={name: before[name] for name in changed},
            after=changed,
        )
    if "segmentation_model" in changed:
        embeddings.start_for_study(study=held, user_id=by.pk)
    return held


def _change_raters(*, study: Study, wanted: int) -> None:
    if wanted < study.raters_per_roi and _has_begun(study):
        raise RatersCannotShrink(wanted=wanted, present=study.raters_per_roi)
    with connection.cursor() as cursor:
        cursor.execute(_WANT_MORE, {"study": study.pk, "more": wanted - study.raters_per_roi})


def _has_begun(study: Study) -> bool:
    """Whether any ROI of the study was ever claimed or rated."""
    touched = Q(n_accepted__gt=0) | Q(n_active__gt=0)
    return (
        Membership.objects.filter(study=study, claims_made__gt=0).exists()
        or StudyROI.objects.filter(touched, study=study).exists()
    )
