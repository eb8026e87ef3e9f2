"""The built-in full-reference metric, free of any licence and any weights: MS-SSIM on luma times a chroma term.

Structure as in Wang, Simoncelli and Bovik (2003): an 11 x 11 Gaussian window (sigma 1.5), five scales and their published
weights; a picture too small for a scale goes without it and the rest weigh more. The chroma term compares the two
opponent colours (YIQ's I and Q) at full size as FSIMc does (Zhang et al. 2011). 1 is the same picture, 0 nothing in common.
The product is raised to a power that changes no order but puts what people call bad into the lowest fifth: as it stands,
MS-SSIM gives JPEG of quality 1 still 0.63.
"""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2
# FSIMc's constant, 200 for channels of 0..255. Its exponent is 0.03; here colour alone must be able to ruin a picture.
C_CHROMA = 200.0 / 255.0**2
CHROMA_POWER = 0.5
POWER = 2.5
TO_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


class Metric(Protocol):
    """A full-reference metric. `name`, `version` and `weights_sha256` ("" without weights) go with every score."""

    name: str
    version: str
    weights_sha256: str

    def __call__(self, distorted: Tensor, reference: Tensor) -> Tensor:
        """Scores, N float32, of display images N x 3 x H x W, 0..1; more is better, 1 the same picture."""


class MultiScaleSSIM:
    """The built-in metric."""

    name = "ms-ssim-chroma"
    version = "1"
    weights_sha256 = ""

    def __call__(self, distorted: Tensor, reference: Tensor) -> Tensor:
        """Scores 0..1 of N x 3 x H x W. `reference` may be one picture for all (1 x 3 x H x W)."""
        reference = reference.expand_as(distorted)
        a, b = _opponent(distorted), _opponent(reference)
        luma_a, luma_b = a[:, :1], b[:, :1]
        scales = _scales(min(distorted.shape[-2:]))
        score = torch.ones(len(distorted), device=distorted.device)
        total = sum(SCALE_WEIGHTS[:scales])
        for scale in range(scales):
            luminance, structure = _ssim_terms(luma_a, luma_b)
            term = luminance * structure if scale == scales - 1 else structure
            score = score * term.mean(dim=(1, 2, 3)).clamp(min=0.0) ** (SCALE_WEIGHTS[scale] / total)
            if scale < scales - 1:
                luma_a = functional.avg_pool2d(luma_a, 2, ceil_mode=True, count_include_pad=False)
                luma_b = functional.avg_pool2d(luma_b, 2, ceil_mode=True, count_include_pad=False)
        likeness = (2 * a[:, 1:] * b[:, 1:] + C_CHROMA) / (a[:, 1:].square() + b[:, 1:].square() + C_CHROMA)
        chroma = likeness.clamp(min=0.0).prod(dim=1).mean(dim=(1, 2))
        return (score * chroma**CHROMA_POWER) ** POWER


def _scales(side: int) -> int:
    """How many scales have room for the window."""
    scales = 1
    while scales < len(SCALE_WEIGHTS) and -(-side // 2) >= WINDOW:
        side = -(-side // 2)
        scales += 1
    return scales


def _opponent(image: Tensor) -> Tensor:
    return torch.einsum("ij,njhw->nihw", torch.tensor(TO_YIQ, device=image.device), image)


def _ssim_terms(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Luminance and contrast-structure maps of two N x 1 x H x W batches."""
    count = len(a)
    stacked = torch.cat([a, b, a * a, b * b, a * b])
    means = _window(stacked)
    mean_a, mean_b, square_a, square_b, product = means.view(5, count, *means.shape[1:]).unbind(0)
    variance_a, variance_b = square_a - mean_a**2, square_b - mean_b**2
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    structure = (2 * (product - mean_a * mean_b) + C2) / (variance_a + variance_b + C2)
    return luminance, structure


def _window(stacked: Tensor) -> Tensor:
    """Gaussian-weighted means. Windows reach over the edges onto mirrored pixels only in pictures smaller than a window."""
    reach = WINDOW // 2
    if min(stacked.shape[-2:]) < WINDOW:
        stacked = functional.pad(stacked, (reach,) * 4, mode="replicate")
    line = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=stacked.device) / SIGMA) ** 2)
    line = line / line.sum()
    rows = functional.conv2d(stacked, line.view(1, 1, 1, -1))
    return functional.conv2d(rows, line.view(1, 1, -1, 1))
