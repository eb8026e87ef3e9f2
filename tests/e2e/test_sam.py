"""Smart select by the shipped segmentation model in a real browser, on the demo's photographs, in both homes."""

import base64
import json
import re
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pycocotools import mask as coco_mask

from tests.e2e.conftest import Platform, sign_in
from tests.e2e.pictures import take_picture
from tests.e2e.regions_page import (
    area_under_pointer,
    forget,
    is_new_roi,
    lines,
    on_image,
    open_image,
    provenance_of,
    settled_area,
    working_area,
)
from tests.e2e.shell import REPOSITORY

# The worker loads torch before the first embedding, which takes long on a busy machine.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

GOLDEN = REPOSITORY / "fixtures" / "golden" / "segmentation"
FOLDER = REPOSITORY / "fixtures" / "segmentation" / "small-sam"
MODEL: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
# A part of the cup, the saucer's edge and the table of coffee.jpg; a box around cup and saucer.
CUP, RIM, TABLE, SPOON = (300, 170), (380, 90), (60, 350), (205, 260)
BOX = (150, 60), (469, 329)

PATCH = """async (model) => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const answer = await fetch('/api/v1/studies/demo-open/', {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token },
    body: JSON.stringify({ segmentation_model: model }),
  });
  return answer.status;
}"""

# Asks the page's own worker, built file and all, and answers COCO runs of what it made of the golden prompts.
GOLDEN_IN_WORKER = """async ({ embedding, frame, decoder, cases }) => {
  const script = performance.getEntriesByType('resource').map((entry) => entry.name)
    .find((name) => name.includes('/sam.worker-'));
  const worker = new Worker(script, { type: 'module' });
  let id = 0;
  const ask = (request) => new Promise((resolve, reject) => {
    const mine = ++id;
    const hear = ({ data }) => {
      if (data.id !== mine) return;
      worker.removeEventListener('message', hear);
      if (data.error) reject(new Error(data.error)); else resolve(data.result);
    };
    worker.addEventListener('message', hear);
    worker.postMessage({ ...request, id: mine, key: 'golden' });
  });
  const bytes = Uint8Array.from(atob(embedding), (letter) => letter.charCodeAt(0)).buffer;
  const provider = await ask({ kind: 'open', decoder, threads: 1 });
  await ask({ kind: 'keep', bytes });
  const answers = {};
  const previous = {};
  for (const { name, points, box, before, ambiguous, indices } of cases) {
    answers[name] = [];
    for (const index of indices) {
      const found = await ask({ kind: 'decode', prompt: { points, box }, previous: before ? previous[before] : null,
                                frame, ambiguous, wanted: { index } });
      previous[name] ??= found.candidates[0].logits;
      answers[name].push({ index: found.candidates.map((one) => one.index), counts: found.mask.counts });
    }
  }
  worker.terminate();
  return { provider, answers };
}"""


def _measured(context: BrowserContext, *, browser_ms: int | str, server_ms: int | str) -> None:
    """Has pages believe that they measured: the faster home is used, the other one stands by. `null` is not shown."""
    key = f"roiqa:sam-home:{MODEL['id']}:{MODEL['decoder']['sha256'][:16]}"
    measured = f"{{ browserMs: {browser_ms}, serverMs: {server_ms}, at: Date.now() }}"
    context.add_init_script(f"localStorage.setItem('{key}', JSON.stringify({measured}))")


@pytest.fixture(scope="module")
def _encoded(browser: Browser, platform: Platform) -> Iterator[None]:
    """The open demo study selects by the model while these tests run, and its first photographs are encoded."""
    context = browser.new_context(base_url=platform.url)
    page = context.new_page()
    sign_in(page, "demo-admin", platform.logins()["demo-admin"])
    assert page.evaluate(PATCH, MODEL["id"]) == 200
    open_image(page, "coffee.jpg")
    expect(page.get_by_role("button", name=MODEL["title"])).to_have_attribute("aria-pressed", "true", timeout=240_000)
    yield
    assert page.evaluate(PATCH, "region-tree") == 200
    context.close()


@pytest.fixture
def admin(page: Page, platform: Platform, _encoded: None) -> Page:
    sign_in(page, "demo-admin", platform.logins()["demo-admin"])
    return page


@pytest.fixture
def on_server(context: BrowserContext) -> None:
    _measured(context, browser_ms=60, server_ms="null")


@pytest.fixture
def in_browser(context: BrowserContext) -> None:
    _measured(context, browser_ms="null", server_ms="null")


