"""Pictures as the backends take them."""

import numpy as np
from django.core.files.storage import default_storage
from PIL import Image as Picture

from ml.segmentation.prompts import Pixels
from roiqa.images.models import Image


def display_pixels(image: Image) -> Pixels:
    """The upright picture that people see, height x width x 3. Raises FileNotFoundError."""
    with default_storage.open(image.display_key, "rb") as stored, Picture.open(stored) as picture:
        return np.asarray(picture.convert("RGB"))
