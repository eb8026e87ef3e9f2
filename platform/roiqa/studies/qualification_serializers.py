"""The JSON of consent, viewing check, training and quiz."""

import math
from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from roiqa.core.scales import DISTORTIONS, NONEXISTENT, SCALES
from roiqa.core.strict import Flag, StrictSerializer, Text, WholeNumber
from roiqa.regions.models import Level
from roiqa.studies import viewing
from roiqa.studies.plates import KINDS, SIZE
from roiqa.studies.qualification import STEPS
from roiqa.studies.qualification_models import ItemUse, QualificationRules, TrainingItem, ViewingCheck
from roiqa.studies.training import Asked


class FiniteNumber(serializers.FloatField):
    """A number that arrived as one, and is finite."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, (int, float)):
            self.fail("invalid")
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class StandingQuery(serializers.Serializer[Any]):
    viewing_check = serializers.UUIDField(required=False, help_text="The check that was made on this very screen.")


class StepSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=[(name, name) for name in STEPS])
    done = serializers.BooleanField()
    done_at = serializers.DateTimeField(allow_null=True)
    valid_until = serializers.DateTimeField(allow_null=True)
    blocked = serializers.BooleanField(help_text="Only an admin can help.")


class ConsentTextSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    text = serializers.CharField()


class OwnCheckSerializer(serializers.ModelSerializer[ViewingCheck]):
    class Meta:
        model = ViewingCheck
        fields = ("id", "device", "device_pixel_ratio", "screen_width", "screen_height", "px_per_mm", "expires_at")
        read_only_fields = fields


class StandingSerializer(serializers.Serializer[Any]):
    """What the study asks of the person before rating, and how far they are."""

    next = serializers.ChoiceField(choices=[(name, name) for name in STEPS], allow_null=True)
    steps = StepSerializer(many=True)
    consent = ConsentTextSerializer(allow_null=True)
    checks = OwnCheckSerializer(many=True, help_text="Viewing checks that hold: one per browser and kind of display.")
    recheck_days = serializers.IntegerField()


class ConsentInput(StrictSerializer):
    version = WholeNumber(min_value=1, help_text="The version that was read.")


class ScreenInput(StrictSerializer):
    device = serializers.UUIDField(help_text="A random number that the browser keeps.")
    device_pixel_ratio = FiniteNumber(min_value=0.1, max_value=16)
    screen_width = WholeNumber(min_value=1, max_value=100_000, help_text="CSS pixels")
    screen_height = WholeNumber(min_value=1, max_value=100_000)
    window_width = WholeNumber(min_value=1, max_value=100_000)
    window_height = WholeNumber(min_value=1, max_value=100_000)
    zoom = FiniteNumber(
        min_value=0.05, max_value=20, help_text="The browser's own zoom as far as it can be told; 1 is none."
    )
    color_depth = WholeNumber(min_value=1, max_value=128)
    gamut = serializers.ChoiceField(choices=[("srgb", "srgb"), ("p3", "p3"), ("rec2020", "rec2020")])
    high_dynamic_range = Flag()

    def screen(self) -> viewing.Screen:
        given = dict(self.validated_data)
        named = {name: given.pop(name) for name in ("device", "device_pixel_ratio", "screen_width", "screen_height")}
        return viewing.Screen(**named, more=given)


class CheckPictureSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[("plate", "plate"), ("dark", "dark"), ("light", "light")])
    url = serializers.CharField()


class BegunCheckSerializer(serializers.Serializer[ViewingCheck]):
    id = serializers.UUIDField()
    card_mm = serializers.SerializerMethodField(help_text="Sides of a bank card in millimetres.")
    picture_px = serializers.SerializerMethodField(help_text="Width of every picture in CSS pixels.")
    pictures = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=serializers.FloatField()))
    def get_card_mm(self, check: ViewingCheck) -> dict[str, float]:
        return viewing.CARD_MM

    def get_picture_px(self, check: ViewingCheck) -> int:
        return SIZE

    @extend_schema_field(CheckPictureSerializer(many=True))
    def get_pictures(self, check: ViewingCheck) -> list[dict[str, str]]:
        kinds = [*["plate"] * len(KINDS), "dark", "light"]
        return [
            {"kind": kind, "url": reverse("viewing-picture", args=[check.pk, number])}
            for number, kind in enumerate(kinds)
        ]


class SeenInput(StrictSerializer):
    card_px = FiniteNumber(min_value=1, max_value=20_000, help_text="The card's side on the screen in CSS pixels.")
    card_side = serializers.ChoiceField(choices=[("long", "long"), ("short", "short")])
    plates = serializers.ListField(
        child=WholeNumber(min_value=0, max_value=9, allow_null=True),
        min_length=len(KINDS),
        max_length=len(KINDS),
        help_text="The digit on each plate; null where none is seen.",
    )
    dark = WholeNumber(min_value=0, max_value=8, help_text="How many squares are seen.")
    light = WholeNumber(min_value=0, max_value=8)
    distance_cm = WholeNumber(min_value=10, max_value=500, allow_null=True, required=False, default=None)
    room = serializers.ChoiceField(
        choices=[("dark", "dark"), ("dim", "dim"), ("bright", "bright")], allow_null=True, required=False, default=None
    )

    def seen(self) -> viewing.Seen:
        given = dict(self.validated_data)
        around = {name: given.pop(name) for name in ("distance_cm", "room")}
        return viewing.Seen(**given, surroundings=around)


class ProblemSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=[(code, code) for code in viewing.PROBLEMS])
    text = serializers.CharField()
    blocks = serializers.BooleanField(help_text="It keeps you from rating.")


class CheckResultSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    passed = serializers.BooleanField()
    problems = ProblemSerializer(many=True)
    expires_at = serializers.DateTimeField()


def check_result(check: ViewingCheck, rules: QualificationRules) -> dict[str, Any]:
    required = viewing.required_of(check, rules)
    return {
        "id": check.pk,
        "passed": check.passed,
        "problems": [
            {"code": code, "text": viewing.PROBLEMS[code], "blocks": code in required} for code in check.problems
        ],
        "expires_at": check.expires_at,
    }


class LevelsInput(StrictSerializer):
    """All eight levels: severities 0 (extreme) to 5 (nonexistent), quality and importance 0 to 4."""

    exposure = WholeNumber(min_value=0, max_value=NONEXISTENT)
    noise = WholeNumber(min_value=0, max_value=NONEXISTENT)
    blur = WholeNumber(min_value=0, max_value=NONEXISTENT)
    contrast = WholeNumber(min_value=0, max_value=NONEXISTENT)
    colorfulness = WholeNumber(min_value=0, max_value=NONEXISTENT)
    compression = WholeNumber(min_value=0, max_value=NONEXISTENT)
    quality = WholeNumber(min_value=0, max_value=4)
    importance = WholeNumber(min_value=0, max_value=4)


class ReferenceInput(StrictSerializer):
    """The levels that an item judges; what is left out is not judged."""

    exposure = WholeNumber(min_value=0, max_value=NONEXISTENT, required=False)
    noise = WholeNumber(min_value=0, max_value=NONEXISTENT, required=False)
    blur = WholeNumber(min_value=0, max_value=NONEXISTENT, required=False)
    contrast = WholeNumber(min_value=0, max_value=NONEXISTENT, required=False)
    colorfulness = WholeNumber(min_value=0, max_value=NONEXISTENT, required=False)
    compression = WholeNumber(min_value=0, max_value=NONEXISTENT, required=False)
    quality = WholeNumber(min_value=0, max_value=4, required=False)
    importance = WholeNumber(min_value=0, max_value=4, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not any(name in attrs for name in (*DISTORTIONS, "quality")):
            raise serializers.ValidationError("Give the level of at least one distortion or of the quality.")
        return {scale: attrs[scale] for scale in SCALES if scale in attrs}


class ItemMaskSerializer(serializers.Serializer[Any]):
    size = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    counts = serializers.CharField()


class ItemROISerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    level = serializers.ChoiceField(choices=Level.choices)
    name = serializers.CharField()
    segmentation = ItemMaskSerializer()
    bbox = serializers.ListField(child=serializers.IntegerField(), min_length=4, max_length=4)


class ItemImageSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    file_url = serializers.CharField()


class VerdictSerializer(serializers.Serializer[Any]):
    scale = serializers.ChoiceField(choices=[(name, name) for name in SCALES])
    answer = serializers.IntegerField()
    reference = serializers.IntegerField()
    right = serializers.BooleanField()


class PictureOfItem(serializers.Serializer[Any]):
    """Where to look: shared by everything that shows a training item."""

    roi = serializers.SerializerMethodField()
    image = serializers.SerializerMethodField()

    @staticmethod
    def item_of(shown: Any) -> TrainingItem:
        return shown.item if isinstance(shown, Asked) else shown

    @extend_schema_field(ItemROISerializer)
    def get_roi(self, shown: Any) -> dict[str, Any]:
        place = self.item_of(shown).study_roi
        return {
            "id": str(place.roi_id),
            "level": place.roi.level,
            "name": place.roi.name,
            "segmentation": {"size": [place.image.height, place.image.width], "counts": place.roi.counts},
            "bbox": place.roi.bbox,
        }

    @extend_schema_field(ItemImageSerializer)
    def get_image(self, shown: Any) -> dict[str, Any]:
        image = self.item_of(shown).study_roi.image
        return {
            "id": str(image.pk),
            "width": image.width,
            "height": image.height,
            "file_url": reverse("image-file", args=[image.pk]),
        }


class AskedSerializer(PictureOfItem):
    """A quiz item as its annotator sees it: never a reference."""

    id = serializers.SerializerMethodField()
    answered = serializers.SerializerMethodField()

    def get_id(self, asked: Asked) -> UUID:
        return asked.item.pk

    def get_answered(self, asked: Asked) -> bool:
        return asked.answer is not None


class TrainedSerializer(AskedSerializer):
    """A training item; with reference and explanation once it is answered, not before."""

    right = serializers.BooleanField(allow_null=True)
    verdicts = VerdictSerializer(many=True, allow_null=True)
    explanation = serializers.SerializerMethodField()

    def get_explanation(self, asked: Asked) -> str:
        return asked.item.explanation if asked.answer is not None else ""


class QuizSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="Of this try, from 1.")
    tries_left = serializers.IntegerField(help_text="This one included.")
    passed = serializers.BooleanField()
    last_percent = serializers.FloatField(allow_null=True, help_text="Right items of the last finished try.")
    pass_percent = serializers.IntegerField()
    items = AskedSerializer(many=True)


class TrainingItemSerializer(PictureOfItem):
    """A training or quiz item as admins see it."""

    id = serializers.UUIDField()
    use = serializers.ChoiceField(choices=ItemUse.choices)
    reference = serializers.DictField(child=serializers.IntegerField())
    from_consensus = serializers.BooleanField()
    explanation = serializers.CharField()
    answered = serializers.IntegerField(help_text="Answers so far, all tries together.")
    created_at = serializers.DateTimeField()


class ItemChangeInput(StrictSerializer):
    explanation = Text(max_length=2000, allow_blank=True)


class RulesSerializer(serializers.Serializer[Any]):
    ask_consent = serializers.BooleanField()
    consent_text = serializers.CharField()
    consent_version = serializers.IntegerField(help_text="0 while there is no text.")
    ask_viewing = serializers.BooleanField()
    recheck_days = serializers.IntegerField()
    require_colour_vision = serializers.BooleanField()
    require_brightness = serializers.BooleanField()
    min_screen_px = serializers.IntegerField()
    ask_training = serializers.BooleanField()
    ask_quiz = serializers.BooleanField()
    quiz_pass_percent = serializers.IntegerField()
    quiz_tries = serializers.IntegerField()
    training_items = serializers.IntegerField()
    quiz_items = serializers.IntegerField()
    min_training_items = serializers.IntegerField()
    min_quiz_items = serializers.IntegerField()


class RulesInput(StrictSerializer):
    ask_consent = Flag(required=False)
    consent_text = Text(
        max_length=50_000,
        allow_blank=True,
        required=False,
        help_text="What people agree to. A changed text is a new version: everybody is asked again.",
    )
    ask_viewing = Flag(required=False)
    recheck_days = WholeNumber(min_value=1, max_value=365, required=False)
    require_colour_vision = Flag(required=False)
    require_brightness = Flag(required=False)
    min_screen_px = WholeNumber(
        min_value=0, max_value=20_000, required=False, help_text="Device pixels of the longer side; 0 takes any screen."
    )
    ask_training = Flag(required=False)
    ask_quiz = Flag(required=False)
    quiz_pass_percent = WholeNumber(min_value=1, max_value=100, required=False)
    quiz_tries = WholeNumber(min_value=1, max_value=20, required=False)


class QualifiedPersonSerializer(serializers.Serializer[Any]):
    """One annotator's state of each step, for admins."""

    member = serializers.UUIDField()
    username = serializers.CharField()
    consent_version = serializers.IntegerField(allow_null=True)
    consent_at = serializers.DateTimeField(allow_null=True)
    viewing_at = serializers.DateTimeField(allow_null=True)
    viewing_passed = serializers.BooleanField(allow_null=True)
    viewing_problems = serializers.ListField(child=serializers.CharField())
    trained_at = serializers.DateTimeField(allow_null=True)
    quiz_passed_at = serializers.DateTimeField(allow_null=True)
    quiz_percent = serializers.FloatField(allow_null=True)
    tries_left = serializers.IntegerField()
