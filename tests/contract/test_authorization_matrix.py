"""Every endpoint x every kind of person: allowed, forbidden or hidden, exactly as authorization_table.py says."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from tests.contract.authorization_table import CALLS, NEEDS_NO_CSRF_TOKEN, Call, expectations
from tests.contract.rollback import rolled_back
from tests.contract.url_map import METHODS, endpoints
from tests.contract.world import ROLES, World, missing_values

pytestmark = pytest.mark.django_db

EXPECTED = expectations()
SAFE = "GET "


def names_of(endpoint: str) -> list[str]:
    return [part.split("}")[0] for part in endpoint.split("{")[1:]]


def path_of(endpoint: str, values: dict[str, Any]) -> str:
    return "/api/v1/" + endpoint.split(" ")[1].format(**values)


def values_for(endpoint: str, world: World) -> dict[str, Any]:
    """The ids this endpoint's path takes. A new kind of id needs a value in world.py."""
    renamed = CALLS.get(endpoint, Call()).values
    return {name: world.values[renamed.get(name, name)] for name in names_of(endpoint)}


def prepare(
    endpoint: str, *, world: World, role: str, values: dict[str, Any], check_csrf: bool = False
) -> Callable[[], Any]:
    """The request, ready to be sent by somebody who is signed in already."""
    call = CALLS.get(endpoint, Call())
    client = world.client(role, check_csrf=check_csrf)
    method = getattr(client, endpoint.partition(" ")[0].lower())
    options = {} if endpoint.startswith(SAFE) else {"format": "multipart" if call.multipart else "json"}
    return lambda: method(path_of(endpoint, values), call.body(world, role), **call.headers, **options)


def text_of(response) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode(errors="replace")


def rows_written() -> int:
    """Rows inserted, changed or deleted in this transaction so far, but for the throttles' counters."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
            " WHERE relname <> 'roiqa_cache'"
        )
        return int(cursor.fetchone()[0])


def test_every_endpoint_has_its_line_in_the_table():
    offered = {f"{method} {route}" for method, route in endpoints()}
    assert sorted(offered - set(EXPECTED)) == [], "endpoints without a line in authorization_table.TABLE"
    assert sorted(set(EXPECTED) - offered) == [], "lines in authorization_table.TABLE without an endpoint"
    assert sorted(set(CALLS) - offered) == [], "calls in authorization_table.CALLS without an endpoint"


@pytest.mark.parametrize("endpoint", EXPECTED)
def test_each_kind_of_person_gets_what_the_table_says(world: World, endpoint: str):
    values = values_for(endpoint, world)
    found = {}
    for role in ROLES:
        with rolled_back():
            response = prepare(endpoint, world=world, role=role, values=values)()
            found[role] = "ok" if response.status_code < 400 else str(response.status_code)
            if found[role] != EXPECTED[endpoint][role]:
                found[role] += f" {text_of(response)[:300]}"
    assert found == EXPECTED[endpoint]


@pytest.mark.parametrize(
    "endpoint", [endpoint for endpoint, row in EXPECTED.items() if set(row.values()) & {"401", "403", "404"}]
)
def test_refusals_tell_nothing_and_change_nothing(world: World, endpoint: str):
    values = values_for(endpoint, world)
    for role, outcome in EXPECTED[endpoint].items():
        if outcome == "ok":
            continue
        # What they said themselves may be said back.
        sent = CALLS.get(endpoint, Call()).body(world, role)
        told = [str(value) for value in [*values.values(), *(sent.values() if isinstance(sent, dict) else ())]]
        with rolled_back():
            request = prepare(endpoint, world=world, role=role, values=values)
            before = rows_written()
            response = request()
            written = rows_written() - before
        body = json.loads(text_of(response))
        assert body.keys() == {"code", "detail", "fields"}, (role, body)
        assert written == 0, f"{role} was refused and yet {written} rows were written"
        shown = json.dumps(body)
        for known in told:
            shown = shown.replace(known, "")
        leaked = [secret for secret in world.secrets if secret in shown]
        assert not leaked, f"the refusal tells {role}: {leaked}"


@pytest.mark.parametrize("endpoint", [endpoint for endpoint, row in EXPECTED.items() if "404" in row.values()])
def test_hidden_looks_like_missing(world: World, endpoint: str):
    values = values_for(endpoint, world)
    nothing = missing_values(values)
    for role, outcome in EXPECTED[endpoint].items():
        if outcome != "404":
            continue
        with rolled_back():
            hidden = prepare(endpoint, world=world, role=role, values=values)()
        with rolled_back():
            missing = prepare(endpoint, world=world, role=role, values=nothing)()
        expected = text_of(missing)
        for name, value in values.items():
            expected = expected.replace(str(nothing[name]), str(value))
        assert (hidden.status_code, text_of(hidden)) == (missing.status_code, expected), role


@pytest.mark.parametrize("endpoint", [endpoint for endpoint in EXPECTED if endpoint.startswith(SAFE)])
def test_reading_changes_nothing(world: World, endpoint: str):
    for role in ROLES:
        with rolled_back():
            request = prepare(endpoint, world=world, role=role, values=values_for(endpoint, world))
            before = rows_written()
            text_of(request())
            written = rows_written() - before
        assert written == 0, f"GET by {role} wrote {written} rows"


@pytest.mark.parametrize("endpoint", [e for e in EXPECTED if not e.startswith(SAFE) and e not in NEEDS_NO_CSRF_TOKEN])
def test_a_cookie_alone_changes_nothing(world: World, endpoint: str):
    allowed = [role for role, outcome in EXPECTED[endpoint].items() if outcome == "ok"]
    for role in allowed:
        with rolled_back():
            values = values_for(endpoint, world)
            response = prepare(endpoint, world=world, role=role, values=values, check_csrf=True)()
        assert (response.status_code, response.json()["code"]) == (403, "csrf_failed"), role


def test_methods_that_no_line_names_are_refused(world: World):
    with rolled_back():
        client = world.client("admin")
        for route in sorted({endpoint.split(" ")[1] for endpoint in EXPECTED}):
            values = {name: world.values[name] for name in names_of("GET " + route)}
            cache.clear()  # the throttles count these requests too
            for method in [*METHODS, "OPTIONS", "TRACE"]:
                if f"{method} {route}" not in EXPECTED:
                    response = client.generic(method, path_of("GET " + route, values))
                    assert response.status_code == 405, f"{method} {route}: {response.status_code}"
