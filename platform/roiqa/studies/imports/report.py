"""What an import did: counts, and every refusal with its reason."""

from dataclasses import dataclass, field
from typing import Any

from roiqa.core.errors import DomainError

# The list is read by people and kept in one database row; the count goes on beyond it.
MAX_LISTED = 2_000


@dataclass(frozen=True)
class Refusal:
    """One file or one row that was not taken. `file` is its name, with ` annotation ID` for a row of a COCO file."""

    file: str
    reason: str
    code: str

    @classmethod
    def of(cls, file: str, error: DomainError) -> "Refusal":
        return cls(file=file, reason=error.detail, code=error.code)


@dataclass
class Report:
    images_added: int = 0
    images_known: int = 0
    rois_added: int = 0
    rois_known: int = 0
    refused_count: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def refuse(self, refusal: Refusal) -> None:
        self.refused_count += 1
        if len(self.refused) < MAX_LISTED:
            self.refused.append(refusal)

    def as_json(self) -> dict[str, Any]:
        return {
            "images_added": self.images_added,
            "images_known": self.images_known,
            "rois_added": self.rois_added,
            "rois_known": self.rois_known,
            "refused_count": self.refused_count,
            "refused": [{"file": row.file, "reason": row.reason, "code": row.code} for row in self.refused],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Report":
        """The report of an earlier attempt; an empty one from `{}`."""
        counts = {name: value for name, value in stored.items() if name != "refused"}
        return cls(**counts, refused=[Refusal(**row) for row in stored.get("refused", [])])

    def summary(self) -> str:
        return (
            f"{self.images_added} images and {self.rois_added} ROIs added, "
            f"{self.images_known} and {self.rois_known} known before, {self.refused_count} refused."
        )
