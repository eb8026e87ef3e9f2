"""What runs produced and what it says: ModelVersion, its promotions, Suggestion."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from roiqa.studies.models import Study, StudyROI


class ModelVersion(models.Model):
    """The weights of a run, with what they were made of and how good they are. Never changed, never deleted.

    The files lie in storage under `folder_key`; `files` names each with its sha256 and size.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="model_versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    stage = models.CharField(max_length=16)
    preset = models.CharField(max_length=32)
    variant = models.CharField(max_length=16)
    parameters = models.BigIntegerField()
    # One hash of all the weights' tensors: `ml.seagull.weights.fingerprint`.
    weights_sha256 = models.CharField(max_length=64)
    files = models.JSONField(default=dict)
    # What it was trained on: the release (rooms above) or the synthetic set, and the hash of exactly these samples.
    release = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    data_fingerprint = models.CharField(max_length=64)
    # Whose suggestions for these would be leaked: sha256 of every image that was trained on, its base's included.
    trained_images = ArrayField(models.CharField(max_length=64), default=list)
    config = models.JSONField(default=dict)
    # `ml.seagull.evaluation.report` on the test part; empty for a release without one.
    report = models.JSONField(default=dict)
    model_card = models.TextField(blank=True)
    base = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="model_version_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.study_id} model {self.number}"

    @property
    def folder_key(self) -> str:
        """Where in storage the files lie."""
        return f"models/{self.pk}/"


class Promotion(models.Model):
    """One decision about which model of a study suggests; the current one is the pointer. `model` None: none does."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="promotions")
    model = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="promotions")
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    is_current = models.BooleanField(default=True)
    # The comparison with the model before; empty when there was none.
    comparison = models.JSONField(default=dict)
    # Why a model was promoted though it is not shown to be as good.
    override_reason = models.TextField(blank=True)
    automatic = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study"], name="promotion_one_current", condition=models.Q(is_current=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} for {self.study_id}"


class Suggestion(models.Model):
    """A model's level probabilities for one ROI. Stored apart from ratings, never a rating.

    probabilities: {"quality": [5], "importance": [5], "distortions": {"blur": {"present": p, "severity": [5]}, ...}}.
    """

    study_roi = models.ForeignKey(StudyROI, on_delete=models.CASCADE, related_name="suggestions")
    model = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="suggestions", db_index=False)
    probabilities = models.JSONField()
    # What it comes to: six severities (5: nonexistent), quality, importance; in the order of core.scales.SCALES.
    levels = ArrayField(models.SmallIntegerField(), size=8)
    # What the model says of the distortions.
    answer = models.TextField(blank=True)
    # Mean entropy of the scales' probabilities over their largest, 0 (sure) to 1.
    uncertainty = models.FloatField()
    # The model was trained on this image: kept, never shown, never in a figure.
    leaked = models.BooleanField(default=False)
    # The mask that was judged: a changed one makes the suggestion void.
    mask_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "study_roi"], name="suggestion_once"),
        ]
        indexes = [
            models.Index(fields=["model", "-created_at"], name="suggestion_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} on {self.study_roi_id}"
