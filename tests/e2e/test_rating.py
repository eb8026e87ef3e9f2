"""Rating in a real browser: by keyboard and mouse, and what must not be lost when things break."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e.conftest import Platform, sign_in
from tests.e2e.rating_page import KEYS, checked_levels, open_rating_page, press_answers, stored_ratings, wait_for_roi

pytestmark = pytest.mark.e2e

STUDY = "demo-open"
PASSWORD = "correct-horse-battery"

NEW_ANNOTATOR = """
from roiqa.accounts.models import User
from roiqa.studies.models import Membership, Study
user = User.objects.create_user({name!r}, password={password!r})
Membership.objects.create(study=Study.objects.get(slug={study!r}), user=user, role="annotator")
"""


@pytest.fixture
def person(platform: Platform) -> str:
    """A fresh annotator of the open demo study: tests do not see each other's answers."""
    name = f"person-{uuid.uuid4().hex[:8]}"
    platform.run(NEW_ANNOTATOR.format(name=name, password=PASSWORD, study=STUDY))
    return name


@pytest.fixture
def rating(page: Page, person: str) -> Iterator[Page]:
    sign_in(page, person, PASSWORD)
    open_rating_page(page, STUDY)
    yield page


def wait_until_stored(platform: Platform, person: str, count: int, page: Page) -> None:
    for _ in range(40):
        if len(stored_ratings(platform, STUDY, person)) >= count:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"fewer than {count} ratings arrived")


def test_nothing_is_preselected(rating: Page) -> None:
    assert checked_levels(rating) == [None] * 8


def test_an_roi_is_rated_by_keyboard_alone_and_the_next_appears(rating: Page, platform: Platform, person: str) -> None:
    press_answers(rating)
    assert checked_levels(rating) == [5, 5, 3, 5, 5, 5, 4, 2]
    rating.keyboard.press("Enter")
    expect(rating.get_by_text("1 this session")).to_be_visible()
    assert checked_levels(rating) == [None] * 8
    wait_until_stored(platform, person, 1, rating)
    (stored,) = stored_ratings(platform, STUDY, person)
    assert stored["severities"] == [5, 5, 3, 5, 5, 5]
    assert (stored["quality"], stored["importance"]) == (4, 2)
    assert stored["telemetry"]["visible_ms"] > 0
    assert "zoom" in str(stored["telemetry"])


def test_enter_on_an_unfinished_form_says_what_is_missing(rating: Page, platform: Platform, person: str) -> None:
    press_answers(rating, "555")
    rating.keyboard.press("Enter")
    expect(rating.get_by_role("radiogroup", name="Contrast")).to_be_visible()
    assert stored_ratings(platform, STUDY, person) == []
    press_answers(rating, "5554", first_row=3)
    assert checked_levels(rating)[3:7] == [5, 5, 5, 4]


def test_no_visible_distortion_sets_six_answers_that_can_be_changed(
    rating: Page, platform: Platform, person: str
) -> None:
    rating.keyboard.press("n")
    assert checked_levels(rating)[:6] == [5] * 6
    rating.get_by_role("radiogroup", name="Quality").get_by_role("radio").nth(3).click()
    rating.get_by_role("radiogroup", name="Importance").get_by_role("radio").nth(1).click()
    rating.get_by_role("button", name="Submit").click()
    wait_until_stored(platform, person, 1, rating)
    (stored,) = stored_ratings(platform, STUDY, person)
    assert stored["severities"] == [5] * 6
    assert stored["bulk_clean"] is True


def test_undo_opens_the_last_roi_with_the_answers_given(rating: Page, platform: Platform, person: str) -> None:
    press_answers(rating)
    rating.keyboard.press("Enter")
    expect(rating.get_by_text("1 this session")).to_be_visible()
    wait_for_roi(rating)
    rating.keyboard.press("u")
    expect(rating.get_by_role("radiogroup", name="Quality").get_by_role("radio").nth(4)).to_be_checked()
    assert checked_levels(rating) == [5, 5, 3, 5, 5, 5, 4, 2]
    rating.get_by_role("radiogroup", name="Quality").get_by_role("radio").nth(0).click()
    rating.get_by_role("button", name="Submit").click()
    wait_until_stored(platform, person, 2, rating)
    first, second = stored_ratings(platform, STUDY, person)
    assert (first["quality"], first["is_current"]) == (4, False)
    assert (second["quality"], second["revision"], second["is_current"]) == (0, 2, True)
    assert first["roi"] == second["roi"]


def test_cannot_judge_asks_for_a_reason_and_goes_on(rating: Page, platform: Platform, person: str) -> None:
    rating.keyboard.press("x")
    dialog = rating.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("radio").first.check()
    dialog.get_by_role("button", name="Cannot judge").click()
    expect(dialog).to_be_hidden()
    wait_for_roi(rating)
    for _ in range(40):
        printed = platform.run(
            "from roiqa.ratings.models import Assignment; "
            f"print(Assignment.objects.filter(annotator__username={person!r}, state='skipped').count())"
        )
        if printed.strip().endswith("1"):
            return
        rating.wait_for_timeout(250)
    raise AssertionError("the skip did not arrive")


