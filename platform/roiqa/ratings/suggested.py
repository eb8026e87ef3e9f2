"""What of a model a claim shows, decided once when an annotator first gets the ROI."""

import json
from typing import Any

from django.utils import timezone

from roiqa.ratings.assignments import Seat
from roiqa.ratings.models import Purpose
from roiqa.ratings.modes import Protocol, mode_of, prefilled
from roiqa.registry.selectors import shown_suggestions
from roiqa.studies.models import SuggestionMode

Columns = dict[str, Any]

BLIND: Columns = {"mode": SuggestionMode.BLIND.value, "suggestion": None, "shown": None, "shown_at": None}


def shown_at_claim(seat: Seat, *, study_roi_id: int, purpose: str = Purpose.LABEL) -> Columns:
    """The columns of a new claim that say how its form is shown. One query at most, and none without a model.

    Golds, repeats and warm-ups are blind, and so is whatever has no suggestion that may be shown (test split, leaked,
    another mask): an annotator cannot tell them from the blind ones that were drawn.
    """
    membership, study = seat.membership, seat.membership.study
    protocol = Protocol(
        mode=study.suggestion_mode, blind_percent=study.blind_percent, wrong_percent=study.wrong_percent
    )
    mode = mode_of(protocol, order_seed=membership.order_seed, claim_number=membership.claims_made + 1)
    if not seat.has_model or mode == SuggestionMode.BLIND or purpose != Purpose.LABEL:
        return BLIND
    # The model's other columns (every image it was trained on) are not read for this.
    found = shown_suggestions().select_related(None).filter(study_roi=study_roi_id).values_list("pk", "levels").first()
    if found is None:
        return BLIND
    suggestion, levels = found
    if mode == SuggestionMode.REVEAL_AFTER:
        return {**BLIND, "mode": mode.value, "suggestion": suggestion}
    form = prefilled(levels, protocol, order_seed=membership.order_seed, study_roi_id=study_roi_id)
    return {
        "mode": mode.value,
        "suggestion": suggestion,
        "shown": json.dumps({"levels": form.levels, "wrong": form.wrong}),
        "shown_at": timezone.now(),
    }
