"""The JSON of models, promotions and suggestions."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from roiqa.core.scales import SCALES
from roiqa.core.strict import StrictSerializer, Text
from roiqa.registry.models import ModelVersion, Promotion, Suggestion

COMPARISON_STATES = ("missing", "computing", "ready", "impossible")


class ModelFileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """Weights with what they were made of and how good they are. Never changed."""

    study = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    files = serializers.SerializerMethodField(help_text="Each is at `files/{name}`.")
    release = serializers.UUIDField(allow_null=True, help_text="The release that it was trained on.")
    data = serializers.DictField(  # type: ignore[assignment]  # DRF takes fields out of the class, `data` stays what it is
        help_text="What it was trained on, in words and numbers."
    )
    config = serializers.DictField()
    report = serializers.DictField(help_text="Tables 1 and 2 on the test part; empty where there was none.")
    base = serializers.UUIDField(source="base_id", allow_null=True, help_text="The model that it went on from.")
    trained_images = serializers.SerializerMethodField(help_text="How many images it has seen in training.")
    is_promoted = serializers.SerializerMethodField(help_text="Whether it is the one whose suggestions are shown.")
    run = serializers.SerializerMethodField(help_text="The training run that made it.")
    created_by = serializers.SerializerMethodField()

    class Meta:
        model = ModelVersion
        fields = [
            "id", "study", "number", "name", "stage", "preset", "variant", "parameters", "weights_sha256", "files",
            "release", "data", "data_fingerprint", "trained_images", "config", "report", "model_card", "base",
            "is_promoted", "run", "created_by", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ModelFileSerializer(many=True))
    def get_files(self, model: ModelVersion) -> list[dict[str, Any]]:
        return [{"name": name, **facts} for name, facts in sorted(model.files.items())]

    def get_trained_images(self, model: ModelVersion) -> int:
        known = getattr(model, "images_seen", None)
        return len(model.trained_images) if known is None else int(known)

    def get_is_promoted(self, model: ModelVersion) -> bool:
        known = getattr(model, "is_serving", None)
        return model.promotions.filter(is_current=True).exists() if known is None else bool(known)

    @extend_schema_field({"type": "string", "format": "uuid", "nullable": True})
    def get_run(self, model: ModelVersion) -> str | None:
        run = model.config.get("run")
        return None if run is None else str(run)

    @extend_schema_field({"type": "string", "nullable": True})
    def get_created_by(self, model: ModelVersion) -> str | None:
        return model.created_by.username if model.created_by else None


class ShippedInputSerializer(StrictSerializer):
    shipped = Text(max_length=120, help_text="The name of a network that ships with the installation.")


class ModelsQuery(serializers.Serializer[Any]):
    study = serializers.SlugField(max_length=64, required=False, help_text="Only models of this study.")


class ComparedMetricSerializer(serializers.Serializer[Any]):
    a = serializers.FloatField()
    b = serializers.FloatField()
    difference = serializers.FloatField(help_text="a - b.")
    interval = serializers.ListField(
        child=serializers.FloatField(), min_length=2, max_length=2, help_text="95 %, by resampling images."
    )
    not_worse = serializers.BooleanField()


class ComparedReleaseSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField()


class ComparisonResultSerializer(serializers.Serializer[Any]):
    n_rois = serializers.IntegerField()
    n_images = serializers.IntegerField()
    images_left_out = serializers.IntegerField(help_text="Test images that one of the two was trained on.")
    release = ComparedReleaseSerializer(help_text="Whose frozen test split was used.")
    resamples = serializers.IntegerField()
    margin = serializers.FloatField(help_text="How far below the other a model's estimate may be and be not worse.")
    answer = serializers.ChoiceField(
        choices=["told", "judged"], help_text="What `types_f1` is of: the answer in words, or Yes/No judgments."
    )
    metrics = serializers.DictField(child=ComparedMetricSerializer())
    not_worse = serializers.BooleanField(help_text="In every metric.")


class ModelComparisonSerializer(serializers.Serializer[Any]):
    """`a` is the model, `b` the other one."""

    state = serializers.ChoiceField(choices=COMPARISON_STATES)
    note = serializers.CharField(allow_blank=True)
    job = serializers.UUIDField(source="job.pk", allow_null=True, default=None)
    comparison = ComparisonResultSerializer(source="result", allow_null=True)


class PromoteInputSerializer(StrictSerializer):
    override_reason = Text(
        max_length=2000,
        allow_blank=True,
        default="",
        help_text="Why it is promoted though it is not shown to be as good as the one that serves; audited.",
    )


class RollBackInputSerializer(StrictSerializer):
    reason = Text(max_length=2000, help_text="Why; audited.")


class PromotionSerializer(serializers.ModelSerializer[Promotion]):
    """One decision about which model suggests. `model` null: none does."""

    id = serializers.CharField()
    model = serializers.UUIDField(source="model_id", allow_null=True)
    number = serializers.IntegerField(source="model.number", allow_null=True, default=None)
    previous = serializers.CharField(source="previous_id", allow_null=True)
    comparison = serializers.DictField(help_text="With the model before, as it was when this was decided.")
    created_by = serializers.SerializerMethodField()

    class Meta:
        model = Promotion
        fields = [
            "id", "model", "number", "previous", "is_current", "comparison", "override_reason", "automatic",
            "created_by", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "string", "nullable": True})
    def get_created_by(self, promotion: Promotion) -> str | None:
        return promotion.created_by.username if promotion.created_by else None


class SuggestionsQuery(serializers.Serializer[Any]):
    model = serializers.UUIDField(required=False, help_text="Of this model (default: of the one that serves).")


class SuggestionSerializer(serializers.ModelSerializer[Suggestion]):
    """What a model says of one ROI, for the study's staff. Annotators meet it only as the study's mode says."""

    id = serializers.CharField()
    roi = serializers.UUIDField(source="study_roi.roi_id")
    image = serializers.UUIDField(source="study_roi.image_id")
    model = serializers.UUIDField(source="model_id")
    probabilities = serializers.DictField(help_text="Of every level: quality, importance, clean, distortions.")
    levels = serializers.SerializerMethodField(help_text="By scale; 5 on a distortion: nonexistent.")
    shown = serializers.SerializerMethodField(help_text="Whether annotators may see it: not leaked, mask unchanged.")

    class Meta:
        model = Suggestion
        fields = [
            "id", "roi", "image", "model", "probabilities", "levels", "answer", "uncertainty", "leaked", "shown",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
    def get_levels(self, suggestion: Suggestion) -> dict[str, int]:
        return dict(zip(SCALES, suggestion.levels, strict=True))

    def get_shown(self, suggestion: Suggestion) -> bool:
        return bool(getattr(suggestion, "is_shown", False))


class SuggestionStateSerializer(serializers.Serializer[Any]):
    """How far the serving model's suggestions are. ready + leaked + missing = rois."""

    model = serializers.UUIDField(allow_null=True)
    rois = serializers.IntegerField(help_text="Those that may be shown one: train part, no golds.")
    ready = serializers.IntegerField()
    leaked = serializers.IntegerField(help_text="The model was trained on the image: kept, never shown.")
    missing = serializers.IntegerField(help_text="Not computed yet, or the mask changed since.")
    job = serializers.UUIDField(allow_null=True, help_text="What computes them now.")
