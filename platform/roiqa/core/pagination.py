"""Keyset pagination: pages stay cheap and stable however long the list is; no exact counts on hot lists."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class Pagination(CursorPagination):
    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-created_at"
    invalid_cursor_message = "This cursor was not made here: start from the first page."

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        """One page. Raises NotFound for a cursor that this list never gave out."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError):
            if self.cursor_query_param not in request.query_params:
                raise
            # The position in a forged cursor is compared with a column, which refuses what is no value of its type.
            raise NotFound(self.invalid_cursor_message) from None
