"""`python -m ml.segmentation.official_checkpoint SAM.pth --output FOLDER`: an official checkpoint as safetensors.

Reads the .pth files of `segment_anything` (`sam_vit_b_01ec64.pth` and its like) with `torch.load(weights_only=True)` and
writes config.json, model.safetensors and preprocessor_config.json in the layout of transformers. Sizes come from the
tensors' shapes. This is the only place where a pickle is opened, so it runs in a process of its own.
"""

import argparse
import pickle
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ml.segmentation.manifest import ModelError
from ml.segmentation.models import described, write_preprocessor_config

# Names of `segment_anything` and of transformers for the same tensor, the first rule that fits; MLPs follow in `renamed`.
_RULES: tuple[tuple[str, str], ...] = (
    (r"image_encoder\.patch_embed\.proj\.", "vision_encoder.patch_embed.projection."),
    (r"image_encoder\.blocks\.(\d+)\.norm([12])\.", r"vision_encoder.layers.\1.layer_norm\2."),
    (r"image_encoder\.blocks\.", "vision_encoder.layers."),
    (r"image_encoder\.neck\.0\.", "vision_encoder.neck.conv1."),
    (r"image_encoder\.neck\.1\.", "vision_encoder.neck.layer_norm1."),
    (r"image_encoder\.neck\.2\.", "vision_encoder.neck.conv2."),
    (r"image_encoder\.neck\.3\.", "vision_encoder.neck.layer_norm2."),
    (r"image_encoder\.", "vision_encoder."),
    (
        r"prompt_encoder\.pe_layer\.positional_encoding_gaussian_matrix",
        "shared_image_embedding.positional_embedding",
    ),
    (r"prompt_encoder\.point_embeddings\.", "prompt_encoder.point_embed."),
    (r"prompt_encoder\.mask_downscaling\.0\.", "prompt_encoder.mask_embed.conv1."),
    (r"prompt_encoder\.mask_downscaling\.1\.", "prompt_encoder.mask_embed.layer_norm1."),
    (r"prompt_encoder\.mask_downscaling\.3\.", "prompt_encoder.mask_embed.conv2."),
    (r"prompt_encoder\.mask_downscaling\.4\.", "prompt_encoder.mask_embed.layer_norm2."),
    (r"prompt_encoder\.mask_downscaling\.6\.", "prompt_encoder.mask_embed.conv3."),
    (r"mask_decoder\.transformer\.norm_final_attn\.", "mask_decoder.transformer.layer_norm_final_attn."),
    (
        r"mask_decoder\.transformer\.layers\.(\d+)\.norm([1-4])\.",
        r"mask_decoder.transformer.layers.\1.layer_norm\2.",
    ),
    (r"mask_decoder\.output_upscaling\.0\.", "mask_decoder.upscale_conv1."),
    (r"mask_decoder\.output_upscaling\.1\.", "mask_decoder.upscale_layer_norm."),
    (r"mask_decoder\.output_upscaling\.3\.", "mask_decoder.upscale_conv2."),
)
_MLP = re.compile(r"(mask_decoder\.(?:output_hypernetworks_mlps\.\d+|iou_prediction_head))\.layers\.(\d+)\.(.+)")
_NEEDED = (
    "image_encoder.pos_embed",
    "image_encoder.patch_embed.proj.weight",
    "image_encoder.neck.0.weight",
    "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix",
    "mask_decoder.transformer.layers.0.mlp.lin1.weight",
    "mask_decoder.iou_prediction_head.layers.0.weight",
)
# Not to be seen in the shapes; the same in all released checkpoints.
_DECODER_HEADS = 8


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The tensors of an official checkpoint. Raises ModelError for anything else, pickled code above all."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelError(f"{path} does not exist: give the path of an official segment_anything checkpoint.") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"{path} was not read: it is no checkpoint of plain tensors ({reason}). A file that needs "
            "weights_only=False may run any code; get it from https://github.com/facebookresearch/segment-anything."
        ) from None
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise ModelError(f"{path} holds {type(found).__name__}, not the tensors of a segment_anything model by name.")
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        raise ModelError(
            f"{path} is no segment_anything checkpoint: it lacks {missing[0]}. For SAM 2 give a folder or a hub id such as "
            "facebook/sam2.1-hiera-tiny."
        )
    return found


