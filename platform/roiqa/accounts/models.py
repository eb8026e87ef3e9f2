"""People and their tokens. Roles are per study and live in `studies`."""

import uuid
from datetime import timedelta

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone


class User(AbstractUser):
    """A person. `can_create_studies` is the one installation-wide right; the first superuser has it."""

    can_create_studies = models.BooleanField(default=False)
    # A simulated annotator of the demo study: marked wherever people are listed.
    is_simulated = models.BooleanField(default=False)
    # The person asked to be erased: what is left is a row without a name, for the ratings to point at.
    erased_at = models.DateTimeField(null=True)

    @property
    def may_create_studies(self) -> bool:
        return self.is_active and (self.is_superuser or self.can_create_studies)


class ApiToken(models.Model):
    """A program's key. Only its SHA-256 is stored: the key itself is shown once."""

    LIFETIME = timedelta(days=365)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, blank=True)
    prefix = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user_id}"
