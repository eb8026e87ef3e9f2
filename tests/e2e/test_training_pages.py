"""An ML engineer's way in a real browser: release, run on a real worker, live curves, model, promotion, webhooks."""

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Platform, sign_in
from tests.e2e.pictures import take_picture

pytestmark = pytest.mark.e2e

STUDY = "demo-rated"
# A busy machine takes minutes for what takes seconds otherwise.
RUN_MS = 240_000
BUSY_MS = 20_000
# The cheapest steps there are: one ROI of one image, one question. A picture wants a curve to look at.
STEPS, EVERY = (100, 10) if os.environ.get("ROIQA_PICTURES") else (6, 3)
SETTINGS = {
    "steps": str(STEPS),
    "token steps": "0",
    "batch images": "1",
    "rois": "1",
    "judgments": "1",
    "evaluate every": str(EVERY),
    "save every": str(EVERY),
}


@pytest.fixture
def engineer(page: Page, platform: Platform) -> Iterator[Page]:
    expect.set_options(timeout=BUSY_MS)
    sign_in(page, "demo-engineer", platform.logins()["demo-engineer"])
    yield page
    expect.set_options(timeout=5_000)


def post(page: Page, path: str, body: dict[str, object]) -> dict[str, object]:
    csrf = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    answer = page.context.request.post(f"/api/v1/{path}", data=body, headers={"X-CSRFToken": csrf})
    assert answer.ok, answer.text()
    made: dict[str, object] = answer.json()
    return made


def have_release(page: Page) -> None:
    """Freeze the demo's labels unless another test did."""
    listed = f"/api/v1/studies/{STUDY}/releases/"
    rows = page.context.request.get(listed).json()["results"]
    if not rows:
        post(page, f"studies/{STUDY}/releases/", {"note": "For the first model."})
    for _ in range(60):
        if any(one["state"] == "ready" for one in page.context.request.get(listed).json()["results"]):
            return
        page.wait_for_timeout(250)
    pytest.fail("the release was not frozen")


def open_form(page: Page) -> Locator:
    """The form of a new run of `ci` from random weights, as small as it can be."""
    page.goto(f"/studies/{STUDY}/training/new")
    form = page.get_by_role("form", name="New run")
    form.get_by_label("Starts from").select_option("")
    form.get_by_label("Stage").select_option("scratch")
    form.get_by_role("radio", name="ci, for trying things out").check()
    form.get_by_text("Settings of the training").click()
    for name, value in SETTINGS.items():
        form.get_by_label(name, exact=True).fill(value)
    return form


def test_a_study_without_a_release_leads_to_one(engineer: Page) -> None:
    engineer.goto("/studies/demo-open/training")
    expect(engineer.get_by_role("heading", name="Freeze a release first")).to_be_visible()
    engineer.get_by_role("link", name="Freeze a release").click()
    engineer.wait_for_url("**/releases")


def test_the_form_says_what_is_wrong_and_what_a_run_costs_before_it_starts(engineer: Page) -> None:
    have_release(engineer)
    form = open_form(engineer)
    cost = engineer.get_by_role("complementary", name="Before you start")
    expect(cost.get_by_text(re.compile(r"about \d+ (s|min)"))).to_be_visible()
    expect(cost.get_by_text(str(STEPS), exact=True)).to_be_visible()
    form.get_by_label("batch images", exact=True).fill("0")
    expect(form.get_by_text("“0” is not possible", exact=False)).to_be_visible()
    expect(form.get_by_role("button", name="Start the run")).to_be_disabled()
    form.get_by_label("batch images", exact=True).fill("2")
    # What only the server can know arrives beside its field as well.
    form.get_by_label("token steps", exact=True).fill("900")
    expect(form.get_by_text("give less than steps", exact=False)).to_be_visible()
    form.get_by_role("radio", name=re.compile("^small")).check()
    expect(cost.get_by_text("needs a GPU", exact=False)).to_be_visible()


