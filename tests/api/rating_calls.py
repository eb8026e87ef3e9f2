"""The calls of the rating flow as tests make them."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from roiqa.ratings.leases import expire_leases
from roiqa.ratings.models import Assignment
from roiqa.studies.models import Study
from tests.api.factories import ANSWER, JSONClient


def claim(client: JSONClient, study: Study, *exclude: str) -> Any:
    return client.post(f"/api/v1/studies/{study.slug}/assignments/", {"exclude": list(exclude)})


def submit(client: JSONClient, assignment: str, *, key: str = "", **changes: Any) -> Any:
    return client.post(
        f"/api/v1/assignments/{assignment}/rating/",
        {**ANSWER, **changes},
        headers={"Idempotency-Key": key or str(uuid.uuid4())},
    )


def expire(assignment: str) -> None:
    Assignment.objects.filter(pk=assignment).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    expire_leases()
