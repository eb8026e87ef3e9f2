"""The OpenAPI schema's refusals: what every operation of a kind can answer is said once, here.

drf-spectacular declares what a view returns when all goes well. This hook adds the refusals that authentication,
parsing, permissions and the domain errors make possible, all with the one body `{code, detail, fields}`.
"""

from collections.abc import Iterator
from typing import Any

from drf_spectacular.generators import SchemaGenerator

UNSAFE = ("post", "put", "patch", "delete")
ERROR = "Error"
# Views with a throttle say so: `@extend_schema(extensions={THROTTLED: True})`.
THROTTLED = "x-throttled"
# Views whose body names something that may not be there: `@extend_schema(extensions={NAMES_OTHERS: True})`.
NAMES_OTHERS = "x-names-others"
ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "The body of every refusal.",
    "properties": {
        "code": {"type": "string", "description": "Stable snake_case, for programs."},
        "detail": {"type": "string", "description": "One sentence for people."},
        "fields": {
            "type": "object",
            "description": "Sentences per request field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "required": ["code", "detail", "fields"],
}
MEANING = {
    400: "The request cannot be read, or a field is wrong: `fields` names it.",
    401: "Not signed in, or the token or log-in has run out.",
    403: "Signed in, but without the right; or the CSRF token is missing.",
    404: "It does not exist, or you may not know that it does.",
    406: "The asked-for media type is not offered.",
    409: "It cannot be done in the present state.",
    413: "The request is larger than this installation takes.",
    415: "The body's media type is not taken here.",
    422: "The request is readable but breaks a rule of the domain.",
    429: "Too many attempts: wait for the seconds in `Retry-After`.",
}


def document_errors(result: dict[str, Any], generator: SchemaGenerator, **options: Any) -> dict[str, Any]:
    """Postprocessing hook of drf-spectacular: declare every operation's possible refusals."""
    for method, operation in _operations(result):
        responses = operation["responses"]
        for status in _possible(method, operation):
            responses.setdefault(str(status), _refusal(status))
        operation["responses"] = dict(sorted(responses.items()))
    result.setdefault("components", {}).setdefault("schemas", {})[ERROR] = ERROR_SCHEMA
    return result


def _operations(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path_item in result["paths"].values():
        for method, operation in path_item.items():
            if method in {"get", *UNSAFE}:
                yield method, operation


def _possible(method: str, operation: dict[str, Any]) -> Iterator[int]:
    parameters = operation.get("parameters", [])
    yield 401
    yield 403
    yield 406
    if operation.get(NAMES_OTHERS) or any(parameter["in"] in {"path", "query"} for parameter in parameters):
        yield 404
    if method in UNSAFE or any(parameter["in"] != "path" for parameter in parameters):
        yield 400
    if method in UNSAFE or parameters:
        yield from (409, 422)
    if method in UNSAFE and method != "delete":
        yield from (413, 415)
    if operation.get(THROTTLED):
        yield 429


def _refusal(status: int) -> dict[str, Any]:
    return {
        "description": MEANING[status],
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{ERROR}"}}},
    }
