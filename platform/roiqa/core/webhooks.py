"""Webhooks: announce what happened, sign it, send it, try again. Delivered at least once, in no promised order.

`announce` writes one row per interested address inside the caller's transaction (an outbox); a worker sends the rows
that are due. Each row is claimed before it is sent, so that two workers do not send it at the same time; a worker
that dies in between leaves it to be sent once more, and the receiver knows it by its id.
"""

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from roiqa.core import audit, outgoing
from roiqa.core.errors import Conflict, Invalid
from roiqa.core.webhook_models import Delivery, DeliveryState, Event, Webhook

__all__ = [
    "Event",
    "add_webhook",
    "announce",
    "deliver_due",
    "due_ids",
    "remove_webhook",
    "retry",
    "secret_of",
    "send_test",
]

logger = logging.getLogger(__name__)
# Waits after the first try, the second, ...; then the delivery has failed and waits for a person.
BACKOFF: Final = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400))
MOST_PER_STUDY = 20
# Longer than one try can take: until then nobody else sends a claimed row.
_CLAIM = timedelta(seconds=60)
_AT_ONCE = 50


class WebhookRefused(Invalid):
    default_code = "webhook_refused"


class NotRetried(Conflict):
    default_code = "delivery_not_failed"


def secret_of(webhook: Webhook) -> str:
    """What signs its messages: made of the installation's key and the webhook's id, so that no table holds it."""
    return "whsec_" + salted_hmac("roiqa.core.webhooks", str(webhook.pk), algorithm="sha256").hexdigest()


def signature(*, secret: str, timestamp: int, body: bytes) -> str:
    """`t=TIME,v1=HMAC-SHA256 of "TIME.BODY" in hex`: a receiver checks both, and that the time is recent."""
    digest = hmac.new(secret.encode(), b"%d.%b" % (timestamp, body), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


@transaction.atomic
def add_webhook(*, study_slug: str, url: str, events: Collection[str], user_id: int) -> Webhook:
    """An address to be told. Raises WebhookRefused for one that may not be called, naming `url`, or one too many."""
    try:
        outgoing.check_url(url)
    except outgoing.AddressRefused as refusal:
        raise WebhookRefused(str(refusal), fields={"url": [str(refusal)]}) from None
    if Webhook.objects.filter(study_slug=study_slug).count() >= MOST_PER_STUDY:
        raise WebhookRefused(f"A study has at most {MOST_PER_STUDY} webhooks: remove one first.")
    webhook = Webhook.objects.create(study_slug=study_slug, url=url, events=sorted(set(events)), created_by_id=user_id)
    audit.record(
        actor_id=user_id,
        action="webhook_added",
        study_slug=study_slug,
        target=str(webhook.pk),
        url=url,
        events=webhook.events,
    )
    return webhook


@transaction.atomic
def remove_webhook(*, webhook: Webhook, user_id: int) -> None:
    """Nothing more is sent to it; its log goes with it."""
    audit.record(
        actor_id=user_id,
        action="webhook_removed",
        study_slug=webhook.study_slug,
        target=str(webhook.pk),
        url=webhook.url,
    )
    webhook.delete()


def announce(*, study_slug: str, event: Event | str, payload: Mapping[str, Any]) -> None:
    """Tell the study's webhooks that listen to `event`; call it in the transaction of what happened."""
    for webhook in Webhook.objects.filter(study_slug=study_slug, events__contains=[str(event)]):
        _enqueue(webhook, str(event), payload)


def send_test(*, webhook: Webhook) -> Delivery:
    """A delivery of the event `test`, whatever the webhook listens to."""
    with transaction.atomic():
        return _enqueue(webhook, Event.TEST, {"message": "This is a test. Nothing happened."})


@transaction.atomic
def retry(*, delivery: Delivery) -> Delivery:
    """Send a failed delivery again, with all its tries. Raises NotRetried for one that has not failed."""
    locked = Delivery.objects.select_for_update().select_related("webhook").get(pk=delivery.pk)
    if locked.state != DeliveryState.FAILED:
        raise NotRetried(f"This delivery is {locked.state}: only one that failed is sent again.")
    locked.state, locked.next_attempt_at, locked.finished_at = DeliveryState.PENDING, timezone.now(), None
    # The log stays; the tries are counted anew.
    locked.attempts = [*locked.attempts, {"at": timezone.now().isoformat(), "retried": True}]
    locked.save()
    _send_soon(locked)
    return locked


def _enqueue(webhook: Webhook, event: str, payload: Mapping[str, Any]) -> Delivery:
    delivery = Delivery.objects.create(webhook=webhook, event=event, payload=dict(payload))
    _send_soon(delivery)
    return delivery


def _send_soon(delivery: Delivery) -> None:
    from roiqa.core.tasks import deliver_webhook_task  # noqa: PLC0415  (tasks import this module)

    def send() -> None:
        try:
            deliver_webhook_task.apply_async(args=(str(delivery.pk),), retry=False, queue="outgoing")
        except settings.BROKER_ERRORS:
            # The row is safe; the clock sends it when the broker is back.
            logger.warning("broker unreachable, delivery %s waits", delivery.pk)

    transaction.on_commit(send)


def due_ids() -> list[str]:
    """Deliveries whose time has come, longest waiting first."""
    due = Delivery.objects.filter(state=DeliveryState.PENDING, next_attempt_at__lte=timezone.now())
    return [str(key) for key in due.order_by("next_attempt_at").values_list("pk", flat=True)[:_AT_ONCE]]


def deliver_due() -> int:
    """Send everything that is due; answers how many were tried."""
    return sum(deliver(delivery_id) for delivery_id in due_ids())


def deliver(delivery_id: str) -> bool:
    """One try of one delivery, if it is due and nobody else is at it."""
    delivery = _claimed(delivery_id)
    if delivery is None:
        return False
    begun, now = time.monotonic(), timezone.now()
    body = _body(delivery)
    status, error = None, ""
    try:
        status = outgoing.post(delivery.webhook.url, body=body, headers=_headers(delivery, body, now))
    except outgoing.NotSent as problem:
        error = str(problem)
    taken = status is not None and 200 <= status < 300
    if status is not None and not taken:
        error = f"The receiver answered {status}: anything but 2xx is a refusal, and redirects are not followed."
    attempt = {
        "at": now.isoformat(),
        "status": status,
        "error": error,
        "milliseconds": round((time.monotonic() - begun) * 1000),
    }
    _record(delivery, attempt, taken=taken)
    return True


def _claimed(delivery_id: str) -> Delivery | None:
    now = timezone.now()
    with transaction.atomic():
        held = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related("webhook")
        delivery = held.filter(pk=delivery_id, state=DeliveryState.PENDING, next_attempt_at__lte=now).first()
        if delivery is not None:
            Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=now + _CLAIM)
        return delivery


