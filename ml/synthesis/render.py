"""One reference and a recipe give one distorted image: always the same one (within 1/255 on another device)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ml.synthesis import distortions
from ml.synthesis.random_keys import generator
from ml.synthesis.references import Reference
from ml.synthesis.settings import Setting, SettingsTable
from ml.synthesis.tone import linear_to_srgb, shown, to_bytes

# Part of every recipe: changes when the same table renders other pixels.
PIPELINE = "isp-1"
# So many images are made at a time on the CPU: with more, fetching fresh memory costs more than computing.
IMAGES_AT_ONCE = 2
# What these have in common for all settings (the picture's spectrum, what the sensor holds) is made once.
ONE_BY_ONE = frozenset({"gaussian", "disk", "motion", "shot_variance"})


@dataclass(frozen=True)
class Recipe:
    """All there is to know to make an image of a reference again."""

    reference: str
    type: str
    setting: int
    table: str
    pipeline: str = PIPELINE


def render(reference: Reference, kind: str, numbers: Sequence[int], table: SettingsTable) -> Tensor:
    """The images of several settings of one type, uint8, settings x 3 x height x width, on the reference's device."""
    chosen = [table.setting(kind, number) for number in numbers]
    made: list[Tensor | None] = [None] * len(chosen)
    for way in dict.fromkeys(setting.kind for setting in chosen):
        places = [place for place, setting in enumerate(chosen) if setting.kind == way]
        batch = render_way(
            reference,
            [chosen[place] for place in places],
            [f"{kind} {numbers[place]} {table.version}" for place in places],
        )
        for place, image in zip(places, batch, strict=True):
            made[place] = image
    return torch.stack([image for image in made if image is not None])


def render_way(reference: Reference, settings: Sequence[Setting], names: Sequence[str]) -> Tensor:
    """The images of settings of one kind; `names` key the random draws. uint8, settings x 3 x height x width."""
    at_once = len(settings)
    if settings[0].kind not in ONE_BY_ONE and reference.linear.device.type == "cpu":
        at_once = IMAGES_AT_ONCE
    parts = [slice(start, start + at_once) for start in range(0, len(settings), at_once)]
    return torch.cat([_batch(reference, settings[part], names[part]) for part in parts])


def _batch(reference: Reference, settings: Sequence[Setting], names: Sequence[str]) -> Tensor:
    values, linear, display = [setting.value for setting in settings], reference.linear, reference.display
    match settings[0].kind:
        case "stops":
            return shown(distortions.expose(linear, values))
        case "shot_variance":
            draws = [generator(reference.id, name, PIPELINE) for name in names]
            return _shown(distortions.sensor_noise(linear, reference.camera, values, draws))
        case "gaussian":
            return _shown(distortions.blur(linear, [distortions.gaussian_kernel(value) for value in values]))
        case "disk":
            return _shown(distortions.blur(linear, [distortions.disk_kernel(value) for value in values]))
        case "motion":
            angles = [generator(reference.id, name, PIPELINE).uniform(0.0, torch.pi) for name in names]
            kernels = [distortions.motion_kernel(length, angle) for length, angle in zip(values, angles, strict=True)]
            return _shown(distortions.blur(linear, kernels))
        case "factor":
            return to_bytes(distortions.contrast(display, values))
        case "chroma":
            return shown(distortions.chroma(display, values), linear_to_srgb)
        case "white_balance":
            return shown(distortions.white_balance(display, values), linear_to_srgb)
        case "jpeg":
            return to_bytes(distortions.jpeg(display, [round(value) for value in values]))
        case other:
            raise ValueError(f"There is no distortion of kind {other!r}.")


def _shown(images: Iterable[Tensor]) -> Tensor:
    return torch.stack([shown(image) for image in images])
