"""Samples of noise with elliptic regions: small, and the same every time."""

import numpy as np

from ml.seagull.data.records import ImageSample, ROILabels, ROISample

TYPES = ({}, {"blur": 1}, {"noise": 0, "exposure": 3}, {"contrast": 2, "colorfulness": 2, "compression": 4})


def image(name: str = "image", *, rois: int = 3, side: int = 48) -> ImageSample:
    """Regions with labels of every kind; the third has three distortions, the first none."""
    rng = np.random.default_rng(list(name.encode()))
    pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    y, x = np.mgrid[:side, :side]
    made = []
    for number in range(rois):
        centre = rng.uniform(0.3, 0.7, 2) * side
        mask = ((y - centre[0]) / (0.25 * side)) ** 2 + ((x - centre[1]) / (0.2 * side)) ** 2 <= 1
        labels = ROILabels(
            quality=float(number % 5), importance=float(2 * number % 5), distortions=TYPES[number % len(TYPES)]
        )
        made.append(ROISample.of(f"{name}-{number}", mask, labels, level=("object", "component")[number % 2]))
    return ImageSample(image_id=name, split="train", load=lambda: pixels, rois=tuple(made))
