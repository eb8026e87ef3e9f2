"""Smart select in a real browser: the region under the pointer is outlined, taken, cut, resized, boxed and saved."""

import statistics
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect
from pycocotools import mask as coco_mask

from tests.e2e.conftest import Platform, sign_in
from tests.e2e.pictures import take_picture
from tests.e2e.regions_page import (
    area_under_pointer,
    is_new_roi,
    lines,
    on_image,
    open_image,
    pixels,
    provenance_of,
    settled_area,
    smart_button,
    working_area,
)

pytestmark = pytest.mark.e2e

# Draws nothing and changes nothing: remembers when the outlines were last painted and the pointer last moved.
STOPWATCH = """() => {
  const lines = document.querySelector('[data-testid=stage-lines]');
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  window.stopwatch = { moved: 0, painted: 0 };
  CanvasRenderingContext2D.prototype.drawImage = function (...given) {
    draw.apply(this, given);
    if (this.canvas === lines) window.stopwatch.painted = performance.now();
  };
  document.querySelector('[role=application]').addEventListener(
    'pointermove', () => { window.stopwatch = { moved: performance.now(), painted: 0 }; }, { capture: true });
}"""


@pytest.fixture
def admin(page: Page, platform: Platform) -> Page:
    sign_in(page, "demo-admin", platform.logins()["demo-admin"])
    return page


def wait_until_ready(page: Page) -> None:
    """The tool is taken up by itself once the regions are there."""
    expect(smart_button(page)).to_have_attribute("aria-pressed", "true", timeout=60_000)
    expect(page.get_by_text("Size of the region")).to_be_visible()


@pytest.fixture
def coffee(admin: Page) -> Iterator[Page]:
    open_image(admin, "coffee.jpg")
    wait_until_ready(admin)
    yield admin
    # Nothing unsaved stays behind in this browser for the next page.
    admin.keyboard.press("Escape")


def grow_to(page: Page, least: int) -> None:
    """Turn the wheel until the region under the pointer has at least so many pixels."""
    for _ in range(30):
        if pixels(area_under_pointer(page)) >= least:
            return
        page.mouse.wheel(0, -100)
        page.wait_for_timeout(30)
    pytest.fail("the wheel does not reach a region that is large enough")


def test_hovering_outlines_a_region_and_the_wheel_changes_its_size(coffee: Page) -> None:
    before = lines(coffee)
    coffee.mouse.move(*on_image(coffee, 280, 150))
    expect(area_under_pointer(coffee)).not_to_have_text("–")
    coffee.wait_for_timeout(200)
    assert lines(coffee) != before
    start = pixels(area_under_pointer(coffee))
    coffee.mouse.wheel(0, -100)
    expect(area_under_pointer(coffee)).not_to_have_text(f"{start:,} px")
    assert pixels(area_under_pointer(coffee)) > start
    coffee.mouse.wheel(0, 100)
    expect(area_under_pointer(coffee)).to_have_text(f"{start:,} px")
    expect(coffee.get_by_label("Zoom level")).to_have_text("1:1")
    coffee.keyboard.press(".")
    expect(area_under_pointer(coffee)).not_to_have_text(f"{start:,} px")
    coffee.keyboard.press("0")
    expect(area_under_pointer(coffee)).to_have_text(f"{start:,} px")


