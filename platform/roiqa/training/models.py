"""TrainingRun and what it says while it goes on; the rule that starts runs by itself; workers that were seen."""

import uuid
from datetime import timedelta

from django.conf import settings as installation
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from roiqa.core.models import Job
from roiqa.registry.models import ModelVersion
from roiqa.releases.models import Release
from roiqa.studies.models import Study


class RunState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FAILED = "failed"
    SUCCEEDED = "succeeded"


UNDER_WAY = (RunState.QUEUED, RunState.RUNNING, RunState.CANCELLING)


class TrainingRun(models.Model):
    """One training on one release or synthetic set. `key` is of exactly this data and this config.

    `settings` and `network` are what was changed, `config` is everything as it was resolved when the run was made, so
    that a resumed run goes on with the same, whatever a newer version's defaults are.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="training_runs")
    number = models.PositiveIntegerField()
    stage = models.CharField(max_length=16)
    preset = models.CharField(max_length=32)
    variant = models.CharField(max_length=16)
    base = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")
    release = models.ForeignKey(Release, null=True, on_delete=models.PROTECT, related_name="training_runs")
    synthetic_set = models.CharField(max_length=120, blank=True)
    fraction = models.FloatField(default=1.0)
    settings = models.JSONField(default=dict)
    network = models.JSONField(default=dict)
    config = models.JSONField()
    key = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    # Started by the study's retrain rule.
    automatic = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    message = models.TextField(blank=True)
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    # The latest of each number.
    metrics = models.JSONField(default=dict)
    seconds_per_step = models.FloatField(null=True)
    # What it ran on, in words, and for how long, waiting not counted.
    device = models.CharField(max_length=120, blank=True)
    work_seconds = models.FloatField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    # How far the run's files are taken over, in bytes: with the rows of each batch, so that none comes twice.
    events_offset = models.PositiveBigIntegerField(default=0)
    log_offset = models.PositiveBigIntegerField(default=0)
    job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    model_version = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="runs")
    created_by = models.ForeignKey(installation.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="training_run_number_once"),
            models.UniqueConstraint(
                fields=["study", "key"],
                name="training_run_key_once",
                condition=models.Q(state__in=[*UNDER_WAY, RunState.SUCCEEDED]),
            ),
            models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="training_run_state_known"),
            models.CheckConstraint(
                condition=models.Q(release__isnull=False, synthetic_set="")
                | (models.Q(release__isnull=True) & ~models.Q(synthetic_set="")),
                name="training_run_has_one_data_set",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study_id} run {self.number}"

    @property
    def is_finished(self) -> bool:
        return self.state not in UNDER_WAY


class EventKind(models.TextChoices):
    POINT = "point"
    LOG = "log"
    SAMPLE = "sample"


class RunEvent(models.Model):
    """Something that a run said: numbers of a step, a line, what the network says of an ROI. In order of `id`."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=8, choices=EventKind.choices)
    step = models.PositiveIntegerField(default=0)
    data = models.JSONField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["run", "id"], name="run_event_in_order")]

    def __str__(self) -> str:
        return f"{self.kind} {self.step} of {self.run_id}"


class RetrainRule(models.Model):
    """When a study trains by itself: after so many new labelled ROIs, or so much growth, since the last time it did."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="retrain_rule")
    enabled = models.BooleanField(default=False)
    min_new_rois = models.PositiveIntegerField(default=100, validators=[MinValueValidator(1)])
    min_growth_percent = models.FloatField(default=10.0, validators=[MinValueValidator(0.1)])
    debounce_minutes = models.PositiveIntegerField(default=30, validators=[MaxValueValidator(7 * 24 * 60)])
    budget_hours_per_week = models.FloatField(default=10.0, validators=[MinValueValidator(0.0)])
    stage = models.CharField(max_length=16, default="finetune")
    preset = models.CharField(max_length=32, default="tiny")
    settings = models.JSONField(default=dict)
    promote_automatically = models.BooleanField(default=False)
    # Since when enough is new; empty while it is not.
    due_since = models.DateTimeField(null=True)
    # The release that is being frozen for the next run.
    release = models.ForeignKey(Release, null=True, on_delete=models.SET_NULL, related_name="+")
    last_run = models.ForeignKey(TrainingRun, null=True, on_delete=models.SET_NULL, related_name="+")
    why_not = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True)
    updated_by = models.ForeignKey(installation.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"retrain rule of {self.study_id}"


class WorkerSeen(models.Model):
    """A machine that trains, as it last reported itself. `gpus`: [{"name", "bytes"}]."""

    SEEN = timedelta(minutes=5)

    host = models.CharField(max_length=200, primary_key=True)
    gpus = models.JSONField(default=list)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.host
