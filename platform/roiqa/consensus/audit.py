"""The audit of suggestions: what seeing a model's levels does to the votes of a study. It only reads."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.core.cache import cache
from django.db import connection

from roiqa.consensus.rules.anchoring import (
    ComparedVotes,
    Estimate,
    anchoring,
    movement,
    overall,
    share_interval,
)
from roiqa.consensus.statistics import REMEMBERED_SECONDS, digest_of
from roiqa.core.scales import SCALES
from roiqa.studies.models import Study, SuggestionMode

# Raise it when the figures change their meaning or shape.
VERSION: Final = 1

# Votes that count, with what the model that was promoted at the claim says of the ROI. Blind votes without such a
# suggestion are no control: nothing could have been shown. Test images are always blind, so they are none either.
_COMPARED = """
SELECT v.study_roi_id, dense_rank() OVER (ORDER BY r.image_id), v.mode = 'prefill', v.shown->>'wrong',
  coalesce(v.shown->'changed' ? (v.shown->>'wrong'), false),
  (CASE WHEN jsonb_typeof(v.telemetry->'visible_ms') = 'number' THEN (v.telemetry->>'visible_ms')::float END) / 1000,
  s.levels, v.exposure, v.noise, v.blur, v.contrast, v.colorfulness, v.compression, v.quality, v.importance
FROM ratings_rating v
JOIN ratings_assignment a ON a.id = v.assignment_id
JOIN studies_studyroi r ON r.id = v.study_roi_id
JOIN images_image i ON i.id = r.image_id AND i.split = 'train'
JOIN regions_roi o ON o.id = r.roi_id
JOIN studies_membership m ON m.study_id = v.study_id AND m.user_id = v.annotator_id AND m.role = 'annotator'
  AND m.excluded_at IS NULL
JOIN registry_suggestion s ON s.study_roi_id = v.study_roi_id AND (
  s.id = a.suggestion_id
  OR a.suggestion_id IS NULL AND NOT s.leaked AND s.mask_sha256 = o.mask_sha256 AND s.created_at <= a.claimed_at
    AND s.model_id = (
      SELECT p.model_id FROM registry_promotion p
      WHERE p.study_id = v.study_id AND p.created_at <= a.claimed_at ORDER BY p.created_at DESC LIMIT 1))
WHERE v.study_id = %s AND v.is_current AND v.status = 'accepted' AND v.mode IN ('blind', 'prefill')
ORDER BY v.study_roi_id, v.annotator_id
"""
_THOUGHTS = """
SELECT dense_rank() OVER (ORDER BY r.image_id), s.levels,
  f.exposure, f.noise, f.blur, f.contrast, f.colorfulness, f.compression, f.quality, f.importance,
  t.exposure, t.noise, t.blur, t.contrast, t.colorfulness, t.compression, t.quality, t.importance
FROM ratings_rating t
JOIN ratings_rating f ON f.id = t.supersedes_id AND f.is_current AND f.status = 'accepted'
JOIN ratings_assignment a ON a.id = t.assignment_id
JOIN registry_suggestion s ON s.id = a.suggestion_id
JOIN studies_studyroi r ON r.id = t.study_roi_id
JOIN studies_membership m ON m.study_id = t.study_id AND m.user_id = t.annotator_id AND m.role = 'annotator'
  AND m.excluded_at IS NULL
WHERE t.study_id = %s AND t.status = 'revealed'
ORDER BY t.id
"""
_SHOWN = """
SELECT count(*), (SELECT count(*) FROM ratings_rating WHERE study_id = %(study)s AND status = 'revealed')
FROM ratings_assignment WHERE study_id = %(study)s AND mode = 'reveal_after' AND shown_at IS NOT NULL
"""
_TIMES = """
SELECT mode, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY (telemetry->>'visible_ms')::float / 1000)
  FILTER (WHERE jsonb_typeof(telemetry->'visible_ms') = 'number')
