"""An immutable, hashed snapshot of a study's consensus: what is exported and what is trained on."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from roiqa.core.models import Job
from roiqa.studies.models import Study


class ReleaseState(models.TextChoices):
    FREEZING = "freezing"
    READY = "ready"
    FAILED = "failed"


class Release(models.Model):
    """A ready row never changes and never goes: a database trigger (migration 0002) refuses it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=ReleaseState.choices, default=ReleaseState.FREEZING)
    # sha256 of the snapshot's canonical bytes; empty until it is ready.
    content_sha256 = models.CharField(max_length=64, blank=True)
    ruleset = models.CharField(max_length=16)
    note = models.TextField(blank=True)
    # Under which terms the labels may be used, as the person who froze it wrote it; part of the content.
    licence = models.CharField(max_length=200, blank=True)
    counts = models.JSONField(default=dict)
    # Why there is no snapshot, when the state is `failed`.
    failure = models.TextField(blank=True)
    job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="release_number_once"),
            models.UniqueConstraint(
                fields=["study"], name="release_one_freezing", condition=models.Q(state="freezing")
            ),
            models.CheckConstraint(condition=models.Q(state__in=ReleaseState.values), name="release_state_known"),
            models.CheckConstraint(
                condition=~models.Q(state="ready") | ~models.Q(content_sha256=""), name="release_ready_is_hashed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study_id} release {self.number}"

    @property
    def snapshot_key(self) -> str:
        """Storage key of the canonical snapshot (gzip of JSON lines), content-addressed."""
        return f"releases/{self.content_sha256[:2]}/{self.content_sha256}.jsonl.gz"
