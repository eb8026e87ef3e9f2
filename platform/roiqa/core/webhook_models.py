"""Webhooks: who is told of what in a study, and the outbox of what was told."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class Event(models.TextChoices):
    RELEASE_READY = "release.ready"
    RUN_FINISHED = "run.finished"
    MODEL_PROMOTED = "model.promoted"
    SUGGESTIONS_READY = "suggestions.ready"
    # Sent on request only, so that a receiver can be tried.
    TEST = "test"


class Webhook(models.Model):
    """An address that is told of events of one study. Its secret is not stored: `core.webhooks.secret_of` derives it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study_slug = models.CharField(max_length=64, db_index=True)
    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=32, choices=Event.choices))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.url} of {self.study_slug}"


class DeliveryState(models.TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(models.Model):
    """One event for one address: written in the transaction of what happened, sent until it is taken or given up.

    `attempts` logs every try: [{"at", "status", "error", "milliseconds"}]; nothing of an answer's body is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=32, choices=Event.choices)
    payload = models.JSONField()
    state = models.CharField(max_length=9, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempts = models.JSONField(default=list)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="delivery_due", condition=models.Q(state=DeliveryState.PENDING)
            ),
            models.Index(fields=["webhook", "-created_at"], name="delivery_by_webhook"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=DeliveryState.values), name="delivery_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook_id} ({self.state})"
