"""File names from outside: kept as people know them, but never able to point anywhere."""

import re
import unicodedata

from roiqa.core.errors import Invalid

MAX_LENGTH = 255
_DRIVE = re.compile(r"^[A-Za-z]:")
# What operating systems leave lying about; nobody means to import it.
_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


class NameRefused(Invalid):
    """The name tries to leave its folder."""

    default_code = "unsafe_name"


def clean_name(raw: str) -> str:
    """The relative path as it is stored and shown: `/` between folders, no control characters, at most 255 characters.

    Raises NameRefused for absolute paths and for `..`: no file is ever written under such a name, but a name that
    tries it is not to be trusted with anything else either.
    """
    path = "".join("/" if character == "\\" else character for character in unicodedata.normalize("NFC", raw))
    # Control, format (direction overrides, zero width), surrogate and unassigned characters: invisible or misleading.
    path = "".join(character for character in path if unicodedata.category(character)[0] != "C")
    if path.startswith("/") or _DRIVE.match(path):
        raise NameRefused("The name is an absolute path: pack the files with relative names.")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise NameRefused("The name climbs out of its folder with '..': pack the files with plain relative names.")
    if not parts:
        raise NameRefused("The file has no name.")
    # The end says which picture it is: of a name too long, leading folders go, whole, so that no `..` can come to be.
    while len(parts) > 1 and len("/".join(parts)) > MAX_LENGTH:
        parts.pop(0)
    return "/".join(parts)[-MAX_LENGTH:]


def is_litter(name: str) -> bool:
    """Whether a file is an operating system's own (previews, folder settings): passed over without a word."""
    parts = name.replace("\\", "/").split("/")
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1].lower() in _LITTER
