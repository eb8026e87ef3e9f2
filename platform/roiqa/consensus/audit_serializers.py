"""The JSON of the audit of suggestions; docs/modes.md says what each number means."""

from typing import Any

from rest_framework import serializers

from roiqa.consensus.rules.anchoring import Gate
from roiqa.consensus.statistics_serializers import EstimateSerializer
from roiqa.core.scales import SCALES
from roiqa.core.strict import StrictSerializer, WholeNumber
from roiqa.studies.models import SuggestionMode

_INTERVAL: dict[str, Any] = {"allow_null": True, "min_length": 2, "max_length": 2}
GATES = [(gate.value, gate.name) for gate in Gate]


class ModeFiguresSerializer(serializers.Serializer[Any]):
    ratings = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)


class ByModeSerializer(serializers.Serializer[Any]):
    blind = ModeFiguresSerializer()
    reveal_after = ModeFiguresSerializer()
    prefill = ModeFiguresSerializer()


class ScaleAnchoringSerializer(serializers.Serializer[Any]):
    index = EstimateSerializer(help_text="0: the shown levels pull nobody; 1: everybody takes them.")
    bias = EstimateSerializer(help_text="Pre-filled less blind votes on the same ROIs, in levels.")
    sd_ratio = EstimateSerializer(help_text="Spread of pre-filled votes within ROIs by that of blind ones.")
    unchanged = serializers.FloatField(allow_null=True, help_text="Share of shown levels left as they were.")
    coincidence = serializers.FloatField(allow_null=True, help_text="Share of blind votes that are the model's level.")
    gate = serializers.ChoiceField(choices=GATES)


class WrongLevelsSerializer(serializers.Serializer[Any]):
    shown = serializers.IntegerField()
    caught = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(child=serializers.FloatField(), **_INTERVAL)


class ComparedSecondsSerializer(serializers.Serializer[Any]):
    prefilled = serializers.FloatField(allow_null=True)
    control = serializers.FloatField(allow_null=True)


class ScaleThoughtsSerializer(serializers.Serializer[Any]):
    apart = serializers.FloatField(allow_null=True, help_text="Share of first answers that are not the model's level.")
    changed = serializers.FloatField(allow_null=True)
    movement = EstimateSerializer(help_text="0: second thoughts stay; 1: all of them take the model's level.")


class SecondThoughtsSerializer(serializers.Serializer[Any]):
    shown = serializers.IntegerField(help_text="How often the model's view was seen after an answer.")
    given = serializers.IntegerField(help_text="How many then said that they stay, or what they change.")
    changed = serializers.IntegerField()
    scales = serializers.DictField(child=ScaleThoughtsSerializer())


class SuggestionAuditSerializer(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(choices=SuggestionMode.choices)
    blind_percent = serializers.IntegerField()
    wrong_percent = serializers.IntegerField()
    by_mode = ByModeSerializer()
    prefilled = serializers.IntegerField(help_text="Pre-filled votes that are compared.")
    control = serializers.IntegerField(help_text="Blind votes on ROIs whose levels could have been shown.")
    scales = serializers.DictField(child=ScaleAnchoringSerializer(), help_text=f"By scale: {', '.join(SCALES)}.")
    gate = serializers.ChoiceField(choices=GATES)
    unchanged_forms = serializers.FloatField(allow_null=True, help_text="Share of forms sent exactly as they opened.")
    wrong = WrongLevelsSerializer()
    median_seconds = ComparedSecondsSerializer()
    second_thoughts = SecondThoughtsSerializer()


class NamedROISerializer(serializers.Serializer[Any]):
    roi = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    image = serializers.UUIDField()
    file_name = serializers.CharField()
    wanted = serializers.IntegerField(help_text="How many votes the ROI is to get.")


class OddVoteSerializer(NamedROISerializer):
    pseudonym = serializers.UUIDField()
    username = serializers.CharField()
    scale = serializers.ChoiceField(choices=SCALES)
    vote = serializers.IntegerField()
    others = serializers.FloatField(help_text="Mean of the other votes on the same ROI.")
    model = serializers.IntegerField()


class DoubtfulROISerializer(NamedROISerializer):
    votes = serializers.IntegerField()
    quality = serializers.FloatField(help_text="Mean of the votes.")
    sd = serializers.FloatField(allow_null=True)
    model = serializers.IntegerField(help_text="The quality level that the model gives.")
    uncertainty = serializers.FloatField(help_text="Of the model, 0 (sure) to 1.")


class LeftOffSerializer(serializers.Serializer[Any]):
    votes = serializers.IntegerField()
    rois = serializers.IntegerField()


class SecondLookSerializer(serializers.Serializer[Any]):
    votes = OddVoteSerializer(many=True, help_text="Far from the others and from the model, farthest first.")
    rois = DoubtfulROISerializer(many=True, help_text="ROIs of the train part that more votes would help.")
    left_off = LeftOffSerializer()


class MoreVotesInput(StrictSerializer):
    rois = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=200)
    more = WholeNumber(min_value=1, max_value=10, default=2)


class MoreVotesSerializer(serializers.Serializer[Any]):
    asked = serializers.IntegerField(help_text="ROIs that now want more votes.")
