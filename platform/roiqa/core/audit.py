"""The audit log: one immutable row per significant action."""

from roiqa.core.models import AuditEvent

# Actions whose target is a user name; elsewhere the same letters may be a study's address.
_NAMING = ("account_created", "password_changed")


def record(*, actor_id: int | None, action: str, study_slug: str = "", target: str = "", **details: object) -> None:
    """Write one event inside the caller's transaction, so that an action and its trace stand or fall together."""
    AuditEvent.objects.create(
        actor_id=actor_id, action=action, study_slug=study_slug, target=target, details=dict(details)
    )


def rename(*, old: str, new: str) -> None:
    """Replace a user name in what was written so far: the one change the log knows, for people who are erased."""
    AuditEvent.objects.filter(target=old, action__in=_NAMING).update(target=new)
    for event in AuditEvent.objects.filter(details__username=old):
        event.details["username"] = new
        event.save(update_fields=["details"])
