"""The official variant against numbers from the authors' released extractor (fixtures/golden/seagull/README.md)."""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.seagull.network.extractor import FeatureExtractor
from ml.seagull.network.groups import Groups
from ml.seagull.network.inputs import ROIInputs
from ml.seagull.network.local import OfficialLocal
from ml.seagull.network.pooling import pool
from ml.seagull.network.released import is_unused, our_name
from ml.seagull.presets import preset

GOLDEN = Path(__file__).parents[4] / "fixtures" / "golden" / "seagull"
LEVELS = {"res2": (192, 128), "res3": (384, 64), "res4": (768, 32), "res5": (1536, 16)}


def drawn(name: str, *shape: int) -> torch.Tensor:
    key = zlib.crc32(f"seagull-mfe-golden-v1/{name}".encode())
    return torch.from_numpy(np.random.Generator(np.random.Philox(key=key)).standard_normal(shape, dtype=np.float32))


@dataclass(frozen=True)
class Golden:
    numbers: dict[str, torch.Tensor]
    extractor: FeatureExtractor
    local: OfficialLocal
    levels: list[torch.Tensor]
    masks: torch.Tensor
    crops: torch.Tensor

    def relative_error(self, found: torch.Tensor, name: str) -> float:
        expected = self.numbers[name]
        return float((found - expected).abs().max() / expected.abs().mean())

    def rois(self, *chosen: int) -> ROIInputs:
        index = torch.zeros(len(chosen), dtype=torch.long)
        return ROIInputs(image_index=index, masks=self.masks[list(chosen)], crops=self.crops[list(chosen)])


@pytest.fixture(scope="module")
def golden() -> Golden:
    numbers = {name: torch.from_numpy(value) for name, value in np.load(GOLDEN / "official_mfe.npz").items()}
    shapes = json.loads((GOLDEN / "official_parameters.json").read_text())["parameters"]
    state = {
        our_name(name): drawn(name.removeprefix("mask_extractor."), *shape).mul_(0.02)
        for name, shape in shapes.items()
        if name.startswith("mask_extractor.") and not is_unused(name)
    }
    config = preset("seagull-7b")
    with torch.device("meta"):
        extractor, local = FeatureExtractor(config), OfficialLocal(config)
    for prefix, part in (("extractor.", extractor), ("local.", local)):
        own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        part.load_state_dict(own, assign=True)
        part.requires_grad_(requires_grad=False)
    y, x = np.mgrid[:512, :512]
    inside = [((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1 for cy, cx, ry, rx in numbers["ellipses"].numpy()]
    return Golden(
        numbers=numbers,
        extractor=extractor,
        local=local,
        levels=[drawn(name, 1, channels, cells, cells) for name, (channels, cells) in LEVELS.items()],
        masks=torch.from_numpy(np.stack(inside).astype(np.float32)),
        crops=drawn("crops", len(inside), 3, 512, 512),
    )


def test_mask_pooling_is_the_released_one(golden: Golden) -> None:
    groups = Groups.of(torch.zeros(3, dtype=torch.long), images=1, most=3)
    pooled = pool(golden.levels, golden.masks, groups, pooling="official")
    assert pooled.empty == 0
    for name, level in zip(LEVELS, pooled.levels, strict=True):
        # Sums of up to 16,000 float32 values in another order.
        torch.testing.assert_close(level, golden.numbers[f"pooled_{name}"], rtol=1e-5, atol=1e-6)


def test_regions_of_one_call_equal_the_released_ones_asked_alone(golden: Golden) -> None:
    tokens, _ = golden.extractor(golden.levels, golden.rois(0, 1, 2))
    assert golden.relative_error(tokens, "global_alone") < 1e-4


def test_a_region_asked_alone_equals_the_released_one(golden: Golden) -> None:
    tokens, _ = golden.extractor(golden.levels, golden.rois(1))
    assert torch.allclose(tokens, golden.numbers["global_alone"][1:2], rtol=0, atol=1e-4 * 0.257)


def test_roi_set_repeats_the_released_coupling_of_the_regions_of_a_call(
    golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golden.extractor, "axis", "roi_set")
    tokens, _ = golden.extractor(golden.levels, golden.rois(0, 1, 2))
    assert golden.relative_error(tokens, "global_joint") < 1e-4
    assert golden.relative_error(tokens, "global_alone") > 1e-2


def test_the_local_branch_is_the_released_one(golden: Golden) -> None:
    tokens = golden.local(golden.crops, golden.crops, None)
    assert golden.relative_error(tokens, "local_alone") < 1e-4
    assert golden.relative_error(tokens, "local_joint") < 1e-4
