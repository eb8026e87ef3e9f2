"""The JSON of the admins' pages."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from roiqa.consensus.statistics_serializers import AgreementReportSerializer, FiguresStateSerializer
from roiqa.images.models import Split
from roiqa.ratings.models import SkipReason
from roiqa.regions.models import Level
from roiqa.studies.models import StudyROI


class ROICountsSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    complete = serializers.IntegerField()
    in_progress = serializers.IntegerField()
    untouched = serializers.IntegerField()


class RatingCountsSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    wanted = serializers.IntegerField()
    missing = serializers.IntegerField()
    surplus = serializers.IntegerField(help_text="Came after the ROI had been filled by others: kept, not counted.")
    revised = serializers.IntegerField()


class SkipCountSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=SkipReason.choices)
    count = serializers.IntegerField()


class HourCountSerializer(serializers.Serializer[Any]):
    hour = serializers.DateTimeField()
    count = serializers.IntegerField()


class AnnotatorProgressSerializer(serializers.Serializer[Any]):
    member = serializers.UUIDField()
    pseudonym = serializers.UUIDField()
    username = serializers.CharField()
    simulated = serializers.BooleanField()
    rated = serializers.IntegerField()
    skipped = serializers.IntegerField()
    last_active = serializers.DateTimeField(allow_null=True)
    median_seconds = serializers.FloatField(allow_null=True)
    excluded_at = serializers.DateTimeField(allow_null=True)
    exclusion_reason = serializers.CharField(allow_blank=True)


class ProgressSerializer(serializers.Serializer[Any]):
    rois = ROICountsSerializer()
    ratings = RatingCountsSerializer()
    skips = SkipCountSerializer(many=True)
    per_hour = HourCountSerializer(many=True, help_text="The last 48 hours; hours without a rating are left out.")
    annotators = AnnotatorProgressSerializer(many=True)
    rating_hours_left = serializers.FloatField(
        allow_null=True, help_text="Missing ratings at the recent pace, in hours in which anybody rates."
    )


class ScaleAgreementSerializer(serializers.Serializer[Any]):
    alpha = serializers.FloatField(allow_null=True)
    note = serializers.CharField(allow_blank=True)


class AgreementSerializer(FiguresStateSerializer):
    metric = serializers.CharField()
    rois = serializers.IntegerField()
    scales = serializers.DictField(child=ScaleAgreementSerializer())
    report = AgreementReportSerializer(allow_null=True)


class ScoreLabelSerializer(serializers.Serializer[Any]):
    mean = serializers.FloatField()
    sd = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(child=serializers.FloatField(), help_text="95 %, Clopper-Pearson.")
    t_interval = serializers.ListField(child=serializers.FloatField(), allow_null=True, help_text="95 %, Student's.")
    level = serializers.IntegerField()
    level_word = serializers.CharField()
    votes = serializers.ListField(child=serializers.IntegerField())
    mos_map = serializers.FloatField(
        allow_null=True, help_text="The mean corrected for leaning and careless annotators; null: not computed yet."
    )
    mos_map_se = serializers.FloatField(allow_null=True, help_text="Its standard error.")


class DistortionLabelSerializer(serializers.Serializer[Any]):
    present = serializers.BooleanField()
    severity = serializers.FloatField(allow_null=True)
    sd = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    t_interval = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    level = serializers.IntegerField(allow_null=True)
    level_word = serializers.CharField(allow_null=True)
    votes = serializers.ListField(child=serializers.IntegerField())
    tie = serializers.BooleanField()
    p_present = serializers.FloatField()
    severity_present = serializers.FloatField(allow_null=True)
    severity_all = serializers.FloatField()


class DistortionLabelsSerializer(serializers.Serializer[Any]):
    exposure = DistortionLabelSerializer()
    noise = DistortionLabelSerializer()
    blur = DistortionLabelSerializer()
    contrast = DistortionLabelSerializer()
    colorfulness = DistortionLabelSerializer()
    compression = DistortionLabelSerializer()


class LabelSerializer(serializers.Serializer[Any]):
    n = serializers.IntegerField()
    clean = serializers.BooleanField()
    contested_clean = serializers.BooleanField()
    tie = serializers.BooleanField()
    quality = ScoreLabelSerializer()
    importance = ScoreLabelSerializer()
    distortions = DistortionLabelsSerializer()


class ROIProgressSerializer(serializers.ModelSerializer[StudyROI]):
    roi = serializers.UUIDField(source="roi_id")
    image = serializers.UUIDField(source="image_id")
    file_name = serializers.CharField()
    level = serializers.ChoiceField(source="roi.level", choices=Level.choices)
    name = serializers.CharField(source="roi.name")
    split = serializers.ChoiceField(source="image.split", choices=Split.choices)
    bbox = serializers.ListField(
        source="roi.bbox", child=serializers.IntegerField(), min_length=4, max_length=4, help_text="[x, y, w, h] in px"
    )
    width = serializers.IntegerField(source="image.width", help_text="Of the image, in px.")
    height = serializers.IntegerField(source="image.height")
    active = serializers.IntegerField()
    skipped = serializers.IntegerField()
    consensus = serializers.SerializerMethodField()

    class Meta:
        model = StudyROI
        fields = [
            "roi", "image", "file_name", "level", "name", "split", "bbox", "width", "height", "n_accepted",
            "raters_wanted", "active", "skipped", "consensus", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(LabelSerializer(allow_null=True))
    def get_consensus(self, study_roi: StudyROI) -> dict[str, Any] | None:
        labels: dict[int, dict[str, Any]] = self.context.get("labels", {})
        return labels.get(study_roi.pk)
