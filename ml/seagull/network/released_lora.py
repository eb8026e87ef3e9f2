"""Adding a published LoRA adapter to the weights that it was trained on."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ml.seagull.network.released import ConversionRefused, plain_name

# Variants of LoRA that are another sum than alpha / r * B A.
_OTHER_SUMS = ("use_rslora", "use_dora", "fan_in_fan_out", "lora_bias", "rank_pattern", "alpha_pattern")


def merged(state: Mapping[str, Tensor], adapter: Mapping[str, Tensor], fields: Mapping[str, Any]) -> dict[str, Tensor]:
    """W + alpha / r * B A for each adapted weight, added in float32 and stored in W's type; the rest as it was.

    `state` and `adapter` under published names, `fields` of adapter_config.json.
    Raises ConversionRefused for an adapter of another kind or with a tensor that has no weight to be added to.
    """
    for field in _OTHER_SUMS:
        if fields.get(field):
            raise ConversionRefused(f"the adapter has {field}: only plain LoRA can be merged")
    parts: dict[str, dict[str, Tensor]] = {}
    for name, value in adapter.items():
        stem, _, half = plain_name(name).removesuffix(".weight").rpartition(".lora_")
        if half not in ("A", "B") or f"{stem}.weight" not in state:
            raise ConversionRefused(f"the adapter's {name} belongs to no weight of the checkpoint")
        parts.setdefault(f"{stem}.weight", {})[half] = value
    scale = fields["lora_alpha"] / fields["r"]
    result = dict(state)
    for name, halves in parts.items():
        if len(halves) != 2:
            raise ConversionRefused(f"the adapter has only one of the two matrices of {name}")
        base = state[name]
        product = halves["B"].float() @ halves["A"].float()
        if product.shape != base.shape:
            raise ConversionRefused(
                f"the adapter's product for {name} is {tuple(product.shape)}, not {tuple(base.shape)}"
            )
        result[name] = (base.float() + scale * product).to(base.dtype)
    return result
