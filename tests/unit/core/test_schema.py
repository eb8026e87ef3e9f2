"""The hook that declares refusals."""

from typing import Any

from roiqa.core.schema import THROTTLED, document_errors


def documented(method: str, **operation: Any) -> dict[str, Any]:
    result: dict[str, Any] = {"paths": {"/x/": {method: {"responses": {"200": {}}, **operation}}}}
    document_errors(result, generator=None)  # type: ignore[arg-type]  # the hook's signature; it is not looked at
    responses: dict[str, Any] = result["paths"]["/x/"][method]["responses"]
    return responses


def test_plain_get_can_be_refused_by_the_door_only():
    assert list(documented("get")) == ["200", "401", "403", "406"]


def test_path_parameter_can_name_what_is_not_there():
    assert "404" in documented("get", parameters=[{"in": "path", "name": "slug"}])


def test_query_parameter_can_be_wrong():
    assert {"400", "422"} <= set(documented("get", parameters=[{"in": "query", "name": "limit"}]))


def test_body_can_be_wrong_in_every_way():
    assert {"400", "409", "413", "415", "422"} <= set(documented("post"))


def test_throttled_view_says_so():
    assert "429" in documented("post", **{THROTTLED: True})
    assert "429" not in documented("post")


def test_what_a_view_declares_itself_is_kept():
    own = {"description": "mine"}
    assert documented("post", responses={"409": own})["409"] is own


def test_refusals_all_have_the_one_body():
    content = documented("get")["401"]["content"]
    assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
