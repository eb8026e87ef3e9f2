"""Keyset pagination: pages stay cheap and stable however long the list is; no exact counts on hot lists."""

from rest_framework.pagination import CursorPagination


class Pagination(CursorPagination):
    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-created_at"
