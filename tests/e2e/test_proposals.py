"""The queue of proposals in a real browser, on proposals that a worker really makes, by keyboard."""

import re

import pytest
from playwright.sync_api import Page, Response, expect

from tests.e2e.conftest import Platform, sign_in
from tests.e2e.pictures import take_picture
from tests.e2e.regions_page import settled_area, working_area

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PATH = "/studies/demo-open/proposals"


@pytest.fixture
def admin(page: Page, platform: Platform) -> Page:
    sign_in(page, "demo-admin", platform.logins()["demo-admin"])
    return page


@pytest.fixture
def queue(admin: Page) -> Page:
    """The page with proposals on it; the first test to come here has them made."""
    admin.goto(PATH)
    question = admin.get_by_role("heading", name="Is this a region to rate?")
    nothing = admin.get_by_role("heading", name="No proposals are waiting")
    expect(question.or_(nothing)).to_be_visible()
    if nothing.is_visible():
        take_picture(admin, "proposals-none")
        admin.get_by_role("radio", name="Components").check()
        admin.get_by_role("button", name="Make proposals").click()
        expect(question).to_be_visible(timeout=200_000)
    # The stage shows the image and the outline of the proposal.
    expect(admin.get_by_role("application")).to_be_visible()
    return admin


def area(page: Page) -> str:
    return page.get_by_label("Proposal", exact=True).locator("dd").first.inner_text()


def is_decision(answer: Response) -> bool:
    return "/proposals/" in answer.url and answer.request.method == "POST"


def decide(page: Page, key: str) -> Response:
    with page.expect_response(is_decision) as answered:
        page.keyboard.press(key)
    return answered.value


def progress(page: Page) -> str:
    return page.locator(".proposals-progress").inner_text()


def test_proposals_are_accepted_rejected_and_taken_back_by_keyboard(queue: Page) -> None:
    first = area(queue)
    take_picture(queue, "proposals")
    accepted = decide(queue, "a")
    assert accepted.status == 201, accepted.text()
    roi = accepted.json()
    assert f"{roi['area']:,} px" == first
    assert roi["level"] == "component"
    expect(queue.locator(".proposals-progress")).to_contain_text("1 accepted, 0 rejected")
    second = area(queue)
    assert decide(queue, "r").status == 200
    expect(queue.locator(".proposals-progress")).to_contain_text("1 accepted, 1 rejected")
    assert decide(queue, "u").status == 200
    assert area(queue) == second
    # What was accepted is an ROI of the image until it is taken back.
    assert len(rois_of(queue, roi["image"], roi["id"])) == 1
    assert decide(queue, "Control+z").status == 200
    assert area(queue) == first
    assert rois_of(queue, roi["image"], roi["id"]) == []
    assert "0 accepted, 0 rejected" in progress(queue)


def rois_of(page: Page, image: str, roi: str) -> list[str]:
    """The ROI's id if the image has it in this study."""
    answer = page.request.get(f"/api/v1/images/{image}/rois/?study=demo-open&limit=200")
    return [row["id"] for row in answer.json()["results"] if row["id"] == roi]


def test_a_proposal_is_repaired_in_the_drawing_tools(queue: Page) -> None:
    before = int(area(queue).replace(",", "").removesuffix(" px"))
    queue.keyboard.press("e")
    expect(queue.get_by_role("heading", name="Repair the proposal")).to_be_visible()
    queue.keyboard.press("b")
    box = queue.get_by_role("application").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    queue.mouse.move(middle[0] - 60, middle[1] - 60)
    queue.mouse.down()
    queue.mouse.move(middle[0] + 60, middle[1] + 60, steps=5)
    queue.mouse.up()
    expect(working_area(queue)).not_to_have_text(f"{before:,} px")
    take_picture(queue, "proposals-repair")
    repaired = settled_area(queue)
    answer = decide(queue, "Enter")
    assert answer.status == 201, answer.text()
    assert answer.json()["area"] == repaired
    body = answer.request.post_data_json
    assert isinstance(body, dict)
    assert body["provenance"]["repair"]["strokes"] == 1
    assert body["provenance"]["repair"]["changed_px"] == repaired - before
    expect(queue.get_by_role("heading", name="Is this a region to rate?")).to_be_visible()
    assert decide(queue, "u").status == 200


def test_leaving_the_repair_changes_nothing_and_proposals_can_be_passed_over(queue: Page) -> None:
    first = area(queue)
    queue.keyboard.press("e")
    expect(queue.get_by_role("heading", name="Repair the proposal")).to_be_visible()
    queue.keyboard.press("Escape")
    expect(queue.get_by_role("heading", name="Is this a region to rate?")).to_be_visible()
    assert area(queue) == first
    queue.keyboard.press("n")
    expect(queue.get_by_label("Proposal", exact=True).locator("dd").first).not_to_have_text(first)
    queue.keyboard.press("b")
    expect(queue.get_by_label("Proposal", exact=True).locator("dd").first).to_have_text(first)
    queue.keyboard.press("o")
    expect(queue.get_by_role("radio", name="Object")).to_be_checked()


def test_the_filter_shows_one_level_and_says_when_nothing_waits(queue: Page) -> None:
    queue.get_by_label("Show").select_option("object")
    expect(queue).to_have_url(re.compile("level=object$"))
    expect(queue.get_by_role("heading", name="No proposals of objects are waiting")).to_be_visible()
    queue.get_by_label("Show").select_option("component")
    expect(queue.get_by_role("heading", name="Is this a region to rate?")).to_be_visible()


def test_a_decision_that_the_server_refuses_comes_back(queue: Page) -> None:
    first = area(queue)
    body = {"code": "roi_exists", "detail": "There is such an ROI already.", "fields": {}}
    queue.route("**/accept/", lambda route: route.fulfill(status=409, json=body))
    queue.keyboard.press("a")
    expect(queue.get_by_text("There is such an ROI already.")).to_be_visible()
    expect(queue.get_by_label("Proposal", exact=True).locator("dd").first).to_have_text(first)
