"""The JSON of log-ins, people and tokens."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from roiqa.accounts.models import ApiToken, User
from roiqa.core.strict import StrictSerializer, Text

PASSWORD_LENGTH = 256
# As `studies.Role` has them; this room lies below that one.
ROLES = [("annotator", "Annotator"), ("admin", "Admin"), ("ml_engineer", "Ml Engineer")]


class CredentialsInput(StrictSerializer):
    username = Text(max_length=150)
    password = Text(max_length=PASSWORD_LENGTH, trim_whitespace=False)


class PasswordInput(StrictSerializer):
    old_password = Text(max_length=PASSWORD_LENGTH, trim_whitespace=False)
    new_password = Text(max_length=PASSWORD_LENGTH, trim_whitespace=False)


class EraseInput(StrictSerializer):
    password = Text(
        max_length=PASSWORD_LENGTH,
        trim_whitespace=False,
        required=False,
        allow_blank=True,
        default="",
        help_text="The present password; left out by accounts that have none.",
    )


class TokenInput(CredentialsInput):
    name = Text(max_length=80, required=False, default="", allow_blank=True, help_text="What the token is for.")


class MyMembershipSerializer(serializers.Serializer[Any]):
    study = serializers.CharField(source="study.slug")
    study_title = serializers.CharField(source="study.title")
    role = serializers.ChoiceField(choices=ROLES)


class MeSerializer(serializers.Serializer[User]):
    """The person who asks. `memberships` comes from the room above through the user's reverse relation."""

    id = serializers.CharField(source="pk")
    username = serializers.CharField()
    display_name = serializers.SerializerMethodField()
    can_create_studies = serializers.BooleanField(source="may_create_studies")
    has_password = serializers.BooleanField(
        source="has_usable_password", help_text="False for people whom a crowd platform sent."
    )
    memberships = serializers.SerializerMethodField()

    def get_display_name(self, user: User) -> str:
        return user.get_full_name() or user.username

    @extend_schema_field(MyMembershipSerializer(many=True))
    def get_memberships(self, user: User) -> list[dict[str, Any]]:
        rows = user.memberships.select_related("study").order_by("study__title", "role")
        return list(MyMembershipSerializer(rows, many=True).data)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ("id", "name", "prefix", "created_at", "last_used_at", "expires_at")
        read_only_fields = fields


class NewTokenSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    token = serializers.CharField(help_text="Shown this once: only its hash is kept.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
