"""The JSON of studies, members and invites."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from roiqa.core.strict import Flag, StrictSerializer, Text, WholeNumber
from roiqa.studies.models import Invite, Membership, Role, RulesetName, Study, StudyState, SuggestionMode


class StudyCountsSerializer(serializers.Serializer[Study]):
    images = serializers.IntegerField(source="image_count")
    rois = serializers.IntegerField(source="roi_count")


class StudySerializer(serializers.ModelSerializer[Study]):
    """A study as a member sees it: nothing in it tells what anybody answered."""

    state = serializers.ChoiceField(choices=StudyState.choices)
    ruleset = serializers.ChoiceField(choices=RulesetName.choices)
    suggestion_mode = serializers.ChoiceField(choices=SuggestionMode.choices)
    my_roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    counts = StudyCountsSerializer(source="*")

    class Meta:
        model = Study
        fields = (
            "slug",
            "title",
            "description",
            "guide_text",
            "state",
            "simulated",
            "raters_per_roi",
            "ruleset",
            "lease_minutes",
            "ask_extra_on_tie",
            "annotators_draw",
            "segmentation_model",
            "suggestion_mode",
            "blind_percent",
            "wrong_percent",
            "order_by_model",
            "my_roles",
            "created_at",
            "counts",
        )
        read_only_fields = fields


class StudyProtocolInput(StrictSerializer):
    title = Text(max_length=200)
    description = Text(max_length=20_000, allow_blank=True, required=False)
    guide_text = Text(
        max_length=50_000, allow_blank=True, required=False, help_text="What annotators read beside the form."
    )
    raters_per_roi = WholeNumber(min_value=1, max_value=100, required=False)
    ruleset = serializers.ChoiceField(choices=RulesetName.choices, required=False)
    lease_minutes = WholeNumber(min_value=1, max_value=240, required=False, help_text="How long a claim is held.")
    ask_extra_on_tie = Flag(required=False, help_text="One more rater where exactly half see a distortion.")
    annotators_draw = Flag(required=False, help_text="Annotators may draw ROIs too.")
    segmentation_model = Text(
        max_length=64,
        required=False,
        help_text="What makes masks of clicks: `region-tree` or the id of a segmentation model.",
    )
    suggestion_mode = serializers.ChoiceField(
        choices=SuggestionMode.choices,
        required=False,
        help_text="How a model's suggestions meet the annotators; fixed once rating has begun (docs/modes.md).",
    )
    blind_percent = WholeNumber(
        min_value=20, max_value=100, required=False, help_text="With `prefill`: of 100 claims so many stay blind."
    )
    wrong_percent = WholeNumber(
        min_value=0,
        max_value=10,
        required=False,
        help_text="With `prefill`: of 100 claims so many show one level that is wrong on purpose.",
    )
    order_by_model = Flag(
        required=False, help_text="What the promoted model is unsure of comes sooner; never in the test part."
    )


class NewStudyInput(StudyProtocolInput):
    slug = Text(
        max_length=64,
        required=False,
        validators=[
            RegexValidator(r"^[a-z0-9][a-z0-9-]*\Z", "Use a-z, 0-9 and hyphens; begin with a letter or digit.")
        ],
        help_text="The study's address; made from the title when left out.",
    )


class StudyChangeInput(StudyProtocolInput):
    state = serializers.ChoiceField(choices=StudyState.choices, required=False)


class MemberSerializer(serializers.ModelSerializer[Membership]):
    username = serializers.CharField(source="user.username")
    role = serializers.ChoiceField(choices=Role.choices)
    simulated = serializers.BooleanField(source="user.is_simulated")

    class Meta:
        model = Membership
        fields = (
            "id",
            "username",
            "pseudonym",
            "role",
            "simulated",
            "joined_at",
            "excluded_at",
            "exclusion_reason",
        )
        read_only_fields = fields


class NewMemberInput(StrictSerializer):
    username = Text(max_length=150, help_text="A member of this study; others join by an invite.")
    role = serializers.ChoiceField(choices=Role.choices)


class InviteInput(StrictSerializer):
    role = serializers.ChoiceField(choices=Role.choices)
    expires_in_days = WholeNumber(min_value=1, max_value=90, default=14)
    max_uses = WholeNumber(min_value=1, max_value=1000, default=1)


class InviteSerializer(serializers.ModelSerializer[Invite]):
    role = serializers.ChoiceField(choices=Role.choices)

    class Meta:
        model = Invite
        fields = ("id", "role", "created_at", "expires_at", "max_uses", "uses")
        read_only_fields = fields


class NewInviteSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=Role.choices)
    url = serializers.CharField(help_text="The link to hand on. Shown this once: only a hash of its token is kept.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    max_uses = serializers.IntegerField()
    uses = serializers.IntegerField()


class InviteOfferSerializer(serializers.Serializer[Invite]):
    """What the holder of a link sees before joining."""

    study = serializers.CharField(source="study.slug")
    study_title = serializers.CharField(source="study.title")
    role = serializers.ChoiceField(choices=Role.choices)
    expires_at = serializers.DateTimeField()


class AcceptInviteInput(StrictSerializer):
    username = Text(max_length=150, required=False, default="")
    password = Text(max_length=256, required=False, default="", trim_whitespace=False)


class JobsQuery(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=32, required=False, help_text="Only jobs of this kind.")
