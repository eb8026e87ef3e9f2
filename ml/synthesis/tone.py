"""From linear light to what a screen shows and back: gamma 2.2, then the smoothstep curve 3y^2 - 2y^3.

The curve is the one of the unprocessing pipeline (Brooks et al. 2019); its inverse is exact, so that an sRGB photograph
developed again from its own linear light is itself.
"""

import torch
from torch import Tensor

GAMMA = 2.2
# The gamma's slope is infinite at 0: below this, linear light counts as black.
SMALLEST = 1e-8


def to_display(linear: Tensor) -> Tensor:
    """Display values 0..1 of linear light; what lies outside 0..1 is clipped."""
    y = linear.clamp(SMALLEST, 1.0).pow_(1.0 / GAMMA)
    return (y * y).mul_(y.mul_(-2.0).add_(3.0))


def to_linear(display: Tensor) -> Tensor:
    """Linear light 0..1 of display values 0..1: the inverse of `to_display`."""
    y = 0.5 - torch.sin(torch.asin(1.0 - 2.0 * display.clamp(0.0, 1.0)) / 3.0)
    return y.clamp(0.0, 1.0).pow(GAMMA)


def to_bytes(display: Tensor) -> Tensor:
    """uint8 of display values 0..1, rounded to the nearest."""
    return display.clamp(0.0, 1.0).mul_(255.0).round_().to(torch.uint8)