FROM ratings_rating WHERE study_id = %s AND is_current AND status = 'accepted' GROUP BY mode
"""
_FIRST_SCALE = 7

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Compared:
    votes: ComparedVotes
    caught: npt.NDArray[np.bool_]  # (N,) a level that was wrong on purpose was changed
    seconds: npt.NDArray[np.float64]  # (N,) with the page in view; NaN where it was not measured


def suggestion_audit(*, study: Study) -> Record:
    """The figures of the audit page. The slow part is remembered until votes come in."""
    shown, given = _row(_SHOWN, {"study": study.pk})
    facts = (VERSION, digest_of(study), shown, given)
    key = f"suggestion-audit-{study.pk}-{hashlib.sha256(repr(facts).encode()).hexdigest()}"
    text = cache.get(key)
    if text is None:
        text = json.dumps({**_prefill(study), "second_thoughts": {"shown": shown, **_second_thoughts(study)}})
        cache.set(key, text, REMEMBERED_SECONDS)
    return {
        "mode": study.suggestion_mode,
        "blind_percent": study.blind_percent,
        "wrong_percent": study.wrong_percent,
        "by_mode": _by_mode(study),
        **json.loads(text),
    }


def _prefill(study: Study) -> Record:
    compared = _compared(study)
    votes = compared.votes
    figures = anchoring(votes)
    scales = {
        name: {
            "index": _estimate(one.index),
            "bias": _estimate(one.bias),
            "sd_ratio": _estimate(one.sd_ratio),
            "unchanged": one.unchanged,
            "coincidence": one.coincidence,
            "gate": str(one.gate),
        }
        for name, one in zip(SCALES, figures, strict=True)
    }
    wrong, noticed = int(votes.wrong.sum()), int(compared.caught.sum())
    whole = votes.prefilled & ~votes.wrong.any(axis=1)
    unchanged = whole & (votes.votes == votes.model).all(axis=1)
    interval = share_interval(noticed, wrong)
    return {
        "prefilled": int(votes.prefilled.sum()),
        "control": int((~votes.prefilled).sum()),
        "scales": scales,
        "gate": str(overall([one.gate for one in figures])),
        "unchanged_forms": float(unchanged.sum() / whole.sum()) if whole.any() else None,
        "wrong": {
            "shown": wrong,
            "caught": noticed,
            "rate": noticed / wrong if wrong else None,
            "interval": list(interval) if interval else None,
        },
        "median_seconds": {
            "prefilled": _median(compared.seconds[votes.prefilled]),
            "control": _median(compared.seconds[~votes.prefilled]),
        },
    }


def _compared(study: Study) -> _Compared:
    with connection.cursor() as cursor:
        cursor.execute(_COMPARED, [study.pk])
        rows = cursor.fetchall()
    scales = range(len(SCALES))
    table = np.array([row[_FIRST_SCALE:] for row in rows], dtype=np.int64).reshape(-1, len(SCALES))
    _, first, roi = np.unique([row[0] for row in rows], return_index=True, return_inverse=True)
    images = np.array([row[1] for row in rows], dtype=np.int64)
    wrong = np.array([[row[3] == SCALES[scale] for scale in scales] for row in rows], dtype=bool)
    votes = ComparedVotes(
        roi=roi.astype(np.int64),
        image=images[first.astype(np.int64)],
        votes=table,
        model=np.array([row[6] for row in rows], dtype=np.int64).reshape(table.shape),
        prefilled=np.array([row[2] for row in rows], dtype=bool),
        wrong=wrong.reshape(table.shape),
    )
    seconds = np.array([np.nan if row[5] is None else row[5] for row in rows], dtype=np.float64)
    return _Compared(votes, np.array([row[4] for row in rows], dtype=bool), seconds)


def _second_thoughts(study: Study) -> Record:
    """What people did after they had seen the model's view; the label is the first answer all the same."""
    with connection.cursor() as cursor:
        cursor.execute(_THOUGHTS, [study.pk])
        rows = cursor.fetchall()
    votes = np.array([row[2:] for row in rows], dtype=np.int64).reshape(-1, 2, len(SCALES))
    first, second = votes[:, 0], votes[:, 1]
    model = np.array([row[1] for row in rows], dtype=np.int64).reshape(first.shape)
    images = np.array([row[0] for row in rows], dtype=np.int64)
    moved = movement(first=first, second=second, model=model, image=images)
    apart = first != model
    return {
        "given": len(rows),
        "changed": int((first != second).any(axis=1).sum()),
        "scales": {
            name: {
                "apart": _share(apart[:, scale].sum(), len(rows)),
                "changed": _share((first[:, scale] != second[:, scale]).sum(), len(rows)),
                "movement": _estimate(moved[scale]),
            }
            for scale, name in enumerate(SCALES)
        },
    }


def _by_mode(study: Study) -> Record:
    """How many counted votes came in each way, and how long they took."""
    with connection.cursor() as cursor:
        cursor.execute(_TIMES, [study.pk])
        found = {mode: {"ratings": count, "median_seconds": seconds} for mode, count, seconds in cursor.fetchall()}
    return {mode: found.get(mode, {"ratings": 0, "median_seconds": None}) for mode in SuggestionMode.values}


def _row(statement: str, facts: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _estimate(estimate: Estimate) -> Record:
    low, high = estimate.interval.low, estimate.interval.high
    return {"value": estimate.value, "interval": None if low is None or high is None else [low, high]}


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def _median(seconds: npt.NDArray[np.float64]) -> float | None:
    known = seconds[~np.isnan(seconds)]
    return float(np.median(known)) if len(known) else None
