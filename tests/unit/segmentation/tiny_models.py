"""SAM and SAM 2 in tiny sizes with random weights: the real classes, names and files."""

from pathlib import Path
from typing import Any

import torch
from transformers import Sam2Config, Sam2Model, SamConfig, SamModel


def tiny_sam(*, seed: int = 1) -> SamModel:
    """128 px, patches of 16, 32 channels."""
    vision = {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 128, "patch_size": 16,
        "window_size": 3, "global_attn_indexes": [1], "output_channels": 32, "num_pos_feats": 16, "mlp_dim": 64,
    }  # fmt: skip
    config = SamConfig(
        vision_config=vision,
        prompt_encoder_config={"hidden_size": 32, "image_size": 128, "patch_size": 16},
        mask_decoder_config={"hidden_size": 32, "mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 32},
    )
    return _with_random_weights(SamModel, config, seed)


def sam2_config() -> dict[str, Any]:
    """128 px, an embedding of 32 x 8 x 8 and two finer maps."""
    backbone = {
        "model_type": "sam2_hiera_det_model", "hidden_size": 16, "num_attention_heads": 1, "image_size": [128, 128],
        "blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [16, 32, 48, 64], "num_attention_heads_per_stage": [1, 2, 3, 4],
        "window_size_per_stage": [4, 2, 2, 2], "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [4, 4],
    }  # fmt: skip
    return {
        "vision_config": {
            "model_type": "sam2_vision_model", "backbone_config": backbone, "backbone_channel_list": [64, 48, 32, 16],
            "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]], "fpn_hidden_size": 32,
        },
        "prompt_encoder_config": {"hidden_size": 32, "image_size": 128, "patch_size": 16},
        "mask_decoder_config": {"hidden_size": 32, "mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 32},
    }  # fmt: skip


def tiny_sam2(*, seed: int = 1) -> Sam2Model:
    return _with_random_weights(Sam2Model, Sam2Config(**sam2_config()), seed)


def saved(network: Any, folder: Path) -> Path:
    network.save_pretrained(folder)
    return folder


def _with_random_weights(kind: Any, config: Any, seed: int) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = kind(config).eval()
        with torch.no_grad():
            # The first weights of transformers leave logits near zero and positions at zero.
            for parameter in network.parameters():
                parameter.normal_(std=0.3 if parameter.ndim < 2 else 1 / parameter[0].numel() ** 0.5)
    return network
