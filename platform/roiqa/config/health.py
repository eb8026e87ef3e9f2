"""`/healthz`: the process answers. `/readyz`: database, migrations and broker are there."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from kombu.utils.url import parse_url


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when everything the platform needs answers, else 503; `checks` says what does not."""
    checks = {"database": _database(), "broker": _broker()}
    ready = all(answer == "ok" for answer in checks.values())
    return JsonResponse({"status": "ready" if ready else "not ready", "checks": checks}, status=200 if ready else 503)


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unreachable"
    return f"{len(pending)} migrations not applied" if pending else "ok"


def _broker() -> str:
    url = settings.CELERY_BROKER_URL
    parts = parse_url(url)
    try:
        if parts["transport"] == "redis+socket":
            client = redis.Redis(unix_socket_path="/" + str(parts["virtual_host"]).lstrip("/"), socket_timeout=2)
        elif parts["transport"] in {"redis", "rediss"}:
            client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        else:
            return "ok"
        with client:
            client.ping()
    except (redis.RedisError, OSError):
        return "unreachable"
    return "ok"
