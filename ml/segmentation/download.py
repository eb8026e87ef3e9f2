"""`python -m ml.segmentation.download NAME --into FOLDER`: weights from Hugging Face's hub, or from a folder (`--from`).

The weights' sha256 is compared with the one that the hub publishes for the file; only safetensors and JSON are fetched, from
one commit. FOLDER/NAME then holds what ROIQA serves: for a segmentation model with its decoder and manifest.json. It
appears whole or not at all. `manage.py download_weights` runs this with the data folder's `weights`.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from ml.segmentation import manifest as manifests

DETECTOR_FILE = "detector.json"
FILES = ("config.json", "preprocessor_config.json", "model.safetensors")
_HUB_SECONDS = 20
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


class DownloadError(RuntimeError):
    """The weights are not here: the message says why and what to do."""


@dataclass(frozen=True)
class Weights:
    """Weights that people have published. The licence is the one of their repository."""

    repository: str
    title: str
    licence: str = "Apache-2.0"
    kind: Literal["segmentation", "detector"] = "segmentation"


KNOWN: Mapping[str, Weights] = {
    "sam-vit-b": Weights("facebook/sam-vit-base", "SAM ViT-B"),
    "sam-vit-l": Weights("facebook/sam-vit-large", "SAM ViT-L"),
    "sam-vit-h": Weights("facebook/sam-vit-huge", "SAM ViT-H"),
    "sam2.1-hiera-tiny": Weights("facebook/sam2.1-hiera-tiny", "SAM 2.1 Hiera tiny"),
    "sam2.1-hiera-small": Weights("facebook/sam2.1-hiera-small", "SAM 2.1 Hiera small"),
    "sam2.1-hiera-base-plus": Weights("facebook/sam2.1-hiera-base-plus", "SAM 2.1 Hiera base plus"),
    "sam2.1-hiera-large": Weights("facebook/sam2.1-hiera-large", "SAM 2.1 Hiera large"),
    "rtdetr-r50": Weights("PekingU/rtdetr_r50vd", "RT-DETR R50", kind="detector"),
}


@dataclass(frozen=True)
class Source:
    """Where a folder of weights came from: a repository at a commit, or a folder."""

    folder: Path
    named: str


def install(name: str, *, into: Path, source: Path | None = None, licence: str = "") -> str:
    """Put the weights into `into`/name and answer one line about them. Done already, it only compares hashes.

    `source` is a folder or .pth file to take instead of the hub. Raises DownloadError, ModelError, ExportError.
    """
    if not _NAME.fullmatch(name) or name == "region-tree":
        raise DownloadError(f"{name!r} is no name for a model: use a-z, 0-9, dots, hyphens and underscores.")
    target = into / name
    weights = KNOWN.get(name)
    if weights is None and source is None:
        raise DownloadError(f"{name!r} is not known here. Known: {', '.join(KNOWN)}. Others come with --from FOLDER.")
    if target.exists():
        return f"{target} is there already: {_checked(target)}. Remove the folder to install it again."
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=into) as scratch:
        if source is None:
            assert weights is not None
            found = _fetched(name, weights, Path(scratch) / "fetched")
        else:
            found = Source(source, str(source))
        made = Path(scratch) / name
        if weights is not None and weights.kind == "detector":
            said = _install_detector(name, weights, found, made)
        else:
            said = _install_model(name, weights, found, made, licence=licence)
        made.replace(target)
    return f"{target}: {said}."


def _install_model(name: str, weights: Weights | None, found: Source, made: Path, *, licence: str) -> str:
    # Seconds of imports, which an unknown name need not cost.
    from ml.segmentation.export import Words, export  # noqa: PLC0415

    words = Words(
        id=name,
        title=weights.title if weights else "",
        licence=licence or (weights.licence if weights else ""),
        source=found.named,
    )
    manifest = export(found.folder, made, words)
    return f"weights {manifest.weights_sha256}, licence {manifest.licence}"


def _install_detector(name: str, weights: Weights, found: Source, made: Path) -> str:
    made.mkdir()
    for file in FILES:
        try:
            shutil.copyfile(found.folder / file, made / file)
        except FileNotFoundError:
            raise DownloadError(f"{found.folder} has no {file}: a detector needs {', '.join(FILES)}.") from None
    sha256 = manifests.weights_sha256(made)
    said = {"format": 1, "id": name, **asdict(weights), "source": found.named, "weights_sha256": sha256}
    (made / DETECTOR_FILE).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return f"weights {sha256}, licence {weights.licence}"


def _checked(target: Path) -> str:
    """Its hash, compared with the one that was written down when it came. Raises ModelError, DownloadError."""
    if (target / manifests.FILE_NAME).exists():
        return f"weights {manifests.read(target).weights_sha256}"
    try:
        said = json.loads((target / DETECTOR_FILE).read_text(encoding="utf-8"))["weights_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        raise DownloadError(f"{target} is no folder of weights: remove it and start again.") from None
    found = manifests.weights_sha256(target)
    if found != said:
        raise DownloadError(f"The weights in {target} have the hash {found}, not {said}: remove the folder.")
    return f"weights {found}"


def _fetched(name: str, weights: Weights, folder: Path) -> Source:
    """The files of the repository's newest commit, their hash compared with the hub's. Raises DownloadError."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    from huggingface_hub import HfApi, hf_hub_download  # noqa: PLC0415  (only when something is to be fetched)

    try:
        told = HfApi().model_info(weights.repository, files_metadata=True, timeout=_HUB_SECONDS)
        published = {file.rfilename: file.lfs.sha256 for file in told.siblings or [] if file.lfs is not None}
        for file in FILES:
            hf_hub_download(weights.repository, file, revision=told.sha, local_dir=folder)
    except Exception as error:
        # Of every kind: the hub's client has changed its HTTP library, and its errors, twice.
        first = str(error).strip().partition("\n")[0] or type(error).__name__
        raise DownloadError(
            f"{weights.repository} could not be fetched ({first}). Without a network: on a machine that has one, put "
            f"{', '.join(FILES)} of {weights.repository} into a folder, copy it here, and run "
            f"`manage.py download_weights {name} --from FOLDER`."
        ) from error
    found = manifests.weights_sha256(folder)
    expected = published.get("model.safetensors")
    if found != expected:
        raise DownloadError(
            f"model.safetensors of {weights.repository} has the hash {found}, but the hub says {expected}: nothing was "
            "installed. Try again; if it stays so, the download is tampered with or broken."
        )
    return Source(folder, f"{weights.repository}@{told.sha}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.segmentation.download", description=__doc__)
    parser.add_argument("name", metavar="NAME", help=f"{', '.join(KNOWN)}; with --from any other")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="folder of the folders of weights")
    parser.add_argument("--from", dest="source", type=Path, metavar="FOLDER", help="a folder (or .pth) of this machine")
    parser.add_argument("--licence", default="", help="of weights that are not known here")
    given = parser.parse_args(arguments)
    try:
        said = install(given.name, into=given.into, source=given.source, licence=given.licence)
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed: run `make setup` without ROIQA_ML=0, or `pip install roiqa[ml]`.")
    except (DownloadError, ValueError) as error:
        sys.exit(str(error))
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
