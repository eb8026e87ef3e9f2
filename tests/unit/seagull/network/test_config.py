import pytest

from ml.seagull.network.config import NetworkConfig
from ml.seagull.presets import PRESETS, preset

VARIANTS = ("official", "paper", "native")


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_configuration_survives_its_json(name: str, variant: str) -> None:
    config = preset(name, variant)
    assert NetworkConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(("name", "tokens"), [("seagull-7b", 1024), ("small", 576), ("tiny", 64), ("ci", 16)])
def test_an_image_takes_as_many_positions_as_its_feature_map_has_cells(name: str, tokens: int) -> None:
    assert preset(name).image_token_count == tokens


def test_the_papers_variant_takes_the_last_feature_map() -> None:
    assert preset("seagull-7b", "paper").image_token_count == 256


def test_a_released_encoder_sees_rgb_and_one_from_scratch_the_high_pass_channels_too() -> None:
    assert preset("seagull-7b", "native").encoder_channels == 3
    assert preset("tiny").encoder_channels == 6
    assert preset("tiny", high_pass=False).encoder_channels == 3


@pytest.mark.parametrize(
    ("arguments", "overrides", "named"),
    [
        (("huge",), {}, "huge"),
        (("ci", "ours"), {}, "ours"),
        (("ci",), {"hight_pass": True}, "hight_pass"),
        (("ci",), {"image_size": 70}, "70"),
        (("ci",), {"token_dim": 100}, "100"),
        (("ci",), {"crop_size": 50}, "50"),
    ],
)
def test_what_does_not_exist_or_fit_is_refused_by_name(arguments: tuple, overrides: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        preset(*arguments, **overrides)


def test_a_file_of_a_newer_version_is_refused() -> None:
    text = preset("ci").to_json().replace('"heads": 4,\n  "lm"', '"heads": 4,\n  "tails": 4,\n  "lm"')
    with pytest.raises(ValueError, match="tails"):
        NetworkConfig.from_json(text)
