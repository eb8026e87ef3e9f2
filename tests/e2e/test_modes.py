"""The three modes in a real browser, on suggestions that are put there directly: no network has to run for them."""

import json
import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from roiqa.ratings.modes import stays_blind
from tests.e2e.conftest import Platform, sign_in
from tests.e2e.rating_page import RADIOGROUPS, checked_levels, open_rating_page, press_answers, wait_for_roi

pytestmark = pytest.mark.e2e

PASSWORD = "correct-horse-battery"
# Blur severe, quality poor, importance normal; nothing else.
LEVELS = [5, 5, 1, 5, 5, 5, 1, 2]
OWN = "55355542"

# A study in the mode, on a photograph of the demo's train part, with a promoted model that suggests the same for each ROI.
MAKE_STUDY = """
import json, uuid
from roiqa.accounts.models import User
from roiqa.regions.models import ROI
from roiqa.registry.models import ModelVersion, Promotion, Suggestion
from roiqa.studies.models import Membership, Study, StudyImage, StudyROI
mode, levels, slug, user = {mode!r}, {levels!r}, {slug!r}, {user!r}
study = Study.objects.create(slug=slug, title="Modes", suggestion_mode=mode, wrong_percent=0)
annotator = User.objects.create_user(user, password={password!r})
# A seed whose first claims are not among those drawn to be blind.
Membership.objects.create(study=study, user=annotator, role="annotator", order_seed={seed})
Membership.objects.create(study=study, user=User.objects.get(username="demo-admin"), role="admin")
model = ModelVersion.objects.create(study=study, number=1, name="by hand", stage="scratch", preset="ci", variant="tree",
    parameters=1, weights_sha256="0" * 64, data_fingerprint="0" * 64)
Promotion.objects.create(study=study, model=model)
for number, there in enumerate(StudyROI.objects.filter(study__slug="demo-open", image__split="train")[:3]):
    image = StudyImage.objects.get(study__slug="demo-open", image=there.image)
    StudyImage.objects.get_or_create(study=study, image=there.image, defaults={{"file_name": image.file_name}})
    roi, old = there.roi, there.roi
    roi = ROI.objects.create(image=old.image, level=old.level, name=old.name, counts=old.counts,
        mask_sha256=old.mask_sha256, x=old.x, y=old.y, w=old.w, h=old.h, area=old.area)
    row = StudyROI.objects.create(study=study, roi=roi, image=old.image, shuffle_key=number + 1, raters_wanted=7)
    Suggestion.objects.create(study_roi=row, model=model, probabilities={{}}, levels=levels, uncertainty=0.5,
        mask_sha256=old.mask_sha256)
"""
READ = """
import json
from roiqa.ratings.models import Rating
rows = Rating.objects.filter(study__slug={slug!r}).order_by("created_at")
print(json.dumps([{{"status": r.status, "mode": r.mode, "quality": r.quality, "blur": r.blur,
  "current": r.is_current, "shown": r.shown}} for r in rows]))
"""


def seed_that_shows(claims: int) -> int:
    """An order seed that leaves the first claims out of those drawn to be blind (roiqa.ratings.modes)."""

    return next(
        seed
        for seed in range(10_000)
        if not any(stays_blind(order_seed=seed, claim_number=number, percent=20) for number in range(1, claims + 1))
    )


def open_study(page: Page, platform: Platform, mode: str) -> str:
    slug = user = f"{mode.replace('_', '-')}-{uuid.uuid4().hex[:6]}"
    program = MAKE_STUDY.format(
        mode=mode, levels=LEVELS, slug=slug, user=user, password=PASSWORD, seed=seed_that_shows(4)
    )
    platform.run(program)
    sign_in(page, user, PASSWORD)
    open_rating_page(page, slug)
    return slug