def config_of(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """What `SamConfig` needs, from the shapes of official tensors."""
    _, rows, _, hidden = tensors["image_encoder.pos_embed"].shape
    patch = tensors["image_encoder.patch_embed.proj.weight"].shape[-1]
    channels = tensors["image_encoder.neck.0.weight"].shape[0]
    blocks = _count(tensors, r"image_encoder\.blocks\.(\d+)\.")
    # Relative positions reach over a window, 2 w - 1 of them; in a global block the window is the whole embedding.
    windows = [(tensors[f"image_encoder.blocks.{number}.attn.rel_pos_h"].shape[0] + 1) // 2 for number in range(blocks)]
    heads = hidden // tensors["image_encoder.blocks.0.attn.rel_pos_h"].shape[1]
    layers = _count(tensors, r"mask_decoder\.transformer\.layers\.(\d+)\.")
    query = tensors["mask_decoder.transformer.layers.0.cross_attn_token_to_image.q_proj.weight"].shape[0]
    return {
        "vision_config": {
            "hidden_size": hidden,
            "num_hidden_layers": blocks,
            "num_attention_heads": heads,
            "image_size": rows * patch,
            "patch_size": patch,
            "output_channels": channels,
            "num_pos_feats": channels // 2,
            "mlp_dim": tensors["image_encoder.blocks.0.mlp.lin1.weight"].shape[0],
            "window_size": min(windows),
            "global_attn_indexes": [number for number, window in enumerate(windows) if window == rows],
        },
        "prompt_encoder_config": {
            "hidden_size": channels,
            "image_size": rows * patch,
            "patch_size": patch,
            "mask_input_channels": tensors["prompt_encoder.mask_downscaling.3.weight"].shape[0],
        },
        "mask_decoder_config": {
            "hidden_size": channels,
            "mlp_dim": tensors["mask_decoder.transformer.layers.0.mlp.lin1.weight"].shape[0],
            "num_hidden_layers": layers,
            "num_attention_heads": _DECODER_HEADS,
            "attention_downsample_rate": channels // query,
            "num_multimask_outputs": tensors["mask_decoder.mask_tokens.weight"].shape[0] - 1,
            "iou_head_depth": _count(tensors, r"mask_decoder\.iou_prediction_head\.layers\.(\d+)\."),
            "iou_head_hidden_dim": tensors["mask_decoder.iou_prediction_head.layers.0.weight"].shape[0],
            # torch's own default, with which segment_anything's decoder was trained.
            "layer_norm_eps": 1e-5,
        },
    }


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Official tensors under the names of transformers."""
    last: dict[str, int] = {}
    for name in tensors:
        if match := _MLP.fullmatch(name):
            last[match[1]] = max(last.get(match[1], 0), int(match[2]))
    return {_renamed(name, last): tensor for name, tensor in tensors.items()}


def convert(checkpoint: Path, output: Path) -> None:
    """Write the folder. Raises ModelError."""
    from transformers import SamConfig, SamModel  # noqa: PLC0415  (seconds, which a wrong path need not cost)

    tensors = read_checkpoint(checkpoint)
    network = SamModel(SamConfig(**config_of(tensors)))
    named = renamed(tensors)
    # transformers keeps the same matrix in two places.
    named["prompt_encoder.shared_embedding.positional_embedding"] = named["shared_image_embedding.positional_embedding"]
    try:
        network.load_state_dict(named, strict=True)
    except RuntimeError as error:
        raise ModelError(f"{checkpoint} does not have the tensors of a segment_anything model: {error}") from error
    output.mkdir(parents=True, exist_ok=True)
    network.save_pretrained(output)
    write_preprocessor_config(output, described(output, network, name=checkpoint.stem))


def _renamed(name: str, last: Mapping[str, int]) -> str:
    if match := _MLP.fullmatch(name):
        number = int(match[2])
        part = "proj_in" if number == 0 else "proj_out" if number == last[match[1]] else f"layers.{number - 1}"
        return f"{match[1]}.{part}.{match[3]}"
    for old, new in _RULES:
        replaced, count = re.subn("^" + old, new, name)
        if count:
            return replaced
    return name


def _count(tensors: Mapping[str, Tensor], pattern: str) -> int:
    return 1 + max(int(match[1]) for name in tensors if (match := re.match(pattern, name)))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.segmentation.official_checkpoint", description=__doc__)
    parser.add_argument("checkpoint", type=Path, metavar="SAM.pth")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    given = parser.parse_args(arguments)
    try:
        convert(given.checkpoint, given.output)
    except ModelError as error:
        sys.exit(str(error).replace("\n", " "))


if __name__ == "__main__":
    main()
