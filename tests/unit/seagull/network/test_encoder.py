"""Our ConvNeXt against transformers'."""

import torch
from transformers import ConvNextConfig, ConvNextModel

from ml.seagull.network.config import EncoderConfig
from ml.seagull.network.encoder import ConvNeXt

CONFIG = EncoderConfig((8, 16, 24, 32), (1, 2, 3, 1), layer_scale=0.5)
# Ours (timm's and open_clip's names) to transformers'.
RENAMED = (
    ("stem.0.", "embeddings.patch_embeddings."),
    ("stem.1.", "embeddings.layernorm."),
    ("stages.", "encoder.stages."),
    (".downsample.", ".downsampling_layer."),
    (".blocks.", ".layers."),
    (".conv_dw.", ".dwconv."),
    (".norm.", ".layernorm."),
    (".mlp.fc1.", ".pwconv1."),
    (".mlp.fc2.", ".pwconv2."),
    (".gamma", ".layer_scale_parameter"),
)


def test_raw_stage_outputs_equal_those_of_transformers() -> None:
    torch.manual_seed(0)
    theirs = ConvNextModel(ConvNextConfig(hidden_sizes=list(CONFIG.dims), depths=list(CONFIG.depths))).eval()
    # Their layer norms and biases start as 1 and 0; random ones tell more.
    random = {name: torch.randn_like(value) * 0.3 for name, value in theirs.state_dict().items()}
    theirs.load_state_dict(random)
    ours = ConvNeXt(CONFIG, channels=3).eval()
    renamed = {}
    for name in ours.state_dict():
        their_name = name
        for before, after in RENAMED:
            their_name = their_name.replace(before, after)
        renamed[name] = random.pop(their_name)
    ours.load_state_dict(renamed)
    assert set(random) == {"layernorm.weight", "layernorm.bias"}, "only their norm for classification is left"
    images = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        expected = theirs(images, output_hidden_states=True).hidden_states[1:]
        found = ours(images)
    assert [level.shape[1] for level in found] == list(CONFIG.dims)
    for ours_level, their_level in zip(found, expected, strict=True):
        torch.testing.assert_close(ours_level, their_level, rtol=1e-4, atol=1e-5)


def test_levels_come_out_in_channels_last_memory() -> None:
    with torch.no_grad():
        levels = ConvNeXt(CONFIG, channels=6)(torch.rand(2, 6, 64, 64))
    assert all(level.is_contiguous(memory_format=torch.channels_last) for level in levels)
