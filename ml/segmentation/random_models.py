"""Models with random weights in the sizes of released ones: for measuring speed where no weights are at hand."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch


def _sam_vit_b() -> Any:
    """SAM ViT-B: 1,024 px, a 256 x 64 x 64 embedding; 89.7 M weights in the encoder, 4.1 M in the decoder."""
    from transformers import SamConfig, SamModel  # noqa: PLC0415  (seconds, which --help need not cost)

    return SamModel(SamConfig())


def _sam_decoder() -> Any:
    """The decoder and embedding of SAM ViT-B behind an encoder of one thin layer, for measuring decoding alone."""
    from transformers import SamConfig, SamModel  # noqa: PLC0415

    thin = {"hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 1, "global_attn_indexes": []}
    return SamModel(SamConfig(vision_config=thin))


def _sam2_hiera_tiny() -> Any:
    """SAM 2.1 Hiera tiny: 1,024 px, an embedding with two finer feature maps."""
    from transformers import Sam2Config, Sam2Model  # noqa: PLC0415

    return Sam2Model(Sam2Config())


RANDOM_MODELS: Mapping[str, Callable[[], Any]] = {
    "sam-vit-b": _sam_vit_b,
    "sam-decoder": _sam_decoder,
    "sam2.1-hiera-tiny": _sam2_hiera_tiny,
}


def _smoothen(network: Any) -> None:
    """Have the masks be a few smooth parts, as a trained decoder's are, instead of thousands of specks.

    An embedding that varies slowly over the image, and upsampling without a chequerboard: what is made of a mask afterwards
    (its outline, its picture) costs what its parts cost, so that times from prompt to picture are those of real use.
    """
    positions = network.vision_encoder.pos_embed
    rows, columns, channels = positions.shape[1:]
    field = torch.nn.functional.interpolate(torch.randn(1, channels, 10, 10), (rows, columns), mode="bicubic")
    positions.copy_(3 * field.permute(0, 2, 3, 1))
    for parameter in network.vision_encoder.neck.parameters():
        if parameter.ndim > 1:
            parameter.normal_(std=1 / parameter[0].numel() ** 0.5)
    for layer in (network.mask_decoder.upscale_conv1, network.mask_decoder.upscale_conv2):
        layer.weight.copy_(2 * layer.weight.mean((2, 3), keepdim=True).expand_as(layer.weight))


def write_random_model(name: str, folder: Path, *, seed: int = 0) -> None:
    """Write config.json and model.safetensors of one of RANDOM_MODELS; the same seed gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = RANDOM_MODELS[name]()
        with torch.no_grad():
            # transformers' first weights leave logits near zero; these spread as trained ones do.
            for parameter in network.mask_decoder.parameters():
                if parameter.ndim > 1:
                    parameter.normal_(std=1 / parameter[0].numel() ** 0.5)
            if name == "sam-decoder":
                _smoothen(network)
    folder.mkdir(parents=True, exist_ok=True)
    network.save_pretrained(folder)
