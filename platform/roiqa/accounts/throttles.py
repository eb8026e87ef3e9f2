"""Guessing passwords is slow: attempts are counted per user name and address, and per address alone.

Counting by name and address together keeps a stranger from locking somebody out from elsewhere.
"""

import hashlib
from collections.abc import Mapping

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class LoginNameThrottle(SimpleRateThrottle):
    scope = "login_name"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        # Signed in (changing the password), the name is known; otherwise it is in the body, whatever that is.
        name = request.user.get_username() if request.user and request.user.is_authenticated else ""
        if not name and isinstance(request.data, Mapping):
            name = str(request.data.get("username", ""))
        who = hashlib.sha256(f"{self.get_ident(request)} {name.casefold()}".encode(errors="replace")).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": who}


class LoginAddressThrottle(SimpleRateThrottle):
    scope = "login_address"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
