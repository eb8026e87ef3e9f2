"""`python -m ml.seagull.train --data DATA --output DIR`: train a network on a release, instructions or a synthetic set.

The run's folder gets `checkpoints/`, `events.jsonl`, `photographs.json` and `tensorboard/`, and at the end `weights/`, which
`ml.seagull.predict` and `ml.seagull.evaluate` read. The same command goes on where a run was stopped or killed.
Exit status: 0 finished, 130 or 143 cancelled by a signal, 2 for data or settings that are refused.
"""

import argparse
import dataclasses
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ml.seagull import weights
from ml.seagull.data.files import read_data
from ml.seagull.data.records import ImageSample
from ml.seagull.data.release import DataSet
from ml.seagull.data.split import drawn, photograph_of
from ml.seagull.evaluation.during import Examples, Validation
from ml.seagull.language.prompts import load_prompt, prompt_text
from ml.seagull.language.tokenizer import LanguageTokenizer, word_level
from ml.seagull.network.adapters import merge_adapters
from ml.seagull.network.model import Seagull
from ml.seagull.presets import PRESETS, preset
from ml.seagull.training.atomic import write_bytes
from ml.seagull.training.events import note_failure
from ml.seagull.training.guard import NoMemoryLeft, TooManyBadSteps
from ml.seagull.training.run import Outcome, TrainingRun
from ml.seagull.training.settings import STAGES, Settings

REFUSED = 2
PHOTOGRAPHS = "photographs.json"


def main(arguments: Sequence[str] | None = None) -> int:
    given = _arguments(arguments)
    try:
        settings = _settings(given)
        data = read_data(
            given.data,
            images=given.images,
            check_hashes=not given.trust_files,
            validation=given.hold_out,
            share=given.fraction,
            seed=settings.seed,
        )
        model, tokenizer, base = _network(given, settings)
        run = TrainingRun(
            model,
            tokenizer=tokenizer,
            settings=settings,
            samples=data.of("train"),
            folder=given.output,
            plans=data.plans,
            evaluate=_validation(data, tokenizer, settings),
            examples=_examples(data, tokenizer, settings, given.examples),
            base=base,
        )
        if run.accelerator.is_main_process:
            _name_photographs(data, given.output)
        outcome = run.train()
    except (NoMemoryLeft, OSError, TooManyBadSteps, TypeError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        note_failure(given.output, str(error))
        return REFUSED
    if outcome.finished and run.accelerator.is_main_process:
        export(run.model, tokenizer, settings, given.output / "weights", outcome=outcome)
    sys.stdout.write(f"{_said(outcome, given.output)}\n")
    return 0 if outcome.signal is None else 128 + signal.Signals[outcome.signal]


def _settings(given: argparse.Namespace) -> Settings:
    """A file's settings, or a stage's, with changes."""
    if given.settings is not None:
        begun: dict[str, Any] = json.loads(given.settings.read_text(encoding="utf-8"))
    else:
        begun = STAGES[given.stage].as_json()
    return Settings.from_json(begun | _changes(given.set, Settings))


def export(model: Seagull, tokenizer: LanguageTokenizer, settings: Settings, folder: Path, *, outcome: Outcome) -> None:
    """Whole weights, adapters merged, with tokenizer and prompt beside them; a folder that is there stays."""
    if folder.exists():
        return
    merge_adapters(model)
    checkpoint = outcome.checkpoint
    manifest = json.loads((checkpoint / "manifest.json").read_text(encoding="utf-8")) if checkpoint else {"facts": {}}
    weights.save(model, folder, source={**manifest["facts"], "settings": settings.as_json()})
    tokenizer.save(folder / "tokenizer.json")
    (folder / "prompts.json").write_text(prompt_text(settings.prompt), encoding="utf-8")


def _network(given: argparse.Namespace, settings: Settings) -> tuple[Seagull, LanguageTokenizer, str | None]:
    """The network to train: of a folder of weights, or of a preset with random ones."""
    if given.weights is not None:
        if given.network or given.preset:
            raise ValueError("--weights brings its own network: leave out --preset and --network.")
        model = weights.from_pretrained(given.weights)
        return model, LanguageTokenizer.load(given.weights / "tokenizer.json"), weights.fingerprint(given.weights)
    torch.manual_seed(settings.seed)
    overrides = {name: json.loads(value) for name, value in map(_pair, given.network)}
    config = preset(given.preset or "tiny", given.variant, **overrides)
    if config.name == "seagull-7b" and not given.random:
        raise ValueError("seagull-7b is trained from released weights: name them with --weights, or say --random.")
    return Seagull(config), word_level(), None


def _validation(data: DataSet, tokenizer: LanguageTokenizer, settings: Settings) -> Validation | None:
    samples: Sequence[ImageSample] = drawn(data.of("val"), settings.evaluate_images)
    if not settings.evaluate_every or not samples:
        return None
    return Validation(samples=samples, tokenizer=tokenizer, prompt=load_prompt(settings.prompt))


def _examples(data: DataSet, tokenizer: LanguageTokenizer, settings: Settings, count: int) -> Examples | None:
    """Images of the validation part, else of the training part."""
    samples = [sample for sample in data.of("val") or data.of("train") if sample.rois][:count]
    return Examples(samples=samples, tokenizer=tokenizer, prompt=load_prompt(settings.prompt)) if samples else None


def _name_photographs(data: DataSet, folder: Path) -> None:
    """Which photographs were learned from or chosen by: what these weights say of them is no opinion."""
    named = sorted({photograph_of(sample) for part in ("train", "val") for sample in data.of(part)})
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / PHOTOGRAPHS, (json.dumps(named, indent=0) + "\n").encode())


