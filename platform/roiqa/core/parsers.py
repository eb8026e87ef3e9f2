"""JSON bodies: strict (no NaN, no Infinity), bounded, and nesting too deep is the client's fault, not a crash."""

import io
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import exceptions, parsers

from roiqa.core.errors import TooLarge


class JSONParser(parsers.JSONParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The decoded body. Raises ParseError for anything that is not JSON, TooLarge beyond the setting's limit."""
        # DRF reads the stream past Django's own check of DATA_UPLOAD_MAX_MEMORY_SIZE.
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(f"The JSON body is larger than {limit} bytes: send less at a time.")
        try:
            return super().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError("The JSON body is nested too deeply: send it flatter.") from None
