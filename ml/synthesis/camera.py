"""A camera between linear sRGB light and its sensor: colour matrix, white balance, exposure, RGGB mosaic.

For RAW files it is the camera that took them; for sRGB photographs one is drawn as the unprocessing pipeline does (Brooks
et al. 2019: a random mix of four cameras' matrices, gains from their ranges). All images are float32, 3 x height x width.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.synthesis.random_keys import generator

# Linear sRGB to CIE XYZ, D65 (IEC 61966-2-1).
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
# CIE XYZ to sensor, D65, as four makers publish it for four cameras (the ones that the unprocessing paper uses).
XYZ_TO_CAMERAS = np.array(
    [
        [[1.0234, -0.2969, -0.2266], [-0.5625, 1.6328, -0.0469], [-0.0703, 0.2188, 0.6406]],
        [[0.4913, -0.0541, -0.0202], [-0.6130, 1.3513, 0.2906], [-0.1564, 0.2151, 0.7183]],
        [[0.8380, -0.2630, -0.0639], [-0.2887, 1.0725, 0.2496], [-0.0627, 0.1427, 0.5438]],
        [[0.6596, -0.2079, -0.0562], [-0.4782, 1.3016, 0.1933], [-0.0970, 0.1581, 0.5181]],
    ]
)
# Above this mean of the three channels the inverse gains fade to 1, so that white stays white.
HIGHLIGHT = 0.9


@dataclass(frozen=True)
class Camera:
    """`from_srgb` maps linear sRGB to the sensor's colours (rows sum to 1); `gains` are what development multiplies by."""

    from_srgb: NDArray[np.float64]
    gains: tuple[float, float, float]

    def sensor(self, linear: Tensor) -> tuple[Tensor, Tensor]:
        """What the sensor's pixels would hold in all three colours (0..1), and the gains that undo it, per pixel."""
        colours = mix(linear, self.from_srgb).clamp(0.0, 1.0)
        gains = torch.tensor(self.gains, dtype=torch.float32, device=linear.device).view(3, 1, 1)
        grey = colours.mean(dim=-3, keepdim=True)
        fade = ((grey - HIGHLIGHT).clamp(min=0.0) / (1.0 - HIGHLIGHT)).square()
        inverse = torch.maximum(fade + (1.0 - fade) / gains, 1.0 / gains)
        return colours * inverse, 1.0 / inverse

    def developed(self, sensor: Tensor, gains: Tensor) -> Tensor:
        """Linear sRGB of sensor colours: white balance and exposure, then the matrix."""
        return mix(sensor * gains, np.linalg.inv(self.from_srgb).astype(np.float64))


def mix(image: Tensor, matrix: NDArray[np.float64]) -> Tensor:
    """A 3 x 3 matrix times each pixel's colours."""
    weights = torch.tensor(matrix, dtype=torch.float32, device=image.device)
    return torch.matmul(weights, image.flatten(-2)).view(image.shape)


def _normalised(xyz_to_camera: NDArray[np.float64]) -> NDArray[np.float64]:
    from_srgb = xyz_to_camera @ SRGB_TO_XYZ
    normalised: NDArray[np.float64] = from_srgb / from_srgb.sum(axis=1, keepdims=True)
    return normalised


def drawn_camera(reference: str) -> Camera:
    """The camera drawn for an sRGB photograph; the same for the same reference."""
    random = generator("camera", reference)
    weights = random.uniform(size=4)
    exposure = 1.0 / random.normal(0.8, 0.1)
    red, blue = random.uniform(1.9, 2.4), random.uniform(1.5, 1.9)
    mixed = np.tensordot(weights / weights.sum(), XYZ_TO_CAMERAS, axes=1)
    return Camera(_normalised(mixed), (float(exposure * red), float(exposure), float(exposure * blue)))


def known_camera(xyz_to_camera: NDArray[np.float64], white_balance: tuple[float, float, float]) -> Camera:
    """The camera of a RAW file. A file that tells no matrix (all zero) is taken to see in sRGB itself."""
    known = bool(np.any(xyz_to_camera))
    red, green, blue = white_balance
    gains = (red / green, 1.0, blue / green) if green > 0 else (1.0, 1.0, 1.0)
    return Camera(_normalised(xyz_to_camera) if known else np.eye(3), gains)


def mosaic_mask(height: int, width: int, *, device: torch.device | str = "cpu") -> Tensor:
    """3 x height x width: 1 where an RGGB sensor measures that colour."""
    mask = torch.zeros(3, height, width, device=device)
    mask[0, 0::2, 0::2] = 1.0
    mask[1, 0::2, 1::2] = 1.0
    mask[1, 1::2, 0::2] = 1.0
    mask[2, 1::2, 1::2] = 1.0
    return mask


def demosaic(mosaic: Tensor) -> Tensor:
    """All three colours (N x 3 x H x W) of RGGB mosaics (N x 1 x H x W) by the 5 x 5 filters of Malvar, He and Cutler (2004).

    Linear in its input: the demosaic of a sum is the sum of the demosaics. Each of the four places of a 2 x 2 cell needs two
    filters only: the cells become pixels of four channels, on which all the filters together are one of 3 x 3.
    """
    height, width = mosaic.shape[-2:]
    # Odd sides get a half cell more, as the mirror has it.
    padded = functional.pad(mosaic, (2, 2 + width % 2, 2, 2 + height % 2), mode="reflect")
    filtered = functional.conv2d(functional.pixel_unshuffle(padded, 2), _cell_filters(mosaic.device))
    return functional.pixel_shuffle(filtered, 2)[..., :height, :width]


def _cell_filters(device: torch.device) -> Tensor:
    """12 x 4 x 3 x 3: red, green and blue at the four places of a cell, from the four places of 3 x 3 cells."""
    own = [[0] * 5, [0] * 5, [0, 0, 8, 0, 0], [0] * 5, [0] * 5]
    # Green at red or blue; a colour at a green pixel with that colour beside it in its row, in its column; diagonal.
    cross = [[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]]
    row = [[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0], [0, 0, 0.5, 0, 0]]
    column = [list(line) for line in zip(*row, strict=True)]
    diagonal = [[0, 0, -1.5, 0, 0], [0, 2, 0, 2, 0], [-1.5, 0, 6, 0, -1.5], [0, 2, 0, 2, 0], [0, 0, -1.5, 0, 0]]
    # At red, at green in a red row, at green in a blue row, at blue.
    filters = torch.tensor(
        [[own, row, column, diagonal], [cross, own, own, cross], [diagonal, column, row, own]], dtype=torch.float32
    )
    made = torch.zeros(3, 4, 2, 2, 3, 3)
    for place in range(4):
        # The 5 x 5 around this place within the 6 x 6 pixels of 3 x 3 cells; those become channels as the mosaic does.
        around = torch.zeros(3, 6, 6)
        top, left = divmod(place, 2)
        around[:, top : top + 5, left : left + 5] = filters[:, place]
        made[:, place] = around.view(3, 3, 2, 3, 2).permute(0, 2, 4, 1, 3)
    return (made.view(12, 4, 3, 3) / 8.0).to(device)
