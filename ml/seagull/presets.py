"""The networks by name (specs 2) in the three variants (specs 1.7)."""

from dataclasses import replace
from typing import Any, Literal

from ml.seagull.network.config import EncoderConfig, LMConfig, NetworkConfig, Variant

PresetName = Literal["seagull-7b", "small", "tiny", "ci"]
PRESETS: tuple[PresetName, ...] = ("seagull-7b", "small", "tiny", "ci")

_SIZES: dict[PresetName, dict[str, Any]] = {
    "seagull-7b": {
        "image_size": 512,
        "encoder": EncoderConfig((192, 384, 768, 1536), (3, 3, 27, 3), layer_scale=1e-6, frozen=True),
        "token_dim": 1024,
        "heads": 8,
        "lm": LMConfig(layers=32, dim=4096, ff=11008, heads=32, vocab=32002, tied=False, max_positions=4096),
        "crop_size": 512,
        "kv_grid": 16,
    },
    "small": {
        "image_size": 384,
        "encoder": EncoderConfig((96, 192, 384, 768), (3, 3, 9, 3)),
        "token_dim": 512,
        "heads": 8,
        "lm": LMConfig(layers=12, dim=768, ff=2048, heads=12, vocab=4096, tied=True),
        "crop_size": 256,
        "kv_grid": 16,
    },
    "tiny": {
        "image_size": 128,
        "encoder": EncoderConfig((24, 48, 96, 192), (2, 2, 4, 2)),
        "token_dim": 128,
        "heads": 4,
        "lm": LMConfig(layers=4, dim=192, ff=512, heads=4, vocab=512, tied=True),
        "crop_size": 96,
        "kv_grid": 8,
    },
    "ci": {
        "image_size": 64,
        "encoder": EncoderConfig((16, 32, 64, 128), (1, 1, 3, 1)),
        "token_dim": 96,
        "heads": 4,
        "lm": LMConfig(layers=3, dim=128, ff=344, heads=4, vocab=256, tied=True),
        "crop_size": 64,
        "kv_grid": 4,
    },
}

_VARIANTS: dict[Variant, dict[str, Any]] = {
    # The released network, its coupling of ROIs undone: roi_isolated is what it computes for one ROI a call.
    "official": {
        "image_tokens": "res4",
        "projector": "mlp2x_gelu",
        "pooling": "official",
        "extractor": "two_way",
        "sa_axis": "roi_isolated",
        "local": "official",
        "preproc": "official",
        "kv_grid": None,
    },
    "paper": {
        "image_tokens": "res5",
        "projector": "linear",
        "pooling": "official",
        "extractor": "plain",
        "sa_axis": "level",
        "local": "paper",
        "preproc": "direct",
        "kv_grid": None,
    },
    "native": {
        "image_tokens": "res4",
        "projector": "mlp2x_gelu",
        "pooling": "area",
        "extractor": "two_way",
        "sa_axis": "level",
        "local": "v2",
        "preproc": "direct",
        "high_pass": True,
    },
}
# From random weights a network learns in minutes only with these (measured: specs 2.3).
_FROM_SCRATCH: dict[str, Any] = {"token_norm": True, "token_scale": 0.3, "aux_heads": True}


def preset(name: PresetName, variant: Variant | None = None, **overrides: Any) -> NetworkConfig:
    """A network by name; the 7B one is `official` unless told otherwise, the small ones `native`.

    `overrides` replace fields of NetworkConfig, `encoder` and `lm` included (as EncoderConfig and LMConfig).
    Raises ValueError for a name, a variant or a field that does not exist.
    """
    if name not in _SIZES:
        raise ValueError(f"preset is {name!r}: choose one of {', '.join(PRESETS)}")
    chosen: Variant = variant or ("official" if name == "seagull-7b" else "native")
    if chosen not in _VARIANTS:
        raise ValueError(f"variant is {chosen!r}: choose one of {', '.join(_VARIANTS)}")
    values = {**_SIZES[name], **_VARIANTS[chosen]}
    if chosen == "native" and name != "seagull-7b":
        values |= _FROM_SCRATCH
    config = NetworkConfig(name=name, variant=chosen, **values)
    unknown = sorted(set(overrides) - set(NetworkConfig.__dataclass_fields__))
    if unknown:
        raise ValueError(f"NetworkConfig has no {', '.join(unknown)}")
    return replace(config, **overrides)