@pytest.mark.timeout(600)
def test_a_run_is_watched_stopped_resumed_and_its_model_promoted(engineer: Page) -> None:
    have_release(engineer)
    form = open_form(engineer)
    form.get_by_label("Note").fill("As small as it gets")
    form.get_by_role("button", name="Start the run").click()
    engineer.wait_for_url("**/training/runs/*")
    run = engineer.url
    expect(engineer.get_by_role("heading", name=re.compile(r"^Run \d+$"))).to_be_visible()
    # Nothing is reloaded: all of this comes over the stream, also after the line was cut.
    engineer.get_by_role("button", name="Cancel the run…").click()
    engineer.get_by_role("dialog").get_by_role("button", name="Cancel the run", exact=True).click()
    engineer.context.set_offline(True)
    engineer.wait_for_timeout(200)
    engineer.context.set_offline(False)
    engineer.get_by_role("button", name=re.compile(r"Resume from step \d+")).click(timeout=RUN_MS)
    expect(engineer.get_by_role("link", name="Open its model")).to_be_visible(timeout=RUN_MS)
    log = engineer.get_by_label("End of the log")
    expect(log).to_contain_text("Checkpoint")
    expect(engineer.get_by_role("img", name=re.compile("^Loss. loss"))).to_be_visible()
    expect(engineer.get_by_role("img", name=re.compile("^Metrics on images held out"))).to_be_visible()
    engineer.get_by_text("Loss as a table").click()
    expect(engineer.get_by_role("cell", name=str(STEPS), exact=True).first).to_be_visible()
    engineer.get_by_text("Loss as a table").click()
    engineer.set_viewport_size({"width": 1440, "height": 1560})
    take_picture(engineer, "training-run")

    engineer.get_by_role("link", name="Open its model").click()
    expect(engineer.get_by_role("heading", name="How good it is")).to_be_visible()
    with engineer.expect_download() as saved:
        engineer.get_by_role("link", name="config.json").click()
    assert saved.value.suggested_filename == "config.json"
    engineer.get_by_role("button", name="Promote…").click()
    engineer.get_by_role("dialog").get_by_role("button", name="Promote", exact=True).click()
    expect(engineer.get_by_text("promoted", exact=True)).to_be_visible()
    engineer.get_by_role("link", name="All models").click()
    expect(engineer.get_by_text("may be shown a suggestion", exact=False)).to_be_visible()
    engineer.set_viewport_size({"width": 1440, "height": 1280})
    take_picture(engineer, "models")
    engineer.get_by_role("button", name="Roll back…").click()
    engineer.get_by_role("dialog").get_by_label("Why").fill("It learned from a few batches.")
    engineer.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    history = engineer.get_by_role("table", name="Promotions")
    expect(history.get_by_role("cell", name="It learned from a few batches.")).to_be_visible()

    # The very same is not trained twice.
    form = open_form(engineer)
    form.get_by_role("button", name="Start the run").click()
    engineer.wait_for_url(run)
    expect(engineer.get_by_text("The same run is there already", exact=False)).to_be_visible()


def test_the_model_that_ships_is_taken_in(engineer: Page) -> None:
    engineer.goto(f"/studies/{STUDY}/models")
    engineer.get_by_role("button", name="Take in a model that ships…").click()
    engineer.get_by_role("dialog").get_by_role("button", name="Take it in").click()
    engineer.wait_for_url("**/models/*")
    expect(engineer.get_by_text("as it ships", exact=False).first).to_be_visible()
    expect(engineer.get_by_role("link", name=re.compile(r"\.safetensors$"))).to_be_visible()


def test_the_rule_says_why_it_does_not_train_now(engineer: Page) -> None:
    engineer.goto(f"/studies/{STUDY}/training/rule")
    expect(engineer.get_by_text("No run starts now:")).to_be_visible()
    form = engineer.get_by_role("form", name="Retraining rule")
    # Only an admin may let models be promoted by themselves.
    expect(form.get_by_label("Promote its model by itself")).to_be_disabled()
    least = str(int(form.get_by_label("New labelled ROIs").input_value()) + 1)
    form.get_by_label("New labelled ROIs").fill(least)
    form.get_by_role("button", name="Save the rule").click()
    expect(engineer.get_by_text("The rule is saved.")).to_be_visible()
    engineer.reload()
    expect(form.get_by_label("New labelled ROIs")).to_have_value(least)


def test_a_webhook_shows_its_secret_once_and_refuses_inner_addresses(engineer: Page) -> None:
    engineer.goto(f"/studies/{STUDY}/training/webhooks")
    engineer.get_by_role("button", name="Add a webhook").click()
    dialog = engineer.get_by_role("dialog")
    dialog.get_by_label("Address").fill("https://127.0.0.1/hook")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    # An address that leads nowhere: nothing of this test leaves the machine.
    dialog.get_by_label("Address").fill("https://hooks.invalid/roiqa")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text(re.compile("^whsec_"))).to_be_visible()
    dialog.get_by_role("button", name="I have copied it").click()
    hook = engineer.get_by_role("article", name="https://hooks.invalid/roiqa")
    expect(hook).to_be_visible()
    expect(engineer.get_by_text(re.compile("^whsec_"))).to_have_count(0)
    hook.get_by_role("button", name="Send a test to").click()
    expect(hook.get_by_role("cell", name="test", exact=True)).to_be_visible()
    hook.get_by_role("button", name="Delete").click()
    engineer.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(engineer.get_by_role("heading", name="No webhooks yet")).to_be_visible()
