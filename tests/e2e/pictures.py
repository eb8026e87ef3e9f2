"""Pictures for the documents, taken by the tests that visit the pages anyway: ROIQA_PICTURES=1 writes docs/pictures/."""

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"


def take_picture(page: Page, name: str) -> None:
    """Write docs/pictures/NAME.png when asked to; otherwise nothing."""
    if os.environ.get("ROIQA_PICTURES"):
        FOLDER.mkdir(exist_ok=True)
        # 256 colours show a page as well, in less than half of the bytes.
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256)
        picture.save(FOLDER / f"{name}.png", optimize=True)
