"""`python -m ml.segmentation.export MODEL --output FOLDER`: a model's folder as the platform serves it.

Copies or converts the weights, writes the mask decoder as one ONNX file, compares it with torch, and writes manifest.json.
MODEL is a folder in transformers' layout, an official segment_anything .pth or an id on Hugging Face's hub. With
`--random NAME` in its place the weights are random, in the size of a released model: for measuring speed.
"""

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from ml.segmentation import manifest as manifests
from ml.segmentation.manifest import Manifest, ModelError
from ml.segmentation.models import folder_of, id_of, load, name_of, write_preprocessor_config
from ml.segmentation.onnx_decoder import decoder_bytes, overlaps_with_torch
from ml.segmentation.random_models import RANDOM_MODELS, write_random_model

DECODER = "decoder.onnx"
CARD = "MODEL_CARD.md"
LEAST_OVERLAP = 0.99


class ExportError(ValueError):
    """The exported decoder does not do what the model does."""


@dataclass(frozen=True)
class Words:
    """What the weights do not tell of themselves; empty ones leave what the model's manifest has."""

    id: str = ""
    title: str = ""
    licence: str = ""
    source: str = ""


def export(model: str | Path, output: Path, words: Words | None = None) -> Manifest:
    """Write the folder and return its manifest. Raises ModelError or ExportError."""
    with folder_of(model) as folder:
        is_known = (folder / manifests.FILE_NAME).exists()
        _copy(folder, output)
    if is_known:
        # The weights may have been trained further: this command is what writes down their hash.
        manifest = manifests.read(output, verify=False)
        manifest = replace(manifest, weights_sha256=manifests.weights_sha256(output), decoder=None)
    else:
        (output / manifests.FILE_NAME).unlink(missing_ok=True)
        name = name_of(model)
        manifest = replace(load(output).manifest, id=id_of(output.resolve().name), title=name, source=str(model))
    manifest = replace(manifest, **{field: value for field, value in vars(words or Words()).items() if value})
    manifest.write(output)
    manifest = _with_decoder(output)
    if not (output / "preprocessor_config.json").exists():
        write_preprocessor_config(output, manifest)
    if not (output / CARD).exists():
        (output / CARD).write_text(
            f"# {manifest.title}\n\nSource: {manifest.source}\nLicence: {manifest.licence}\n", encoding="utf-8"
        )
    return manifest


def _with_decoder(output: Path) -> Manifest:
    backend = load(output)
    data = decoder_bytes(backend)
    overlaps = overlaps_with_torch(backend, data)
    worst = min(overlaps, key=lambda name: overlaps[name])
    if overlaps[worst] < LEAST_OVERLAP:
        raise ExportError(
            f"The exported decoder's masks and torch's overlap with an IoU of only {overlaps[worst]:.4f} for the prompt "
            f"{worst!r}; at least {LEAST_OVERLAP} is asked for. No decoder was written: report this with config.json."
        )
    (output / DECODER).write_bytes(data)
    manifest = backend.manifest.with_decoder(output / DECODER)
    manifest.write(output)
    return manifest


def _copy(folder: Path, output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    if output.resolve() == folder.resolve():
        return
    for path in (*manifests.weights_files(output), output / DECODER):
        path.unlink(missing_ok=True)
    names = ["config.json", "preprocessor_config.json", "model.safetensors.index.json", manifests.FILE_NAME, CARD]
    for path in [*(folder / name for name in names), *manifests.weights_files(folder)]:
        if path.exists():
            shutil.copyfile(path, output / path.name)
    if not (output / CARD).exists() and (folder / "README.md").exists():
        shutil.copyfile(folder / "README.md", output / CARD)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.segmentation.export", description=__doc__)
    parser.add_argument("model", nargs="?", metavar="MODEL", help="folder, .pth file or hub id")
    parser.add_argument("--random", choices=sorted(RANDOM_MODELS), help="random weights of this size instead")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--id", default="", help="of the model in ROIQA (default: the name of the output folder)")
    parser.add_argument("--title", default="", help="what people see")
    parser.add_argument("--licence", default="", help="of the weights")
    parser.add_argument("--source", default="", help="where the weights come from")
    given = parser.parse_args(arguments)
    if (given.model is None) == (given.random is None):
        parser.error("give either a MODEL or --random NAME.")
    words = Words(id=given.id, title=given.title, licence=given.licence, source=given.source)
    try:
        manifest = _export_random(given.random, given.output, words) if given.random else None
        manifest = manifest or export(given.model, given.output, words)
    except (ModelError, ExportError) as error:
        sys.exit(str(error))
    decoder = manifest.decoder
    size = f"{decoder.bytes / 1e6:.1f} MB" if decoder else "no decoder"
    sys.stdout.write(f"{given.output}: {manifest.id}, {manifest.family}, decoder of {size}.\n")


def _export_random(name: str, output: Path, words: Words) -> Manifest:
    with tempfile.TemporaryDirectory(prefix="roiqa-random-") as folder:
        write_random_model(name, Path(folder))
        named = Words(
            id=words.id,
            title=words.title or f"Random weights, {name}",
            licence=words.licence or "Apache-2.0",
            source=words.source or f"random weights of python -m ml.segmentation.export --random {name}",
        )
        return export(folder, output, named)


if __name__ == "__main__":
    main()
