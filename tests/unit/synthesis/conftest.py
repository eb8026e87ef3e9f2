import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from ml.synthesis.references import Reference, read_reference


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def reference(tmp_path_factory) -> Reference:
    """A generated photograph-like picture: smooth shapes, fine texture, full range of colours."""
    random = np.random.default_rng(7)
    coarse = ndimage.zoom(random.random((3, 9, 12)), (1, 16, 16), order=3)
    fine = ndimage.gaussian_filter(random.standard_normal((3, 144, 192)), (0, 0.7, 0.7))
    picture = np.clip(0.1 + 0.8 * coarse + 0.08 * fine, 0.0, 1.0)
    path = tmp_path_factory.mktemp("reference") / "scene.png"
    Image.fromarray((picture * 255).round().astype(np.uint8).transpose(1, 2, 0)).save(path)
    return read_reference(path)
