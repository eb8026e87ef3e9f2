"""Which image a COCO entry means: by hash, by path, or by a name that can mean only one."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID

from roiqa.studies.imports.coco import CocoImage, CocoRefused


@dataclass(frozen=True)
class Candidate:
    """An image of the study, or of this import, under the name it came with. Sizes are upright, in pixels."""

    image_id: UUID
    sha256: str
    width: int
    height: int
    file_name: str


class Candidates:
    """Images by hash and by name. Names: the whole path, else one path ending in the other, else the bare file name."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._by_hash: dict[str, Candidate] = {}
        # Our own exports hold lossless copies, each called by the hash of the original it was made from.
        self._named_after: dict[str, Candidate] = {}
        self._by_base: dict[str, dict[tuple[str, UUID], Candidate]] = defaultdict(dict)
        for candidate in candidates:
            self._by_hash[candidate.sha256] = candidate
            base = _parts(candidate.file_name)[-1]
            self._named_after[PurePosixPath(base).stem] = candidate
            self._by_base[base][candidate.file_name, candidate.image_id] = candidate

    def find(self, image: CocoImage) -> Candidate | None:
        """The image meant; None if it is not here. Raises CocoRefused (`image_ambiguous`) if several could be."""
        if image.sha256:
            return self._by_hash.get(image.sha256) or self._named_after.get(image.sha256)
        wanted = _parts(image.file_name)
        same_base = list(self._by_base.get(wanted[-1], {}).values()) if wanted else []
        rules = (
            (_is_same_path, _ends_alike, _bare_names_agree)
            if image.is_only_of_its_name
            else (_is_same_path, _ends_alike)
        )
        for close_enough in rules:
            found = {c.image_id: c for c in same_base if close_enough(_parts(c.file_name), wanted)}
            if len(found) > 1:
                names = ", ".join(sorted({c.file_name for c in found.values()})[:3])
                raise CocoRefused(
                    f"{image.file_name!r} could be several images ({names}): give its path as it was imported.",
                    code="image_ambiguous",
                )
            if found:
                return next(iter(found.values()))
        return None


def _parts(path: str) -> list[str]:
    normal = unicodedata.normalize("NFC", path).replace("\\", "/")
    return [part for part in normal.split("/") if part not in {"", "."}]


def _is_same_path(one: list[str], other: list[str]) -> bool:
    return one == other


def _ends_alike(one: list[str], other: list[str]) -> bool:
    shorter = min(len(one), len(other))
    return shorter > 1 and one[-shorter:] == other[-shorter:]


def _bare_names_agree(one: list[str], other: list[str]) -> bool:
    """One side has no folder that could contradict. `train/1.jpg` is never `val/1.jpg`."""
    return min(len(one), len(other)) == 1
