"""What every response carries, whoever asks for what: an enforced CSP and the other fences of the browser."""

from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from roiqa.accounts.models import User
from tests.api.factories import PASSWORD, client_for, make_user
from tests.contract.url_map import api_views

pytestmark = pytest.mark.django_db

# One of each kind: page, API answer, refusal, missing address, health.
PATHS = ["/", "/studies/mountains/rate", "/api/v1/schema/", "/api/v1/auth/me/", "/api/v1/nothing/", "/healthz"]


@pytest.mark.parametrize("path", PATHS)
def test_every_response_is_fenced(path: str):
    response = client_for().get(path)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PATHS)
def test_every_response_keeps_the_page_isolated(path: str):
    """Without these the browser gives the decoder no threads; a worker's script needs them as much as the page."""
    response = client_for().get(path)
    assert response["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("name", "kind"), [("ort-Ab3_dE-9.wasm", "application/wasm"), ("ort-Ab3_dE-9.mjs", "text/javascript")]
)
def test_scripts_and_wasm_come_compressed_and_keep_the_page_isolated(
    settings: Any, tmp_path: Path, name: str, kind: str
):
    (tmp_path / "assets").mkdir()
    for ending, content in (("", b"plain " * 100), (".gz", b"packed by the older one"), (".br", b"packed by brotli")):
        (tmp_path / "assets" / (name + ending)).write_bytes(content)
    settings.STATIC_ROOT = tmp_path
    client = client_for()
    for accepted, encoding in (("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)):
        response = client.get(f"/static/ui/assets/{name}", headers={"Accept-Encoding": accepted})
        assert response["Content-Type"].partition(";")[0] == kind
        assert response.headers.get("Content-Encoding") == encoding
        assert response["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "immutable" in response["Cache-Control"]
        sent = {"br": b"packed by brotli", "gzip": b"packed by the older one", None: b"plain " * 100}[encoding]
        assert b"".join(response.streaming_content) == sent


@pytest.mark.parametrize("path", PATHS)
def test_content_security_policy_is_enforced_and_strict(path: str):
    response = client_for().get(path)
    assert "Content-Security-Policy-Report-Only" not in response
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    # The decoder is compiled WebAssembly; evaluating text stays forbidden.
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in response["Content-Security-Policy"].replace("'wasm-unsafe-eval'", "")


def test_unknown_api_address_answers_json_not_the_page():
    response = client_for().get("/api/v1/nothing/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_the_session_cookie_is_out_of_reach_of_scripts():
    make_user("ada")
    response = client_for().post("/api/v1/auth/login/", {"username": "ada", "password": PASSWORD})
    session, csrf = response.cookies["sessionid"], response.cookies["csrftoken"]
    assert session["httponly"]
    assert session["samesite"] == csrf["samesite"] == "Lax"
    # The page reads this one and sends it back as a header.
    assert not csrf["httponly"]


def test_who_am_i_is_never_cached(admin: User):
    assert "no-store" in client_for(admin).get("/api/v1/auth/me/")["Cache-Control"]


def test_a_foreign_host_name_is_refused():
    assert client_for().get("/api/v1/auth/csrf/", HTTP_HOST="evil.example").status_code == 400


def test_no_cross_origin_reading_is_offered(admin: User):
    response = client_for(admin).get("/api/v1/auth/me/", HTTP_ORIGIN="https://evil.example")
    assert "Access-Control-Allow-Origin" not in response


def test_html_is_never_rendered_by_the_api():
    for route, view in api_views():
        renderers = [renderer.__name__ for renderer in getattr(view, "renderer_classes", [])]
        assert not any("Browsable" in name or "HTML" in name or "Template" in name for name in renderers), route


def test_a_browser_asking_for_html_gets_json_or_a_refusal(admin: User):
    response = client_for(admin).get("/api/v1/studies/", HTTP_ACCEPT="text/html")
    assert response.status_code == 406
    assert response["Content-Type"] == "application/json"


def test_no_view_lets_the_client_choose_columns():
    """Filters and orders are parameters with names of their own: no view hands query parameters to the ORM."""
    for route, view in api_views():
        filters = [backend.__name__ for backend in getattr(view, "filter_backends", [])]
        assert filters == [], f"{route} has {filters}: allow-list its fields in a query serializer instead"


def test_lookups_of_the_orm_in_the_query_have_no_effect(study, admin: User, annotator: User):
    client = client_for(admin)
    for path in ("/api/v1/studies/", "/api/v1/studies/mountains/images/", "/api/v1/studies/mountains/members/"):
        plain = client.get(path)
        sly = client.get(path, {"memberships__user__password__startswith": "zzz", "ordering": "-created_by__password"})
        assert sly.status_code in {200, 400}
        assert sly.status_code == 400 or sly.json() == plain.json()


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
def test_a_json_body_beyond_the_limit_is_refused_without_reading_it_all() -> None:
    response = client_for().post("/api/v1/auth/login/", {"username": "x" * 2000, "password": "y"})
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
