"""Local view tokens: what an ROI looks like by itself.

Letters: R ROIs, C side of the crop, D width of the language model, G cells of a grid.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.seagull.network.attention import Attention, PreNormLayer
from ml.seagull.network.config import NetworkConfig
from ml.seagull.network.high_pass import high_pass
from ml.seagull.network.statistics import region_statistics, statistics_count

GRID = 8


class OfficialLocal(nn.Module):
    """The released branch: two 1 x 1 convolutions and a 16 x 16 average, seen by attention over a single token.

    Input: normalised crops [R, 3, C, C] of the bounding box, background included.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        cells = (config.crop_size // 16) ** 2
        inner = config.token_dim // 2
        self.global_vit = nn.Sequential(
            nn.Conv2d(3, 5, 1), nn.GELU(), nn.AvgPool2d(4), nn.Conv2d(5, 1, 1), nn.GELU(), nn.AvgPool2d(4)
        )
        self.sa = Attention(cells, config.heads)
        self.mlp = ThreeLayers(cells, inner, config.lm.dim)

    def forward(self, pixels: Tensor, normalised: Tensor, mask: Tensor | None) -> Tensor:
        thumbnail = self.global_vit(normalised).flatten(1)[:, None]
        out: Tensor = self.mlp(self.sa(thumbnail, thumbnail)[:, 0])
        return out


class ThreeLayers(nn.Module):
    def __init__(self, dim: int, inner: int, out: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList((nn.Linear(dim, inner), nn.Linear(inner, inner), nn.Linear(inner, out)))

    def forward(self, x: Tensor) -> Tensor:
        first, second, third = self.layers
        out: Tensor = third(functional.relu(second(functional.relu(first(x)))))
        return out


class PaperLocal(nn.Module):
    """FC(SA(CNN(I_c))): two strided convolutions of the masked crop, self-attention over an 8 x 8 grid, a layer."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        dim = config.token_dim
        self.convolutions = nn.Sequential(
            nn.Conv2d(3, dim // 2, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(dim // 2, dim, 3, stride=2, padding=1),
            nn.GELU(),
            nn.AdaptiveAvgPool2d(GRID),
        )
        self.attention = Attention(dim, config.heads)
        self.fc = nn.Linear(dim, config.lm.dim)

    def forward(self, pixels: Tensor, normalised: Tensor, mask: Tensor | None) -> Tensor:
        inside = normalised if mask is None else normalised * mask
        cells = self.convolutions(inside).flatten(2).transpose(1, 2)
        out: Tensor = self.fc(self.attention(cells, cells).mean(1))
        return out


class NativeLocal(nn.Module):
    """Our branch: a native-resolution window, high-pass channels, strided convolutions, attention, mask-weighted mean;
    beside them texture statistics through a perceptron of their own.

    The released branch averages 16 x 16 pixels and cannot see blur or noise; this one sees every pixel.
    """

    WIDTHS = (32, 64, 128)
    HEADS = 4

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.high_pass = config.high_pass
        channels = (3 + 3 * self.high_pass + 1, *self.WIDTHS)
        layers: list[nn.Module] = []
        for before, after in zip(channels, self.WIDTHS, strict=False):
            convolution = nn.Conv2d(before, after, 3, stride=2, padding=1)
            # torch's own start shrinks the signal at every layer until GELU is a straight line, blind to noise's energy.
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
            layers += [convolution, nn.GELU()]
        self.convolutions = nn.Sequential(*layers)
        dim = self.WIDTHS[-1]
        self.positions = nn.Parameter(torch.randn(GRID * GRID, dim) * 0.02)
        self.layers = nn.Sequential(PreNormLayer(dim, self.HEADS), PreNormLayer(dim, self.HEADS))
        measured = statistics_count(with_high_pass=config.high_pass)
        self.statistics = nn.Sequential(nn.Linear(measured, dim), nn.GELU(), nn.Linear(dim, dim))
        self.norm = nn.LayerNorm(dim)
        self.fc = nn.Linear(dim, config.lm.dim)

    def forward(self, pixels: Tensor, normalised: Tensor, mask: Tensor | None) -> Tensor:
        if mask is None:
            raise ValueError("crops have three channels: the native local branch needs the mask as the fourth")
        parts = [normalised, mask, high_pass(pixels)] if self.high_pass else [normalised, mask]
        seen = torch.cat(parts, dim=1).contiguous(memory_format=torch.channels_last)
        grid = functional.adaptive_avg_pool2d(self.convolutions(seen), GRID)
        cells = self.layers(grid.permute(0, 2, 3, 1).flatten(1, 2) + self.positions)
        weights = functional.adaptive_avg_pool2d(mask, GRID).flatten(1)
        weights = weights / weights.sum(1, keepdim=True)
        seen_mean = torch.bmm(weights[:, None], cells)[:, 0]
        measured = self.statistics(region_statistics(pixels, mask, with_high_pass=self.high_pass))
        out: Tensor = self.fc(self.norm(seen_mean + measured))
        return out


def make_local(config: NetworkConfig) -> nn.Module | None:
    """The branch of the configuration; None for `none`."""
    kinds: dict[str, type[nn.Module]] = {"official": OfficialLocal, "paper": PaperLocal, "v2": NativeLocal}
    return kinds[config.local](config) if config.local != "none" else None
