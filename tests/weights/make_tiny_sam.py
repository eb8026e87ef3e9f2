"""`python -m tests.weights.make_tiny_sam`: the model in `tiny-sam`, SAM in every part but size, with random weights.

The tests of the platform use it as the segmentation model of an installation; exporting it takes too long to do in them.
Run it again when `ml.segmentation.export` changes what it writes.
"""

import tempfile
from pathlib import Path

import torch
from transformers import SamConfig, SamModel

from ml.segmentation.export import Words, export

FOLDER = Path(__file__).parent / "tiny-sam"
SIDE = {"image_size": 128, "patch_size": 16}
CONFIG = {
    "vision_config": {
        **SIDE,
        "hidden_size": 32,
        "output_channels": 32,
        "num_pos_feats": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "window_size": 4,
        "global_attn_indexes": [0],
        "mlp_dim": 64,
    },
    "prompt_encoder_config": {**SIDE, "hidden_size": 32, "mask_input_channels": 16},
    "mask_decoder_config": {"hidden_size": 32, "mlp_dim": 64, "num_attention_heads": 2, "iou_head_hidden_dim": 32},
}


def main() -> None:
    torch.manual_seed(3)
    network = SamModel(SamConfig(**CONFIG))
    with torch.no_grad():
        for parameter in network.mask_decoder.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=1 / parameter[0].numel() ** 0.5)
    with tempfile.TemporaryDirectory() as folder:
        network.save_pretrained(folder)
        words = Words(id="tiny-sam", title="Tiny SAM", licence="Apache-2.0", source="random weights, for tests")
        export(folder, FOLDER, words)


if __name__ == "__main__":
    main()
