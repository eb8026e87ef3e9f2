"""Labels as plain Python values, ready for JSON: what is undefined is None, never NaN."""

import math
from typing import Any

from roiqa.consensus.rules.labels import DistortionLabels, LabelTable, ScoreLabels
from roiqa.consensus.rules.subjects import SubjectModel
from roiqa.core.scales import DISTORTIONS, IMPORTANCE_LEVELS, QUALITY_LEVELS, SEVERITY_LEVELS

Record = dict[str, Any]


def roi_record(table: LabelTable, row: int) -> Record:
    """Everything about the ROI in this row of the table: the shape that `manage.py consensus` writes per ROI."""
    return {
        **roi_flags(table, row),
        "quality": quality_record(table, row),
        "importance": importance_record(table, row),
        "distortions": {
            name: distortion_record(table.distortions, row, index) for index, name in enumerate(DISTORTIONS)
        },
    }


def roi_flags(table: LabelTable, row: int) -> Record:
    """What holds for the ROI as a whole."""
    return {
        "n": int(table.n[row]),
        "clean": bool(table.clean[row]),
        "contested_clean": bool(table.contested_clean[row]),
        "tie": bool(table.tie[row]),
    }


def quality_record(table: LabelTable, row: int) -> Record:
    """The quality label of one ROI."""
    return _score_record(table.quality, row, QUALITY_LEVELS)


def importance_record(table: LabelTable, row: int) -> Record:
    """The importance label of one ROI."""
    return _score_record(table.importance, row, IMPORTANCE_LEVELS)


def distortion_record(labels: DistortionLabels, row: int, distortion: int) -> Record:
    """One distortion of one ROI. Severity, its sd and interval, and the level are None when it is not present."""
    at = (row, distortion)
    present = bool(labels.present[at])
    level = int(labels.level[at]) if present else None
    return {
        "present": present,
        "severity": _or_none(labels.severity[at]),
        "sd": _or_none(labels.sd[at]),
        "interval": [float(labels.low[at]), float(labels.high[at])] if present else None,
        "t_interval": _ends(labels.t_low[at], labels.t_high[at]),
        "level": level,
        "level_word": None if level is None else SEVERITY_LEVELS[level],
        "votes": labels.votes[at].tolist(),
        "tie": bool(labels.tie[at]),
        "p_present": float(labels.p_present[at]),
        "severity_present": _or_none(labels.severity_present[at]),
        "severity_all": float(labels.severity_all[at]),
    }


def _score_record(labels: ScoreLabels, row: int, words: tuple[str, ...]) -> Record:
    level = int(labels.level[row])
    return {
        "mean": float(labels.mean[row]),
        "sd": _or_none(labels.sd[row]),
        "interval": [float(labels.low[row]), float(labels.high[row])],
        "t_interval": _ends(labels.t_low[row], labels.t_high[row]),
        "level": level,
        "level_word": words[level],
        "votes": labels.votes[row].tolist(),
    }


def correction(model: SubjectModel, roi: int) -> Record:
    """What the bias/inconsistency model says of a score of this ROI: `mos_map` and its standard error."""
    return correction_record(model.mos[roi], model.standard_error[roi])


def correction_record(mos: float, standard_error: float) -> Record:
    """Rounded to six decimals, so that an export does not depend on the order in which numbers were added up."""
    return {"mos_map": _or_none(round(float(mos), 6)), "mos_map_se": _or_none(round(float(standard_error), 6))}


def _ends(low: float, high: float) -> list[float] | None:
    return None if math.isnan(low) else [float(low), float(high)]


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
