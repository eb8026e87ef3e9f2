"""The plain way to a synthetic set: one image, one distortion and one ROI at a time, with PIL, SciPy and scikit-image."""

import io
import math

import numpy as np
from PIL import Image
from scipy import ndimage, signal
from skimage import color
from skimage.metrics import structural_similarity

from ml.synthesis.distortions import disk_kernel, motion_kernel
from ml.synthesis.settings import Setting

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# Bilinear demosaicing: simpler, and cheaper, than the filters that ours has.
GREEN = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4.0
RED_OR_BLUE = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4.0
YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def linear_of(pixels: np.ndarray) -> np.ndarray:
    """H x W x 3 linear light of uint8 display values."""
    return (0.5 - np.sin(np.arcsin(1 - pixels / 127.5) / 3)) ** 2.2


def display_of(linear: np.ndarray) -> np.ndarray:
    y = np.clip(linear, 1e-8, 1) ** (1 / 2.2)
    return _bytes(3 * y**2 - 2 * y**3)


def distorted(pixels: np.ndarray, setting: Setting, random: np.random.Generator) -> np.ndarray:
    """One image of one setting, from the file's uint8 H x W x 3."""
    value = setting.value
    match setting.kind:
        case "stops":
            return display_of(linear_of(pixels) * 2.0**value)
        case "shot_variance":
            return display_of(_noisy(linear_of(pixels), value, random))
        case "gaussian":
            return display_of(ndimage.gaussian_filter(linear_of(pixels), (value, value, 0), mode="mirror"))
        case "disk" | "motion":
            kernel = disk_kernel(value) if setting.kind == "disk" else motion_kernel(value, random.uniform(0, math.pi))
            reach = kernel.shape[0] // 2
            padded = np.pad(linear_of(pixels), ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
            return display_of(signal.fftconvolve(padded, kernel.double().numpy()[..., None], mode="valid", axes=(0, 1)))
        case "factor":
            display = pixels / 255.0
            middle = np.exp(np.log(np.maximum(display @ [0.2126, 0.7152, 0.0722], 1 / 255)).mean())
            return _bytes(middle + value * (display - middle))
        case "chroma":
            lab = color.rgb2lab(pixels)
            lab[..., 1:] *= value
            return _bytes(color.lab2rgb(lab))
        case "white_balance":
            return display_of(linear_of(pixels) * [2.0**value, 1.0, 2.0**-value])
        case _:
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "JPEG", quality=round(value), subsampling="4:2:0")
            return np.asarray(Image.open(buffer))


def labels(image: np.ndarray, reference: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    """Quality and importance of one ROI of one image: its box, then the whole frame with the ROI pasted."""
    box = _span(mask.any(1)), _span(mask.any(0))
    inside = mask[box][..., None]
    quality = score(image[box] * inside, reference[box] * inside)
    pasted = np.where(mask[..., None], image, reference)
    return quality, max(0.0, 1.0 - score(pasted, reference))


def _span(touched: np.ndarray) -> slice:
    """From the first to the last touched line, at least 64 of them within the frame."""
    first, last = np.flatnonzero(touched)[[0, -1]]
    start = max(0, min(first - max(0, 63 + first - last) // 2, len(touched) - 64))
    return slice(start, max(last + 1, start + 64))


def score(image: np.ndarray, reference: np.ndarray) -> float:
    """MS-SSIM by scikit-image at each scale, times the chroma term, raised as ours is."""
    a, b = image / 255.0 @ YIQ.T, reference / 255.0 @ YIQ.T
    constant = 200.0 / 255.0**2
    likeness = (2 * a[..., 1:] * b[..., 1:] + constant) / (a[..., 1:] ** 2 + b[..., 1:] ** 2 + constant)
    chroma = likeness.clip(0).prod(axis=-1).mean()
    luma_a, luma_b = a[..., 0], b[..., 0]
    product, total = 1.0, 0.0
    scales = 1 + sum(min(luma_a.shape) // 2**scale >= 11 for scale in range(1, len(SCALE_WEIGHTS)))
    for scale, weight in enumerate(SCALE_WEIGHTS[:scales]):
        # So large a constant leaves the structure only: luminance counts at the coarsest scale.
        luminance = 0.01 if scale == scales - 1 else 1e4
        ssim = structural_similarity(
            luma_a, luma_b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0, K1=luminance
        )
        product *= max(ssim, 0.0) ** weight
        total += weight
        luma_a, luma_b = _halved(luma_a), _halved(luma_b)
    return float((product ** (1 / total) * chroma**0.5) ** 2.5)


def _noisy(linear: np.ndarray, shot: float, random: np.random.Generator) -> np.ndarray:
    height, width = linear.shape[:2]
    sites = np.zeros((height, width, 3))
    sites[::2, ::2, 0] = sites[::2, 1::2, 1] = sites[1::2, ::2, 1] = sites[1::2, 1::2, 2] = 1
    mosaic = (linear * sites).sum(axis=-1)
    read = math.exp(2.18 * math.log(shot) + 1.20)
    mosaic = np.clip(mosaic + random.normal(0, np.sqrt(shot * mosaic + read)), 0, 1)
    kernels = RED_OR_BLUE, GREEN, RED_OR_BLUE
    return np.stack([ndimage.convolve(mosaic * sites[..., c], kernels[c], mode="mirror") for c in range(3)], axis=-1)


def _halved(luma: np.ndarray) -> np.ndarray:
    height, width = (side // 2 for side in luma.shape)
    return luma[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))


def _bytes(display: np.ndarray) -> np.ndarray:
    return (np.clip(display, 0, 1) * 255).round().astype(np.uint8)