def wait_until_ready(page: Page) -> None:
    expect(page.get_by_role("button", name=MODEL["title"])).to_have_attribute("aria-pressed", "true", timeout=60_000)


def move(page: Page, place: tuple[int, int]) -> None:
    page.mouse.move(*on_image(page, *place))
    expect(area_under_pointer(page)).not_to_have_text("–")


def click(page: Page, place: tuple[int, int]) -> None:
    page.mouse.click(*on_image(page, *place))


def drag(page: Page, start: tuple[int, int], end: tuple[int, int]) -> None:
    page.mouse.move(*on_image(page, *start))
    page.mouse.down()
    page.mouse.move(*on_image(page, *end), steps=5)
    page.mouse.up()


def new_area(page: Page, before: int | None = None, *, timeout_ms: float = 15_000) -> int:
    """Pixels of the mask that is worked on, once they are others than before, with its last step."""
    expect(working_area(page)).not_to_have_text(f"{before or 0:,} px", timeout=timeout_ms)
    return settled_area(page)


@pytest.fixture
def coffee(admin: Page) -> Page:
    open_image(admin, "coffee.jpg")
    wait_until_ready(admin)
    return admin


@pytest.mark.usefixtures("on_server")
def test_hovering_shows_the_mask_and_the_wheel_goes_through_the_candidates(coffee: Page) -> None:
    before = lines(coffee)
    move(coffee, CUP)
    assert lines(coffee) != before
    own = area_under_pointer(coffee).inner_text()
    areas = {own}
    for turn in (-100, -100, 100, 100):
        coffee.mouse.wheel(0, turn)
        coffee.wait_for_timeout(150)
        areas.add(area_under_pointer(coffee).inner_text())
    assert len(areas) > 1
    assert "of 3" in coffee.get_by_role("group", name="Size of the region").inner_text()
    coffee.keyboard.press("0")
    expect(area_under_pointer(coffee)).to_have_text(own)
    take_picture(coffee, "sam-hover")


@pytest.mark.usefixtures("on_server")
def test_clicks_add_and_take_away_and_undo_replays_the_events(coffee: Page) -> None:
    move(coffee, CUP)
    shown = area_under_pointer(coffee).inner_text()
    click(coffee, CUP)
    # What was shown is what is taken.
    expect(working_area(coffee)).to_have_text(shown)
    first = settled_area(coffee)
    click(coffee, RIM)
    second = new_area(coffee, first)
    coffee.keyboard.down("Alt")
    click(coffee, TABLE)
    coffee.keyboard.up("Alt")
    third = new_area(coffee, second)
    take_picture(coffee, "sam-points")
    coffee.keyboard.press("Control+z")
    expect(working_area(coffee)).to_have_text(f"{second:,} px")
    coffee.keyboard.press("Control+z")
    expect(working_area(coffee)).to_have_text(f"{first:,} px")
    coffee.keyboard.press("Control+y")
    coffee.keyboard.press("Control+y")
    expect(working_area(coffee)).to_have_text(f"{third:,} px")
    with coffee.expect_response(is_new_roi) as answered:
        coffee.keyboard.press("Enter")
    assert answered.value.status == 201, answered.value.text()
    assert answered.value.json()["area"] == third
    provenance = provenance_of(answered.value.request)
    assert (provenance["tool"], provenance["model"], provenance["home"]) == ("sam", MODEL["id"], "server")
    assert provenance["version"] == MODEL["weights_sha256"][:12]
    events = [(event["type"], event["x"], event["y"], event["positive"]) for event in provenance["events"]]
    assert events == [("point", *CUP, True), ("point", *RIM, True), ("point", *TABLE, False)]
    assert (provenance["edited_px"], provenance["specks"]) == (0, 0)
    forget(coffee, answered.value)


