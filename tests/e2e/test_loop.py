"""The whole loop: people rate, a release trains a network on a real worker, and the next person sees what it suggests."""

import pytest
from playwright.sync_api import Page, expect

from roiqa.launcher.tour import Tour
from tests.e2e.conftest import Platform, sign_in
from tests.e2e.pictures import take_picture
from tests.e2e.rating_page import open_rating_page, press_answers
from tests.e2e.shell import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_ratings_train_a_model_whose_suggestions_are_seen_after_the_answer(page: Page, platform: Platform) -> None:
    said: list[str] = []
    tour = Tour(url=platform.url, logins=platform.logins(), fixtures=REPOSITORY / "fixtures" / "demo", say=said.append)
    loop = tour.go()
    assert "12 of 12 ROIs are complete" in "\n".join(said)
    _, username, password = tour.join(loop.study, 8)
    sign_in(page, username, password)
    open_rating_page(page, loop.study)
    # Before the answer there is nothing of the model on the page.
    expect(page.get_by_text("model", exact=False)).to_have_count(0)
    press_answers(page, "55553524")
    page.keyboard.press("Enter")
    note = page.get_by_role("status").filter(has_text="Your answer is stored and stays the label")
    expect(note).to_be_visible()
    take_picture(page, "reveal")
    run = tour.admin.get(f"training-runs/{loop.run}/")
    assert (run["state"], run["model_version"]) == ("succeeded", loop.model)
    state = tour.admin.get(f"studies/{loop.study}/suggestions/state/")
    assert (state["ready"], state["missing"]) == (state["rois"] - state["leaked"], 0)