def stored(platform: Platform, slug: str, count: int, page: Page) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for _ in range(20):
        printed = platform.run(READ.format(slug=slug))
        rows = json.loads(printed.strip().splitlines()[-1])
        if len(rows) >= count:
            return rows
        page.wait_for_timeout(250)
    raise AssertionError(f"{len(rows)} ratings, expected {count}")


def row(page: Page, name: str) -> Any:
    return page.get_by_role("radiogroup", name=name)


def test_reveal_after_the_own_answer_and_a_second_thought(page: Page, platform: Platform) -> None:
    slug = open_study(page, platform, "reveal_after")
    expect(page.locator("[data-model]")).to_have_count(0)
    press_answers(page, OWN)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your answer is stored and stays the label.")).to_be_visible()
    expect(page.locator(".level-tile[data-model]")).to_have_count(8)
    expect(row(page, "Blur")).to_contain_text("minor · model: severe")
    expect(page.get_by_role("button", name="Keep my answer")).to_be_visible()
    expect(page.get_by_role("button", name="Undo last")).to_be_disabled()
    # One thing is seen otherwise now; the rest stays.
    row(page, "Blur").get_by_role("radio").nth(2).check()
    page.get_by_role("button", name="Store my second thought").click()
    expect(page.get_by_text("1 this session")).to_be_visible()
    wait_for_roi(page)
    assert checked_levels(page) == [None] * 8
    expect(page.locator("[data-model]")).to_have_count(0)
    first, second = stored(platform, slug, 2, page)
    assert (first["status"], first["current"], first["blur"], first["shown"]) == ("accepted", True, 3, None)
    assert (second["status"], second["current"], second["blur"]) == ("revealed", False, 2)
    assert second["shown"]["revised"] == ["blur"]


def test_a_filled_in_form_is_sent_only_when_every_level_is_confirmed(page: Page, platform: Platform) -> None:
    slug = open_study(page, platform, "prefill")
    expect(page.get_by_text("A model filled in the dashed levels.")).to_be_visible()
    assert checked_levels(page) == [None] * 8
    expect(row(page, "Blur")).to_contain_text("model: severe")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Exposure still shows the model's level, and 7 more.")).to_be_visible()
    row(page, "Quality").get_by_role("radio").nth(3).check()
    page.keyboard.press("c")
    expect(page.get_by_text("Every level is yours now.")).to_be_visible()
    assert checked_levels(page) == [5, 5, 1, 5, 5, 5, 3, 2]
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 this session")).to_be_visible()
    (rating,) = stored(platform, slug, 1, page)
    assert (rating["mode"], rating["status"], rating["quality"]) == ("prefill", "accepted", 3)
    assert rating["shown"]["changed"] == ["quality"]
    assert dict(zip(RADIOGROUPS, LEVELS, strict=True))["Blur"] == rating["blur"]


def test_the_new_study_form_says_what_each_mode_costs_and_the_audit_page_opens(page: Page, platform: Platform) -> None:
    sign_in(page, "demo-admin", platform.logins()["demo-admin"])
    page.goto("/studies/new")
    page.get_by_label("Title").fill(f"Costs {uuid.uuid4().hex[:6]}")
    expect(page.get_by_label("Reveal after")).to_be_checked()
    page.get_by_label("Pre-fill").check()
    expect(page.get_by_text("Costs independence.")).to_be_visible()
    page.get_by_label("Blind claims, in percent").fill("30")
    page.get_by_role("button", name="Create the study").click()
    page.wait_for_url(lambda url: url.endswith("/images"))
    slug = page.url.split("/studies/")[1].split("/")[0]
    made = page.request.get(f"/api/v1/studies/{slug}/").json()
    assert (made["suggestion_mode"], made["blind_percent"]) == ("prefill", 30)
    page.goto(f"/studies/{slug}?tab=suggestions")
    expect(page.get_by_role("heading", name="Mode of this study: pre-fill")).to_be_visible()
    expect(page.get_by_text("Nothing to compare yet")).to_be_visible()