def _body(delivery: Delivery) -> bytes:
    message = {
        "id": str(delivery.pk),
        "event": delivery.event,
        "study": delivery.webhook.study_slug,
        "created_at": delivery.created_at.isoformat(),
        "data": delivery.payload,
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _headers(delivery: Delivery, body: bytes, now: datetime) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "ROIQA-Webhook/1",
        "X-ROIQA-Event": delivery.event,
        "X-ROIQA-Delivery": str(delivery.pk),
        "X-ROIQA-Signature": signature(secret=secret_of(delivery.webhook), timestamp=int(now.timestamp()), body=body),
    }


def _record(delivery: Delivery, attempt: dict[str, Any], *, taken: bool) -> None:
    with transaction.atomic():
        locked = Delivery.objects.select_for_update().filter(pk=delivery.pk).first()
        if locked is None or locked.state != DeliveryState.PENDING:
            return
        locked.attempts = [*locked.attempts, attempt]
        tries = _tries(locked)
        now = timezone.now()
        if taken:
            locked.state, locked.finished_at, locked.next_attempt_at = DeliveryState.DELIVERED, now, None
        elif delivery.event == Event.TEST or tries > len(BACKOFF):
            locked.state, locked.finished_at, locked.next_attempt_at = DeliveryState.FAILED, now, None
        else:
            locked.next_attempt_at = now + BACKOFF[tries - 1]
        locked.save()


def _tries(delivery: Delivery) -> int:
    """Tries since somebody last asked to begin anew."""
    tries = 0
    for attempt in delivery.attempts:
        tries = 0 if attempt.get("retried") else tries + 1
    return tries
