"""What the tests of the ROI page share: finding a place of the image, and what the page says about it."""

from typing import Any

from playwright.sync_api import FloatRect, Locator, Page, Request, Response, expect


def open_image(page: Page, name: str) -> None:
    page.goto("/studies/demo-open/images")
    page.get_by_role("link", name=name).first.click()
    expect(page.get_by_role("application")).to_be_visible()


def smart_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Smart select")


def area_under_pointer(page: Page) -> Locator:
    return page.get_by_label("Region under the pointer")


def working_area(page: Page) -> Locator:
    return page.get_by_label("Area", exact=True)


def pixels(locator: Locator) -> int:
    return int(locator.inner_text().replace(",", "").removesuffix(" px"))


def settled_area(page: Page) -> int:
    """Pixels of the mask that is worked on, with its last step."""
    expect(working_area(page)).to_have_attribute("aria-busy", "false")
    return pixels(working_area(page))


def stage_box(page: Page) -> FloatRect:
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    return box


def on_image(page: Page, x: int, y: int, *, width: int = 600, height: int = 400) -> tuple[float, float]:
    """Where the middle of an image pixel is on the page; the image lies in the middle of its stage, one to one."""
    box = stage_box(page)
    left = box["x"] + int((box["width"] - width) / 2)
    top = box["y"] + int((box["height"] - height) / 2)
    return left + x + 0.5, top + y + 0.5


def lines(page: Page) -> str:
    """What is drawn above the image, as one string."""
    drawn: str = page.get_by_test_id("stage-lines").evaluate("canvas => canvas.toDataURL()")
    return drawn


def is_new_roi(answer: Response) -> bool:
    return answer.url.endswith("/rois/") and answer.request.method == "POST"


def provenance_of(sent: Request) -> dict[str, Any]:
    body = sent.post_data_json
    assert isinstance(body, dict)
    provenance: dict[str, Any] = body["provenance"]
    return provenance


DELETE_ROI = """async (id) => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  return (await fetch(`/api/v1/rois/${id}/`, { method: 'DELETE', headers: { 'X-CSRFToken': token } })).status;
}"""


def forget(page: Page, answer: Response) -> None:
    """Delete the ROI that was saved: the next test finds the image as it was."""
    assert page.evaluate(DELETE_ROI, answer.json()["id"]) == 204
