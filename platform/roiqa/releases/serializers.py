"""The JSON of releases."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from roiqa.core.scales import SCALES
from roiqa.core.strict import Flag, StrictSerializer, Text
from roiqa.releases.exports.formats import FORMATS
from roiqa.releases.methods.preparing import FORMATS as METHODS_FORMATS
from roiqa.releases.methods.preparing import is_prepared
from roiqa.releases.models import Release, ReleaseState
from roiqa.studies.models import RulesetName


class ReleaseInputSerializer(StrictSerializer):
    note = Text(max_length=2000, allow_blank=True, default="", help_text="Why this release is made.")
    licence = Text(
        max_length=200, allow_blank=True, default="", help_text="Under which terms the labels may be used; exported."
    )


class KeptApartSerializer(serializers.Serializer[Any]):
    """Ratings of the whole study that are kept and never counted."""

    surplus = serializers.IntegerField(help_text="Came after the ROI had been filled by others.")
    gold = serializers.IntegerField()
    repeat = serializers.IntegerField()
    warm_up = serializers.IntegerField()
    revealed = serializers.IntegerField(help_text="Second thoughts after a model's answer was shown.")


class VotesByModeSerializer(serializers.Serializer[Any]):
    blind = serializers.IntegerField()
    reveal_after = serializers.IntegerField()
    prefill = serializers.IntegerField()


class VariantSerializer(serializers.Serializer[Any]):
    votes = serializers.IntegerField(help_text="By which these labels differ from the release's.")
    rois = serializers.IntegerField(help_text="On which they are.")
    unlabelled = serializers.IntegerField(help_text="ROIs on which no vote would be left.")
    changed = serializers.IntegerField(help_text="ROIs with another word on at least one scale.")
    scales = serializers.DictField(child=serializers.IntegerField())


class VariantsSerializer(serializers.Serializer[Any]):
    without_prefilled = VariantSerializer()
    with_excluded = VariantSerializer()


class ReleaseCountsSerializer(serializers.Serializer[Any]):
    """Releases that an older version froze have the first five only."""

    images = serializers.IntegerField()
    rois = serializers.IntegerField()
    ratings = serializers.IntegerField(help_text="Those that count towards a label.")
    incomplete_rois = serializers.IntegerField(help_text="Left out: they lack raters.")
    annotators = serializers.IntegerField()
    excluded_annotators = serializers.IntegerField(required=False)
    kept_apart = KeptApartSerializer(required=False)
    modes = VotesByModeSerializer(required=False, help_text="Counted ratings by how the form was shown.")
    variants = VariantsSerializer(required=False, help_text="What other votes would change.")


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """An immutable snapshot of a study's labels. Poll `job` until `state` is no longer `freezing`."""

    study = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    state = serializers.ChoiceField(choices=ReleaseState.choices)
    ruleset = serializers.ChoiceField(choices=RulesetName.choices)
    hash = serializers.CharField(source="content_sha256", help_text="sha256 of the content; empty until it is ready.")
    counts = serializers.SerializerMethodField()
    created_by = serializers.SerializerMethodField()
    methods_ready = serializers.SerializerMethodField(
        help_text="Whether the methods page can be read at once; otherwise its numbers must be prepared first."
    )
    job = serializers.UUIDField(source="job_id", allow_null=True)

    class Meta:
        model = Release
        fields = [
            "id", "study", "number", "state", "hash", "ruleset", "note", "licence", "counts", "failure", "created_at",
            "created_by", "methods_ready", "job",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ReleaseCountsSerializer(allow_null=True))
    def get_counts(self, release: Release) -> dict[str, int] | None:
        return release.counts or None

    def get_methods_ready(self, release: Release) -> bool:
        return release.state == ReleaseState.READY and is_prepared(release)

    def get_created_by(self, release: Release) -> str:
        return release.created_by.username if release.created_by else ""


class FormatField(serializers.ChoiceField):
    """One of the formats; what is none is told which there are."""

    default_error_messages = {
        "invalid_choice": f'"{{input}}" is no format of exports: use one of {", ".join(FORMATS)}.'
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=list(FORMATS), **options)


class ExportInputSerializer(StrictSerializer):
    format = FormatField()
    images = Flag(default=False, help_text="With the pictures, as a ZIP; for `seagull` and `coco`.")


class ExportQuerySerializer(StrictSerializer):
    format = FormatField(help_text="What to export.")
    images = serializers.BooleanField(
        default=False, help_text="1: with the pictures, as a ZIP; for `seagull` and `coco`."
    )


class MethodsQuerySerializer(StrictSerializer):
    format = serializers.ChoiceField(
        choices=list(METHODS_FORMATS), default="html", help_text="A page, or a file to print."
    )


class LabelChangeSerializer(serializers.Serializer[Any]):
    scale = serializers.ChoiceField(choices=SCALES)
    before = serializers.CharField(allow_null=True, help_text="The level word; null where the distortion is absent.")
    after = serializers.CharField(allow_null=True)


class ComparedROISerializer(serializers.Serializer[Any]):
    roi = serializers.UUIDField()
    image = serializers.UUIDField()
    file_name = serializers.CharField()
    name = serializers.CharField(allow_blank=True)


class ChangedROISerializer(ComparedROISerializer):
    changes = LabelChangeSerializer(many=True)


class ComparisonCountsSerializer(serializers.Serializer[Any]):
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    changed = serializers.IntegerField(help_text="ROIs with another word on at least one scale.")
    unchanged = serializers.IntegerField()
    images_added = serializers.IntegerField()
    images_removed = serializers.IntegerField()
    scales = serializers.DictField(child=serializers.IntegerField(), help_text="Changed ROIs by scale.")


class ComparisonSerializer(serializers.Serializer[Any]):
    """What differs between two releases. Lists name the first 500 each; the counts count all."""

    counts = ComparisonCountsSerializer()
    added = ComparedROISerializer(many=True)
    removed = ComparedROISerializer(many=True)
    changed = ChangedROISerializer(many=True)
