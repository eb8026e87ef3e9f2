"""The audit log: one immutable row per significant action."""

from roiqa.core.models import AuditEvent


def record(*, actor_id: int | None, action: str, study_slug: str = "", target: str = "", **details: object) -> None:
    """Write one event inside the caller's transaction, so that an action and its trace stand or fall together."""
    AuditEvent.objects.create(
        actor_id=actor_id, action=action, study_slug=study_slug, target=target, details=dict(details)
    )
