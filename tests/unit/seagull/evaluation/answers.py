"""Predictions of models that are known through and through."""

import numpy as np

from ml.seagull.data.records import ROILabels
from ml.seagull.evaluation.predictions import Prediction
from ml.seagull.language.levels import DISTORTIONS


def one_hot(level, sure=0.9):
    return tuple(sure if place == level else (1 - sure) / 4 for place in range(5))


def predictions(count=60, *, wrong=0.0, seed=0, told=False):
    """ROIs with random labels; a share `wrong` of them is answered at random."""
    generator = np.random.default_rng(seed)

    def drawn():
        kinds = generator.choice(DISTORTIONS, size=generator.integers(0, 3), replace=False).tolist()
        mean = float(generator.uniform(0, 4))
        return ROILabels(
            quality=mean, importance=4 - mean, distortions={kind: int(generator.integers(5)) for kind in kinds}
        )

    made = []
    for number in range(count):
        labels = drawn()
        said = drawn() if generator.random() < wrong else labels
        made.append(
            Prediction(
                image_id=f"image-{number // 3}",
                roi_id=str(number),
                quality=one_hot(said.quality_level),
                importance=one_hot(said.importance_level),
                present={kind: 0.9 if kind in said.distortions else 0.2 for kind in DISTORTIONS},
                severity={kind: one_hot(said.distortions.get(kind, 2)) for kind in DISTORTIONS},
                clean=0.1,
                labels=labels,
                told=dict(said.distortions) if told else None,
            )
        )
    return made
