"""What a person leaves behind in studies when they are erased: an annotator's pseudonymous place, and no way back to them."""

import uuid
from typing import Any

from django.dispatch import receiver

from roiqa.accounts.erasure import erasure_asked, person_erased
from roiqa.accounts.models import User
from roiqa.studies.errors import LastAdmin
from roiqa.studies.models import Membership, Role
from roiqa.studies.qualification_models import ExternalId, ViewingCheck

# Stands for every browser of an erased person.
NO_DEVICE = uuid.UUID(int=0)


@receiver(erasure_asked)
def keep_studies_run(sender: type[User], *, user: User, **_: Any) -> None:
    """Raises LastAdmin where others would be left in a study that nobody runs."""
    for administered in Membership.objects.select_related("study").filter(user=user, role=Role.ADMIN):
        others = Membership.objects.filter(study=administered.study).exclude(user=user)
        if others.exists() and not others.filter(role=Role.ADMIN).exists():
            raise LastAdmin(administered.study.slug)


@receiver(person_erased)
def clean_studies(sender: type[User], *, user: User, **_: Any) -> None:
    """Take ids, browsers and roles away; annotators who have had ROIs keep their place under its pseudonym."""
    own = Membership.objects.filter(user=user)
    ExternalId.objects.filter(place__membership__in=own).delete()
    ViewingCheck.objects.filter(membership__in=own).update(device=NO_DEVICE)
    own.exclude(role=Role.ANNOTATOR).delete()
    own.filter(claims_made=0).delete()
