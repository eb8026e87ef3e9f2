"""The JSON of webhooks."""

from typing import Any

from rest_framework import serializers

from roiqa.core.strict import StrictSerializer, Text
from roiqa.core.webhook_models import Delivery, DeliveryState, Event, Webhook

EVENTS = [event for event in Event.values if event != Event.TEST]


class WebhookInput(StrictSerializer):
    url = Text(max_length=500, help_text="https://...; it must lead to the open internet.")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EVENTS),
        min_length=1,
        max_length=len(EVENTS),
        help_text="What it is told of.",
    )


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    events = serializers.ListField(child=serializers.ChoiceField(choices=EVENTS))
    created_by = serializers.CharField(source="created_by.username", default="")

    class Meta:
        model = Webhook
        fields = ["id", "url", "events", "created_by", "created_at"]
        read_only_fields = fields


class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(help_text="Signs every message. It is shown this once.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One event for one address, with what became of it."""

    event = serializers.ChoiceField(choices=Event.choices)
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    payload = serializers.DictField(help_text="`data` of the message.")
    attempts = serializers.SerializerMethodField(help_text="How often it was sent.")
    status = serializers.SerializerMethodField(help_text="HTTP status of the last answer; null without one.")
    error = serializers.SerializerMethodField(help_text="What was wrong the last time.")
    milliseconds = serializers.SerializerMethodField(help_text="How long the last try took.")

    class Meta:
        model = Delivery
        fields = (
            "id", "event", "state", "payload", "attempts", "status", "error", "milliseconds", "next_attempt_at",
            "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_attempts(self, delivery: Delivery) -> int:
        return len(_tries(delivery))

    def get_status(self, delivery: Delivery) -> int | None:
        return self._last(delivery).get("status")

    def get_error(self, delivery: Delivery) -> str:
        return str(self._last(delivery).get("error", ""))

    def get_milliseconds(self, delivery: Delivery) -> int | None:
        return self._last(delivery).get("milliseconds")

    @staticmethod
    def _last(delivery: Delivery) -> dict[str, Any]:
        tries = _tries(delivery)
        return tries[-1] if tries else {}


def _tries(delivery: Delivery) -> list[dict[str, Any]]:
    return [attempt for attempt in delivery.attempts if not attempt.get("retried")]
