"""What a run may be given, by the schema that `ml.seagull.training.schema` wrote down: plain Python, no torch.

The file settings_schema.json is made by `python -m ml.seagull.training.schema`; a test keeps it in step with `ml`, and
another compares what is refused here with what `ml` refuses.
"""

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("settings_schema.json")
# What a machine without a GPU trains in a reasonable time.
CPU_PRESETS = frozenset({"ci", "tiny"})


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """{"settings", "lora", "stages", "network", "presets"}."""
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return document


def resolved_settings(stage: str, changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """All settings of a stage with the changes, and what is wrong with them: {"settings.NAME": sentence}."""
    known = schema()["settings"]
    problems: dict[str, str] = {}
    settings = {**schema()["stages"][stage]}
    for name, value in changes.items():
        if name not in known:
            problems[f"settings.{name}"] = f"There is no setting {name!r}: choose of {', '.join(sorted(known))}."
            continue
        refusal = _lora_refusal(value) if name == "lora" else _refusal(known[name], value)
        if refusal:
            problems[f"settings.{name}"] = f"{name} is {_shown(value)}: {refusal}."
        # LoRA's parts may be given alone; the others are the stage's.
        settings[name] = {**_lora_defaults(), **value} if name == "lora" and isinstance(value, dict) else value
    token_steps, steps = settings["token_steps"], settings["steps"]
    if not problems and token_steps and (steps is None or token_steps >= steps):
        problems["settings.token_steps"] = (
            f"token_steps is {token_steps}: give less than steps, which is {'none' if steps is None else steps}."
        )
    return settings, problems


def resolved_network(preset: str, variant: str, changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The preset's network with the changes, and what is wrong with them: {"network.NAME": sentence}."""
    known = schema()["network"]
    problems: dict[str, str] = {}
    for name, value in changes.items():
        if name not in known:
            problems[f"network.{name}"] = f"A network has no {name!r} to change: choose of {', '.join(sorted(known))}."
        elif refusal := _refusal(known[name], value):
            problems[f"network.{name}"] = f"{name} is {_shown(value)}: {refusal}."
    network = {**schema()["presets"][preset]["variants"][variant]["network"], **changes}
    if not problems:
        problems |= {f"network.{name}": text for name, text in _shape_problems(network).items()}
    return network, problems


def _shape_problems(network: Mapping[str, Any]) -> dict[str, str]:
    """Sizes that do not fit each other."""
    size, width, heads, crop = (network[name] for name in ("image_size", "token_dim", "heads", "crop_size"))
    if size % 32:
        return {"image_size": f"image_size is {size}: give a multiple of 32, the last stride."}
    if width % (2 * heads):
        return {"token_dim": f"token_dim is {width}: give a multiple of twice the {heads} heads."}
    if crop % 16:
        return {"crop_size": f"crop_size is {crop}: give a multiple of 16."}
    if network["local"] == "official" and (crop // 16) ** 2 % heads:
        return {"crop_size": f"crop_size is {crop}: (crop_size / 16) squared must divide by {heads} heads."}
    return {}


def needs_gpu(preset: str) -> bool:
    return preset not in CPU_PRESETS


def _lora_defaults() -> dict[str, Any]:
    defaults: dict[str, Any] = schema()["stages"]["stage1"]["lora"]
    return defaults


def _lora_refusal(value: Any) -> str | None:
    limits = schema()["lora"]
    if value is None:
        return None
    if not isinstance(value, dict):
        return f"give {{{', '.join(limits)}}}, or none"
    for name, part in value.items():
        if name not in limits:
            return f"it has {', '.join(limits)}, and no {name!r}"
        if refusal := _refusal(limits[name], part):
            return f"{name} {_shown(part)} in it is not possible, {refusal}"
    return None


def _refusal(known: Mapping[str, Any], value: Any) -> str | None:
    """What to give instead; None for a value that is allowed."""
    kind = known["type"]
    if value is None:
        return None if known.get("nullable") else f"give {known.get('allowed', 'a value')}"
    if "choices" in known:
        return None if value in known["choices"] else f"choose one of {', '.join(known['choices'])}"
    if kind == "boolean":
        return None if isinstance(value, bool) else "give true or false"
    if kind == "array":
        fits = isinstance(value, list) and len(value) == known["length"]
        if fits and not any(_refusal(known["items"], one) for one in value):
            return None
        return f"give {known['length']} times {known['items']['allowed']}"
    return None if _is_in_range(known, value) else f"give {known['allowed']}"


def _is_in_range(known: Mapping[str, Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if known["type"] == "integer" else (int, float)):
        return False
    return (
        math.isfinite(value)
        and value > known.get("exclusiveMinimum", -math.inf)
        and value >= known.get("minimum", -math.inf)
        and value < known.get("exclusiveMaximum", math.inf)
        and value <= known.get("maximum", math.inf)
    )


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
