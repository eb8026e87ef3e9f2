"""The calls of what comes before rating, as tests make them."""

import uuid
from typing import Any

from roiqa.studies import viewing
from roiqa.studies.models import Membership, Study
from roiqa.studies.plates import pictures
from roiqa.studies.qualification_models import ViewingCheck
from roiqa.studies.qualification_rules import MIN_QUIZ_ITEMS, MIN_TRAINING_ITEMS
from tests.api.factories import JSONClient, make_image, make_roi

DEVICE = str(uuid.UUID(int=7))
SCREEN: dict[str, Any] = {
    "device": DEVICE,
    "device_pixel_ratio": 1.5,
    "screen_width": 1707,
    "screen_height": 960,
    "window_width": 1700,
    "window_height": 860,
    "zoom": 1,
    "color_depth": 24,
    "gamut": "srgb",
    "high_dynamic_range": False,
}
# What the references of `add_items` say.
LEVELS = {
    "exposure": 5,
    "noise": 5,
    "blur": 2,
    "contrast": 5,
    "colorfulness": 5,
    "compression": 5,
    "quality": 2,
    "importance": 2,
}
ALL_CLEAN = {**LEVELS, "blur": 5}


def of(study: Study, path: str = "") -> str:
    return f"/api/v1/studies/{study.slug}/{path}"


def set_rules(admin: JSONClient, study: Study, **rules: Any) -> Any:
    return admin.patch(of(study, "qualification/rules/"), rules)


def add_items(admin: JSONClient, study: Study, use: str, count: int) -> list[str]:
    """Items by hand on new ROIs, all of one image; answers their ids."""
    image = make_image(study, split="train")
    added = []
    for number in range(count):
        roi = make_roi(study, image, box=(number, 0, 40, 40))
        body = {"roi": str(roi.roi_id), "use": use, "reference": LEVELS, "explanation": "The edges are soft."}
        response = admin.post(of(study, "training-items/"), body)
        assert response.status_code == 201, response.json()
        added.append(response.json()["id"])
    return added


def enough(use: str) -> int:
    return MIN_TRAINING_ITEMS if use == "training" else MIN_QUIZ_ITEMS


def right_answers(check_id: str, **changes: Any) -> dict[str, Any]:
    """What somebody with good eyes before a good screen answers to this check."""
    drawn = pictures(ViewingCheck.objects.get(pk=check_id).seed)
    digits = [picture.answer for picture in drawn if picture.kind not in {"dark", "light"}]
    counts = {picture.kind: picture.answer for picture in drawn if picture.kind in {"dark", "light"}}
    return {"card_px": 4 * viewing.CARD_MM["long"], "card_side": "long", "plates": digits, **counts, **changes}


def do_viewing_check(client: JSONClient, study: Study, screen: Any = SCREEN, **changes: Any) -> dict[str, Any]:
    begun = client.post(of(study, "viewing-checks/"), screen).json()
    result: dict[str, Any] = client.post(
        f"/api/v1/viewing-checks/{begun['id']}/answer/", right_answers(begun["id"], **changes)
    ).json()
    return result


def next_step(client: JSONClient, study: Study, check: str | None = None) -> Any:
    query = {"viewing_check": check} if check else {}
    return client.get(of(study, "qualification/"), query).json()["next"]


def claim_on(client: JSONClient, study: Study, check: str | None) -> Any:
    return client.post(of(study, "assignments/"), {"exclude": [], "viewing_check": check})


def seat_of(study: Study, user: Any) -> Membership:
    return Membership.objects.get(study=study, user=user, role="annotator")
