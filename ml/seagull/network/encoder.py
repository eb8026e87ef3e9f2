"""ConvNeXt with its four raw stage outputs.

Parameter names are those of timm's and open_clip's trunk, so that published weights need no renaming. transformers'
own backbone puts a LayerNorm on every output, which SEAGULL's weights do not have.
Letters: B images, S side, C channels of a level, h x w its cells.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.seagull.network.config import EncoderConfig

_EPS = 1e-6


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of [B, C, h, w]; free of copies where the memory is channels_last."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=_EPS)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class MLP(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return out


class Block(nn.Module):
    def __init__(self, channels: int, layer_scale: float) -> None:
        super().__init__()
        self.conv_dw = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=_EPS)
        self.mlp = MLP(channels)
        self.gamma = nn.Parameter(torch.full((channels,), layer_scale))

    def forward(self, x: Tensor) -> Tensor:
        branch: Tensor = self.mlp(self.norm(self.conv_dw(x).permute(0, 2, 3, 1))) * self.gamma
        return x + branch.permute(0, 3, 1, 2)


class Stage(nn.Module):
    def __init__(self, before: int | None, channels: int, depth: int, layer_scale: float) -> None:
        super().__init__()
        # The first stage goes on from the stem; each later one halves height and width.
        self.downsample = (
            nn.Identity()
            if before is None
            else nn.Sequential(ChannelNorm(before), nn.Conv2d(before, channels, 2, stride=2))
        )
        self.blocks = nn.Sequential(*(Block(channels, layer_scale) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.blocks(self.downsample(x))
        return out


class ConvNeXt(nn.Module):
    """Four stages at strides 4, 8, 16, 32; no classifier, no norm on the outputs, no stochastic depth."""

    def __init__(self, config: EncoderConfig, *, channels: int) -> None:
        super().__init__()
        dims = config.dims
        self.stem = nn.Sequential(nn.Conv2d(channels, dims[0], 4, stride=4), ChannelNorm(dims[0]))
        befores = (None, *dims[:-1])
        self.stages = nn.Sequential(
            *(
                Stage(before, dim, depth, config.layer_scale)
                for before, dim, depth in zip(befores, dims, config.depths, strict=True)
            )
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Levels [B, C, h, w] (res2..res5) of normalised images [B, channels, S, S], in channels_last memory."""
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        return tuple(levels)
