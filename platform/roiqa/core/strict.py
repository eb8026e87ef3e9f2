"""Request bodies taken at their word: unknown fields are refused by name, JSON types are not guessed at."""

import json
import math
from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MAX_NESTING = 32


class StrictSerializer(serializers.Serializer[Any]):
    """A request body in which every field must be known: a misspelt field is named, never silently dropped.

    This is also what keeps a client from setting what is not offered (role, is_staff, ...).
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = [name for name, field in self.fields.items() if not field.read_only]
            unknown = [str(name)[:80] for name in data if name not in known]
            if unknown:
                remedy = f"Fields you can send: {', '.join(known)}." if known else "Send no fields."
                raise serializers.ValidationError({name: [f"Unknown field {name!r}. {remedy}"] for name in unknown})
        return super().to_internal_value(data)


class NoFields(StrictSerializer):
    """The body of an action that takes none: empty, or an empty object."""


class Text(serializers.CharField):
    """Text that arrived as text: 7 or true is not read as "7" or "True"."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumber(serializers.IntegerField):
    """An integer that arrived as one: "7", 7.5 and true are refused."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """true or false, not "yes", 1 or "on"."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field(OpenApiTypes.OBJECT)
class JSONObject(serializers.JSONField):
    """A free JSON object that PostgreSQL can store: at most `max_bytes`, no NUL characters, no infinite numbers."""

    default_error_messages = {
        "not_an_object": "Expected a JSON object.",
        "too_large": "This is {size} bytes as JSON; at most {limit} are taken.",
        "too_deep": "This is nested deeper than {limit} levels.",
        "bad_text": "Text in it holds a NUL or half a surrogate pair: remove it.",
        "bad_number": "A number in it is not finite.",
    }

    def __init__(self, *, max_bytes: int, **options: Any) -> None:
        super().__init__(**options)
        self.max_bytes = max_bytes

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        self._check(data, depth=1)
        size = len(json.dumps(data, ensure_ascii=False).encode())
        if size > self.max_bytes:
            self.fail("too_large", size=size, limit=self.max_bytes)
        return data

    def _check(self, value: Any, *, depth: int) -> None:
        if depth > MAX_NESTING:
            self.fail("too_deep", limit=MAX_NESTING)
        if isinstance(value, dict):
            for key, item in value.items():
                self._check(key, depth=depth)
                self._check(item, depth=depth + 1)
        elif isinstance(value, list):
            for item in value:
                self._check(item, depth=depth + 1)
        elif isinstance(value, str):
            if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
                self.fail("bad_text")
        elif isinstance(value, float) and not math.isfinite(value):
            self.fail("bad_number")
