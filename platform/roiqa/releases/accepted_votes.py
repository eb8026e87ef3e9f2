"""All accepted votes of a release at once: what is told of the whole and cannot be told ROI by ROI.

The corrected means need to know how every annotator votes elsewhere. Labels with other votes than the counted ones are
made beside them, so that whoever uses a release can see how far it depends on a decision: to show a model's levels
beforehand, or to leave somebody out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.intervals import sos_parameter
from roiqa.consensus.rules.labels import LabelTable, label_rois
from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.records import Record, correction, roi_record
from roiqa.consensus.rules.rulesets import Ruleset
from roiqa.consensus.rules.subjects import BIAS_PRIOR, SIGMA_PRIOR, SubjectModel, fit_subjects
from roiqa.consensus.rules.votes import VoteHistograms, count_votes
from roiqa.core.scales import DISTORTIONS, SCALES

BoolArray = npt.NDArray[np.bool_]

SCORES: Final = ("quality", "importance")
_SCORE_COLUMNS: Final = tuple(SCALES.index(score) for score in SCORES)
# So many ROIs are labelled at a time: memory does not grow with the release's.
PART_ROIS: Final = 4_000
# ROI, annotator, excluded, prefilled, then the eight scales.
ROW_NUMBERS: Final = 4 + len(SCALES)


@dataclass(frozen=True, slots=True)
class AcceptedVotes:
    """Every current, accepted rating of R complete ROIs, N of them, in the order of the snapshot."""

    panel: PanelVotes  # (N, 8), excluded annotators too
    excluded: BoolArray  # (N,) by an annotator whose votes are left out
    prefilled: BoolArray  # (N,) the form showed a model's levels before the answer

    @property
    def counted(self) -> BoolArray:
        return ~self.excluded


def gather(batches: Iterable[npt.NDArray[np.int64]]) -> tuple[AcceptedVotes, dict[int, int]]:
    """The votes of batches (n, ROW_NUMBERS), and the row of each ROI in the order in which it first came.

    ROIs and annotators are numbered anew; an annotator's number is the rank of the one given.
    """
    # Narrow columns: a hundred thousand ROIs with seven votes are twenty megabytes.
    kept = [np.ascontiguousarray(batch, dtype=np.int32) for batch in batches]
    table = np.concatenate(kept) if kept else np.zeros((0, ROW_NUMBERS), dtype=np.int32)
    keys, first, roi = np.unique(table[:, 0], return_index=True, return_inverse=True)
    row = np.empty(len(keys), dtype=np.int64)
    row[np.argsort(first)] = np.arange(len(keys))
    people, annotator = np.unique(table[:, 1], return_inverse=True)
    panel = PanelVotes(row[roi], annotator.astype(np.int64), table[:, 4:].astype(np.int64), len(keys), len(people))
    votes = AcceptedVotes(panel=panel, excluded=table[:, 2] == 1, prefilled=table[:, 3] == 1)
    return votes, dict(zip(keys.tolist(), row.tolist(), strict=True))


class WholeLabels:
    """What the labels of a release hold beyond their own votes. Labels are made of some thousand ROIs at a time."""

    def __init__(self, votes: AcceptedVotes, ruleset: Ruleset) -> None:
        panel, counted = votes.panel, votes.counted
        self._parts = _Parts(votes, ruleset)
        fitted = panel.where(counted) if votes.excluded.any() else panel
        self.models: tuple[SubjectModel, ...] = tuple(fit_subjects(fitted.scale(column)) for column in _SCORE_COLUMNS)
        self._prefilled = np.bincount(panel.roi[counted & votes.prefilled], minlength=panel.roi_count)
        self._variants = {
            "without_prefilled": _Variant(self._parts, counted & ~votes.prefilled, counted),
            "with_excluded": _Variant(self._parts, np.ones(len(panel.roi), dtype=bool), counted),
        }
        means: dict[str, list[npt.NDArray[np.float64]]] = {score: [] for score in SCORES}
        variances: dict[str, list[npt.NDArray[np.float64]]] = {score: [] for score in SCORES}
        for part in range(self._parts.count):
            labels = self._parts.labels(part, counted)
            for score in SCORES:
                of: Any = getattr(labels, score)
                means[score].append(of.mean)
                variances[score].append(of.sd**2)
            for variant in self._variants.values():
                variant.compare(part, labels)
        self._sos = {
            score: _sos(np.concatenate(means[score]), np.concatenate(variances[score]), ruleset)
            if means[score]
            else None
            for score in SCORES
        }

    def add_to(self, label: Record, row: int) -> Record:
        """The label of the ROI in this row with its corrected means, and with the labels of other votes if there are any.

        Ask in the order of the rows: labels of other votes are kept for one part of the release at a time.
        """
        corrected = {
            score: {**label[score], **correction(model, row)} for score, model in zip(SCORES, self.models, strict=True)
        }
        variants = {name: variant.label(row) for name, variant in self._variants.items() if variant.differs[row]}
        return {**label, **corrected, "n_prefilled": int(self._prefilled[row]), "variants": variants}

    def statistics(self) -> Record:
        """What holds for the release as a whole: SOS parameters, how the corrected means were made, the variants."""
        return {
            "sos": self._sos,
            "mos_map": {
                "bias_prior": BIAS_PRIOR,
                "sigma_prior": SIGMA_PRIOR,
                "converged": all(model.converged for model in self.models),
            },
            "variants": {name: variant.summary() for name, variant in self._variants.items()},
        }


class _Parts:
    """A release's votes, some thousand ROIs at a time."""

    def __init__(self, votes: AcceptedVotes, ruleset: Ruleset) -> None:
        self.panel, self._ruleset = votes.panel, ruleset
        # The votes of an ROI stand together in the snapshot's order; a table from elsewhere is sorted first.
        in_order = bool((np.diff(self.panel.roi) >= 0).all())
        self._order = None if in_order else np.argsort(self.panel.roi, kind="stable")
        edges = np.arange(0, self.panel.roi_count + PART_ROIS, PART_ROIS)
        self._starts = np.searchsorted(self.panel.roi, edges, sorter=self._order)
        self.count = -(-self.panel.roi_count // PART_ROIS)

    def labels(self, part: int, chosen: BoolArray) -> LabelTable:
        """The labels that the chosen votes make; `roi` of the table is a row of the release."""
        rows = np.arange(self._starts[part], self._starts[part + 1])
        rows = rows if self._order is None else self._order[rows]
        rows = rows[chosen[rows]]
        first = part * PART_ROIS
        size = min(PART_ROIS, self.panel.roi_count - first)
        panel = PanelVotes(
            self.panel.roi[rows] - first,
            self.panel.annotator[rows],
            self.panel.votes[rows],
            size,
            self.panel.annotator_count,
        )
        table = label_rois(histograms(panel), self._ruleset)
        return replace(table, roi=table.roi + first)


class _Variant:
    """The labels that other votes than the counted ones make, of the ROIs on which they are others."""

    def __init__(self, parts: _Parts, chosen: BoolArray, counted: BoolArray) -> None:
        panel, other = parts.panel, chosen != counted
        self.differs: BoolArray = np.bincount(panel.roi[other], minlength=panel.roi_count) > 0
        self._parts, self._votes = parts, int(other.sum())
        self._chosen = chosen & self.differs[panel.roi]
        self._labelled = self._changed_rois = 0
        self._changed = np.zeros(len(SCALES), dtype=np.int64)
        self._at: tuple[int, LabelTable, dict[int, int]] | None = None

    def compare(self, part: int, counted: LabelTable) -> None:
        """Count what differs from the labels of the counted votes of this part."""
        if not self._votes:
            return
        table = self._parts.labels(part, self._chosen)
        both, mine, theirs = np.intersect1d(table.roi, counted.roi, assume_unique=True, return_indices=True)
        changed = _levels(table)[mine] != _levels(counted)[theirs]
        self._labelled += len(table.roi)
        # Where the counted votes make no label there is nothing to compare with.
        self._changed_rois += int(changed.any(axis=1).sum()) if len(both) else 0
        self._changed += changed.sum(axis=0)

    def label(self, roi: int) -> Record | None:
        """None: no vote would be left."""
        part = roi // PART_ROIS
        if self._at is None or self._at[0] != part:
            table = self._parts.labels(part, self._chosen)
            self._at = (part, table, {one: row for row, one in enumerate(table.roi.tolist())})
        _, table, rows = self._at
        row = rows.get(roi)
        return None if row is None else roi_record(table, row)

    def summary(self) -> Record:
        rois = int(self.differs.sum())
        return {
            "votes": self._votes,
            "rois": rois,
            "unlabelled": rois - self._labelled,
            "changed": self._changed_rois,
            "scales": dict(zip(SCALES, self._changed.tolist(), strict=True)),
        }


def histograms(panel: PanelVotes) -> VoteHistograms:
    """The vote histograms of a panel of all eight scales."""
    return count_votes(
        roi=panel.roi,
        severities=panel.votes[:, : len(DISTORTIONS)],
        quality=panel.votes[:, _SCORE_COLUMNS[0]],
        importance=panel.votes[:, _SCORE_COLUMNS[1]],
        roi_count=panel.roi_count,
    )


def _levels(table: LabelTable) -> npt.NDArray[np.int64]:
    """(R, 8), in the order of SCALES."""
    return np.column_stack([table.distortions.level, table.quality.level, table.importance.level])


def _sos(means: npt.NDArray[np.float64], variances: npt.NDArray[np.float64], ruleset: Ruleset) -> float | None:
    found = sos_parameter(means, variances, maximum=ruleset.score_maximum)
    return None if found is None else round(found, 6)
