"""The JSON of the agreement page and of the annotators' page; docs/study-science.md says what each number means."""

from typing import Any

from django.db.models import TextChoices
from rest_framework import serializers

from roiqa.consensus.rules.screening import Flag
from roiqa.core.serializers import JobSerializer

_INTERVAL: dict[str, Any] = {"allow_null": True, "min_length": 2, "max_length": 2}


class FiguresState(TextChoices):
    """Do the figures fit the ratings that count now?"""

    READY = "ready"
    OUTDATED = "outdated"
    MISSING = "missing"


class EstimateSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(child=serializers.FloatField(), help_text="95 %, over images.", **_INTERVAL)


class VarianceSerializer(serializers.Serializer[Any]):
    roi = serializers.FloatField(allow_null=True)
    annotator = serializers.FloatField(allow_null=True)
    residual = serializers.FloatField(allow_null=True)


class PrevalenceSerializer(serializers.Serializer[Any]):
    votes = serializers.FloatField(allow_null=True, help_text="Share of the votes that see the distortion.")
    rois = serializers.FloatField(allow_null=True, help_text="Share of the ROIs that have it by majority.")


class RaterIntervalsSerializer(serializers.Serializer[Any]):
    """95 % intervals had other people of the same kind rated the same ROIs; null below five annotators."""

    alpha = serializers.ListField(child=serializers.FloatField(), **_INTERVAL)
    ac2 = serializers.ListField(child=serializers.FloatField(), **_INTERVAL)
    icc_single = serializers.ListField(child=serializers.FloatField(), **_INTERVAL)
    icc_mean = serializers.ListField(child=serializers.FloatField(), **_INTERVAL)


class SOSPointSerializer(serializers.Serializer[Any]):
    mean = serializers.FloatField()
    variance = serializers.FloatField()
    rois = serializers.IntegerField()


class ScaleFiguresSerializer(serializers.Serializer[Any]):
    alpha = serializers.FloatField(allow_null=True)
    alpha_interval = serializers.ListField(child=serializers.FloatField(), **_INTERVAL)
    note = serializers.CharField(allow_blank=True)
    icc_single = EstimateSerializer()
    icc_mean = EstimateSerializer()
    split_half = EstimateSerializer()
    ac2 = EstimateSerializer()
    raters = RaterIntervalsSerializer(required=False, help_text="Missing in figures that an older version made.")
    raw_agreement = serializers.FloatField(allow_null=True)
    variance = VarianceSerializer()
    votes = serializers.ListField(child=serializers.IntegerField(), help_text="How often each answer was given.")
    prevalence = PrevalenceSerializer(allow_null=True)
    sos = serializers.FloatField(allow_null=True, required=False, help_text="Quality and importance only.")
    sos_points = SOSPointSerializer(
        many=True, required=False, help_text="Mean variance of the votes on ROIs of about the same mean."
    )


class LabelCeilingSerializer(serializers.Serializer[Any]):
    votes = serializers.IntegerField()
    standard_error = serializers.FloatField()
    level_accuracy = serializers.FloatField()
    correlation = serializers.FloatField()


class LabelCeilingsSerializer(serializers.Serializer[Any]):
    quality = LabelCeilingSerializer(many=True)
    importance = LabelCeilingSerializer(many=True)


class HumanScoresSerializer(serializers.Serializer[Any]):
    type_f1 = EstimateSerializer()
    severity_f1 = EstimateSerializer()
    quality_level = EstimateSerializer()
    quality_srocc = EstimateSerializer()
    importance_level = EstimateSerializer()
    importance_srocc = EstimateSerializer()


class HumanCeilingSerializer(serializers.Serializer[Any]):
    one_person = HumanScoresSerializer()
    half_panel = HumanScoresSerializer()


class AgreementReportSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    rois = serializers.IntegerField()
    comparable_rois = serializers.IntegerField(help_text="ROIs with two ratings or more.")
    ratings = serializers.IntegerField()
    annotators = serializers.IntegerField()
    images = serializers.IntegerField()
    resamples = serializers.IntegerField()
    votes_per_roi = serializers.IntegerField()
    scales = serializers.DictField(child=ScaleFiguresSerializer())
    ceilings = LabelCeilingsSerializer()
    human = HumanCeilingSerializer()


class FlagBoundsSerializer(serializers.Serializer[Any]):
    fewest_ratings = serializers.IntegerField()
    agreement = serializers.FloatField()
    inconsistency = serializers.FloatField(allow_null=True)


class ScorePairSerializer(serializers.Serializer[Any]):
    quality = serializers.FloatField(allow_null=True)
    importance = serializers.FloatField(allow_null=True)


class PresenceRateSerializer(serializers.Serializer[Any]):
    own = serializers.FloatField(allow_null=True)
    others = serializers.FloatField(allow_null=True)
    z = serializers.FloatField(allow_null=True)


class BT500Serializer(serializers.Serializer[Any]):
    far = serializers.FloatField(allow_null=True)
    rejected = serializers.BooleanField()


class ScreenedAnnotatorSerializer(serializers.Serializer[Any]):
    member = serializers.UUIDField()
    pseudonym = serializers.UUIDField()
    username = serializers.CharField()
    simulated = serializers.BooleanField()
    excluded_at = serializers.DateTimeField(allow_null=True)
    exclusion_reason = serializers.CharField(allow_blank=True)
    ratings = serializers.IntegerField()
    agreement = serializers.DictField(child=serializers.FloatField(allow_null=True))
    bias = ScorePairSerializer()
    inconsistency = ScorePairSerializer()
    line_ratio = ScorePairSerializer()
    presence = serializers.DictField(child=PresenceRateSerializer())
    golds = serializers.IntegerField(help_text="Answered, of those with a known answer.")
    gold_rate = serializers.FloatField(allow_null=True, help_text="Share of them that passed.")
    repeats = serializers.IntegerField(help_text="ROIs answered a second time.")
    repeat_difference = serializers.FloatField(
        allow_null=True, help_text="Mean distance of the second quality from the first, in levels."
    )
    repeat_same = serializers.FloatField(
        allow_null=True, help_text="Share of the with/without decisions that were the same."
    )
    median_seconds = serializers.FloatField(allow_null=True)
    fast_share = serializers.FloatField(allow_null=True)
    bt500 = BT500Serializer()
    flags = serializers.ListField(child=serializers.ChoiceField(choices=[(flag.value, flag.name) for flag in Flag]))


class FiguresStateSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(
        choices=FiguresState.choices, help_text="outdated: of earlier ratings; missing: not computed yet, ask by POST."
    )
    computed_at = serializers.DateTimeField(allow_null=True)
    job = JobSerializer(allow_null=True, help_text="The job that is making new ones.")


class ScreeningSerializer(FiguresStateSerializer):
    bounds = FlagBoundsSerializer(allow_null=True)
    annotators = ScreenedAnnotatorSerializer(many=True)
