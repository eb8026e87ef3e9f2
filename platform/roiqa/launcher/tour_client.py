"""A person's session over HTTP, for the tour: cookies and CSRF as a browser has them, JSON, uploads."""

import json
import uuid
from collections.abc import Mapping
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener

from roiqa.launcher.errors import LaunchError

SECONDS = 60


class Visitor:
    """Somebody with a browser. Paths begin below `/api/v1/`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._cookies))
        self.get("auth/csrf/")

    def sign_in(self, username: str, password: str) -> None:
        self.post("auth/login/", {"username": username, "password": password})

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Any:
        """The answer's JSON; None when it has no body. Raises LaunchError with what the server says."""
        return self._ask("POST", path, json.dumps(body or {}).encode(), "application/json", headers)

    def upload(self, path: str, files: Mapping[str, bytes]) -> Any:
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n".encode()
            + content
            + b"\r\n"
            for name, content in files.items()
        ]
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        return self._ask("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        request = Request(f"{self.url}/api/v1/{path}", data=body, method=method, headers=dict(headers or {}))  # noqa: S310
        if body is not None:
            token = next((cookie.value for cookie in self._cookies if cookie.name == "csrftoken"), None)
            request.add_header("Content-Type", kind)
            request.add_header("X-CSRFToken", token or "")
            request.add_header("Origin", self.url)
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                content = answer.read()
        except HTTPError as refusal:
            raise LaunchError(
                f"{method} {path}: {refusal.code} {refusal.read(2000).decode(errors='replace')}"
            ) from None
        return json.loads(content) if content else None


def read_logins(data_dir: Path) -> dict[str, str]:
    """Passwords of the demo's people by name."""
    entries = json.loads((data_dir / "demo-logins.json").read_text(encoding="utf-8"))
    return {entry["username"]: entry["password"] for entry in entries}
