"""`python -m ml.segmentation.train --coco JSON --images DIR --run DIR`: train the small SAM from scratch on the CPU.

The run's folder holds everything (state.safetensors, log.jsonl, the cached region trees, and model/, which
`python -m ml.segmentation.export` takes); the same command goes on where it stopped, after Ctrl-C and after a kill alike. First
the decoder learns alone, then all of it on windows of half the input's side, then on whole inputs.
"""

import argparse
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from ml.segmentation import models
from ml.segmentation.evaluate import Region, evaluate, read_regions
from ml.segmentation.training import checkpoint
from ml.segmentation.training.architecture import PATCH, SmallSam, new_model, normalised
from ml.segmentation.training.canvases import MODEL_SIZE, make_canvas
from ml.segmentation.training.objective import Batch, loss_of
from ml.segmentation.training.photographs import Photograph, read_photographs

# The moving average of the weights reaches back about 1 / (1 - this) steps, less at the beginning.
AVERAGE = 0.998
WARMUP = 40
LARGEST_GRADIENT = 1.0


def learning_rate(step: int, *, peak: float, steps: int, cooldown: float) -> float:
    """Rises for WARMUP steps, stays, and falls as a cosine over the last `cooldown` share of the steps.

    It stays so that a run may be made longer (a larger `steps`) without having learnt on another schedule.
    """
    falling = int(steps * (1 - cooldown))
    rate = peak * min(1.0, (step + 1) / WARMUP)
    if step < falling:
        return rate
    done = (step - falling) / max(1, steps - falling)
    return rate * float(0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * min(1.0, done))))


def make_batch(photographs: list[Photograph], *, seed: int, step: int, size: int, count: int, prompts: int) -> Batch:
    """The batch of a step depends on seed and step only, so a run that was resumed sees what it would have seen."""
    rng = np.random.default_rng([seed, step])
    canvases = [make_canvas(photographs, size=size, prompts=prompts, rng=rng) for _ in range(count)]
    free = (MODEL_SIZE - size) // PATCH
    pixels, filled = (np.stack([getattr(canvas, name) for canvas in canvases]) for name in ("pixels", "filled"))
    padded = torch.from_numpy(filled)
    return Batch(
        images=normalised(torch.from_numpy(pixels), padded),
        filled=padded,
        masks=torch.from_numpy(np.stack([canvas.masks for canvas in canvases])),
        drawn=torch.from_numpy(np.stack([canvas.drawn for canvas in canvases])),
        corner=(int(rng.integers(free + 1)), int(rng.integers(free + 1))),
    )


def new_optimizer(model: nn.Module) -> torch.optim.AdamW:
    """Weight decay for matrices only."""
    matrices = [value for value in model.parameters() if value.requires_grad and value.ndim >= 2]
    others = [value for value in model.parameters() if value.requires_grad and value.ndim < 2]
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}], betas=(0.9, 0.98)
    )


def take_step(
    model: SmallSam, optimizer: torch.optim.Optimizer, batch: Batch, *, seed: int, step: int, rate: float, bf16: bool
) -> dict[str, float]:
    """One update. A loss or gradient that is not finite changes nothing and is told in the log."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
    for group in optimizer.param_groups:
        group["lr"] = rate
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss, log = loss_of(model, batch, generator)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
    if torch.isfinite(norm):
        optimizer.step()
    return {"loss": loss.item(), "gradient": norm.item(), **log}


def follow(average: dict[str, Tensor], model: nn.Module, step: int) -> None:
    """Move the average towards the weights."""
    keep = min(AVERAGE, (1 + step) / (10 + step))
    with torch.no_grad():
        for name, value in model.state_dict().items():
            average[name].lerp_(value, 1 - keep)


class Stop:
    """Within it SIGINT and SIGTERM end the run after the step that is being done."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *raised: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def validate(model: Path, regions: list[Region], images: Path) -> dict[str, float]:
    """Mean IoU of the model in a folder, as `ml.segmentation.evaluate` measures it."""
    found: dict[str, float] = evaluate(models.load(model), regions, images)["mean_iou"]
    return found