@pytest.mark.usefixtures("in_browser")
def test_a_box_is_repaired_by_hand_and_what_was_changed_is_counted(coffee: Page) -> None:
    drag(coffee, *BOX)
    boxed = new_area(coffee)
    assert boxed > 10_000
    take_picture(coffee, "sam-box")
    coffee.keyboard.press("b")
    drag(coffee, (10, 10), (590, 390))
    painted = new_area(coffee, boxed)
    assert painted > boxed
    take_picture(coffee, "sam-brush")
    slider = coffee.get_by_role("slider", name="Clean up specks")
    slider.focus()
    for _ in range(4):
        coffee.keyboard.press("ArrowRight")
    expect(coffee.get_by_label("Size of specks")).to_have_text("under 16 px")
    with coffee.expect_response(is_new_roi) as answered:
        coffee.keyboard.press("Control+s")
    assert answered.value.status == 201, answered.value.text()
    provenance = provenance_of(answered.value.request)
    (event,) = provenance["events"]
    assert event["type"] == "box"
    # A box takes the pixels that it touches.
    corners = [event[name] for name in ("x0", "y0", "x1", "y1")]
    assert all(abs(found - drawn) <= 1 for found, drawn in zip(corners, (150, 60, 470, 330), strict=True))
    assert provenance["specks"] == 16
    assert provenance["edited_px"] == painted - boxed
    forget(coffee, answered.value)


@pytest.mark.usefixtures("on_server")
def test_a_mask_is_made_with_the_keyboard_only(coffee: Page) -> None:
    coffee.get_by_role("application").focus()
    coffee.keyboard.press("ArrowLeft")
    for _ in range(3):
        coffee.keyboard.press("Shift+ArrowUp")
    expect(area_under_pointer(coffee)).not_to_have_text("–")
    coffee.keyboard.press("k")
    first = new_area(coffee)
    for _ in range(9):
        coffee.keyboard.press("Shift+ArrowRight")
    coffee.keyboard.press("Shift+k")
    new_area(coffee, first)
    coffee.keyboard.press("r")
    expect(coffee.get_by_role("button", name="Regions", exact=True)).to_have_attribute("aria-pressed", "true")
    coffee.keyboard.press("r")
    wait_until_ready(coffee)
    with coffee.expect_response(is_new_roi) as answered:
        coffee.keyboard.press("Enter")
    assert answered.value.status == 201, answered.value.text()
    events = provenance_of(answered.value.request)["events"]
    assert [(e["x"], e["y"], e["positive"]) for e in events] == [(299, 170, True), (389, 170, False)]
    forget(coffee, answered.value)


@pytest.mark.usefixtures("on_server")
def test_on_a_slow_network_the_latest_hover_wins_and_no_click_is_lost(coffee: Page) -> None:
    asked: list[str] = []

    def slowly(route: Route) -> None:
        asked.append(route.request.url)
        coffee.wait_for_timeout(150)
        route.fallback()

    coffee.route("**/decode/", slowly)
    for step in range(30):
        coffee.mouse.move(*on_image(coffee, 100 + 10 * step, 150))
    click(coffee, CUP)
    click(coffee, RIM)
    new_area(coffee)
    expect(coffee.get_by_role("button", name="Undo", exact=True)).to_be_enabled()
    with coffee.expect_response(is_new_roi, timeout=20_000) as answered:
        coffee.keyboard.press("Enter")
    events = provenance_of(answered.value.request)["events"]
    assert [(event["x"], event["y"]) for event in events] == [CUP, RIM]
    forget(coffee, answered.value)
    # Thirty places were passed over, and far fewer were asked for.
    assert len(asked) < 15
    coffee.unroute_all(behavior="ignoreErrors")


@pytest.mark.usefixtures("on_server")
def test_until_the_embedding_is_there_the_page_says_so_and_offers_regions(admin: Page) -> None:
    job = {"id": "00000000-0000-4000-8000-000000000002", "kind": "embeddings", "message": "", "report": None,
           "created_at": "2026-01-01T00:00:00Z", "finished_at": None, "cancellable": False, "done": 2, "total": 5}  # fmt: skip
    started: list[str] = []
    finished: list[bool] = []

    def not_ready(route: Route) -> None:
        if finished:
            return route.fallback()
        if route.request.method == "POST":
            started.append(route.request.post_data or "")
            return route.fulfill(status=202, json=job | {"state": "running"})
        return route.fulfill(status=409, json={"code": "embedding_not_ready", "detail": "Not yet.", "fields": {}})

    admin.route("**/embedding/?model=*", not_ready)
    admin.route(
        f"**/jobs/{job['id']}/",
        lambda route: route.fulfill(json=job | {"state": "succeeded" if finished else "running"}),
    )
    open_image(admin, "coffee.jpg")
    note = admin.get_by_role("status").filter(has_text=f"{MODEL['title']} is being prepared")
    expect(note).to_contain_text("40 %")
    expect(note).to_contain_text("Regions, polygon and brush work meanwhile")
    expect(admin.get_by_role("button", name="Regions", exact=True)).to_have_attribute("aria-pressed", "true")
    move(admin, CUP)
    take_picture(admin, "sam-preparing")
    assert json.loads(started[0]) == {"model": MODEL["id"]}
    finished.append(True)
    wait_until_ready(admin)
    expect(note).to_have_count(0)
    move(admin, RIM)


