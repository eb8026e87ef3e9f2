"""The paper variant against its equations 2 to 4, written out one region and one level at a time."""

import dataclasses
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.seagull.network.attention import Attention
from ml.seagull.network.extractor import LEVELS, FeatureExtractor
from ml.seagull.network.model import Seagull
from ml.seagull.presets import preset
from tests.unit.seagull.network.batches import boxes, random_images, random_rois


def attention(layer: Attention, queries: Tensor, keys: Tensor) -> Tensor:
    """softmax(Q K^T / sqrt(d)) V of [n, P] and [m, P], head by head."""
    q, k, v = layer.q_proj(queries), layer.k_proj(keys), layer.v_proj(keys)
    width = q.shape[-1] // layer.heads
    heads = []
    for start in range(0, q.shape[-1], width):
        part = slice(start, start + width)
        heads.append(torch.softmax(q[:, part] @ k[:, part].T / math.sqrt(width), dim=-1) @ v[:, part])
    return layer.out_proj(torch.cat(heads, dim=-1))


def mask_pool(mask: Tensor, level: Tensor) -> Tensor:
    """The mean of level [C, h, w] over the cells that the resized mask touches."""
    resized = functional.interpolate(mask[None, None], size=level.shape[1:], mode="bilinear")[0, 0]
    return level[:, resized > 0].mean(dim=1)


def test_global_tokens_are_equations_2_to_4() -> None:
    torch.manual_seed(0)
    model = Seagull(preset("ci", "paper")).eval()
    images = random_images(model.config, 2)
    masks = boxes((0, 40, 0, 40), (10, 60, 5, 50), (20, 64, 30, 64), size=model.config.image_size)
    rois = dataclasses.replace(random_rois(model.config, (1, 2)), masks=masks)
    extractor = model.extractor
    assert isinstance(extractor, FeatureExtractor)
    block = extractor.cross_att_res
    with torch.no_grad():
        levels = model.perceive(images).levels
        found, empty = extractor(levels, rois)
        for number, image in enumerate(rois.image_index.tolist()):
            maps = [level[image] for level in levels]
            layers: list[nn.Module] = [extractor.get_submodule(name) for name in LEVELS]
            spatial: list[nn.Module] = [extractor.get_submodule(f"g_{name}") for name in LEVELS]
            basic = [fc(mask_pool(rois.masks[number], level)) for fc, level in zip(layers, maps, strict=True)]  # (2)
            queries = attention(block.self_attn, torch.stack(basic), torch.stack(basic))
            keys = [fc(level.flatten(1)) for fc, level in zip(spatial, maps, strict=True)]
            attended = [attention(block.cross_attn, queries[j : j + 1], keys[j])[0] for j in range(4)]  # (3)
            fused = (extractor.cross_feat_linear(sum(attended)), extractor.feat_linear(sum(basic)))
            expected = extractor.final_mlp(torch.cat(fused))  # (4)
            torch.testing.assert_close(found[number], expected, rtol=1e-4, atol=1e-5)
    assert empty == 0


def test_image_tokens_are_the_last_level_through_one_linear_layer() -> None:
    torch.manual_seed(0)
    model = Seagull(preset("ci", "paper")).eval()
    with torch.no_grad():
        pyramid = model.perceive(random_images(model.config, 1))
        expected = pyramid.levels[3].flatten(2).transpose(1, 2) @ model.projector.weight.T + model.projector.bias
    torch.testing.assert_close(pyramid.image, expected, rtol=1e-4, atol=1e-5)


def test_the_local_branch_sees_nothing_outside_the_mask() -> None:
    torch.manual_seed(0)
    model = Seagull(preset("ci", "paper")).eval()
    rois = random_rois(model.config, (1,))
    outside = rois.crops.clone()
    outside[:, :3] = torch.where(rois.crops[:, 3:] == 1, outside[:, :3], torch.rand(1))
    local = model.local
    with torch.no_grad():
        tokens = [local(crops[:, :3], model._normalise(crops[:, :3]), crops[:, 3:]) for crops in (rois.crops, outside)]
    torch.testing.assert_close(tokens[0], tokens[1])
