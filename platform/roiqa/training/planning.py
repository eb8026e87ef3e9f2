"""From what somebody asks for to a run that can be trained: every field checked, everything resolved, one key."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from roiqa.releases.models import Release, ReleaseState
from roiqa.releases.snapshot_file import SnapshotReader, canonical_json
from roiqa.studies.models import Study
from roiqa.training import bases, options
from roiqa.training.errors import BadRun
from roiqa.training.settings_rules import resolved_network, resolved_settings, schema

# Of the training images, for the measurements while a run goes on, where they are asked for.
HELD_OUT = 0.1


@dataclass(frozen=True, slots=True)
class Data:
    """What is trained on. `fingerprint` names its content; `images` are those of the train part."""

    release: Release | None
    synthetic_set: str
    fingerprint: str
    images: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that can be trained. `config` is stored with it; equal `key`: the same data and the same config."""

    study: Study
    stage: str
    preset: str
    variant: str
    base: bases.Base | None
    data: Data
    fraction: float
    settings: Mapping[str, Any]
    network: Mapping[str, Any]
    config: dict[str, Any]

    @property
    def key(self) -> str:
        data = {"fingerprint": self.data.fingerprint, "fraction": self.fraction}
        return hashlib.sha256(canonical_json({"data": data, "config": self.config}).encode()).hexdigest()

    @property
    def resolved(self) -> Mapping[str, Any]:
        """All settings."""
        settings: Mapping[str, Any] = self.config["settings"]
        return settings

    @property
    def steps(self) -> int:
        """Updates, as `ml.seagull.training.batches` counts them, up to the held-out and the empty images."""
        settings = self.resolved
        if settings["steps"] is not None:
            return int(settings["steps"])
        kept = self.fraction * (1 - float(self.config["held_out"]))
        images = max(round(self.data.images * kept), 1)
        return max(images * int(settings["epochs"]) // int(settings["batch_images"]), 1)


def plan_run(
    *,
    study: Study,
    stage: str,
    preset: str = "",
    variant: str = "",
    base: str | None = None,
    release: UUID | None = None,
    synthetic_set: str = "",
    fraction: float = 1.0,
    settings: Mapping[str, Any] | None = None,
    network: Mapping[str, Any] | None = None,
) -> Plan:
    """Raises BadRun naming every field that is wrong, and what is allowed."""
    settings, network = dict(settings or {}), dict(network or {})
    problems: dict[str, str] = {}
    if stage not in schema()["stages"]:
        raise BadRun({"stage": f"There is no stage {stage!r}: choose one of {', '.join(sorted(schema()['stages']))}."})
    found_base = bases.base_of(study, base) if base else None
    preset, variant = _preset_of(preset, variant, found_base)
    resolved, wrong = resolved_settings(stage, settings)
    problems |= wrong
    if found_base is None:
        shape, wrong = resolved_network(preset, variant, network)
        problems |= wrong
        problems |= _without_base(preset, resolved)
    elif network:
        problems["network"] = "A base model brings its own network: leave `network` out, or `base`."
    else:
        shape = {}
    if not 0 < fraction <= 1:
        problems["fraction"] = f"fraction is {fraction:g}: give a number above 0, up to 1."
    if problems:
        raise BadRun(problems)
    data = _data_of(study, release, synthetic_set)
    config = {
        "stage": stage,
        "preset": preset,
        "variant": variant,
        "base": found_base.weights_sha256 if found_base else None,
        "settings": resolved,
        # A run from a base takes the base's network as it is.
        "network": shape if found_base is None else {},
        "held_out": HELD_OUT if resolved["evaluate_every"] else 0.0,
    }
    return Plan(
        study=study,
        stage=stage,
        preset=preset,
        variant=variant,
        base=found_base,
        data=data,
        fraction=fraction,
        settings=settings,
        network=network,
        config=config,
    )


def _preset_of(preset: str, variant: str, base: bases.Base | None) -> tuple[str, str]:
    known = schema()["presets"]
    if base is not None:
        for name, given, its in (("preset", preset, base.preset), ("variant", variant, base.variant)):
            if given and given != its:
                raise BadRun({name: f"The base model is a {base.preset} ({base.variant}): leave `{name}` out."})
        return base.preset, base.variant
    if preset not in known:
        raise BadRun({"preset": f"There is no preset {preset!r}: choose one of {', '.join(options.PRESET_TITLES)}."})
    variant = variant or known[preset]["variant"]
    if variant not in known[preset]["variants"]:
        raise BadRun({"variant": f"There is no variant {variant!r}: choose one of {', '.join(options.variants())}."})
    return preset, variant


def _without_base(preset: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """From random weights there must be something that learns to see."""
    if preset == "seagull-7b":
        return {"base": "seagull-7b is trained from converted weights: choose them as base model."}
    if settings["freeze_encoder"]:
        return {
            "base": "This stage keeps the encoder as the base model has it: choose a base model, or the stage `scratch`."
        }
    return {}


def _data_of(study: Study, release_id: UUID | None, synthetic_set: str) -> Data:
    if (release_id is None) == (not synthetic_set):
        raise BadRun({"release": "Choose what to train on: either a release or a synthetic set."})
    if release_id is None:
        found = options.synthetic_set(synthetic_set)
        if found is None:
            there = ", ".join(one["name"] for one in options.synthetic_sets()) or "none is built"
            raise BadRun({"synthetic_set": f"There is no finished synthetic set {synthetic_set!r}: {there}."})
        return Data(None, synthetic_set, f"synthetic {found['fingerprint']}", found["images"])
    release = Release.objects.filter(study=study, pk=release_id).first()
    if release is None:
        raise BadRun({"release": f"The study has no release {release_id}: freeze one."})
    if release.state != ReleaseState.READY:
        raise BadRun({"release": f"Release {release.number} is {release.state}: choose one that is ready."})
    images = train_images(release.snapshot_key)
    if images == 0:
        raise BadRun(
            {"release": f"Release {release.number} has no image of the train part with a label: rate more images."}
        )
    return Data(release, "", f"release {release.content_sha256}", images)


@lru_cache(maxsize=256)
def train_images(snapshot_key: str) -> int:
    """How many images of a release are learned from. A snapshot is named by its content, so it is counted once."""
    return sum(image.record["split"] == "train" for image in SnapshotReader(snapshot_key).images())
