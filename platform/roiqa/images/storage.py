"""The files of an image in Django's default storage, under keys made of the content's hash.

Written before the database row, whole or not at all, and never again: a row therefore always has its files, a crash
leaves at most files without a row, and the next import of the same picture takes those over.
"""

import os
import tempfile
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from roiqa.images.decoding import DecodedImage
from roiqa.images.models import Image


def keep_files(image: Image, decoded: DecodedImage, *, original: bytes) -> None:
    """Store the original and both copies of an image whose row is not written yet. Safe to repeat and from threads."""
    put(image.original_key, original)
    put(image.display_key, decoded.display_png)
    put(image.thumbnail_key, decoded.thumbnail_webp)


def keep_computed(image: Image, key: str, data: bytes) -> None:
    """Store what a worker computed of an image, unless the image was removed meanwhile: nothing of it may stay behind."""
    put(key, data)
    if not Image.objects.filter(pk=image.pk).exists():
        default_storage.delete(key)


def put(key: str, data: bytes) -> None:
    """Store `data` under a content-addressed key unless it is there: what a URL gave once it gives for ever."""
    if default_storage.exists(key):
        return
    try:
        target = Path(default_storage.path(key))
    except NotImplementedError:
        # Object storage: an upload appears whole or not at all.
        default_storage.save(key, ContentFile(data))
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".incoming-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        # mkstemp makes files private to one user; another process of the same installation must read this one.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