@pytest.mark.usefixtures("in_browser")
def test_a_browser_without_webassembly_leaves_it_to_the_server(admin: Page) -> None:
    admin.route("**/*.wasm", lambda route: route.abort())
    open_image(admin, "coffee.jpg")
    wait_until_ready(admin)
    move(admin, CUP)
    home = admin.get_by_text("Decoded on the server")
    expect(home).to_be_visible()
    expect(admin.locator(".regions-home")).to_have_attribute("title", re.compile("The other one does not work"))
    click(admin, CUP)
    new_area(admin)


@pytest.mark.usefixtures("on_server")
def test_a_server_that_is_busy_leaves_it_to_the_browser(admin: Page) -> None:
    refused: list[str] = []

    def busy(route: Route) -> None:
        refused.append(route.request.url)
        body = {"code": "too_many_requests", "detail": "The queue is full.", "fields": {}}
        route.fulfill(status=429, headers={"Retry-After": "30"}, json=body)

    admin.route("**/decode/", busy)
    open_image(admin, "coffee.jpg")
    wait_until_ready(admin)
    click(admin, CUP)
    # The browser's decoder is loaded only now.
    new_area(admin, timeout_ms=90_000)
    expect(admin.get_by_text("Decoded in this browser")).to_be_visible()
    # It waits as long as it was told to.
    assert len(refused) <= 2
    take_picture(admin, "sam-fallback")


def test_both_homes_are_measured_and_the_page_says_which_it_uses(coffee: Page) -> None:
    home = coffee.locator(".regions-home")
    expect(home).to_contain_text("ms", timeout=60_000)
    told = home.get_attribute("title") or ""
    assert "Measured here: browser" in told
    key = f"roiqa:sam-home:{MODEL['id']}:{MODEL['decoder']['sha256'][:16]}"
    kept = json.loads(coffee.evaluate("(key) => localStorage.getItem(key)", key))
    faster = "in this browser" if kept["browserMs"] <= kept["serverMs"] else "on the server"
    expect(home).to_contain_text(faster)


@pytest.mark.usefixtures("on_server")
def test_the_browsers_decoder_gives_the_golden_masks(coffee: Page) -> None:
    golden = json.loads((GOLDEN / "decoder.json").read_text(encoding="utf-8"))
    data = (GOLDEN / "decoder.bin").read_bytes()
    decoder = (REPOSITORY / golden["folder"] / "decoder.onnx").read_bytes()
    coffee.route("**/golden/decoder.onnx", lambda route: route.fulfill(body=decoder))
    move(coffee, CUP)
    cases = [
        {"name": case["name"], "points": case["points"], "box": case["box"], "before": case["previous"],
         "ambiguous": len(case["indices"]) > 1, "indices": case["indices"]}
        for case in golden["cases"] if case["padded"]
    ]  # fmt: skip
    frame = {
        "side": golden["low_res"][0],
        "inputSize": golden["input_size"],
        "resized": golden["resized"],
        "imageSize": golden["image_size"],
    }
    given = {
        "embedding": base64.b64encode(_embedding(golden, data)).decode(),
        "frame": frame,
        "decoder": {"url": "/golden/decoder.onnx", "sha256": "golden"},
        "cases": cases,
    }
    answered = coffee.evaluate(GOLDEN_IN_WORKER, given)
    assert answered["provider"] == "wasm"
    for case in golden["cases"]:
        if not case["padded"]:
            continue
        found = answered["answers"][case["name"]]
        assert found[0]["index"] == case["indices"], case["name"]
        for answer, expected in zip(found, case["masks"], strict=True):
            ours = coco_mask.decode({"size": golden["image_size"], "counts": answer["counts"]})
            theirs = coco_mask.decode(expected)
            union = int(np.logical_or(ours, theirs).sum())
            assert union == 0 or np.logical_and(ours, theirs).sum() / union >= 0.99, case["name"]


def _embedding(golden: dict[str, Any], data: bytes) -> bytes:
    """The golden embedding as the server sends embeddings."""
    header = {
        "model": golden["model"],
        "key": "golden",
        "image_size": golden["image_size"],
        "resized": golden["resized"],
        "tensors": golden["embedding"],
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    return b"RQE1" + struct.pack("<I", len(text)) + text + data
