"""Every page in a real browser under axe: no serious or critical breach of WCAG 2.2 AA, on a desk and on a phone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Platform, sign_in
from tests.e2e.rating_page import open_rating_page
from tests.e2e.shell import REPOSITORY

pytestmark = pytest.mark.e2e

AXE = REPOSITORY / "annotator_ui" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GRAVE = {"serious", "critical"}
SCREENS = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(params=list(SCREENS.values()), ids=list(SCREENS))
def page(request: pytest.FixtureRequest, browser: Browser, platform: Platform) -> Iterator[Page]:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `make setup`")
    # The pages' policy forbids scripts that are not the server's own, and axe is one.
    context = browser.new_context(base_url=platform.url, viewport=request.param, bypass_csp=True)
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def breaches(page: Page) -> list[str]:
    """The grave breaches on the page: rule, what it is about, and where."""
    page.wait_for_load_state("networkidle")
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [
        f"{breach['id']}: {breach['help']}: {node['html'][:200]} {node['failureSummary']}"
        for breach in found
        if breach["impact"] in GRAVE
        for node in breach["nodes"]
    ]


def show_regions(page: Page) -> None:
    page.goto("/studies/demo-open/images")
    page.get_by_role("link", name="coffee.jpg").first.click()
    expect(page.get_by_role("application")).to_be_visible()


def open_path(path: str) -> Callable[[Page], None]:
    def show(page: Page) -> None:
        page.goto(path)
        expect(page.get_by_role("heading").first).to_be_visible()

    return show


PAGES: dict[str, Callable[[Page], None]] = {
    "studies": open_path("/"),
    "overview": open_path("/studies/demo-rated"),
    "rois": open_path("/studies/demo-rated?tab=rois"),
    "members": open_path("/studies/demo-rated?tab=members"),
    "golds": open_path("/studies/demo-rated?tab=golds"),
    "settings": open_path("/studies/demo-rated?tab=settings"),
    "images": open_path("/studies/demo-open/images"),
    "regions": show_regions,
    "releases": open_path("/studies/demo-rated/releases"),
    "training": open_path("/studies/demo-rated/training"),
    "new-run": open_path("/studies/demo-rated/training/new"),
    "rule": open_path("/studies/demo-rated/training/rule"),
    "webhooks": open_path("/studies/demo-rated/training/webhooks"),
    "models": open_path("/studies/demo-rated/models"),
    "new-study": open_path("/studies/new"),
    "account": open_path("/account"),
    "api": open_path("/api/v1/docs/"),
}


def test_the_log_in_page_can_be_used_by_everyone(page: Page) -> None:
    page.goto("/login")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert breaches(page) == []


def test_the_rating_page_can_be_used_by_everyone(page: Page, platform: Platform) -> None:
    sign_in(page, "demo-annotator", platform.logins()["demo-annotator"])
    open_rating_page(page, "demo-open")
    assert breaches(page) == []


def test_the_pages_of_staff_can_be_used_by_everyone(page: Page, platform: Platform) -> None:
    sign_in(page, "demo-admin", platform.logins()["demo-admin"])
    found = {}
    for name, show in PAGES.items():
        show(page)
        if grave := breaches(page):
            found[name] = grave
    assert found == {}
