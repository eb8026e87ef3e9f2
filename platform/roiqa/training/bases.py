"""What a run goes on from: a model of the study, or a network that ships with the installation."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from roiqa.accounts.models import User
from roiqa.registry.models import ModelVersion
from roiqa.registry.shipped import shipped_folders, take_in
from roiqa.registry.weights_folder import MANIFEST, read_folder
from roiqa.studies.models import Study
from roiqa.training.errors import BadRun

SHIPPED = "shipped:"


@dataclass(frozen=True, slots=True)
class Base:
    """`model` is None for a network that ships until a run is made of it: then the study takes it in."""

    preset: str
    variant: str
    weights_sha256: str
    parameters: int
    model: ModelVersion | None
    shipped: str = ""


def base_of(study: Study, name: str) -> Base:
    """`name`: a model version's id, or `shipped:NAME`. Raises BadRun."""
    if name.startswith(SHIPPED):
        return _shipped(name)
    try:
        model = ModelVersion.objects.filter(study=study, pk=UUID(name)).first()
    except ValueError:
        model = None
    if model is None:
        raise BadRun(
            {"base": f"The study has no model {name!r}: give the id of one of its model versions, or `shipped:NAME`."}
        )
    return Base(model.preset, model.variant, model.weights_sha256, model.parameters, model)


def bases_of(study: Study) -> list[dict[str, str]]:
    """What the form offers: the study's models, newest first, then what ships."""
    models = ModelVersion.objects.filter(study=study).order_by("-number")
    offered = [
        {"id": str(model.pk), "title": f"{model.number} {model.name}", "preset": model.preset, "variant": model.variant}
        for model in models
    ]
    for name in shipped_names():
        base = _shipped(f"{SHIPPED}{name}")
        title = f"{name}, as it ships"
        offered.append({"id": f"{SHIPPED}{name}", "title": title, "preset": base.preset, "variant": base.variant})
    return offered


def shipped_names() -> list[str]:
    """Networks whose weights ship with the installation."""
    return sorted(shipped_folders())


def taken_in(study: Study, base: Base, by: User | None) -> ModelVersion:
    """The model that the run goes on from; one that ships becomes a model of the study."""
    if base.model is not None:
        return base.model
    return take_in(study=study, name=base.shipped, by=by)


def _shipped(name: str) -> Base:
    shipped = name.removeprefix(SHIPPED)
    if shipped not in shipped_names():
        there = ", ".join(shipped_names()) or "none"
        raise BadRun({"base": f"No network {shipped!r} ships with this installation: there is {there}."})
    folder = shipped_folders()[shipped]
    return _described(folder, (folder / MANIFEST).stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _described(folder: Path, _changed: int) -> Base:
    weights = read_folder(folder)
    return Base(
        preset=str(weights.network["name"]),
        variant=str(weights.network["variant"]),
        weights_sha256=weights.weights_sha256,
        parameters=weights.parameters,
        model=None,
        shipped=folder.name,
    )
