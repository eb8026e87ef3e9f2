"""The JSON of the audit of suggestions; docs/modes.md says what each number means."""

from typing import Any

from rest_framework import serializers

from roiqa.consensus.rules.anchoring import Gate
from roiqa.consensus.statistics_serializers import EstimateSerializer
from roiqa.core.scales import SCALES
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
