"""Request bodies taken at their word."""

from typing import Any

import pytest
from rest_framework import serializers

from roiqa.core.strict import MAX_NESTING, Flag, JSONObject, NoFields, StrictSerializer, Text, WholeNumber


class Inner(StrictSerializer):
    blur = WholeNumber(min_value=0, max_value=5)


class Body(StrictSerializer):
    name = Text(max_length=5, required=False)
    number = WholeNumber(min_value=0, max_value=10, required=False)
    flag = Flag(required=False)
    free = JSONObject(max_bytes=100, required=False)
    inner = Inner(required=False)
    shown = serializers.CharField(read_only=True)


def errors_of(data: Any) -> dict[str, Any]:
    body = Body(data=data)
    body.is_valid()
    return dict(body.errors)


def nested(levels: int) -> Any:
    return {} if levels == 1 else {"a": nested(levels - 1)}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"name": "a", "number": 10, "flag": False},
        {"number": 0},
        {"free": {"a": [1.5, None, True, "ü"]}},
        {"free": nested(12)},
        {"inner": {"blur": 5}},
    ],
)
def test_what_fits_is_taken_unchanged(data: dict[str, Any]):
    body = Body(data=data)
    assert body.is_valid(), body.errors
    assert body.validated_data == data


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 7),
        ("name", True),
        ("name", None),
        ("name", "a\x00"),
        ("name", "\ud800"),
        ("name", "toolong"),
        ("number", "7"),
        ("number", 7.0),
        ("number", True),
        ("number", -1),
        ("number", 2**80),
        ("number", float("inf")),
        ("flag", 1),
        ("flag", "true"),
        ("free", []),
        ("free", "{}"),
        ("free", {"a": "\x00"}),
        ("free", {"\x00": 1}),
        ("free", {"a": ["\udfff"]}),
        ("free", {"a": float("nan")}),
        ("free", {"a": [float("-inf")]}),
        ("free", {"a": "x" * 100}),
        ("free", nested(MAX_NESTING + 1)),
        ("inner", {"blur": 6}),
        ("inner", {}),
        ("shown", "x"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(field: str, value: object):
    assert list(errors_of({field: value})) == [field]


def test_unknown_field_is_named_with_what_is_known():
    assert errors_of({"nmae": "a"}) == {
        "nmae": ["Unknown field 'nmae'. Fields you can send: name, number, flag, free, inner."]
    }


def test_unknown_field_inside_is_named_too():
    assert "blurr" in errors_of({"inner": {"blur": 1, "blurr": 1}})["inner"]


def test_a_huge_unknown_name_is_cut():
    (name,) = errors_of({"x" * 10_000: 1})
    assert len(name) == 80


def test_body_without_fields_takes_nothing():
    assert NoFields(data={}).is_valid()
    assert not NoFields(data={"a": 1}).is_valid()
    assert not NoFields(data=[]).is_valid()
