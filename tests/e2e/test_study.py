"""An admin's way through a study in a real browser: images in, regions drawn, progress, a release out."""

import io
import json
import zipfile
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image as Picture
from playwright.sync_api import Page, expect
from pycocotools import mask as coco_mask

from tests.e2e.conftest import Platform, sign_in
from tests.e2e.pictures import take_picture
from tests.e2e.rating_page import open_rating_page, press_answers

pytestmark = pytest.mark.e2e


@pytest.fixture
def admin(page: Page, platform: Platform) -> Page:
    sign_in(page, "demo-admin", platform.logins()["demo-admin"])
    return page


def photograph(seed: int) -> bytes:
    """A smooth random picture: 320 x 240, JPEG."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Picture.fromarray(small).resize((320, 240), Picture.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def make_study(page: Page, title: str) -> str:
    """Make a study through its form; answers its slug."""
    page.goto("/studies/new")
    form = page.get_by_role("form", name="New study")
    form.get_by_label("Title", exact=True).fill(title)
    form.get_by_role("button", name="Make").or_(form.get_by_role("button", name="Create")).first.click()
    page.wait_for_url(lambda url: "/studies/" in url and not url.endswith("/new"))
    return page.url.split("/studies/")[1].split("/")[0].split("?")[0]


def test_the_demo_study_shows_its_progress_and_labels(admin: Page) -> None:
    admin.goto("/studies/demo-rated")
    expect(admin.get_by_text("simulated", exact=False).first).to_be_visible()
    expect(admin.get_by_role("table", name="Annotators")).to_be_visible()
    expect(admin.get_by_role("row", name="simulated-1")).to_be_visible()
    admin.wait_for_timeout(300)
    take_picture(admin, "study")


def test_images_are_imported_with_progress_and_what_is_bad_is_named(admin: Page, tmp_path: Path) -> None:
    slug = make_study(admin, "Imported by the browser")
    archive = tmp_path / "photographs.zip"
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("garden/one.jpg", photograph(1))
        members.writestr("garden/two.jpg", photograph(2))
        members.writestr("garden/broken.jpg", photograph(3)[:900])
        members.writestr("../escape.jpg", photograph(4))
    admin.goto(f"/studies/{slug}/images")
    admin.get_by_label("Files to import").set_input_files(archive)
    admin.get_by_role("button", name="Import").or_(admin.get_by_role("button", name="Send")).first.click()
    expect(admin.get_by_text("broken.jpg").first).to_be_visible(timeout=30_000)
    expect(admin.get_by_text("escape.jpg").first).to_be_visible()
    expect(admin.get_by_role("link", name="one.jpg").first).to_be_visible(timeout=10_000)
    take_picture(admin, "import")


def test_a_region_is_drawn_by_polygon_and_brush_undone_and_saved_exactly(admin: Page, platform: Platform) -> None:
    admin.goto("/studies/demo-open/images")
    admin.get_by_role("link", name="coffee.jpg").first.click()
    stage = admin.get_by_role("application")
    expect(stage).to_be_visible()
    admin.wait_for_timeout(1000)
    admin.get_by_role("button", name="New ROI").or_(admin.get_by_role("button", name="Polygon")).first.click()
    admin.get_by_role("button", name="Polygon").click()
    box = stage.bounding_box()
    assert box is not None
    centre_x, centre_y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for dx, dy in ((-60, -50), (60, -50), (60, 50), (-60, 50)):
        admin.mouse.click(centre_x + dx, centre_y + dy)
    admin.keyboard.press("Enter")
    area = admin.get_by_label("Area")
    expect(area).to_contain_text("12")
    drawn = area.inner_text()
    admin.get_by_role("button", name="Brush").click()
    admin.mouse.move(centre_x + 80, centre_y)
    admin.mouse.down()
    admin.mouse.move(centre_x + 110, centre_y + 10, steps=5)
    admin.mouse.up()
    expect(area).not_to_have_text(drawn)
    admin.keyboard.press("Control+z")
    expect(area).to_have_text(drawn)
    admin.get_by_role("textbox", name="Name").fill("table edge")
    take_picture(admin, "regions")
    with admin.expect_response(
        lambda answer: answer.url.endswith("/rois/") and answer.request.method == "POST"
    ) as sent:
        admin.get_by_role("button", name="Save ROI").click()
    saved = sent.value.json()
    assert sent.value.status == 201
    mask = coco_mask.decode(saved["segmentation"])
    ys, xs = np.nonzero(mask)
    assert int(mask.sum()) == saved["area"] == (np.ptp(xs) + 1) * (np.ptp(ys) + 1)
    assert saved["level"] in {"object", "component"}


def test_a_study_goes_from_photographs_to_labels(admin: Page, platform: Platform, tmp_path: Path) -> None:
    """The main job with one rater per ROI: import with masks, invite, rate, freeze, export."""
    slug = make_study(admin, "From photographs to labels")
    admin.goto(f"/studies/{slug}?tab=settings")
    session = admin.context.request
    csrf = {"X-CSRFToken": next(c["value"] for c in admin.context.cookies() if c["name"] == "csrftoken")}
    changed = session.patch(f"/api/v1/studies/{slug}/", data={"raters_per_roi": 1}, headers=csrf)
    assert changed.ok, changed.text()

    image = tmp_path / "meadow.jpg"
    image.write_bytes(photograph(7))
    mask = np.zeros((240, 320), dtype=np.uint8, order="F")
    mask[60:160, 80:200] = 1
    mask[90:110, 100:130] = 0
    rle = coco_mask.encode(mask)
    coco = {
        "images": [{"id": 1, "file_name": "meadow.jpg", "width": 320, "height": 240}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1,
             "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()}}
        ],
        "categories": [{"id": 1, "name": "object"}],
    }  # fmt: skip
    masks = tmp_path / "masks.json"
    masks.write_text(json.dumps(coco))
    admin.goto(f"/studies/{slug}/images")
    admin.get_by_label("Files to import").set_input_files([image, masks])
    admin.get_by_role("button", name="Import").or_(admin.get_by_role("button", name="Send")).first.click()
    expect(admin.get_by_role("link", name="meadow.jpg").first).to_be_visible(timeout=30_000)

    invited = session.post(f"/api/v1/studies/{slug}/invites/", data={"role": "annotator"}, headers=csrf)
    assert invited.ok, invited.text()
    guest = admin.context.browser
    assert guest is not None
    visitor = guest.new_context(base_url=platform.url, viewport={"width": 1440, "height": 900})
    try:
        page = visitor.new_page()
        page.goto(invited.json()["url"])
        name = f"guest-{slug[:20]}"
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").first.fill("correct-horse-battery")
        page.get_by_role("button", name="Create account").or_(page.get_by_role("button", name="Join")).first.click()
        page.wait_for_url(lambda url: "/join/" not in url)
        open_rating_page(page, slug)
        press_answers(page)
        with page.expect_response(lambda answer: answer.url.endswith("/rating/")) as stored:
            page.keyboard.press("Enter")
        assert stored.value.status == 201
        expect(
            page.get_by_text("nothing", exact=False).or_(page.get_by_text("no more", exact=False)).first
        ).to_be_visible()
    finally:
        visitor.close()

    admin.goto(f"/studies/{slug}/releases")
    admin.get_by_role("button", name="Freeze").first.click()
    admin.get_by_role("dialog").get_by_role("button", name="Freeze").click()
    expect(admin.get_by_text("Release 1").first).to_be_visible(timeout=30_000)
    releases = session.get(f"/api/v1/studies/{slug}/releases/").json()["results"]
    for _ in range(60):
        if releases[0]["state"] == "ready":
            break
        admin.wait_for_timeout(500)
        releases = session.get(f"/api/v1/studies/{slug}/releases/").json()["results"]
    exported = session.get(f"/api/v1/releases/{releases[0]['id']}/export/?format=seagull")
    labels = exported.json()
    (annotation,) = labels["annotations"]
    assert np.array_equal(coco_mask.decode(annotation["segmentation"]), mask)
    assert annotation["quality"]["level_word"] == "excellent"
    assert annotation["distortions"]["blur"]["level_word"] == "minor"
    admin.reload()
    admin.wait_for_timeout(500)
    take_picture(admin, "releases")


def test_pages_load_without_errors_or_policy_violations(admin: Page) -> None:
    problems: list[str] = []
    admin.on("pageerror", lambda error: problems.append(str(error)))
    admin.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    for path in ("/", "/studies/demo-rated", "/studies/demo-rated/images", "/studies/demo-rated/releases",
                 "/studies/new", "/account", "/api/v1/docs/"):  # fmt: skip
        admin.goto(path)
        expect(admin.get_by_role("heading").first).to_be_visible()
        admin.wait_for_load_state("networkidle")
    assert problems == []


def test_a_page_that_does_not_exist_says_so(admin: Page) -> None:
    admin.goto("/studies/there-is-none")
    expect(admin.get_by_text("there-is-none", exact=False).or_(admin.get_by_role("alert")).first).to_be_visible()


def test_the_server_sends_its_policy_with_every_page(platform: Platform) -> None:
    answer = httpx.get(platform.url + "/studies/demo-open/rate")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    # The worker that decodes masks compiles WebAssembly, which is not the evaluation of text.
    policy = answer.headers["Content-Security-Policy"].replace("'wasm-unsafe-eval'", "")
    assert "unsafe" not in policy


def test_the_rating_page_for_the_picture_book(page: Page, platform: Platform) -> None:
    sign_in(page, "demo-annotator", platform.logins()["demo-annotator"])
    open_rating_page(page, "demo-open")
    press_answers(page, "553")
    page.wait_for_timeout(500)
    expect(page.get_by_role("radiogroup", name="Blur").get_by_role("radio").nth(3)).to_be_checked()
    take_picture(page, "rating")
