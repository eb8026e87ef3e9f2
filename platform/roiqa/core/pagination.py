"""Keyset pagination: pages stay cheap and stable however long the list is; no exact counts on hot lists."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.exceptions import ValidationError as InvalidRequest
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class Pagination(CursorPagination):
    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-created_at"
    invalid_cursor_message = "This cursor was not made here: start from the first page."

    def get_page_size(self, request: Request) -> int:
        """The rows asked for. Raises ValidationError for anything that is not a whole number of the range."""
        asked = request.query_params.get(str(self.page_size_query_param))
        if asked is None:
            return self.page_size
        # isdecimal alone takes the digits of every script.
        if not (asked.isascii() and asked.isdecimal() and len(asked) <= 4 and 1 <= int(asked) <= self.max_page_size):
            raise InvalidRequest({"limit": [f"{asked[:20]!r} is no whole number from 1 to {self.max_page_size}."]})
        return int(asked)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        return parameters

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        described["required"] = ["next", "previous", "results"]
        return described

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        """One page. Raises NotFound for a cursor that this list never gave out."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError):
            if self.cursor_query_param not in request.query_params:
                raise
            # The position in a forged cursor is compared with a column, which refuses what is no value of its type.
            raise NotFound(self.invalid_cursor_message) from None
