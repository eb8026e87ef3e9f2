"""Read a built set: distorted images with their labelled regions, rendered when they are asked for."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import torch

from ml.seagull.data.records import RLE, ImageSample, ROILabels, ROISample
from ml.seagull.data.split import SYNTHETIC
from ml.synthesis.build import DATASET
from ml.synthesis.labels import CLEAN_ABOVE
from ml.synthesis.references import Reference, read_reference
from ml.synthesis.render import PIPELINE, render
from ml.synthesis.settings import SETTINGS, TYPES, SettingsTable, read_table

# A few references stay in memory: neighbours in an epoch are often of the same one. 0.7 MP each, 11 MB.
REFERENCES_KEPT = 16
TOP_OF_SCALE = 4.0
CUT_MEANS = (0.8, 1.6, 2.4, 3.2)


def labels_of_scores(kind: str, quality: float, importance: float, cuts: Sequence[float]) -> ROILabels:
    """Scores on the scale of the words, 0..4; of the distortion only the type is known, as in the paper's first stage.

    `cuts` are the four importances that make five levels, ascending.
    """
    knots = [0.0, *cuts, max(1.0, cuts[-1] + 1e-6)]
    return ROILabels(
        quality=min(max(quality, 0.0), 1.0) * TOP_OF_SCALE,
        importance=float(np.interp(importance, knots, [0.0, *CUT_MEANS, TOP_OF_SCALE])),
        distortions={} if quality > CLEAN_ABOVE else {kind: None},
    )


class BadSet(ValueError):
    """A folder that is no finished set; its text names what is wrong and what to do."""


@dataclass(frozen=True)
class SyntheticSet:
    """A finished set. `info` is its dataset.json."""

    folder: Path
    info: dict[str, Any]
    table: SettingsTable

    @classmethod
    def open(cls, folder: Path) -> "SyntheticSet":
        """Raises BadSet."""
        try:
            info = json.loads((folder / DATASET).read_text(encoding="utf-8"))
            table = read_table(folder / "settings_table.json")
        except (OSError, ValueError) as error:
            raise BadSet(
                f"{folder} is no finished synthetic set ({error}). Run `python -m ml.synthesis.build`."
            ) from error
        if info["pipeline"] != PIPELINE or info["table"] != table.version:
            raise BadSet(
                f"{folder} was made by pipeline {info['pipeline']} with table {info['table']}; here are {PIPELINE} and "
                f"{table.version}. Build it again, or use the version of ROIQA that made it."
            )
        return cls(folder, info, table)

    def references(self) -> list[str]:
        """The sha256 of every reference, in the order of the shards."""
        return [row["reference"] for row in self._rows("references")]

    def samples(self, *, split: str = "train", references: Sequence[str] | None = None) -> list[ImageSample]:
        """120 images of each reference (or of those given), with the labels of their regions. Nothing is rendered yet."""
        wanted = None if references is None else set(references)
        files = {row["reference"]: row["file_name"] for row in self._rows("references")}
        masks: dict[str, list[tuple[RLE, str]]] = {reference: [] for reference in files}
        sizes = {row["reference"]: (row["height"], row["width"]) for row in self._rows("references")}
        for row in self._rows("masks"):
            masks[row["reference"]].append((RLE(*sizes[row["reference"]], row["counts"]), row["level"]))
        found: dict[tuple[str, int, int], list[ROISample]] = {}
        for row in self._rows("scores"):
            reference = row["reference"]
            if wanted is not None and reference not in wanted:
                continue
            rle, level = masks[reference][row["mask"]]
            labels = labels_of_scores(
                TYPES[row["type"]], row["quality"], row["importance"], self.info["importance_cuts"]
            )
            key = (reference, row["type"], row["setting"])
            found.setdefault(key, []).append(ROISample(f"{reference[:16]}:{row['mask']}", rle, labels, level))
        return [
            ImageSample(
                image_id=f"{reference}:{TYPES[kind]}:{setting}",
                split=split,
                load=partial(self.image, reference, files[reference], TYPES[kind], setting),
                rois=tuple(rois),
                source=SYNTHETIC,
            )
            for (reference, kind, setting), rois in found.items()
        ]

    def image(self, reference: str, file_name: str, kind: str, setting: int) -> npt.NDArray[np.uint8]:
        """One distorted image, height x width x 3."""
        if not 0 <= setting < SETTINGS:
            raise ValueError(f"setting {setting}: settings are 0 to {SETTINGS - 1}")
        path = self.folder / "references" / reference / file_name
        with torch.no_grad():
            image = render(_reference(path, int(self.info["long_side"])), kind, [setting], self.table)[0]
        return np.ascontiguousarray(image.permute(1, 2, 0).numpy())

    def _rows(self, name: str) -> Iterator[dict[str, Any]]:
        for shard in self.info["shards"]:
            yield from pq.read_table(self.folder / "shards" / shard / f"{name}.parquet").to_pylist()


@lru_cache(maxsize=REFERENCES_KEPT)
def _reference(path: Path, long_side: int) -> Reference:
    return read_reference(path, long_side=long_side)
