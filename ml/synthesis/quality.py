"""The built-in full-reference metric, free of any licence and any weights: MS-SSIM on luma times a chroma term.

Structure as in Wang, Simoncelli and Bovik (2003): an 11 x 11 Gaussian window (sigma 1.5), five scales and their published
weights; a picture too small for a scale goes without it and the rest weigh more. The chroma term compares the two
opponent colours (YIQ's I and Q) at full size as FSIMc does (Zhang et al. 2011). 1 is the same picture, 0 nothing in common.
The product is raised to a power that changes no order but puts what people call bad into the lowest fifth: as it stands,
MS-SSIM gives JPEG of quality 1 still 0.63.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW, SIGMA = 11, 1.5
REACH = WINDOW // 2
C1, C2 = 0.01**2, 0.03**2
# FSIMc's constant, 200 for channels of 0..255. Its exponent is 0.03; here colour alone must be able to ruin a picture.
C_CHROMA = 200.0 / 255.0**2
CHROMA_POWER = 0.5
POWER = 2.5
TO_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))
# Boxes on this grid stay whole at every scale: the coarsest pixel is as many pixels wide.
GRID = 2 ** (len(SCALE_WEIGHTS) - 1)


@dataclass(frozen=True)
class Region:
    """A mask (height x width, bool) and the box [y0, y1) x [x0, x1) around it, on the metric's grid or at the frame's edge."""

    mask: Tensor
    y0: int
    y1: int
    x0: int
    x1: int

    @classmethod
    def of(cls, mask: Tensor) -> "Region":
        rows, columns = mask.any(dim=1).nonzero().flatten(), mask.any(dim=0).nonzero().flatten()
        height, width = mask.shape
        y0, x0 = int(rows[0]) // GRID * GRID, int(columns[0]) // GRID * GRID
        y1 = min(height, -(-(int(rows[-1]) + 1) // GRID) * GRID)
        x1 = min(width, -(-(int(columns[-1]) + 1) // GRID) * GRID)
        return cls(mask, y0, y1, x0, x1)

    def cut(self, image: Tensor) -> Tensor:
        """The box of an image ... x height x width."""
        return image[..., self.y0 : self.y1, self.x0 : self.x1]


class Metric(Protocol):
    """A full-reference metric on display images, 3 x H x W, 0..1; more is better, 1 (or about 1) is the same picture.

    `name`, `version` and `weights_sha256` ("" without weights) go with every score.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def weights_sha256(self) -> str: ...

    def __call__(self, distorted: Tensor, reference: Tensor) -> Tensor:
        """Scores, N float32, of N x 3 x H x W against 3 x H x W."""

    def pasted(self, distorted: Tensor, reference: Tensor, region: Region) -> Tensor:
        """Scores of the reference frame with the region of each of N distorted frames pasted into it."""


class MultiScaleSSIM:
    """The built-in metric."""

    name = "ms-ssim-chroma"
    version = "1"
    weights_sha256 = ""

    def __call__(self, distorted: Tensor, reference: Tensor) -> Tensor:
        a, b = _opponent(distorted), _opponent(reference.unsqueeze(0))
        luma_a, luma_b = a[:, :1], b[:, :1]
        scales = _scales(min(distorted.shape[-2:]))
        means = []
        for scale in range(scales):
            luminance, structure = _ssim_terms(luma_a, luma_b)
            means.append((luminance * structure if scale == scales - 1 else structure).mean(dim=(1, 2, 3)))
            luma_a, luma_b = _halved(luma_a), _halved(luma_b)
        return _score(means, _chroma_likeness(a, b).mean(dim=(1, 2)))

    def pasted(self, distorted: Tensor, reference: Tensor, region: Region) -> Tensor:
        """Equal to pasting and comparing whole frames, in the time of the region: where nothing differs every term is 1."""
        height, width = reference.shape[-2:]
        original = _opponent(reference.unsqueeze(0))
        cut_b = region.cut(original)
        cut_a = torch.where(region.cut(region.mask), _opponent(region.cut(distorted)), cut_b)
        missing = 1.0 - _chroma_likeness(cut_a, cut_b)
        chroma = 1.0 - missing.sum(dim=(1, 2)) / (height * width)
        frame, pasted_luma = original[:, :1], cut_a[:, :1]
        y0, x0 = region.y0, region.x0
        means = []
        scales = _scales(min(height, width))
        for scale in range(scales):
            around_a, around_b = _with_surroundings(pasted_luma, frame, y0, x0)
            luminance, structure = _ssim_terms(around_a, around_b)
            term = luminance * structure if scale == scales - 1 else structure
            windows = max(1, frame.shape[-2] - WINDOW + 1) * max(1, frame.shape[-1] - WINDOW + 1)
            means.append(1.0 - (1.0 - term).sum(dim=(1, 2, 3)) / windows)
            pasted_luma, frame, y0, x0 = _halved(pasted_luma), _halved(frame), y0 // 2, x0 // 2
        return _score(means, chroma)


