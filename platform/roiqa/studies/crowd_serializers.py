"""The JSON of crowd links."""

from datetime import timedelta
from typing import Any

from django.core.validators import RegexValidator
from django.utils import timezone
from rest_framework import serializers

from roiqa.core.strict import Flag, StrictSerializer, Text, WholeNumber
from roiqa.studies.qualification_models import CrowdLink

PARAMETER = RegexValidator(r"^[A-Za-z][A-Za-z0-9_.-]*\Z", "Use the name of a query parameter, like PROLIFIC_PID.")
LONGEST_DAYS = 365


class CrowdLinkInput(StrictSerializer):
    name = Text(max_length=80, help_text="For you: the platform and the batch.")
    id_parameter = Text(
        max_length=40,
        validators=[PARAMETER],
        default="PROLIFIC_PID",
        help_text="The query parameter with the platform's id of the person: PROLIFIC_PID, workerId, ...",
    )
    other_parameters = serializers.ListField(
        child=Text(max_length=40, validators=[PARAMETER]),
        default=list,
        max_length=8,
        help_text="Further ones to keep for the payment list: STUDY_ID, SESSION_ID, ...",
    )
    rois_wanted = WholeNumber(min_value=1, max_value=10_000, help_text="ROIs to rate before the code is shown.")
    completion_code = Text(max_length=80, default="", allow_blank=True, help_text="Made up when left out.")
    completion_url = serializers.URLField(
        max_length=500, default="", allow_blank=True, help_text="Where to go back to; {code} stands for the code."
    )
    max_people = WholeNumber(min_value=1, max_value=100_000, default=1000)
    purge_on = serializers.DateField(help_text="The day on which the platform's ids are deleted; after payment.")

    def validate_purge_on(self, value: Any) -> Any:
        today = timezone.localdate()
        if not today < value <= today + timedelta(days=LONGEST_DAYS):
            raise serializers.ValidationError(f"Choose a day after today and within {LONGEST_DAYS} days.")
        return value

    def validate_completion_url(self, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise serializers.ValidationError("Give an address that begins with https://.")
        return value


class CrowdLinkChange(StrictSerializer):
    closed = Flag(help_text="true lets nobody new in.")


class CrowdLinkSerializer(serializers.ModelSerializer[CrowdLink]):
    url = serializers.SerializerMethodField(help_text="The address for the platform, with its parameters to fill in.")
    people = serializers.IntegerField(help_text="Who have come so far.")
    completed = serializers.IntegerField(help_text="Who have been shown the code.")

    class Meta:
        model = CrowdLink
        fields = (
            "id", "name", "url", "id_parameter", "other_parameters", "rois_wanted", "completion_code", "completion_url",
            "max_people", "people", "completed", "closed_at", "purge_on", "purged_at", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_url(self, link: CrowdLink) -> str:
        path = f"/enter/{link.token}"
        request = self.context.get("request")
        names = [link.id_parameter, *link.other_parameters]
        query = "&".join(f"{name}={{{{%{name}%}}}}" if _is_prolific(name) else f"{name}=..." for name in names)
        return f"{request.build_absolute_uri(path) if request else path}?{query}"


def _is_prolific(name: str) -> bool:
    """Prolific fills its parameters in by itself where they stand as {{%NAME%}}."""
    return name in {"PROLIFIC_PID", "STUDY_ID", "SESSION_ID"}


class CrowdOfferSerializer(serializers.Serializer[CrowdLink]):
    """What somebody sees who was sent here."""

    study = serializers.CharField(source="study.slug")
    study_title = serializers.CharField(source="study.title")
    description = serializers.CharField(source="study.description")
    id_parameter = serializers.CharField()
    other_parameters = serializers.ListField(child=serializers.CharField())
    rois_wanted = serializers.IntegerField()
    is_open = serializers.SerializerMethodField(help_text="False: only those who were here before are let in.")

    def get_is_open(self, link: CrowdLink) -> bool:
        return link.closed_at is None


class EnterInput(StrictSerializer):
    parameters = serializers.DictField(
        child=Text(max_length=200, allow_blank=True), help_text="The query parameters of the address, by name."
    )

    def validate_parameters(self, value: dict[str, str]) -> dict[str, str]:
        if len(value) > 40:
            raise serializers.ValidationError("At most 40 parameters.")
        return value
