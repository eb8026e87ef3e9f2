"""What golds and repeats say of the annotators, and the answers of the golds. For staff only."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, QuerySet, Subquery

from roiqa.core.scales import DISTORTIONS, NONEXISTENT, SCALES
from roiqa.ratings.models import Rating, RatingStatus
from roiqa.studies.golds.expected import passes
from roiqa.studies.models import Gold, Study, StudyImage

# An ROI's first answer, as it stands now, beside the later one.
_REPEATS = f"""
SELECT again.annotator_id, {", ".join(f"before.{name}" for name in SCALES)}, {", ".join(f"again.{name}" for name in SCALES)}
FROM ratings_rating again
JOIN ratings_rating before ON before.study_roi_id = again.study_roi_id AND before.annotator_id = again.annotator_id
  AND before.is_current AND before.status IN ('accepted', 'surplus')
WHERE again.study_id = %s AND again.is_current AND again.status = 'repeat'
"""  # noqa: S608  (made of column names)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were answered, and how many of them passed."""

    answered: int = 0
    passed: int = 0

    @property
    def rate(self) -> float | None:
        return self.passed / self.answered if self.answered else None

    def with_one(self, *, passed: bool) -> "Tally":
        return Tally(self.answered + 1, self.passed + passed)


@dataclass(frozen=True, slots=True)
class SelfConsistency:
    """An annotator's repeats: how far the second quality was from the first, and how often with/without stayed."""

    repeats: int
    quality_difference: float  # mean absolute, in levels
    same_distortions: float  # share of the six with/without decisions


def golds_of(study: Study) -> QuerySet[Gold]:
    """The study's golds with `file_name`, the newest first."""
    place = StudyImage.objects.filter(study=study, image=OuterRef("study_roi__image"))
    return (
        Gold.objects.filter(study_roi__study=study)
        .select_related("study_roi__roi", "study_roi__image")
        .annotate(file_name=Subquery(place.values("file_name")[:1]), roi_id=F("study_roi__roi_id"))
    )


def passes_gold(levels: Sequence[int], *, accepted: Mapping[str, Sequence[int]], recipe: Mapping[str, Any]) -> bool:
    """Whether an answer, its levels in the order of SCALES, is one that the gold takes."""
    return passes(dict(zip(SCALES, levels, strict=True)), accepted=accepted, put_in=recipe.get("distortion", ""))


def gold_tallies(study: Study) -> tuple[dict[int, Tally], dict[int, Tally]]:
    """(by annotator's user id, by StudyROI id): current answers to the study's golds, retired ones too."""
    golds = {gold.study_roi_id: gold for gold in Gold.objects.filter(study_roi__study=study)}
    answers = Rating.objects.filter(
        study=study, study_roi__in=golds, is_current=True, status=RatingStatus.GOLD
    ).values_list("annotator_id", "study_roi_id", *SCALES)
    by_annotator: dict[int, Tally] = defaultdict(Tally)
    by_gold: dict[int, Tally] = defaultdict(Tally)
    for annotator, study_roi, *levels in answers:
        gold = golds[study_roi]
        passed = passes_gold(levels, accepted=gold.accepted, recipe=gold.recipe)
        by_annotator[annotator] = by_annotator[annotator].with_one(passed=passed)
        by_gold[study_roi] = by_gold[study_roi].with_one(passed=passed)
    return dict(by_annotator), dict(by_gold)


def self_consistency(study: Study) -> dict[int, SelfConsistency]:
    """By annotator's user id, for those with a repeat."""
    with connection.cursor() as cursor:
        cursor.execute(_REPEATS, [study.pk])
        rows: list[Any] = cursor.fetchall()
    quality, kinds = SCALES.index("quality"), len(DISTORTIONS)
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for annotator, *levels in rows:
        before, again = levels[: len(SCALES)], levels[len(SCALES) :]
        same = sum((before[k] == NONEXISTENT) == (again[k] == NONEXISTENT) for k in range(kinds))
        found[annotator].append((abs(before[quality] - again[quality]), same))
    return {
        annotator: SelfConsistency(
            repeats=len(pairs),
            quality_difference=sum(difference for difference, _ in pairs) / len(pairs),
            same_distortions=sum(same for _, same in pairs) / (kinds * len(pairs)),
        )
        for annotator, pairs in found.items()
    }
