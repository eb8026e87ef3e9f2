"""The region tree of a photograph: seconds and bytes, against scikit-image's Felzenszwalb at three scales.

    python -m bench.region_tree [IMAGE ...]

Without images the demo's photographs are taken. Processor seconds of one process, so a busy machine counts less.
"""

import gzip
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.segmentation import felzenszwalb

from ml.segmentation.region_tree import build_tree

DEMO = Path(__file__).resolve().parents[1] / "fixtures" / "demo" / "images"
SCALES = (50, 200, 800)


def seconds_of(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def three_scales(pixels: np.ndarray) -> bytes:
    """What the plain way would send: three label maps, packed."""
    maps = [felzenszwalb(pixels, scale=scale, sigma=0.8, min_size=50).astype("<u2") for scale in SCALES]
    return gzip.compress(b"".join(labels.tobytes() for labels in maps), 6, mtime=0)


def main() -> None:
    paths = [Path(name) for name in sys.argv[1:]] or sorted(DEMO.glob("*.jpg"))
    print(f"{'image':24}{'size':>12}{'tree s':>9}{'tree KB':>9}{'plain s':>9}{'plain KB':>10}")
    for path in paths:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        height, width = pixels.shape[:2]
        ours, plain = seconds_of(lambda p=pixels: build_tree(p)), seconds_of(lambda p=pixels: three_scales(p))
        sizes = len(gzip.compress(build_tree(pixels).to_bytes(), 6, mtime=0)) / 1000, len(three_scales(pixels)) / 1000
        size = f"{width}x{height}"
        print(f"{path.name[:23]:24}{size:>12}{ours:>9.2f}{sizes[0]:>9.0f}{plain:>9.2f}{sizes[1]:>10.0f}")


if __name__ == "__main__":
    main()
