"""A study whose release can be trained on: pictures in both parts, ROIs with all their raters, runs of a few steps."""

import json
from typing import Any

from django.conf import settings

from roiqa.accounts.models import User
from roiqa.releases.models import Release
from roiqa.studies.models import Study
from roiqa.training.models import TrainingRun
from roiqa.training.planning import plan_run
from roiqa.training.services import start_run
from tests.api.factories import make_roi, make_study
from tests.api.release_study import answer, freeze, image_in, rate, raters_of

# `ci` on two images a step: a step takes a tenth of a second.
QUICK: dict[str, Any] = {"steps": 4, "token_steps": 0, "batch_images": 2, "rois": 2, "judgments": 1, "save_every": 2}


def trainable_study(slug: str = "hills", *, train: int = 4, test: int = 2) -> Study:
    """Random tiles; quality runs over its levels, so that correlations are numbers."""
    study = make_study(slug, raters_per_roi=1)
    people = raters_of(study, 1)
    left = {"train": train, "test": test}
    number = 0
    while any(left.values()):
        image = image_in(study, width=64, height=64, with_files=True)
        if not left[image.split]:
            study.study_images.filter(image=image).delete()
            continue
        left[image.split] -= 1
        for box in ((0, 0, 40, 40), (20, 20, 40, 40)):
            level = number % 5
            given = answer(quality=level, importance=4 - level, **({"blur": level} if number % 2 else {}))
            rate(make_roi(study, image, box=box), people, [given])
            number += 1
    return study


def trainable_release(slug: str = "hills") -> Release:
    return freeze(trainable_study(slug))


def make_synthetic_set(name: str = "set", *, references: int = 3) -> str:
    """What the platform knows of a finished set: enough to plan a run on it, nothing to train on. Its name."""
    folder = settings.SYNTHETIC_DIR / name
    folder.mkdir(parents=True, exist_ok=True)
    rows = {"references": references, "masks": references, "scores": references * 120}
    (folder / "dataset.json").write_text(json.dumps({"rows": rows, "fingerprint": f"of {name}"}), encoding="utf-8")
    return name


def new_run_on_set(study: Study, *, by: User | None = None, seed: int = 0) -> TrainingRun:
    """A queued run on a synthetic set, sent to nobody; needs no release and so no committed rows."""
    plan = plan_run(
        study=study,
        stage="scratch",
        preset="ci",
        synthetic_set=make_synthetic_set(),
        settings={**QUICK, "seed": seed},
    )
    run, _ = start_run(plan, by=by, send=False)
    return run


def new_run(release: Release, *, by: User | None = None, preset: str = "ci", **options: Any) -> TrainingRun:
    """A queued run of a few steps, sent to nobody."""
    settings = {**QUICK, **options.pop("settings", {})}
    automatic = options.pop("automatic", False)
    plan = plan_run(
        study=release.study, stage="scratch", preset=preset, release=release.pk, settings=settings, **options
    )
    run, _ = start_run(plan, by=by, automatic=automatic, send=False)
    return run
