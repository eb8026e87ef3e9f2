"""Masks that a segmentation model proposes: components from seeded points, objects where a detector is configured."""

import dataclasses
from typing import Any

import numpy as np

from ml.segmentation import detector, models
from ml.segmentation.prompts import Backend, Prompt
from ml.segmentation.proposals import propose
from ml.segmentation.tree_prompts import RegionTreeBackend
from ml.synthesis.masks import FoundMask, without_unfit
from ml.synthesis.references import Reference


class ProposedMasks:
    """A mask source for `run_shard`. `model` is `region-tree` or what `ml.segmentation.models.load` takes."""

    def __init__(self, model: str, *, device: str = "cpu") -> None:
        self._backend: Backend = RegionTreeBackend() if model == "region-tree" else models.load(model, device)
        try:
            self._detector: detector.Detector | None = detector.configured()
        except detector.DetectorError:
            self._detector = None
        # The weights decide the masks: they are part of the name, and the name of every shard's key.
        self.name = f"{self._backend.name}:{self._backend.version[:12]}" + ("+objects" if self._detector else "")

    def __call__(self, reference: Reference) -> list[FoundMask]:
        pixels = np.ascontiguousarray(reference.pixels.cpu().permute(1, 2, 0).numpy())
        # Seeded by the reference: the same points wherever its shard is made.
        seed = int(reference.id[:8], 16)
        found = propose(self._backend, pixels, level="component", seed=seed)
        if self._detector is not None:
            found = [*propose(self._backend, pixels, level="object", seed=seed, detect=self._detector.detect), *found]
        return without_unfit(
            FoundMask(one.mask, one.level, self.name, {**_plain(one.prompt), "score": round(one.score, 4)})
            for one in found
        )


def _plain(prompt: Prompt) -> dict[str, Any]:
    return {key: value for key, value in dataclasses.asdict(prompt).items() if key in ("points", "box") and value}
