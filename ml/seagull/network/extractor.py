"""The mask-based feature extractor's global view (paper section 4.2, equations 2 to 4).

Names of the parameters are those of the released weights, without their prefix.
Letters: B images, R ROIs, P width of the extractor, D width of the language model, C channels of a level.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.seagull.network.attention import MLP, Attention
from ml.seagull.network.config import NetworkConfig, SelfAttentionAxis
from ml.seagull.network.groups import Groups
from ml.seagull.network.inputs import ROIInputs
from ml.seagull.network.pooling import pool

LEVELS = ("res2", "res3", "res4", "res5")


class TwoWayBlock(nn.Module):
    """The released block, shared by the four levels: SAM's two-way block without its image half and positions."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.self_attn = Attention(dim, heads)
        self.norm1 = nn.LayerNorm(dim)
        self.cross_attn = Attention(dim, heads, inner_dim=dim // 2)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = MLP(dim, 2 * dim)

    def forward(self, basic: Tensor, keys: Sequence[Tensor], groups: Groups, axis: SelfAttentionAxis) -> Tensor:
        queries = self.norm1(basic + along_axis(self.self_attn, basic, groups, axis))
        queries = self.norm2(queries + across(self.cross_attn, queries, keys, groups))
        out: Tensor = queries + self.mlp(queries)
        return out


class PlainBlock(nn.Module):
    """Equation 3 as printed: CA(Q=SA(B), K=F', V=F') and nothing else."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.self_attn = Attention(dim, heads)
        self.cross_attn = Attention(dim, heads)

    def forward(self, basic: Tensor, keys: Sequence[Tensor], groups: Groups, axis: SelfAttentionAxis) -> Tensor:
        return across(self.cross_attn, along_axis(self.self_attn, basic, groups, axis), keys, groups)


def along_axis(attention: Attention, basic: Tensor, groups: Groups, axis: SelfAttentionAxis) -> Tensor:
    """Self-attention of the basic tokens [R, 4, P] along an axis.

    level: over the four tokens of an ROI. roi_set: over the ROIs of an image, level by level, as the released code does,
    so that an answer depends on what else was asked. roi_isolated: the same with every ROI alone.
    """
    attended: Tensor
    if axis == "level":
        attended = attention(basic, basic)
    elif axis == "roi_isolated":
        alone = basic.flatten(0, 1)[:, None]
        attended = attention(alone, alone).view_as(basic)
    else:
        image = groups.slots // groups.most
        by_level = basic.transpose(0, 1)
        attended = attention(by_level, by_level, mask=image[:, None] == image).transpose(0, 1)
    return attended


def across(attention: Attention, queries: Tensor, keys: Sequence[Tensor], groups: Groups) -> Tensor:
    """Cross-attention of the tokens [R, 4, P], each level to its own keys [B, C, P] of the ROI's image."""
    levels = queries.unbind(1)
    attended = [
        groups.gather(attention(groups.spread(level), its_keys)) for level, its_keys in zip(levels, keys, strict=True)
    ]
    return torch.stack(attended, dim=1)


class FeatureExtractor(nn.Module):
    """Global view tokens of ROIs."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        dim, out = config.token_dim, config.lm.dim
        self.axis: SelfAttentionAxis = config.sa_axis
        self.pooling = config.pooling
        self.kv_grid = config.kv_grid
        for name, channels, cells in zip(LEVELS, config.encoder.dims, config.grids, strict=True):
            side = min(cells, config.kv_grid or cells)
            setattr(self, name, nn.Linear(channels, dim))
            setattr(self, f"g_{name}", nn.Linear(side * side, dim))
        block = TwoWayBlock if config.extractor == "two_way" else PlainBlock
        self.cross_att_res = block(dim, config.heads)
        self.feat_linear = nn.Linear(dim, out)
        self.cross_feat_linear = nn.Linear(dim, out)
        self.final_mlp = nn.Linear(2 * out, out)

    def forward(self, levels: Sequence[Tensor], rois: ROIInputs) -> tuple[Tensor, Tensor]:
        """Tokens [R, D] of ROIs over the encoder's levels [B, C, h, w], and how many pooled levels fell back to area."""
        groups = Groups.of(rois.image_index, images=levels[0].shape[0], most=rois.most_per_image)
        pooled = pool(levels, rois.masks, groups, pooling=self.pooling)
        basic = torch.stack(
            [self.get_submodule(name)(mean) for name, mean in zip(LEVELS, pooled.levels, strict=True)], dim=1
        )
        keys = [self._keys(name, level) for name, level in zip(LEVELS, levels, strict=True)]
        attended = self.cross_att_res(basic, keys, groups, self.axis)
        # The released weights expect the attended half first.
        halves = (self.cross_feat_linear(attended.sum(1)), self.feat_linear(basic.sum(1)))
        return self.final_mlp(torch.cat(halves, dim=-1)), pooled.empty

    def _keys(self, name: str, level: Tensor) -> Tensor:
        """[B, C, P]: a token is a channel, its cells go through a fully connected layer."""
        if self.kv_grid is not None and level.shape[-1] > self.kv_grid:
            level = functional.adaptive_avg_pool2d(level, self.kv_grid)
        spatial: Any = self.get_submodule(f"g_{name}")
        # A frozen encoder may run in bfloat16 beside an extractor in float32.
        keys: Tensor = spatial(level.flatten(2).to(spatial.weight.dtype))
        return keys
