"""From linear light to what a screen shows and back, by two curves, and to bytes.

The camera's curve is gamma 2.2, then the smoothstep 3y^2 - 2y^3, as in the unprocessing pipeline (Brooks et al. 2019); its
inverse is exact, so that an sRGB photograph developed again from its own linear light is itself. The other is sRGB's own
(IEC 61966-2-1), for what is done to a finished picture.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

GAMMA = 2.2
# The gamma's slope is infinite at 0: below this, linear light counts as black.
SMALLEST = 1e-8
# A float's exponent and this many bits of its fraction choose a place in a table of bytes.
FRACTION_BITS = 12
_SHIFT = 23 - FRACTION_BITS


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


def srgb_to_linear(display: Tensor) -> Tensor:
    return torch.where(display <= 0.04045, display / 12.92, ((display.clamp(min=0.04045) + 0.055) / 1.055).pow(2.4))


def linear_to_srgb(linear: Tensor) -> Tensor:
    linear = linear.clamp(0.0, 1.0)
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp(min=0.0031308).pow(1.0 / 2.4) - 0.055)


def shown(linear: Tensor, curve: Callable[[Tensor], Tensor] = to_display) -> Tensor:
    """uint8 of linear light by a curve: `to_bytes(curve(linear))`, on the CPU within 1.

    Powers are what rendering on a CPU spends its time on. There a table answers, by the leading bits of the float: one
    byte in some 300 lies at the border of two values and comes out as the other one.
    """
    if linear.device.type != "cpu":
        return to_bytes(curve(linear))
    table, first = _table(curve)
    places = linear.clamp(SMALLEST, 1.0).flatten().view(torch.int32).bitwise_right_shift_(_SHIFT).sub_(first)
    return torch.index_select(table, 0, places).view(linear.shape)


@lru_cache
def _table(curve: Callable[[Tensor], Tensor]) -> tuple[Tensor, int]:
    """The bytes of all light from SMALLEST to 1, and the leading bits of the first."""
    ends = torch.tensor([SMALLEST, 1.0]).view(torch.int32) >> _SHIFT
    bits = torch.arange(int(ends[0]), int(ends[1]) + 1, dtype=torch.int32)
    middles = ((bits << _SHIFT) + (1 << (_SHIFT - 1))).view(torch.float32)
    return to_bytes(curve(middles.clamp(SMALLEST, 1.0))), int(ends[0])
