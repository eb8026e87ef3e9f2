"""One distorted window: what was done to it, and the raw scores of its ROIs."""

from dataclasses import dataclass

import numpy as np

from ml.seagull.language.levels import DISTORTIONS
from ml.seagull.proof.distortions import STRENGTHS, Picture, distort
from ml.seagull.proof.fidelity import fidelity_map
from ml.seagull.proof.windows import BoolMask, Window

GLOBAL_SHARE = 0.5
CLEAN_SHARE = 0.2
TWO_SHARE = 0.08
# An ROI that kept this much fidelity counts as clean: nobody sees blur on a clear sky.
CLEAN_FIDELITY = 0.95


@dataclass(frozen=True)
class ROIScores:
    """Raw scores: fidelity of the ROI, what its distortion alone costs the image, fidelity under each type alone."""

    fidelity: float
    cost: float
    types: dict[str, float]


@dataclass(frozen=True)
class Scene:
    """The distorted window, whether the distortion covers it whole, and its ROIs' scores in the masks' order."""

    picture: Picture
    is_global: bool
    rois: tuple[ROIScores, ...]


def draw_scene(window: Window, *, generator: np.random.Generator) -> Scene:
    """Distort the window: either all of it by one type, or each ROI by none, one or two types of its own."""
    picture = window.picture.copy()
    is_global = bool(generator.random() < GLOBAL_SHARE)
    if is_global:
        types = _drawn_types(generator, clean_share=CLEAN_SHARE / 2, two_share=0.0)
        single, picture = _distorted(window.picture, types, generator)
        alone = [single] * len(window.masks)
    else:
        alone = []
        for mask in window.masks:
            types = _drawn_types(generator, clean_share=CLEAN_SHARE, two_share=TWO_SHARE)
            single, whole = _distorted(window.picture, types, generator)
            picture[mask] = whole[mask]
            alone.append(single)
    faithful = fidelity_map(picture, window.picture)
    rois = tuple(
        _scores(window, picture, faithful, mask, single) for mask, single in zip(window.masks, alone, strict=True)
    )
    return Scene(picture=picture, is_global=is_global, rois=rois)


def _drawn_types(generator: np.random.Generator, *, clean_share: float, two_share: float) -> dict[str, int]:
    """Types and strengths, in the order of DISTORTIONS; empty: nothing is done."""
    if generator.random() < clean_share:
        return {}
    drawn = generator.choice(len(DISTORTIONS), size=1 + int(generator.random() < two_share), replace=False)
    return {DISTORTIONS[index]: int(generator.integers(STRENGTHS)) for index in sorted(drawn.tolist())}


def _distorted(
    reference: Picture, types: dict[str, int], generator: np.random.Generator
) -> tuple[dict[str, Picture], Picture]:
    """The reference under each of the types alone, and under all of them in turn."""
    single: dict[str, Picture] = {}
    whole = reference
    for kind, strength in types.items():
        single[kind] = distort(reference, kind=kind, strength=strength, generator=generator)
        whole = single[kind] if len(single) == 1 else distort(whole, kind=kind, strength=strength, generator=generator)
    return single, whole


def _scores(
    window: Window, picture: Picture, faithful: Picture, mask: BoolMask, single: dict[str, Picture]
) -> ROIScores:
    pasted = np.where(mask[..., None], picture, window.picture)
    kept = {kind: float(fidelity_map(alone, window.picture)[mask].mean()) for kind, alone in single.items()}
    return ROIScores(
        fidelity=float(faithful[mask].mean()),
        cost=float(1 - fidelity_map(pasted, window.picture).mean()),
        types={kind: value for kind, value in kept.items() if value <= CLEAN_FIDELITY},
    )