def train(given: argparse.Namespace) -> None:
    settings = {
        key: getattr(given, key) for key in ("seed", "batch", "prompts", "rate", "cooldown", "decoder_first", "bf16")
    }
    given.run.mkdir(parents=True, exist_ok=True)
    torch.set_flush_denormal(True)
    torch.set_num_threads(given.threads)
    photographs = read_photographs(given.coco, given.images, prefix=given.prefix, cache=given.run / "trees")
    if not photographs:
        sys.exit(f"{given.coco} has no image whose name begins with {given.prefix!r}.")
    regions = read_regions(given.coco, limit=given.validate_regions, seed=0, prefix=given.validate_prefix)
    model = SmallSam(new_model(given.seed))
    optimizer = new_optimizer(model)
    run = checkpoint.restore(given.run, model=model, optimizer=optimizer)
    if run is None:
        run = checkpoint.Run(step=0, average={name: value.clone() for name, value in model.state_dict().items()})
    started, first = time.perf_counter(), run.step

    def batch_of(step: int) -> Batch:
        count, prompts, size = given.batch, given.prompts, MODEL_SIZE // 2
        if step < given.decoder_first:
            # One picture with all the prompts: most of the work is then the decoder's, which alone learns.
            count, prompts = 1, count * prompts
        elif step >= given.windows_until:
            size, count = MODEL_SIZE, max(1, count // 2)
        return make_batch(photographs, seed=given.seed, step=step, size=size, count=count, prompts=prompts)

    with (
        Stop() as stop,
        ThreadPoolExecutor(1) as ahead,
        (given.run / "log.jsonl").open("a", encoding="utf-8") as log,
    ):
        coming = ahead.submit(batch_of, run.step)
        last = run.step >= given.steps
        while not last:
            batch = coming.result()
            coming = ahead.submit(batch_of, run.step + 1)
            rate = learning_rate(run.step, peak=given.rate, steps=given.steps, cooldown=given.cooldown)
            model.model.vision_encoder.requires_grad_(run.step >= given.decoder_first)
            row: dict[str, Any] = dict(
                take_step(model, optimizer, batch, seed=given.seed, step=run.step, rate=rate, bf16=given.bf16)
            )
            follow(run.average, model, run.step)
            run.step += 1
            last = run.step >= given.steps or stop.asked
            row |= {"step": run.step, "rate": rate, "seconds": time.perf_counter() - started}
            validating = bool(regions) and (run.step % given.validate_every == 0 or run.step == given.steps)
            if run.step % given.save_every == 0 or last or validating:
                checkpoint.save(given.run, model=model, optimizer=optimizer, run=run, settings=settings)
                checkpoint.write_model(run.average, given.run / checkpoint.MODEL)
            if validating:
                row["validation"] = validate(given.run / checkpoint.MODEL, regions, given.images)
            log.write(json.dumps({key: _short(value) for key, value in row.items()}) + "\n")
            log.flush()
            if run.step % 10 == 0 or last or "validation" in row:
                pace = (time.perf_counter() - started) / (run.step - first)
                print(
                    f"step {run.step}/{given.steps} loss {row['loss']:.3f} box {row['box']:.3f} three {row['three']:.3f} "
                    f"own {row['own']:.3f} corrected {row['corrected']:.3f} {pace:.2f} s/step {row.get('validation', '')}",
                    flush=True,
                )
        coming.cancel()


def _short(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m ml.segmentation.train", description=__doc__)
    made.add_argument("--coco", type=Path, required=True, metavar="JSON")
    made.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of the file names in JSON")
    made.add_argument("--run", type=Path, required=True, metavar="DIR", help="made if missing, continued if not")
    made.add_argument("--prefix", default="train/", help="train on images whose file name begins so")
    made.add_argument("--validate-prefix", default="val/", help="validate on images whose file name begins so")
    made.add_argument("--validate-regions", type=int, default=100, metavar="N")
    made.add_argument("--validate-every", type=int, default=250, metavar="STEPS")
    made.add_argument("--save-every", type=int, default=100, metavar="STEPS")
    made.add_argument("--steps", type=int, default=4000)
    made.add_argument("--decoder-first", type=int, default=250, metavar="STEPS", help="the encoder learns after these")
    made.add_argument(
        "--windows-until", type=int, default=2500, metavar="STEP", help="then whole inputs, half the batch"
    )
    made.add_argument("--batch", type=int, default=4)
    made.add_argument(
        "--prompts", type=int, default=8, help="regions asked for in each image, half by click, half by box"
    )
    made.add_argument("--rate", type=float, default=1e-3, help="largest learning rate")
    made.add_argument("--cooldown", type=float, default=0.3, help="share of the steps over which the rate falls")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--threads", type=int, default=max(1, min(2, os.cpu_count() or 1)))
    made.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True, help="bfloat16 matrix products")
    return made


def main(arguments: list[str] | None = None) -> None:
    train(parser().parse_args(arguments))


if __name__ == "__main__":
    main()