def test_what_is_clicked_is_saved_with_its_prompts_and_what_was_changed_by_hand(coffee: Page) -> None:
    coffee.mouse.move(*on_image(coffee, 280, 150))
    grow_to(coffee, 4000)
    taken = pixels(area_under_pointer(coffee))
    coffee.mouse.click(*on_image(coffee, 280, 150))
    expect(working_area(coffee)).to_have_text(f"{taken:,} px")
    take_picture(coffee, "smart-select")
    coffee.get_by_role("button", name="Eraser").click()
    coffee.mouse.click(*on_image(coffee, 290, 160))
    expect(working_area(coffee)).not_to_have_text(f"{taken:,} px")
    left = settled_area(coffee)
    with coffee.expect_response(is_new_roi) as answered:
        coffee.keyboard.press("Enter")
    assert answered.value.status == 201, answered.value.text()
    saved = answered.value.json()
    mask = coco_mask.decode(saved["segmentation"])
    assert mask[150, 280] == 1
    assert int(mask.sum()) == saved["area"] == left
    provenance = provenance_of(answered.value.request)
    assert provenance["tool"] == "region-tree"
    assert provenance["version"] == "region-tree-1"
    assert provenance["edited_px"] == taken - left > 0
    (event,) = provenance["events"]
    assert (event["type"], event["x"], event["y"], event["positive"]) == ("point", 280, 150, True)
    assert 0 <= event["scale"] <= 1


def test_a_click_with_alt_takes_away_and_undo_brings_back(coffee: Page) -> None:
    coffee.mouse.move(*on_image(coffee, 280, 150))
    grow_to(coffee, 20_000)
    coffee.mouse.click(*on_image(coffee, 280, 150))
    taken = pixels(area_under_pointer(coffee))
    expect(working_area(coffee)).to_have_text(f"{taken:,} px")
    coffee.keyboard.press("0")
    coffee.keyboard.down("Alt")
    # The largest region that spares the click lies around the pointer, so the mask gets smaller wherever it is inside.
    coffee.mouse.click(*on_image(coffee, 262, 178))
    coffee.keyboard.up("Alt")
    expect(working_area(coffee)).not_to_have_text(f"{taken:,} px")
    assert 0 < settled_area(coffee) < taken
    coffee.keyboard.press("Control+z")
    expect(working_area(coffee)).to_have_text(f"{taken:,} px")
    coffee.keyboard.press("Control+y")
    expect(working_area(coffee)).not_to_have_text(f"{taken:,} px")
    coffee.keyboard.press("Escape")
    expect(coffee.get_by_text("discarded")).to_be_visible()
    expect(working_area(coffee)).to_have_count(0)


def test_dragging_takes_a_box_and_specks_are_cleaned_up_by_a_slider(coffee: Page) -> None:
    coffee.mouse.move(*on_image(coffee, 180, 30))
    coffee.mouse.down()
    coffee.mouse.move(*on_image(coffee, 420, 260), steps=6)
    coffee.mouse.up()
    expect(working_area(coffee)).not_to_have_text("0 px")
    boxed = settled_area(coffee)
    assert boxed > 10_000
    slider = coffee.get_by_role("slider", name="Clean up specks")
    slider.focus()
    for _ in range(30):
        coffee.keyboard.press("ArrowRight")
    expect(coffee.get_by_label("Size of specks")).to_have_text("under 900 px")
    coffee.wait_for_timeout(200)
    # Thirty steps of the slider are one step of work.
    coffee.keyboard.press("Control+z")
    expect(coffee.get_by_label("Size of specks")).to_have_text("off")
    expect(working_area(coffee)).to_have_text(f"{boxed:,} px")
    coffee.keyboard.press("Control+z")
    expect(working_area(coffee)).to_have_text("0 px")


def test_an_roi_is_drawn_with_the_keyboard_only(coffee: Page) -> None:
    coffee.get_by_role("application").focus()
    coffee.keyboard.press("ArrowLeft")
    for _ in range(5):
        coffee.keyboard.press("Shift+ArrowUp")
    expect(area_under_pointer(coffee)).not_to_have_text("–")
    for _ in range(30):
        if pixels(area_under_pointer(coffee)) >= 4000:
            break
        coffee.keyboard.press(".")
        coffee.wait_for_timeout(30)
    coffee.keyboard.press("k")
    expect(working_area(coffee)).not_to_have_text("0 px")
    with coffee.expect_response(is_new_roi) as answered:
        coffee.keyboard.press("Enter")
    assert answered.value.status == 201, answered.value.text()
    # One pixel to the left of the middle and fifty up.
    assert coco_mask.decode(answered.value.json()["segmentation"])[150, 299] == 1


