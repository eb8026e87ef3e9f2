"""What noise, blur and compression change first."""

from torch import Tensor
from torch.nn import functional


def high_pass(pixels: Tensor) -> Tensor:
    """Four times the difference of each pixel from the mean of its 3 x 3 neighbourhood; [N, 3, H, W] to the same.

    With these three channels beside RGB a small network learns distortions in minutes, without them it does not
    (SROCC .35 to .68 at equal steps: specs 2.3). At the border the mean is over the pixels that exist.
    """
    return 4 * (pixels - functional.avg_pool2d(pixels, 3, stride=1, padding=1, count_include_pad=False))
