"""Claims and answers: Assignment (one annotator's claim on one ROI) and Rating (append-only)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from roiqa.core.scales import DISTORTIONS
from roiqa.registry.models import Suggestion
from roiqa.studies.models import Study, StudyROI, SuggestionMode


class AssignmentState(models.TextChoices):
    ACTIVE = "active"
    EXPIRED = "expired"
    SUBMITTED = "submitted"
    SKIPPED = "skipped"


class Purpose(models.TextChoices):
    """Why an annotator is asked. Annotators cannot tell."""

    LABEL = "label"
    GOLD = "gold"
    REPEAT = "repeat"
    WARM_UP = "warm_up"


class SkipReason(models.TextChoices):
    TOO_SMALL = "too_small"
    MASK_WRONG = "mask_wrong"
    IMAGE_BROKEN = "image_broken"
    OTHER = "other"


class Assignment(models.Model):
    """One annotator's claim on one ROI, with a lease that runs out. One row per pair, and one for a deliberate repeat."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # No indexes of their own for these three: those below and the constraint begin with them. One on the annotator alone
    # would let stale statistics choose it for the claim, which would then read everything this person ever did.
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="+", db_index=False)
    study_roi = models.ForeignKey(StudyROI, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=9, choices=AssignmentState.choices, default=AssignmentState.ACTIVE)
    claimed_at = models.DateTimeField(default=timezone.now)
    # The annotator's how-manieth claim in this study: the order in which this person saw the ROIs.
    position = models.PositiveIntegerField()
    lease_expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    skip_reason = models.CharField(max_length=12, choices=SkipReason.choices, blank=True)
    skip_note = models.CharField(max_length=500, blank=True)
    draft = models.JSONField(null=True)
    draft_revision = models.PositiveIntegerField(default=0)
    # False for a skip that was taken back after others had filled the ROI: the annotator cannot tell, and the answer
    # will be kept as surplus unless a slot is free by then.
    holds_slot = models.BooleanField(default=True)
    # Reopened by its own annotator ("undo"): the next submit is a revision.
    reopened = models.BooleanField(default=False)
    purpose = models.CharField(max_length=8, choices=Purpose.choices, db_default=Purpose.LABEL)
    is_repeat = models.GeneratedField(
        expression=models.ExpressionWrapper(Q(purpose="repeat"), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    # How likely this ROI was to be the one that the claim drew, where a model has a say in the order; None elsewhere.
    selection_probability = models.FloatField(null=True)
    # How the form is shown, decided at the claim; `blind` unless a promoted model's suggestion may be shown.
    mode = models.CharField(max_length=12, choices=SuggestionMode.choices, db_default=SuggestionMode.BLIND)
    suggestion = models.ForeignKey(Suggestion, null=True, on_delete=models.PROTECT, related_name="+")
    # The levels that the form shows (by scale); with a level that is wrong on purpose they differ from the suggestion's.
    shown = models.JSONField(null=True)
    shown_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study_roi", "annotator", "is_repeat"], name="assignment_once"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="assignment_purpose_known"),
            models.CheckConstraint(condition=Q(mode__in=SuggestionMode.values), name="assignment_mode_known"),
            models.CheckConstraint(condition=Q(state__in=AssignmentState.values), name="assignment_state_known"),
        ]
        indexes = [
            models.Index(fields=["lease_expires_at"], name="assignment_lease", condition=Q(state="active")),
            models.Index(fields=["study", "annotator"], name="assignment_active", condition=Q(state="active")),
            models.Index(fields=["study", "annotator", "-finished_at"], name="assignment_recent"),
            # Few rows; the progress page would read every assignment for them.
            models.Index(fields=["study_roi", "study"], name="assignment_skipped", condition=Q(state="skipped")),
        ]

    def __str__(self) -> str:
        return f"{self.annotator_id} on {self.study_roi_id} ({self.state})"


class RatingStatus(models.TextChoices):
    # Counts towards the label.
    ACCEPTED = "accepted"
    # Came after the lease had run out and the ROI had been filled by others: kept, never counted.
    SURPLUS = "surplus"
    # Answers that are kept and never counted: to a gold, to an ROI rated before, at the beginning of a session, and
    # the second thoughts of somebody who has seen the model's.
    GOLD = "gold"
    REPEAT = "repeat"
    WARM_UP = "warm_up"
    REVEALED = "revealed"


class Rating(models.Model):
    """One annotator's answer for one ROI. Never changed, never deleted; a revision is a new row.

    A database trigger (migration 0002) refuses updates of anything but `is_current` and `status`, and deletes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The indexes and constraints below begin with these, so they need none of their own.
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", db_index=False)
    study_roi = models.ForeignKey(StudyROI, on_delete=models.PROTECT, related_name="ratings", db_index=False)
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="ratings", db_index=False)
    client_key = models.UUIDField()
    revision = models.PositiveSmallIntegerField(default=1)
    supersedes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="superseded_by")
    is_current = models.BooleanField(default=True)
    status = models.CharField(max_length=8, choices=RatingStatus.choices)
    # Severities: extreme 0 .. trivial 4, nonexistent 5.
    exposure = models.PositiveSmallIntegerField()
    noise = models.PositiveSmallIntegerField()
    blur = models.PositiveSmallIntegerField()
    contrast = models.PositiveSmallIntegerField()
    colorfulness = models.PositiveSmallIntegerField()
    compression = models.PositiveSmallIntegerField()
    quality = models.PositiveSmallIntegerField()
    importance = models.PositiveSmallIntegerField()
    # How the form was shown.
    mode = models.CharField(max_length=12, choices=SuggestionMode.choices, default=SuggestionMode.BLIND)
    # What of a model was shown before this answer, when, and which scales were changed from it.
    shown = models.JSONField(null=True)
    bulk_clean = models.BooleanField(default=False)
    simulated = models.BooleanField(default=False)
    telemetry = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["annotator", "client_key"], name="rating_once_per_client_key"),
            models.UniqueConstraint(fields=["assignment"], name="rating_one_current", condition=Q(is_current=True)),
            models.UniqueConstraint(fields=["assignment", "revision"], name="rating_revision_once"),
            models.CheckConstraint(condition=Q(status__in=RatingStatus.values), name="rating_status_known"),
            models.CheckConstraint(
                condition=Q(**{f"{name}__lte": 5 for name in DISTORTIONS}), name="rating_severities_in_range"
            ),
            models.CheckConstraint(condition=Q(quality__lte=4, importance__lte=4), name="rating_scales_in_range"),
        ]
        indexes = [
            models.Index(fields=["study_roi", "annotator"], name="rating_by_roi"),
            models.Index(fields=["study", "created_at"], name="rating_by_time"),
            models.Index(fields=["study", "annotator", "created_at"], name="rating_by_annotator"),
        ]

    def __str__(self) -> str:
        return f"{self.annotator_id} rated {self.study_roi_id} (revision {self.revision})"
