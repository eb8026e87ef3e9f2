"""Run with the folder of torchvision and segment-anything on PYTHONPATH: what the official package answers.

    python segment_anything_reference.py FOLDER

Reads FOLDER/picture.png and FOLDER/prompts.json, writes FOLDER/tiny_sam.pth, random weights under the released names, and
FOLDER/answers.npz, the official predictor's masks, predicted IoU and logits for each prompt.
"""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

try:
    import torchvision  # noqa: F401
except RuntimeError:
    # torchvision's published wheel has no operators for a CPU build of torch, and wants these two at import all the same.
    for _module in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[_module]
    _LIBRARY = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _LIBRARY.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from segment_anything import SamPredictor
from segment_anything.modeling import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)

CHANNELS, SIDE, PATCH = 32, 128, 16


def tiny_sam() -> Sam:
    cells = SIDE // PATCH
    encoder = ImageEncoderViT(
        depth=3, embed_dim=48, img_size=SIDE, mlp_ratio=4, norm_layer=partial(torch.nn.LayerNorm, eps=1e-6), num_heads=4,
        patch_size=PATCH, qkv_bias=True, use_rel_pos=True, global_attn_indexes=[1], window_size=3, out_chans=CHANNELS,
    )  # fmt: skip
    prompts = PromptEncoder(
        embed_dim=CHANNELS, image_embedding_size=(cells, cells), input_image_size=(SIDE, SIDE), mask_in_chans=16
    )
    transformer = TwoWayTransformer(depth=2, embedding_dim=CHANNELS, mlp_dim=64, num_heads=8)
    decoder = MaskDecoder(
        num_multimask_outputs=3,
        transformer=transformer,
        transformer_dim=CHANNELS,
        iou_head_depth=3,
        iou_head_hidden_dim=24,
    )
    sam = Sam(encoder, prompts, decoder, pixel_mean=[123.675, 116.28, 103.53], pixel_std=[58.395, 57.12, 57.375])
    with torch.no_grad():
        for parameter in sam.parameters():
            # Positions begin as zeros, which would hide an exchange of rows and columns.
            if not parameter.any():
                parameter.normal_(std=0.3)
    return sam.eval()


def arguments_of(prompt: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if prompt["points"]:
        found["point_coords"] = np.array([[point["x"], point["y"]] for point in prompt["points"]], dtype=float)
        found["point_labels"] = np.array([int(point["positive"]) for point in prompt["points"]])
    if prompt["box"] is not None:
        found["box"] = np.array(prompt["box"], dtype=float)
    return found


def main(folder: Path) -> None:
    torch.manual_seed(7)
    torch.set_num_threads(1)
    sam = tiny_sam()
    torch.save(sam.state_dict(), folder / "tiny_sam.pth")
    predictor = SamPredictor(sam)
    predictor.set_image(np.asarray(Image.open(folder / "picture.png")))
    answers: dict[str, np.ndarray] = {}
    previous = None
    for number, prompt in enumerate(json.loads((folder / "prompts.json").read_text())):
        given = arguments_of(prompt)
        if prompt["previous"]:
            given["mask_input"] = previous
        masks, iou_predictions, logits = predictor.predict(**given, multimask_output=prompt["multimask"])
        previous = logits[:1]
        answers |= {f"masks_{number}": masks, f"iou_{number}": iou_predictions, f"logits_{number}": logits}
    np.savez(folder / "answers.npz", **answers)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
