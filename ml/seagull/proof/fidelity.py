"""How faithful each pixel of a picture is to its reference: local SSIM of the luma times a term for the chroma.

SSIM: Wang et al. 2004, Gaussian window of 1.5 px, K1 .01, K2 .03. The chroma term is ours: without it a picture that
lost its colours would be perfect.
"""

import numpy as np
from scipy import ndimage

from ml.seagull.proof.distortions import LUMA, Picture

WINDOW_PX = 1.5
C1, C2 = 0.01**2, 0.03**2
# A mean colour difference of this size (RGB minus luma, 0..1) leaves nothing of the chroma term.
CHROMA_SPAN = 0.25


def fidelity_map(distorted: Picture, reference: Picture) -> Picture:
    """H x W, 1 where nothing changed, clipped to 0..1."""
    x, y = distorted @ LUMA, reference @ LUMA
    mean_x, mean_y = _smooth(x), _smooth(y)
    var_x, var_y = _smooth(x * x) - mean_x**2, _smooth(y * y) - mean_y**2
    covariance = _smooth(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    structure = (2 * covariance + C2) / (np.maximum(var_x, 0) + np.maximum(var_y, 0) + C2)
    colours = (distorted - x[..., None]) - (reference - y[..., None])
    chroma = 1 - np.minimum(_smooth(np.abs(colours).mean(axis=-1)) / CHROMA_SPAN, 1)
    faithful: Picture = np.clip(luminance * structure * chroma, 0, 1).astype(np.float32)
    return faithful


def _smooth(plane: Picture) -> Picture:
    smoothed: Picture = ndimage.gaussian_filter(plane, WINDOW_PX, truncate=3.5, mode="nearest")
    return smoothed
