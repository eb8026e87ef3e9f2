"""The JSON of training runs and of the retrain rule."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from roiqa.core.strict import Flag, JSONObject, StrictSerializer, Text, WholeNumber
from roiqa.training import retraining
from roiqa.training.models import RetrainRule, RunState, TrainingRun
from roiqa.training.selectors import seconds_left, waits_for

EVENTS = ("run", "point", "log", "sample", "end")
SETTINGS_BYTES = 16 * 1024


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    """One training. `message` says in words where it is; `metrics` are the latest numbers."""

    study = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    base = serializers.UUIDField(source="base_id", allow_null=True)
    release = serializers.UUIDField(source="release_id", allow_null=True)
    release_number = serializers.SerializerMethodField()
    settings = serializers.DictField(help_text="What was changed of the stage's settings.")
    network = serializers.DictField(help_text="What was changed of the preset's network.")
    state = serializers.ChoiceField(choices=RunState.choices)
    waits_for = serializers.SerializerMethodField()
    metrics = serializers.DictField()
    seconds_left = serializers.SerializerMethodField()
    model_version = serializers.UUIDField(source="model_version_id", allow_null=True)
    created_by = serializers.SerializerMethodField()

    class Meta:
        model = TrainingRun
        fields = [
            "id", "study", "number", "stage", "preset", "variant", "base", "release", "release_number",
            "synthetic_set", "fraction", "settings", "network", "note", "automatic", "state", "waits_for", "message",
            "step", "steps", "metrics", "seconds_left", "work_seconds", "device", "attempts", "model_version",
            "created_by", "created_at", "started_at", "finished_at", "key",
        ]  # fmt: skip
        read_only_fields = fields

    def get_release_number(self, run: TrainingRun) -> int | None:
        return run.release.number if run.release else None

    @extend_schema_field({"type": "string", "description": "`gpu`, `worker`, or empty: it waits for nothing."})
    def get_waits_for(self, run: TrainingRun) -> str:
        return waits_for(run)

    def get_seconds_left(self, run: TrainingRun) -> float | None:
        return seconds_left(run)

    def get_created_by(self, run: TrainingRun) -> str:
        return run.created_by.username if run.created_by else ""


class TrainingRunsQuery(StrictSerializer):
    study = Text(max_length=64, help_text="The study's slug.")
    state = serializers.ChoiceField(choices=RunState.choices, required=False)


class StudyQuery(StrictSerializer):
    study = Text(max_length=64, help_text="The study's slug.")


class TrainingRunInput(StrictSerializer):
    study = Text(max_length=64, help_text="The study's slug.")
    stage = Text(max_length=16, help_text="See `options`.")
    preset = Text(max_length=32, allow_blank=True, default="", help_text="Not needed with a base model.")
    variant = Text(max_length=16, allow_blank=True, default="")
    base = Text(
        max_length=80,
        required=False,
        allow_null=True,
        help_text="Id of a model version, or `shipped:NAME`; null: random weights.",
    )
    release = serializers.UUIDField(required=False, allow_null=True)
    synthetic_set = Text(max_length=120, allow_blank=True, default="")
    fraction = serializers.FloatField(default=1.0, help_text="Share of the training images, above 0 up to 1.")
    settings = JSONObject(max_bytes=SETTINGS_BYTES, default=dict, help_text="Changes of the stage's settings.")
    network = JSONObject(max_bytes=SETTINGS_BYTES, default=dict, help_text="Changes of the preset's network.")
    note = Text(max_length=2000, allow_blank=True, default="")


class RunEstimateSerializer(serializers.Serializer[Any]):
    seconds = serializers.FloatField()
    memory_bytes = serializers.IntegerField()
    steps = serializers.IntegerField()
    needs_gpu = serializers.BooleanField()
    basis = serializers.CharField(help_text="How this was estimated.")


class RunEventSerializer(serializers.Serializer[Any]):
    """One server-sent event."""

    event = serializers.ChoiceField(choices=EVENTS)
    id = serializers.CharField(required=False, help_text="What `Last-Event-ID` may name.")
    data = serializers.CharField(  # type: ignore[assignment]  # DRF takes fields out of the class, `data` stays what it is
        help_text="JSON: the run, a point, a log line, a sample."
    )


class PointsSerializer(serializers.Serializer[Any]):
    points = serializers.ListField(
        child=serializers.DictField(), help_text="{step, loss, ...} in order of steps, at most some 500."
    )
    samples = serializers.ListField(
        child=serializers.DictField(), help_text="What the network said of a few ROIs when it was last asked."
    )


class SettingOption(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.ChoiceField(choices=("integer", "number", "boolean", "string", "array", "object"))
    default = serializers.JSONField(allow_null=True)
    nullable = serializers.BooleanField()
    minimum = serializers.FloatField(allow_null=True)
    maximum = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField(), allow_null=True)
    help = serializers.CharField()
    allowed = serializers.CharField(allow_blank=True, help_text="The range in words.")


class StageOption(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    settings = SettingOption(many=True)


class PresetOption(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    parameters = serializers.IntegerField()
    variant = serializers.CharField(help_text="The one that is meant when none is given.")
    needs_gpu = serializers.BooleanField()
    note = serializers.CharField()


class ReleaseOption(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    rois = serializers.IntegerField()
    images = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class SyntheticSetOption(serializers.Serializer[Any]):
    name = serializers.CharField()
    rows = serializers.IntegerField(help_text="Labels.")
    images = serializers.IntegerField()


class BaseOption(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    preset = serializers.CharField()
    variant = serializers.CharField()


class WorkerMachine(serializers.Serializer[Any]):
    host = serializers.CharField()
    gpus = serializers.ListField(child=serializers.CharField())


class WorkersOption(serializers.Serializer[Any]):
    gpu = serializers.BooleanField(allow_null=True, help_text="null: no worker was seen of late.")
    seen_at = serializers.DateTimeField(allow_null=True)
    machines = WorkerMachine(many=True)


class OptionsSerializer(serializers.Serializer[Any]):
    stages = StageOption(many=True)
    presets = PresetOption(many=True)
    variants = serializers.ListField(child=serializers.CharField())
    releases = ReleaseOption(many=True)
    synthetic_sets = SyntheticSetOption(many=True)
    bases = BaseOption(many=True)
    workers = WorkersOption()


class RetrainRuleSerializer(serializers.ModelSerializer[RetrainRule]):
    """When the study trains by itself, and why it does not do so now."""

    settings = serializers.DictField()
    last_run = serializers.UUIDField(source="last_run_id", allow_null=True)
    next_check = serializers.SerializerMethodField()
    new_rois = serializers.SerializerMethodField(help_text="Labelled since the last run by the rule.")
    hours_used = serializers.SerializerMethodField(help_text="By runs of the rule in the last seven days.")

    class Meta:
        model = RetrainRule
        fields = [
            "enabled", "min_new_rois", "min_growth_percent", "debounce_minutes", "budget_hours_per_week", "stage",
            "preset", "settings", "promote_automatically", "last_run", "next_check", "why_not", "new_rois", "hours_used",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_check(self, rule: RetrainRule) -> Any:
        return retraining.next_check(rule)

    def get_new_rois(self, rule: RetrainRule) -> int:
        return max(retraining.labelled(rule.study) - retraining.learned(rule), 0)

    def get_hours_used(self, rule: RetrainRule) -> float:
        return round(retraining.hours_used(rule.study), 3)


class RetrainRuleInput(StrictSerializer):
    enabled = Flag()
    min_new_rois = WholeNumber(min_value=1, max_value=1_000_000)
    min_growth_percent = serializers.FloatField(min_value=0.1, max_value=1000)
    debounce_minutes = WholeNumber(min_value=0, max_value=7 * 24 * 60)
    budget_hours_per_week = serializers.FloatField(min_value=0, max_value=168)
    preset = Text(max_length=32)
    stage = Text(max_length=16)
    settings = JSONObject(max_bytes=SETTINGS_BYTES, default=dict)
    promote_automatically = Flag(default=False)
