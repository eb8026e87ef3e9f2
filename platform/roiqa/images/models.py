"""One picture, identified by the sha256 of its original bytes; it belongs to one split for ever."""

import uuid

from django.db import models
from django.utils import timezone


class Split(models.TextChoices):
    TRAIN = "train"
    TEST = "test"


class Image(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    split = models.CharField(max_length=5, choices=Split.choices)
    # Size of the upright picture (EXIF orientation applied), in pixels.
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    # As the original says: JPEG, PNG, WEBP, TIFF.
    format = models.CharField(max_length=8)
    byte_size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(split__in=Split.values), name="image_split_known"),
            models.CheckConstraint(condition=models.Q(width__gt=0, height__gt=0), name="image_has_area"),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} {self.width}x{self.height}"

    @property
    def folder_key(self) -> str:
        """The folder in storage that holds everything of this picture, and nothing else."""
        return f"images/{self.sha256[:2]}/{self.sha256}"

    @property
    def original_key(self) -> str:
        return f"{self.folder_key}/original"

    @property
    def display_key(self) -> str:
        return f"{self.folder_key}/display.png"

    @property
    def thumbnail_key(self) -> str:
        return f"{self.folder_key}/thumbnail.webp"

    @property
    def region_tree_key(self) -> str:
        """Where the worker puts the nested regions that a click chooses from; the number is the algorithm's."""
        return f"{self.folder_key}/region-tree-1.bin.gz"
