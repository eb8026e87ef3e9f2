"""All accepted votes of a release at once: what is told of the whole and cannot be told ROI by ROI.

The corrected means need to know how every annotator votes elsewhere. Labels with other votes than the counted ones are
made beside them, so that whoever uses a release can see how far it depends on a decision: to show a model's levels
beforehand, or to leave somebody out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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
    """What the labels of a release hold beyond their own votes."""

    def __init__(self, votes: AcceptedVotes, ruleset: Ruleset) -> None:
        counted = votes.panel.where(votes.counted)
        self.models: tuple[SubjectModel, ...] = tuple(fit_subjects(counted.scale(column)) for column in _SCORE_COLUMNS)
        self._prefilled = np.bincount(votes.panel.roi[votes.counted & votes.prefilled], minlength=votes.panel.roi_count)
        labels = label_rois(histograms(counted), ruleset)
        self._sos = {score: _sos(labels, score) for score in SCORES}
        everybody = np.ones(len(votes.panel.roi), dtype=bool)
        self._variants = {
            "without_prefilled": _Variant(votes, votes.counted & ~votes.prefilled, labels, ruleset),
            "with_excluded": _Variant(votes, everybody, labels, ruleset),
        }

    def add_to(self, label: Record, row: int) -> Record:
        """The label of the ROI in this row with its corrected means, and with the labels of other votes if there are any."""
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


class _Variant:
    """The labels that some of the accepted votes make, where they are others than the counted ones."""

    def __init__(self, votes: AcceptedVotes, chosen: BoolArray, counted: LabelTable, ruleset: Ruleset) -> None:
        panel = votes.panel
        other = chosen != votes.counted
        self.differs: BoolArray = np.bincount(panel.roi[other], minlength=panel.roi_count) > 0
        self._votes = int(other.sum())
        part = panel.where(chosen & self.differs[panel.roi])
        self._table = label_rois(histograms(part), ruleset)
        self._row = {roi: row for row, roi in enumerate(self._table.roi.tolist())}
        at = np.searchsorted(counted.roi, self._table.roi)
        changed = _levels(self._table) != _levels(counted)[at]
        self._changed_rois = int(changed.any(axis=1).sum())
        self._changed = dict(zip(SCALES, changed.sum(axis=0).tolist(), strict=True))

    def label(self, roi: int) -> Record | None:
        """None: no vote would be left."""
        row = self._row.get(roi)
        return None if row is None else roi_record(self._table, row)

    def summary(self) -> Record:
        rois = int(self.differs.sum())
        return {
            "votes": self._votes,
            "rois": rois,
            "unlabelled": rois - len(self._row),
            "changed": self._changed_rois,
            "scales": self._changed,
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


def _sos(labels: LabelTable, score: str) -> float | None:
    of: Any = getattr(labels, score)
    found = sos_parameter(of.mean, of.sd**2, maximum=labels.ruleset.score_maximum)
    return None if found is None else round(found, 6)
