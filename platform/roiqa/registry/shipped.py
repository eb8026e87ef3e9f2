"""Networks that ship with the installation, and taking one into a study."""

import json
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from roiqa.accounts.models import User
from roiqa.registry.errors import ShippedNotFound, WeightsRefused
from roiqa.registry.models import ModelVersion
from roiqa.registry.services import add_model_version
from roiqa.registry.weights_folder import MANIFEST
from roiqa.studies.models import Study

STAGE: Final = "shipped"
# Beside the weights: {"data": {...}, "trained_images": [sha256, ...]}, where they are known.
_FACTS = "facts.json"
_TAKEN = ("data", "trained_images")


def shipped_folders() -> dict[str, Path]:
    """Each network's folder by its name; the first of two with one name."""
    found: dict[str, Path] = {}
    for folder in settings.NETWORK_FOLDERS:
        for manifest in sorted(folder.glob(f"*/{MANIFEST}")):
            found.setdefault(manifest.parent.name, manifest.parent)
    return found


def take_in(*, study: Study, name: str, by: User | None) -> ModelVersion:
    """The network as a model of the study; the model that is there if it was taken in before. Raises ShippedNotFound."""
    folders = shipped_folders()
    if name not in folders:
        raise ShippedNotFound(name, sorted(folders))
    return add_model_version(
        study=study,
        folder=folders[name],
        stage=STAGE,
        name=f"{name}, as it ships",
        created_by=by,
        **_facts(folders[name]),
    )


def _facts(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        return {name: facts[name] for name in _TAKEN if name in facts}
    except FileNotFoundError:
        return {}
    except (TypeError, ValueError) as problem:
        raise WeightsRefused(f"{folder.name}/{_FACTS} is no JSON object: {problem}") from problem
