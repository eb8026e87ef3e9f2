"""Erasing a person: what they have answered stays, who they were goes.

The row of the user is what ratings point at, so it stays too, without a name, a way in or a right. Rooms above clean
their own tables when `person_erased` is sent, inside the same transaction.
"""

import secrets

from django.contrib.sessions.models import Session
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from roiqa.accounts.models import ApiToken, User
from roiqa.core import audit

# Sent with `user` before anything is changed: receivers refuse by raising.
erasure_asked = Signal()
# Sent with `user`, already without a name, inside the same transaction.
person_erased = Signal()


@transaction.atomic
def erase_person(*, user: User, by: User | None) -> User:
    """Remove name, e-mail address, password, keys, sessions and rights. Erasing twice changes nothing.

    `by` is the person, or None for whoever runs the installation. Raises what receivers of `erasure_asked` raise.
    """
    held = User.objects.select_for_update().get(pk=user.pk)
    if held.erased_at is not None:
        return held
    erasure_asked.send(sender=User, user=held)
    name = held.username
    held.username = f"erased-{secrets.token_hex(6)}"
    held.email = held.first_name = held.last_name = ""
    held.set_unusable_password()
    held.is_active = held.is_staff = held.is_superuser = held.can_create_studies = False
    held.last_login = None
    held.erased_at = timezone.now()
    held.date_joined = held.erased_at
    held.save()
    held.groups.clear()
    held.user_permissions.clear()
    ApiToken.objects.filter(user=held).delete()
    _end_sessions(held)
    audit.rename(old=name, new=held.username)
    person_erased.send(sender=User, user=held)
    audit.record(actor_id=held.pk if by is not None else None, action="person_erased", target=held.username)
    return held


def _end_sessions(user: User) -> None:
    """A session names its user inside its encoded data only, so every one is opened."""
    for session in Session.objects.iterator(chunk_size=500):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
