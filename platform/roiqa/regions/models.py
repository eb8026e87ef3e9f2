"""A region of one image: an exact mask of level object or component."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from roiqa.images.models import Image


class Level(models.TextChoices):
    OBJECT = "object"
    COMPONENT = "component"


class ROI(models.Model):
    """The mask is COCO's compressed RLE (column-major, holes kept), of the image's upright size."""

    # Smaller masks are refused (paper section 3.1.2: ROIs under 32 x 32 pixels are dropped).
    MIN_AREA_PX = 32 * 32

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="rois")
    level = models.CharField(max_length=9, choices=Level.choices)
    name = models.CharField(max_length=120, blank=True)
    counts = models.TextField()
    mask_sha256 = models.CharField(max_length=64)
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()
    w = models.PositiveIntegerField()
    h = models.PositiveIntegerField()
    area = models.PositiveIntegerField()
    # How the mask was made: tool, prompts, model, edits; empty for an imported mask without any.
    provenance = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(level__in=Level.values), name="roi_level_known"),
            models.CheckConstraint(condition=models.Q(area__gte=32 * 32), name="roi_not_too_small"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)

    @property
    def bbox(self) -> list[int]:
        """[x, y, w, h] in image pixels."""
        return [self.x, self.y, self.w, self.h]