def test_the_image_is_shown_one_pixel_to_one_device_pixel_in_true_colours(rating: Page) -> None:
    size = rating.evaluate(
        """() => {
          const canvas = document.querySelector("canvas");
          return { width: canvas.width / canvas.getBoundingClientRect().width, dpr: devicePixelRatio };
        }"""
    )
    assert abs(size["width"] - size["dpr"]) < 0.01


# What must not be lost.


def test_a_killed_tab_loses_nothing(rating: Page, context: BrowserContext) -> None:
    press_answers(rating, "410")
    rating.close(run_before_unload=False)
    again = context.new_page()
    open_rating_page(again, STUDY)
    expect(again.get_by_role("radiogroup", name="Exposure").get_by_role("radio").nth(4)).to_be_checked()
    assert checked_levels(again)[:4] == [4, 1, 0, None]


def test_an_autosaved_form_opens_on_another_machine(
    rating: Page, browser: Browser, platform: Platform, person: str
) -> None:
    with rating.expect_response(lambda answer: "/draft/" in answer.url and answer.ok):
        press_answers(rating, "321")
    elsewhere = browser.new_context(base_url=platform.url, viewport={"width": 1440, "height": 900})
    try:
        page = elsewhere.new_page()
        sign_in(page, person, PASSWORD)
        open_rating_page(page, STUDY)
        expect(page.get_by_role("radiogroup", name="Exposure").get_by_role("radio").nth(3)).to_be_checked()
        assert checked_levels(page)[:3] == [3, 2, 1]
    finally:
        elsewhere.close()


def test_an_expired_log_in_loses_nothing(
    rating: Page, context: BrowserContext, platform: Platform, person: str
) -> None:
    press_answers(rating)
    context.clear_cookies(name="sessionid")
    rating.keyboard.press("Enter")
    dialog = rating.get_by_role("dialog", name="Log in again")
    expect(dialog).to_be_visible()
    assert stored_ratings(platform, STUDY, person) == []
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Log in").click()
    wait_until_stored(platform, person, 1, rating)
    assert stored_ratings(platform, STUDY, person)[0]["severities"] == [5, 5, 3, 5, 5, 5]


def test_ten_minutes_without_network_lose_nothing(
    page: Page, context: BrowserContext, platform: Platform, person: str
) -> None:
    page.clock.install()
    sign_in(page, person, PASSWORD)
    open_rating_page(page, STUDY)
    page.wait_for_timeout(1500)  # the next ROI is fetched ahead
    context.set_offline(True)
    press_answers(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 this session")).to_be_visible()
    wait_for_roi(page)
    press_answers(page, "01234501")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 answers wait", exact=False)).to_be_visible()
    page.clock.fast_forward("10:00")
    expect(page.get_by_text("2 answers wait", exact=False)).to_be_visible()
    assert stored_ratings(platform, STUDY, person) == []
    context.set_offline(False)
    # Two minutes, but never more at once than a request may take: the page would give up those that are under way.
    for _ in range(8):
        page.clock.run_for("00:15")
        page.wait_for_timeout(250)
    wait_until_stored(platform, person, 2, page)
    assert [row["severities"] for row in stored_ratings(platform, STUDY, person)] == [
        [5, 5, 3, 5, 5, 5],
        [0, 1, 2, 3, 4, 5],
    ]


def test_an_answer_cut_off_on_its_way_back_is_stored_once(rating: Page, platform: Platform, person: str) -> None:
    cut: list[str] = []

    def cut_once(route: Route) -> None:
        if cut:
            route.continue_()
            return
        cut.append(route.request.headers["idempotency-key"])
        route.fetch()  # the server has stored it ...
        route.abort("connectionreset")  # ... and the page never hears of it

    rating.route("**/rating/", cut_once)
    press_answers(rating)
    with rating.expect_response(lambda answer: answer.url.endswith("/rating/"), timeout=40_000) as retried:
        rating.keyboard.press("Enter")
    assert retried.value.status == 200
    (stored,) = stored_ratings(platform, STUDY, person)
    assert stored["key"] == cut[0]


def test_a_server_killed_in_the_middle_of_a_submit_loses_nothing(rating: Page, platform: Platform, person: str) -> None:
    web = web_processes(platform)
    assert web

    def kill_server(route: Route) -> None:
        for pid in web:
            os.kill(pid, signal.SIGKILL)
        route.continue_()

    rating.route("**/rating/", kill_server, times=1)
    press_answers(rating, KEYS)
    rating.keyboard.press("Enter")
    expect(rating.get_by_text("1 this session")).to_be_visible()
    for _ in range(120):
        try:
            if httpx.get(platform.url + "/readyz").status_code == 200:
                break
        except httpx.HTTPError:
            rating.wait_for_timeout(250)
    wait_until_stored(platform, person, 1, rating)
    (stored,) = stored_ratings(platform, STUDY, person)
    assert stored["severities"] == [5, 5, 3, 5, 5, 5]


def web_processes(platform: Platform) -> list[int]:
    """The web server of this platform: children of `manage.py up` that run granian, and theirs."""
    assert platform.process is not None
    found: list[int] = []
    parents = {platform.process.pid}
    while parents:
        children: set[int] = set()
        for parent in parents:
            for thread in Path(f"/proc/{parent}/task").iterdir():
                children |= {int(word) for word in (thread / "children").read_text().split()}
        found += [child for child in children if b"granian" in Path(f"/proc/{child}/cmdline").read_bytes()]
        parents = children
    return found