def _score(means: list[Tensor], chroma: Tensor) -> Tensor:
    total = sum(SCALE_WEIGHTS[: len(means)])
    score = torch.ones_like(chroma)
    for mean, weight in zip(means, SCALE_WEIGHTS, strict=False):
        score = score * mean.clamp(min=0.0) ** (weight / total)
    return (score * chroma**CHROMA_POWER) ** POWER


def _scales(side: int) -> int:
    """How many scales have room for the window."""
    scales = 1
    while scales < len(SCALE_WEIGHTS) and -(-side // 2) >= WINDOW:
        side = -(-side // 2)
        scales += 1
    return scales


def _halved(luma: Tensor) -> Tensor:
    return functional.avg_pool2d(luma, 2, ceil_mode=True, count_include_pad=False)


def _opponent(image: Tensor) -> Tensor:
    return torch.einsum("ij,njhw->nihw", torch.tensor(TO_YIQ, device=image.device), image)


def _chroma_likeness(a: Tensor, b: Tensor) -> Tensor:
    """N x H x W: how alike the opponent colours of N x 3 x H x W images are."""
    likeness = (2 * a[:, 1:] * b[:, 1:] + C_CHROMA) / (a[:, 1:].square() + b[:, 1:].square() + C_CHROMA)
    return likeness.clamp(min=0.0).prod(dim=1)


def _with_surroundings(inner: Tensor, frame: Tensor, y0: int, x0: int) -> tuple[Tensor, Tensor]:
    """`inner` (N x 1 x h x w) put into `frame` (1 x 1 x H x W) at (y0, x0), and the frame: both cut where windows reach."""
    height, width = frame.shape[-2:]
    h, w = inner.shape[-2:]
    margin = WINDOW - 1
    top, left = max(0, y0 - margin), max(0, x0 - margin)
    around = frame[..., top : min(height, y0 + h + margin), left : min(width, x0 + w + margin)]
    filled = around.repeat(len(inner), 1, 1, 1)
    filled[..., y0 - top : y0 - top + h, x0 - left : x0 - left + w] = inner
    return filled, around


def _ssim_terms(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Luminance and contrast-structure maps of N x 1 x H x W against 1 x 1 x H x W."""
    count = len(a)
    windows = _window(torch.cat([a, a * a, a * b]))
    mean_a, square_a, product = windows.view(3, count, *windows.shape[1:]).unbind(0)
    mean_b, square_b = _window(torch.cat([b, b * b])).unbind(0)
    variances = square_a - mean_a**2 + square_b - mean_b**2
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    structure = (2 * (product - mean_a * mean_b) + C2) / (variances + C2)
    return luminance, structure


def _window(stacked: Tensor) -> Tensor:
    """Gaussian-weighted means over whole windows; a picture smaller than a window is continued at its edges."""
    if min(stacked.shape[-2:]) < WINDOW:
        stacked = functional.pad(stacked, (REACH,) * 4, mode="replicate")
    line = torch.exp(-0.5 * (torch.arange(-REACH, REACH + 1, device=stacked.device) / SIGMA) ** 2)
    line = line / line.sum()
    rows = functional.conv2d(stacked, line.view(1, 1, 1, -1))
    return functional.conv2d(rows, line.view(1, 1, -1, 1))
