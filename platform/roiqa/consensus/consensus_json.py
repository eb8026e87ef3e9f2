"""The JSON that `manage.py consensus` writes: the labels and the agreement of a table of ratings."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from roiqa.consensus.ratings_csv import RatingTable
from roiqa.consensus.rules.agreement import NO_VARIATION, bootstrap_ordinal_alpha, ordinal_alpha
from roiqa.consensus.rules.labels import LabelTable, label_rois
from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.records import correction, distortion_record, importance_record, quality_record, roi_flags
from roiqa.consensus.rules.rulesets import Ruleset
from roiqa.consensus.rules.subjects import SubjectModel, fit_subjects
from roiqa.consensus.rules.votes import VoteHistograms, count_votes, distinct_histograms
from roiqa.core.scales import DISTORTIONS

# Finer digits of alpha depend on the processor; the file should not.
_ALPHA_DECIMALS = 12


def consensus_json(ratings: RatingTable, ruleset: Ruleset) -> Iterator[str]:
    """The document `{ruleset, rois, agreement}` in pieces, one line per ROI, ROIs in the order of their names.

    The same ratings give the same bytes, in whatever order their rows stand. ASCII only.
    """
    votes = count_votes(
        roi=ratings.roi,
        severities=ratings.severities,
        quality=ratings.quality,
        importance=ratings.importance,
        roi_count=len(ratings.roi_names),
    )
    yield f'{{"ruleset": {json.dumps(ruleset.name)},\n"rois": {{'
    yield from _roi_lines(label_rois(votes, ruleset), ratings.roi_names, _models(ratings))
    yield f'\n}},\n"agreement": {json.dumps(agreement_record(votes))}}}\n'


def agreement_record(votes: VoteHistograms) -> dict[str, Any]:
    """Krippendorff's ordinal alpha of each scale, with its 95 % bootstrap interval over ROIs.

    `rois` counts the ROIs with two ratings or more, which alone say something about agreement. A table of ratings does
    not say which ROIs share an image, so the interval is narrower than one over images would be.
    """
    histograms = {name: votes.severity[:, index] for index, name in enumerate(DISTORTIONS)}
    histograms |= {"quality": votes.quality, "importance": votes.importance}
    comparable = int((votes.n >= 2).sum())
    return {scale: _alpha_record(counts, comparable) for scale, counts in histograms.items()}


def _alpha_record(counts: npt.NDArray[np.int64], comparable: int) -> dict[str, Any]:
    alpha = ordinal_alpha(counts)
    bootstrap = bootstrap_ordinal_alpha(counts) if alpha is not None else None
    ends = None
    if bootstrap is not None and bootstrap.low is not None and bootstrap.high is not None:
        ends = [round(bootstrap.low, _ALPHA_DECIMALS), round(bootstrap.high, _ALPHA_DECIMALS)]
    return {
        "metric": "krippendorff alpha, ordinal",
        "alpha": None if alpha is None else round(alpha, _ALPHA_DECIMALS),
        "interval": ends,
        "undefined_resamples": None if bootstrap is None else bootstrap.undefined,
        "rois": comparable,
        "note": NO_VARIATION if alpha is None else None,
    }


def _models(ratings: RatingTable) -> tuple[SubjectModel, SubjectModel]:
    """The bias/inconsistency model of quality and importance, fitted in the order of the names, not of the rows."""
    roi_rank, annotator_rank = (
        np.argsort(np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64))
        for names in (ratings.roi_names, ratings.annotator_names)
    )
    order = np.lexsort((annotator_rank[ratings.annotator], roi_rank[ratings.roi]))
    votes = np.column_stack([ratings.quality, ratings.importance])[order].astype(np.int64)
    panel = PanelVotes(
        ratings.roi[order].astype(np.int64),
        annotator_rank[ratings.annotator[order]],
        votes,
        len(ratings.roi_names),
        len(ratings.annotator_names),
    )
    return fit_subjects(panel.scale(0)), fit_subjects(panel.scale(1))


def _roi_lines(table: LabelTable, names: tuple[str, ...], models: tuple[SubjectModel, SubjectModel]) -> Iterator[str]:
    severities = table.distortions.votes
    rows, per_roi = len(severities), len(DISTORTIONS)
    blocks = _written_once(
        severities.reshape(rows * per_roi, severities.shape[2]),
        lambda cell: distortion_record(table.distortions, *divmod(cell, per_roi)),
    )
    quality = _written_once(table.quality.votes, lambda row: quality_record(table, row))
    importance = _written_once(table.importance.votes, lambda row: importance_record(table, row))
    flags = _written_once(
        np.stack([table.n, table.clean, table.contested_clean, table.tie], axis=1), lambda row: roi_flags(table, row)
    )
    quality, importance = (
        [f"{text[:-1]}, {part}}}" for text, part in zip(texts, _corrections(model, table.roi), strict=True)]
        for texts, model in zip((quality, importance), models, strict=True)
    )
    labels = [json.dumps(name) for name in DISTORTIONS]
    roi_names = [names[roi] for roi in table.roi]
    for position, row in enumerate(sorted(range(rows), key=roi_names.__getitem__)):
        distortions = ", ".join(
            f"{label}: {block}"
            for label, block in zip(labels, blocks[row * per_roi : (row + 1) * per_roi], strict=True)
        )
        yield (
            f"{',' if position else ''}\n{json.dumps(roi_names[row])}: {flags[row][:-1]}, "
            f'"quality": {quality[row]}, "importance": {importance[row]}, "distortions": {{{distortions}}}}}'
        )


def _corrections(model: SubjectModel, rois: npt.NDArray[np.int64]) -> Iterator[str]:
    """`"mos_map": ..., "mos_map_se": ...` of each of these ROIs."""
    for roi in rois.tolist():
        yield json.dumps(correction(model, roi))[1:-1]


def _written_once(keys: npt.NDArray[np.int64], record: Callable[[int], dict[str, Any]]) -> list[str]:
    """The JSON of each row's record, written once per distinct row: all that a record depends on is its row."""
    first, kind = distinct_histograms(keys)
    written = [json.dumps(record(row)) for row in first.tolist()]
    return [written[index] for index in kind.tolist()]
