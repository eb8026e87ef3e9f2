"""Golds and breaks in a real browser: made by an admin and a worker, met by an annotator who cannot tell."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Platform, sign_in
from tests.e2e.qualifying_study import PASSWORD, QualifyingStudy, make_qualifying_study
from tests.e2e.rating_page import press_answers, stored_ratings, wait_for_roi

pytestmark = pytest.mark.e2e


@pytest.fixture
def study(platform: Platform) -> QualifyingStudy:
    """Nothing is asked before rating."""
    return make_qualifying_study(platform)


def test_golds_are_made_mixed_in_and_a_break_comes(
    page: Page, browser: Browser, platform: Platform, study: QualifyingStudy
) -> None:
    sign_in(page, study.admin, PASSWORD)
    make_golds(page, study)
    set_checks(page, study)
    context = browser.new_context(base_url=platform.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    rater = context.new_page()
    sign_in(rater, study.person, PASSWORD)
    rater.goto(f"/studies/{study.slug}/rate")
    for _ in range(4):
        wait_for_roi(rater)
        press_answers(rater)
        rater.keyboard.press("Enter")
    expect(rater.get_by_role("heading", name="Time for a break")).to_be_visible()
    expect(rater.get_by_role("timer")).to_contain_text("4:")
    statuses = [rating["status"] for rating in stored_ratings(platform, study.slug, study.person)]
    assert sorted(statuses) == ["accepted", "accepted", "gold", "gold"]
    assert "gold" not in rater.content().lower()
    context.close()
    page.goto(f"/studies/{study.slug}?tab=golds")
    expect(page.get_by_role("table").get_by_text("0 %").or_(page.get_by_text("100 %")).first).to_be_visible()


def make_golds(page: Page, study: QualifyingStudy) -> None:
    page.goto(f"/studies/{study.slug}?tab=golds")
    expect(page.get_by_role("heading", name="No golds yet")).to_be_visible()
    page.get_by_role("button", name="Make golds").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Regions", exact=True).select_option(label="not rated yet")
    rows = dialog.locator(".roi-picker li")
    expect(rows.first).to_be_visible()
    # A gold never follows its own image: of four images one is always free, whatever came before.
    place_of_image: dict[str, int] = {}
    for place, file_name in enumerate(rows.locator(".gold-file").all_text_contents()):
        place_of_image.setdefault(file_name, place)
    for place in list(place_of_image.values())[:4]:
        rows.nth(place).get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Make 4 golds").click()
    expect(page.get_by_text("golds made").or_(page.get_by_text("gold made"))).to_be_visible(timeout=60_000)
    expect(page.get_by_role("table").get_by_role("button", name="Retire").first).to_be_visible()


def set_checks(page: Page, study: QualifyingStudy) -> None:
    page.goto(f"/studies/{study.slug}?tab=settings")
    form = page.get_by_role("form", name="Checks")
    form.get_by_label("One ROI in so many is a gold").fill("2")
    form.get_by_label("… or so many ROIs").fill("4")
    form.get_by_role("button", name="Save the checks").click()
    expect(page.get_by_text("The checks are saved.")).to_be_visible()
