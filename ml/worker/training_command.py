"""The command lines of a run: training on one process or one a GPU, and measuring on the test part."""

import json
from pathlib import Path

from django.conf import settings as installation

from ml.worker import devices
from ml.worker.training_data import DataFile
from roiqa.registry.storage import folder_of as weights_of
from roiqa.training.models import TrainingRun

# So many images are shown while a run goes on.
EXAMPLES = 4


def train_command(run: TrainingRun, folder: Path, data: DataFile) -> list[str]:
    """Arguments of Python. The settings go as a file with every one of them, so that a resumed run has the same."""
    settings = folder / "settings.json"
    settings.write_text(json.dumps(run.config["settings"], indent=2, sort_keys=True) + "\n", encoding="utf-8")
    command = [*_processes(run), "ml.seagull.train", "--data", str(data.path), "--output", str(folder)]
    command += ["--settings", str(settings), "--fraction", str(run.fraction), "--examples", str(EXAMPLES)]
    if run.config["held_out"]:
        command += ["--hold-out", str(run.config["held_out"])]
    if run.base is not None:
        return [*command, "--weights", str(weights_of(run.base))]
    changes = [f"{name}={json.dumps(value)}" for name, value in sorted(run.network.items())]
    command += ["--preset", run.preset, "--variant", run.variant]
    return [*command, "--network", *changes] if changes else command


def evaluate_command(run: TrainingRun, folder: Path, data: DataFile) -> list[str]:
    """Arguments of Python: the report of the finished weights on the test part, on one device."""
    command = ["-m", "ml.seagull.evaluate", "--weights", str(folder / "weights"), "--data", str(data.path)]
    device = "cuda" if devices.gpus() else "cpu"
    return [
        *command,
        "--split",
        "test",
        "--answers",
        "--output",
        str(folder / "report"),
        "--device",
        device,
        "--name",
        f"{run.study.slug} run {run.number}",
    ]


def processes_of(run: TrainingRun) -> int:
    """One a GPU, as many as the installation lets a run take; the phase that trains tokens alone needs a single one."""
    found = len(devices.gpus())
    allowed = min(found, installation.TRAINING_GPUS or found)
    return 1 if run.config["settings"]["token_steps"] else max(allowed, 1)


def _processes(run: TrainingRun) -> list[str]:
    processes = processes_of(run)
    if processes == 1:
        return ["-m"]
    return ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m"]