def _changes(pairs: Sequence[str], kind: type[Any]) -> dict[str, Any]:
    known = {field.name for field in dataclasses.fields(kind)}
    changes = {name: json.loads(value) for name, value in map(_pair, pairs)}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise ValueError(f"--set knows no {', '.join(unknown)}: choose of {', '.join(sorted(known))}.")
    return changes


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not NAME=VALUE.")
    try:
        json.loads(value)
    except ValueError:
        value = json.dumps(value)
    return name, value


def _said(outcome: Outcome, folder: Path) -> str:
    if outcome.finished:
        return f"{outcome.steps} steps done, {outcome.skipped} skipped; weights in {folder / 'weights'}"
    return f"Stopped by {outcome.signal} after step {outcome.step} of {outcome.steps}; the same command goes on from there."


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ml.seagull.train", description="Train a SEAGULL network.")
    parser.add_argument(
        "--data", type=Path, required=True, help="a `seagull` export (.json, .zip), .jsonl, or a synthetic set's folder"
    )
    parser.add_argument("--images", type=Path, metavar="DIR", help="where its file names start (default: beside it)")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="the run's folder")
    parser.add_argument("--preset", choices=PRESETS, help="network with random weights (default: tiny)")
    parser.add_argument("--variant", choices=("official", "paper", "native"))
    parser.add_argument("--weights", type=Path, metavar="DIR", help="go on from these weights instead of a preset")
    parser.add_argument("--random", action="store_true", help="seagull-7b with random weights, to measure speed")
    parser.add_argument("--stage", choices=sorted(STAGES), default="scratch", help="settings to begin with")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="all settings as JSON, instead of a stage's")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="change settings of the stage")
    parser.add_argument("--network", nargs="+", default=[], metavar="NAME=VALUE", help="change the preset's network")
    parser.add_argument(
        "--hold-out", type=float, default=0.0, metavar="SHARE", help="of train, if there is no val part"
    )
    parser.add_argument(
        "--fraction", type=float, default=1.0, metavar="SHARE", help="train on that share of the photographs, nested"
    )
    parser.add_argument(
        "--examples", type=int, default=0, metavar="N", help="write down what it says of N images at every checkpoint"
    )
    parser.add_argument("--trust-files", action="store_true", help="do not check the pictures' hashes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
