"""The rating page as the tests use it: by role and label, as a person (or a screen reader) finds things."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Platform

RADIOGROUPS = ("Exposure", "Noise", "Blur", "Contrast", "Colorfulness", "Compression", "Quality", "Importance")
# One digit per row, top to bottom.
KEYS = "55355542"


def open_rating_page(page: Page, study: str) -> None:
    page.goto(f"/studies/{study}/rate")
    wait_for_roi(page)


def wait_for_roi(page: Page) -> None:
    """The picture is drawn and the form takes answers."""
    expect(page.get_by_role("radiogroup", name="Exposure")).to_be_visible()
    expect(page.locator("fieldset[aria-busy=false]")).to_be_visible()
    # The keys are listened for from the frame after the one that shows the form as ready.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")


def press_answers(page: Page, keys: str = KEYS, *, first_row: int = 0) -> None:
    """Answer one row after another, each once the page has taken the answer before it."""
    for row, key in enumerate(keys, start=first_row):
        page.keyboard.press(key)
        level = page.get_by_role("radiogroup", name=RADIOGROUPS[row]).get_by_role("radio").nth(int(key))
        expect(level).to_be_checked()


def checked_levels(page: Page) -> list[int | None]:
    """The chosen option of each of the eight rows, or None."""
    levels: list[int | None] = []
    for name in RADIOGROUPS:
        radios = page.get_by_role("radiogroup", name=name).get_by_role("radio")
        states = [radios.nth(index).is_checked() for index in range(radios.count())]
        levels.append(states.index(True) if True in states else None)
    return levels


QUERY = """
import json
from roiqa.ratings.models import Rating, Assignment
rows = Rating.objects.filter(study__slug={study!r}, annotator__username={user!r}).order_by("created_at")
print(json.dumps([{{"roi": str(r.study_roi.roi_id), "severities": [r.exposure, r.noise, r.blur, r.contrast,
  r.colorfulness, r.compression], "quality": r.quality, "importance": r.importance, "revision": r.revision,
  "is_current": r.is_current, "status": r.status, "bulk_clean": r.bulk_clean, "telemetry": r.telemetry,
  "key": str(r.client_key)}} for r in rows]))
"""


def stored_ratings(platform: Platform, study: str, user: str) -> list[dict[str, Any]]:
    """What the database holds of this person's answers, oldest first."""
    printed = platform.run(QUERY.format(study=study, user=user))
    rows: list[dict[str, Any]] = json.loads(printed.strip().splitlines()[-1])
    return rows