def test_a_box_is_drawn_with_the_keyboard_only(coffee: Page) -> None:
    coffee.get_by_role("application").focus()
    coffee.keyboard.press("ArrowLeft")
    coffee.keyboard.press("x")
    for _ in range(12):
        coffee.keyboard.press("Shift+ArrowUp")
        coffee.keyboard.press("Shift+ArrowLeft")
    coffee.keyboard.press("x")
    expect(working_area(coffee)).not_to_have_text("0 px")
    assert settled_area(coffee) > 1024


def test_the_page_says_that_it_is_prepared_and_goes_on_by_itself(admin: Page) -> None:
    refused: list[str] = []

    def not_ready_twice(route: Route) -> None:
        if route.request.method == "GET" and len(refused) < 2:
            refused.append(route.request.url)
            route.fulfill(status=409, json={"code": "region_tree_not_ready", "detail": "Not yet.", "fields": {}})
        elif route.request.method == "POST" and len(refused) < 2:
            job = {"id": "00000000-0000-4000-8000-000000000001", "kind": "region_tree", "message": "", "report": None,
                   "created_at": "2026-01-01T00:00:00Z", "finished_at": None, "cancellable": False}  # fmt: skip
            route.fulfill(status=202, json=job | {"state": "running", "done": 2, "total": 5})
        else:
            route.fallback()

    polls: list[str] = []

    def job_ends_at_the_third_poll(route: Route) -> None:
        polls.append(route.request.url)
        state = "succeeded" if len(polls) > 2 else "running"
        if state == "succeeded":
            refused.append("done")
        route.fulfill(json={"id": "00000000-0000-4000-8000-000000000001", "kind": "region_tree", "state": state,
                            "done": 2, "total": 5, "message": "", "report": None, "cancellable": False,
                            "created_at": "2026-01-01T00:00:00Z", "finished_at": None})  # fmt: skip

    admin.route("**/region-tree/", not_ready_twice)
    admin.route("**/jobs/00000000-0000-4000-8000-000000000001/", job_ends_at_the_third_poll)
    open_image(admin, "coffee.jpg")
    note = admin.get_by_role("status").filter(has_text="Smart select is being prepared")
    expect(note).to_contain_text("40 %")
    expect(admin.get_by_role("progressbar", name="Smart select")).to_be_visible()
    # Polygon and brush work meanwhile.
    expect(admin.get_by_role("button", name="Polygon")).to_have_attribute("aria-pressed", "true")
    wait_until_ready(admin)
    expect(note).to_have_count(0)
    admin.mouse.move(*on_image(admin, 280, 150))
    expect(area_under_pointer(admin)).not_to_have_text("–")


def test_without_regions_the_page_says_why_and_can_be_asked_again(admin: Page) -> None:
    admin.route("**/region-tree/", lambda route: route.fulfill(body=b"RQT1 but nothing more", status=200))
    open_image(admin, "coffee.jpg")
    alert = admin.get_by_role("alert").filter(has_text="Smart select is not available")
    expect(alert).to_be_visible()
    admin.unroute("**/region-tree/")
    alert.get_by_role("button", name="Try again").click()
    wait_until_ready(admin)


def test_the_time_from_hover_to_outline_is_measured(coffee: Page, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints p50 and p95 over 60 places; nothing is asserted about time."""
    coffee.evaluate(STOPWATCH)
    times: list[float] = []
    for index in range(60):
        x, y = on_image(coffee, 20 + (index * 97) % 560, 20 + (index * 61) % 360)
        coffee.mouse.move(x, y)
        coffee.wait_for_timeout(120)
        watch = coffee.evaluate("() => window.stopwatch")
        if watch["painted"] > 0:
            times.append(watch["painted"] - watch["moved"])
    assert len(times) > 30
    p95 = statistics.quantiles(times, n=20)[18]
    with capsys.disabled():
        print(f"\nhover to outline, {len(times)} places: p50 {statistics.median(times):.1f} ms, p95 {p95:.1f} ms")
