"""From the first click on a study to the first rating: consent, viewing check, training, quiz."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Platform, sign_in
from tests.e2e.qualifying_study import PASSWORD, STEPS, QualifyingStudy, make_qualifying_study
from tests.e2e.rating_page import stored_ratings, wait_for_roi

pytestmark = pytest.mark.e2e

# Exposure to importance: blur is moderate and the quality fair, as every reference of the study says.
RIGHT = "55255522"
# As the page sees it when the window is moved to a screen of double density, and back.
ANOTHER_SCREEN = """() => {
  window.trueRatio = Object.getOwnPropertyDescriptor(window, "devicePixelRatio");
  Object.defineProperty(window, "devicePixelRatio", { value: 2, configurable: true });
  window.dispatchEvent(new Event("resize"));
}"""
THE_SAME_SCREEN = """() => {
  Object.defineProperty(window, "devicePixelRatio", window.trueRatio);
  window.dispatchEvent(new Event("resize"));
}"""


def rate_item(page: Page, keys: str = RIGHT) -> None:
    """Answer the item on screen by keyboard, once it can be seen."""
    wait_for_roi(page)
    for key in keys:
        page.keyboard.press(key)
    expect(page.get_by_role("radiogroup", name="Importance").get_by_role("radio").nth(int(keys[-1]))).to_be_checked()
    page.keyboard.press("Enter")


def agree(page: Page) -> None:
    button = page.get_by_role("button", name="Agree and go on")
    expect(button).to_be_disabled()
    page.get_by_role("checkbox").check()
    button.click()


def check_screen(page: Page, study: QualifyingStudy) -> None:
    page.get_by_role("button", name="Begin the check").click()
    page.get_by_role("button", name="It has the size of my card").click()
    for number, answer in enumerate(study.seen_on_last_check(), start=1):
        expect(page.get_by_text(f"Picture {number} of 6")).to_be_visible()
        # Nothing can be answered before the picture is there.
        expect(page.get_by_role("button", name="0", exact=True)).to_be_enabled()
        page.keyboard.press(str(answer))
    page.get_by_role("button", name="Finish the check").click()


def test_a_newcomer_walks_from_consent_to_the_first_rating(page: Page, platform: Platform) -> None:
    study = make_qualifying_study(platform, *STEPS)
    sign_in(page, study.person, PASSWORD)
    page.goto(f"/studies/{study.slug}/rate")
    expect(page.get_by_role("heading", name="Before you take part")).to_be_visible()
    expect(page.get_by_text("We keep your ratings under a number.")).to_be_visible()
    agree(page)
    check_screen(page, study)
    expect(page.get_by_role("heading", name="This screen is good")).to_be_visible()
    page.get_by_role("button", name="Go on").click()

    page.get_by_role("button", name="Begin the training").click()
    for number in range(1, 11):
        expect(page.get_by_text(f"{number} of 10")).to_be_visible()
        # The first one is missed, and told so; nothing hangs on it.
        rate_item(page, "55555542" if number == 1 else RIGHT)
        heading = "The reference sees it differently" if number == 1 else "Near enough to the reference"
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        expect(page.get_by_text("The edges are soft.")).to_be_visible()
        page.keyboard.press("Enter")

    page.get_by_role("button", name="Begin the quiz").click()
    for number in range(1, 6):
        expect(page.get_by_text(f"{number} of 5")).to_be_visible()
        rate_item(page)
    expect(page.get_by_role("heading", name="You are ready")).to_be_visible()
    page.get_by_role("link", name="Start rating").click()
    rate_item(page)
    expect(page.get_by_text("1 this session")).to_be_visible()
    for _ in range(40):
        if stored_ratings(platform, study.slug, study.person):
            return
        page.wait_for_timeout(250)
    raise AssertionError("the first rating did not arrive")


def test_another_screen_in_the_middle_of_the_work_asks_for_a_check_and_the_old_one_goes_on(
    page: Page, platform: Platform
) -> None:
    study = make_qualifying_study(platform, "ask_viewing")
    sign_in(page, study.person, PASSWORD)
    page.goto(f"/studies/{study.slug}/rate")
    check_screen(page, study)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Start rating").click()
    wait_for_roi(page)
    page.keyboard.press("5")
    page.evaluate(ANOTHER_SCREEN)
    expect(page.get_by_role("heading", name="Check your screen")).to_be_visible()
    expect(page.get_by_text("screen or zoom are different now")).to_be_visible()
    page.evaluate(THE_SAME_SCREEN)
    expect(page.get_by_role("heading", name="You are ready")).to_be_visible()
    page.get_by_role("link", name="Start rating").click()
    wait_for_roi(page)
    # What was answered before the change is still there.
    expect(page.get_by_role("radiogroup", name="Exposure").get_by_role("radio").nth(5)).to_be_checked()


def test_a_quiz_that_is_failed_says_so_and_offers_another_try(page: Page, platform: Platform) -> None:
    study = make_qualifying_study(platform, "ask_quiz")
    sign_in(page, study.person, PASSWORD)
    page.goto(f"/studies/{study.slug}/rate")
    page.get_by_role("button", name="Begin the quiz").click()
    for number in range(1, 6):
        expect(page.get_by_text(f"{number} of 5")).to_be_visible()
        rate_item(page, "55555542")
    expect(page.get_by_role("heading", name="Not passed this time")).to_be_visible()
    expect(page.get_by_text("You had 0 % of the regions right")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
