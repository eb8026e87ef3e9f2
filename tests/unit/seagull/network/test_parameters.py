"""Names, shapes and exact counts of the 7B network (specs 1.6), on the meta device: nothing of it is allocated."""

import json
from pathlib import Path

import pytest
import torch

from ml.seagull.network.adapters import adapter_size
from ml.seagull.network.model import Seagull
from ml.seagull.network.released import is_unused, our_name
from ml.seagull.presets import preset

GOLDEN = Path(__file__).parents[4] / "fixtures" / "golden" / "seagull"


def count(module: torch.nn.Module) -> int:
    return sum(one.numel() for one in module.parameters())


@pytest.fixture(scope="module")
def network() -> Seagull:
    with torch.device("meta"):
        return Seagull(preset("seagull-7b"))


def test_every_part_has_the_released_size(network: Seagull) -> None:
    sizes = {name: count(part) for name, part in network.named_children()}
    assert sizes["encoder"] == 196_227_264
    assert sizes["projector"] == 19_931_136
    assert sizes["extractor"] + sizes["local"] == 84_781_594
    assert sizes["local"] == 7_087_130
    assert sizes["lm"] == 6_738_432_000
    assert sum(sizes.values()) == count(network)


def test_the_stages_of_the_encoder_have_their_known_sizes(network: Seagull) -> None:
    assert [count(stage) for stage in network.encoder.stages] == [
        918_144,
        3_901_440,
        129_785_856,
        61_612_032,
    ]


def test_with_adapters_424_528_410_parameters_are_trained(network: Seagull) -> None:
    assert adapter_size(network.config.lm) == 319_815_680
    trained_beside = count(network.projector) + count(network.extractor) + count(network.local)
    assert adapter_size(network.config.lm) + trained_beside == 424_528_410


def test_outside_language_model_and_encoder_names_and_shapes_are_the_released_ones(network: Seagull) -> None:
    published = json.loads((GOLDEN / "official_parameters.json").read_text())["parameters"]
    expected = {our_name(name): tuple(shape) for name, shape in published.items() if not is_unused(name)}
    found = {
        name: tuple(value.shape)
        for name, value in network.state_dict().items()
        if not name.startswith(("lm.", "encoder."))
    }
    assert found == expected


def test_what_is_dropped_of_the_published_file_is_mask_linear() -> None:
    published = json.loads((GOLDEN / "official_parameters.json").read_text())["parameters"]
    dropped = {name: shape for name, shape in published.items() if is_unused(name)}
    assert all(name.startswith("mask_extractor.mask_linear.") for name in dropped)
    assert sum(int(torch.Size(shape).numel()) for shape in dropped.values()) == 18_094_080


def test_the_papers_linear_projector_has_its_size() -> None:
    with torch.device("meta"):
        assert count(Seagull(preset("seagull-7b", "paper")).projector) == 6_295_552
