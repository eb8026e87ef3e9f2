"""Schemathesis over the OpenAPI schema, in this process: whatever is sent, the answer is one the schema describes.

Every operation is called with generated and deliberately wrong input: as an admin and an annotator of a study with
data (its real ids in the paths, so that the requests get past the door), as an admin with made-up ids, and by nobody.
"""

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks as openapi_checks

from tests.api.factories import make_token
from tests.contract.rollback import rolled_back
from tests.contract.world import World

pytestmark = pytest.mark.django_db


def schema_of(examples: int, *, coverage: bool) -> schemathesis.BaseSchema:
    """The API's schema; `coverage` adds boundary values and systematic mistakes to the generated examples."""
    generation = {"max-examples": examples, "deterministic": True, "with-security-parameters": False}
    config = SchemathesisConfig.from_dict(
        {"generation": {**generation, "database": "none"}, "phases": {"coverage": {"enabled": coverage}}}
    )
    return schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application(), config=config)


THOROUGH, BRIEF = schema_of(6, coverage=True), schema_of(2, coverage=False)
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
]
CSRF = "a" * 32


def ask(case: schemathesis.Case, world: World, role: str, *, real_ids: bool) -> None:
    user = world.people[role]
    headers = {"X-CSRFToken": CSRF, "Cookie": f"csrftoken={CSRF}"}
    if real_ids:
        for name in case.path_parameters:
            case.path_parameters[name] = str(world.values.get(name, case.path_parameters[name]))
    with rolled_back():
        if user is not None:
            headers["Authorization"] = f"Token {make_token(user)[1]}"
        case.call_and_validate(headers=headers, checks=CHECKS)


@THOROUGH.parametrize()
@settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_an_admin_gets_only_answers_that_the_schema_describes(case: schemathesis.Case, world: World):
    ask(case, world, "admin", real_ids=True)


@BRIEF.parametrize()
@settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize(("role", "real_ids"), [("annotator", True), ("admin", False), ("anonymous", True)])
def test_everybody_gets_only_answers_that_the_schema_describes(
    case: schemathesis.Case, world: World, role: str, real_ids: bool
):
    ask(case, world, role, real_ids=real_ids)
