"""Names, shapes and fields of the published weights, and what they are called here. Rules only: nothing is read.

Published are a checkpoint of LLaVA's form (language model, projector, mask extractor) and, as a separate file, the
image encoder: the whole CLIP model of open_clip, of which only the image trunk is used.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from ml.seagull.network.config import EncoderConfig, LMConfig, NetworkConfig
from ml.seagull.network.encoder import ConvNeXt
from ml.seagull.presets import preset

MASK_EXTRACTOR = "mask_extractor."
PROJECTOR = "model.mm_projector."
LANGUAGE_MODEL = ("model.embed_tokens.", "model.layers.", "model.norm.", "lm_head.")
TRUNK = "visual.trunk."
# What peft writes before the names of a wrapped model.
_WRAPPED = "base_model.model."
_LOCAL = ("global_vit.", "sa.", "mlp.")
# In the files, and in no computation of the network.
_UNUSED = (f"{MASK_EXTRACTOR}mask_linear.", "model.vision_tower.")
_UNUSED_ENDINGS = (".rotary_emb.inv_freq",)
_UNUSED_IN_TRUNK = ("head.norm.",)
# <global> and <local>, the two words after Vicuna's own.
_PLACEHOLDERS = 2
_VICUNA_WORDS = 32_000


class ConversionRefused(ValueError):
    """The files are not the published ones, or not complete."""


def is_unused(name: str) -> bool:
    """Whether a published parameter is known to be without effect: dropped, by name and with a warning."""
    return name.startswith(_UNUSED) or name.endswith(_UNUSED_ENDINGS)


def plain_name(name: str) -> str:
    """A published name without peft's prefix."""
    return name.removeprefix(_WRAPPED)


def our_name(name: str) -> str:
    """What a published parameter is called here. Raises ConversionRefused for a name of nothing known."""
    if name.startswith(MASK_EXTRACTOR):
        inner = name.removeprefix(MASK_EXTRACTOR)
        return f"local.{inner}" if inner.startswith(_LOCAL) else f"extractor.{inner}"
    if name.startswith(PROJECTOR):
        return f"projector.{name.removeprefix(PROJECTOR)}"
    if name.startswith(LANGUAGE_MODEL):
        return f"lm.{name}"
    raise ConversionRefused(f"{name} is no parameter of SEAGULL: is this the published checkpoint?")


def trunk_of(clip: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The image trunk of an open_clip state, under the names of our encoder; linear layers stored as 1 x 1
    convolutions become matrices. Raises ConversionRefused unless names and shapes are exactly a ConvNeXt's.
    """
    found = {
        name.removeprefix(TRUNK): value.flatten(1) if ".mlp.fc" in name and value.dim() == 4 else value
        for name, value in clip.items()
        if name.startswith(TRUNK) and not name.removeprefix(TRUNK).startswith(_UNUSED_IN_TRUNK)
    }
    if not found:
        raise ConversionRefused(
            f"no parameter of the encoder's file begins with {TRUNK}: give open_clip's ConvNeXt file"
        )
    with torch.device("meta"):
        expected = ConvNeXt(encoder_of(found), channels=3).state_dict()
    match("the encoder", expected, found)
    return found


def encoder_of(trunk: Mapping[str, Tensor]) -> EncoderConfig:
    """Widths and depths of a trunk; always frozen."""
    try:
        first, second, third, fourth = (trunk[f"stages.{stage}.blocks.0.gamma"].shape[0] for stage in range(4))
    except KeyError as missing:
        raise ConversionRefused(f"the encoder lacks {missing.args[0]}: not a ConvNeXt of four stages") from missing
    a, b, c, d = (len({n.split(".")[3] for n in trunk if n.startswith(f"stages.{s}.blocks.")}) for s in range(4))
    return EncoderConfig((first, second, third, fourth), (a, b, c, d), layer_scale=1e-6, frozen=True)


def config_of_release(
    fields: Mapping[str, Any], state: Mapping[str, Tensor], trunk: Mapping[str, Tensor]
) -> NetworkConfig:
    """The `official` network of a published config.json, the checkpoint (published names) and the trunk.

    Raises ConversionRefused naming what is missing or of another kind.
    """
    try:
        if fields.get("num_key_value_heads", fields["num_attention_heads"]) != fields["num_attention_heads"]:
            raise ConversionRefused("num_key_value_heads differs from num_attention_heads: not a Vicuna")
        lm = LMConfig(
            layers=fields["num_hidden_layers"],
            dim=fields["hidden_size"],
            ff=fields["intermediate_size"],
            heads=fields["num_attention_heads"],
            vocab=state["model.embed_tokens.weight"].shape[0],
            tied=bool(fields.get("tie_word_embeddings", False)),
            max_positions=fields["max_position_embeddings"],
            rms_norm_eps=fields["rms_norm_eps"],
            rope_theta=fields.get("rope_theta", 10000.0),
        )
        width, spatial = state[f"{MASK_EXTRACTOR}g_res2.weight"].shape
        cells = state[f"{MASK_EXTRACTOR}sa.q_proj.weight"].shape[0]
    except KeyError as missing:
        raise ConversionRefused(f"the checkpoint or its config.json lacks {missing.args[0]}") from missing
    return preset(
        "seagull-7b",
        "official",
        image_size=4 * math.isqrt(spatial),
        crop_size=16 * math.isqrt(cells),
        token_dim=width,
        projector=fields.get("mm_projector_type", "linear"),
        encoder=encoder_of(trunk),
        lm=lm,
    )


def with_placeholder_rows(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rows for <global> and <local> after a plain Vicuna's 32,000: its mean, as they are overwritten and never said."""
    grown = dict(state)
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        rows = state.get(name)
        if rows is not None and rows.shape[0] == _VICUNA_WORDS:
            mean = rows.float().mean(dim=0, keepdim=True).to(rows.dtype)
            grown[name] = torch.cat([rows, mean.expand(_PLACEHOLDERS, -1)])
    return grown


def match(what: str, expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    """Raise ConversionRefused unless both have the same names, with the same shapes."""
    _refuse(f"{what} lacks", set(expected) - set(found))
    _refuse(f"{what} has what the network has no place for:", set(found) - set(expected))
    for name, value in found.items():
        if value.shape != expected[name].shape:
            shapes = f"{tuple(value.shape)}, the network expects {tuple(expected[name].shape)}"
            raise ConversionRefused(f"{what}: {name} has shape {shapes}")


def _refuse(problem: str, names: Iterable[str]) -> None:
    listed = sorted(names)
    if listed:
        raise ConversionRefused(
            f"{problem} {', '.join(listed[:3])}{f' and {len(listed) - 3} more' * (len(listed) > 3)}"
        )
