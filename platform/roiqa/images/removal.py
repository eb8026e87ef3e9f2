"""Removing a picture from the installation: its row, and whatever was computed of it.

An import stores a picture's files before its row, and leaves files that are there as they are. A removal between the two
would leave a row without files; both therefore take one lock, imports shared and for the time of a batch's rows.
"""

from collections.abc import Sequence
from contextlib import suppress

from django.core.files.storage import default_storage
from django.db import connection, transaction

from roiqa.images.models import Image

# Any number that no other lock of the database uses.
_LOCK = 7_246_105_003


def hold_files_still() -> None:
    """Until the transaction ends, no picture's files are removed. Imports call it; many hold it at once."""
    _lock("pg_advisory_xact_lock_shared")


def forbid_imports() -> None:
    """Until the transaction ends, no import writes rows. Take it before any other lock."""
    _lock("pg_advisory_xact_lock")


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])


def remove_row(image: Image) -> None:
    """Delete the row now and the files once that is certain. Needs `forbid_imports`; raises ProtectedError while in use."""
    image_files = Image(sha256=image.sha256)
    image.delete()
    transaction.on_commit(lambda: remove_files(image_files), robust=True)


@transaction.atomic
def remove_files(image: Image) -> None:
    """Delete everything in storage of a picture that has no row any more.

    Should the process die before, the files stay without a row, which harms nothing: importing the picture again takes
    them over.
    """
    forbid_imports()
    if Image.objects.filter(sha256=image.sha256).exists():
        return
    with suppress(FileNotFoundError):
        for name in default_storage.listdir(image.folder_key)[1]:
            default_storage.delete(f"{image.folder_key}/{name}")
    # On a disk the emptied folder as well; object storage knows no folders and does nothing.
    with suppress(OSError):
        default_storage.delete(image.folder_key)


def taken_away(images: Sequence[Image]) -> set[str]:
    """The sha256 of those that a removal took since they were looked up or stored. Needs `hold_files_still`.

    For a stored row that is the row itself, for a new one its files.
    """
    stored = {image.sha256 for image in images if not image._state.adding}
    present = set(Image.objects.filter(sha256__in=stored).values_list("sha256", flat=True))
    lost = {image.sha256 for image in images if image._state.adding and not default_storage.exists(image.original_key)}
    return (stored - present) | lost
