"""A training run: the loop, what it writes, and how it goes on after it was stopped or killed.

Own thin loop on accelerate: one process, or several started by torchrun; FSDP by `fsdp.yaml`. Everything of a step
follows from the settings and the step's number, so a checkpoint needs weights, optimizer and step to go on bit for bit.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs

from ml.seagull.data.records import ImageSample
from ml.seagull.language.prompts import load_prompt, prompt_text
from ml.seagull.language.sampling import ImagePlan
from ml.seagull.language.tokenizer import LanguageTokenizer
from ml.seagull.network.adapters import add_adapters, has_adapters
from ml.seagull.network.model import Seagull
from ml.seagull.training.batches import StepBatches, StepData, step_loader
from ml.seagull.training.cancel import Cancellation, cancellation
from ml.seagull.training.checkpoints import LATEST, Checkpoint, as_text, pointed, read_checkpoint, write_checkpoint
from ml.seagull.training.events import EventLog
from ml.seagull.training.guard import BadSteps, TokenBudget, is_finite, with_memory
from ml.seagull.training.model_files import model_tensors, model_texts, restore_model, trained_parameters
from ml.seagull.training.optimizer_state import (
    build_optimizer,
    optimizer_tensors,
    random_states,
    restore_optimizer,
    restore_random_states,
    seed_all,
)
from ml.seagull.training.provenance import data_fingerprint, surroundings
from ml.seagull.training.schedule import auxiliary_weight, learning_rate_factor, phase_of
from ml.seagull.training.settings import Settings
from ml.seagull.training.update import Gradients, accumulate, set_learning_rate, step_seed

Evaluate = Callable[[Seagull, int], Mapping[str, float]]
Examples = Callable[[Seagull], Sequence[Mapping[str, Any]]]
SELECTED_BY = "quality_srocc"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: `step` updates are done of `steps`; `finished` False: it was cancelled by `signal`."""

    step: int
    steps: int
    finished: bool
    signal: str | None
    checkpoint: Path | None
    skipped: int


@dataclass(slots=True)
class Progress:
    """What changes while a run goes on, besides weights and optimizer."""

    step: int
    bad: BadSteps
    best: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {"step": self.step, "bad": asdict(self.bad), "best": self.best}


class TrainingRun:
    """One run in a folder of its own. `train` starts it, or goes on with it from the latest checkpoint.

    plans: the questions of an instruction file by image. evaluate(model, step) gives metrics of the validation part; the checkpoint with the best `quality_srocc` is kept.
    examples(model): what it says of a few images, written down with every checkpoint.
    base: hash of the weights that frozen parts came from, None from random weights.
    """

    def __init__(
        self,
        model: Seagull,
        *,
        tokenizer: LanguageTokenizer,
        settings: Settings,
        samples: Sequence[ImageSample],
        folder: Path,
        plans: Mapping[str, ImagePlan] | None = None,
        evaluate: Evaluate | None = None,
        examples: Examples | None = None,
        base: str | None = None,
        accelerator: Accelerator | None = None,
    ) -> None:
        self.settings, self.folder, self._tokenizer, self._base = settings, folder, tokenizer, base
        self.accelerator = accelerator or make_accelerator(settings)
        self._evaluate, self._examples = evaluate, examples
        if settings.freeze_encoder:
            model.encoder.requires_grad_(requires_grad=False)
        if settings.lora is not None and not has_adapters(model):
            add_adapters(model, **asdict(settings.lora))
        if settings.checkpointing:
            model.causal_lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        if settings.token_steps and (model.aux is None or self.accelerator.num_processes > 1):
            raise ValueError("token_steps needs auxiliary heads and a single process: set it to 0.")
        prompt = load_prompt(settings.prompt)
        self.batches = StepBatches(
            samples,
            tokenizer=tokenizer,
            config=model.config,
            prompt=prompt,
            settings=settings,
            plans=plans,
            rank=self.accelerator.process_index,
            world=self.accelerator.num_processes,
        )
        self.model = model
        self._facts = {
            "network": model.config.name,
            "variant": model.config.variant,
            "trained_parameters": trained_parameters(model),
            "base": base,
            "data": data_fingerprint(samples, prompt=settings.prompt),
            **surroundings(self.accelerator.device),
        }
        # Weights come back before FSDP spreads them, the optimizer's state when it is spread as they are.
        self._stored = self._latest()
        if self._stored is not None:
            restore_model(model, self._stored.tensors)
        self._optimizer = build_optimizer(
            model, learning_rate=settings.learning_rate, betas=settings.betas, weight_decay=settings.weight_decay
        )
        self._wrapped, self._stepper = self.accelerator.prepare(model, self._optimizer)
        self._progress = Progress(step=0, bad=BadSteps())
        self.budget = TokenBudget(
            settings.token_budget,
            key=f"{self._facts['device']}|{model.config.name}",
            memory=folder / "token_budget.json",
        )

    def train(self) -> Outcome:
        """Train until the last step, or until SIGINT or SIGTERM. Raises: TooManyBadSteps, NoMemoryLeft."""
        torch.use_deterministic_algorithms(True, warn_only=True)
        # Nothing here reads memory before it is written: filling it first would cost time and find nothing.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.set_flush_denormal(True)
        resumed = self._resume()
        log = EventLog(self.folder, total_steps=self.batches.steps) if self.accelerator.is_main_process else None
        self._write(
            log, "resumed" if resumed else "started", steps=self.batches.steps, images=len(self.batches.samples)
        )
        try:
            with cancellation() as cancelled:
                self._loop(log, cancelled)
        finally:
            if log is not None:
                log.close()
        return Outcome(
            step=self._progress.step,
            steps=self.batches.steps,
            finished=self._progress.step == self.batches.steps,
            signal=cancelled.signal.name if cancelled.signal else None,
            checkpoint=pointed(self.folder, LATEST),
            skipped=self._progress.bad.total,
        )

    def _loop(self, log: EventLog | None, cancelled: Cancellation) -> None:
        settings, progress = self.settings, self._progress
        self.model.train()
        # A run that is over is not evaluated again by starting it once more.
        for data in step_loader(self.batches, start=progress.step, workers=settings.workers):
            if self._all_agree(cancelled):
                break
            self._step(data, log)
            is_end = progress.step == self.batches.steps
            metrics = self._metrics(log, at_end=is_end)
            if is_end or metrics or progress.step % settings.save_every == 0:
                self._save(log, metrics)
                self._show_examples(log)
        if progress.step < self.batches.steps:
            self._write(log, "cancelled", signal=cancelled.signal.name if cancelled.signal else None)
            if not self._is_saved():
                self._save(log, {})
            # torchrun ends the others as soon as one has left, and one of them may be writing that checkpoint.
            self.accelerator.wait_for_everyone()

    def _all_agree(self, cancelled: Cancellation) -> bool:
        """Whether any process heard a signal: one that stopped alone would leave the others waiting for it."""
        if self.accelerator.num_processes == 1:
            return cancelled.requested
        heard = torch.tensor(float(cancelled.requested), device=self.accelerator.device)
        return bool(self.accelerator.reduce(heard, reduction="sum") > 0)

    def _step(self, data: StepData, log: EventLog | None) -> None:
        settings, progress = self.settings, self._progress
        step, began = progress.step, time.perf_counter()
        torch.manual_seed(step_seed(settings.seed, step))
        phase = phase_of(step, steps=self.batches.steps, token_steps=settings.token_steps)
        rate = settings.learning_rate * learning_rate_factor(
            phase.step, steps=phase.steps, warmup=settings.warmup, since_skip=progress.bad.since_last
        )
        set_learning_rate(self._optimizer, rate)
        weight = (
            settings.aux_weight
            if phase.tokens_only
            else auxiliary_weight(phase.step, steps=phase.steps, start=settings.aux_weight)
        )
        gradients = with_memory(
            lambda: accumulate(
                self._wrapped,
                data if data.budget == self.budget.tokens else self.batches.made(step, self.budget.tokens),
                accelerator=self.accelerator,
                aux_weight=weight,
                clip_norm=settings.clip_norm,
                tokens_only=phase.tokens_only,
            ),
            budget=self.budget,
            undo=self._stepper.zero_grad,
        )
        if self.batches.budget != self.budget.tokens:
            self.batches.budget = self.budget.tokens
            self._write(log, "memory", token_budget=self.budget.tokens)
        self._update(data, gradients, log)
        progress.step += 1
        seconds = time.perf_counter() - began
        self._write(
            log,
            "step",
            **asdict(gradients),
            learning_rate=rate,
            aux_weight=weight,
            seconds=round(seconds, 4),
            questions_per_second=round(gradients.questions * self.accelerator.num_processes / seconds, 2),
        )
        if log is not None:
            log.progress(progress.step, loss=gradients.loss)

    def _update(self, data: StepData, gradients: Gradients, log: EventLog | None) -> None:
        if is_finite(gradients.loss, gradients.norm):
            self._stepper.step()
            self._stepper.zero_grad()
            self._progress.bad.good()
            return
        self._stepper.zero_grad()
        ids = [image_id for piece in data.pieces for image_id in piece.image_ids]
        self._write(log, "skipped", loss=gradients.loss, norm=gradients.norm, images=ids)
        self._progress.bad.bad(step=self._progress.step, loss=gradients.loss, norm=gradients.norm, image_ids=ids)

    def _metrics(self, log: EventLog | None, *, at_end: bool) -> dict[str, float]:
        every = self.settings.evaluate_every
        if self._evaluate is None or not (at_end or (every and self._progress.step % every == 0)):
            return {}
        with self._undisturbed():
            metrics = dict(self._evaluate(self.model, self._progress.step))
        self._write(log, "evaluated", **metrics)
        return metrics

    def _show_examples(self, log: EventLog | None) -> None:
        # Sharded weights need all processes to ask; examples are not worth that.
        if self._examples is None or log is None or self.accelerator.num_processes > 1:
            return
        with self._undisturbed():
            examples = self._examples(self.model)
        for example in examples:
            self._write(log, "sample", **example)

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Asking the network must not move the generators that training draws from."""
        states = random_states()
        self.model.eval()
        with torch.no_grad():
            yield
        self.model.train()
        restore_random_states(states)

    def _save(self, log: EventLog | None, metrics: Mapping[str, float]) -> None:
        progress = self._progress
        score = metrics.get(SELECTED_BY)
        is_best = score is not None and score == score and (progress.best is None or score > progress.best)  # noqa: PLR0124
        progress.best = score if is_best else progress.best
        if not self.accelerator.is_main_process:
            return
        folder = write_checkpoint(
            self.folder, step=progress.step, checkpoint=self._checkpoint(metrics), is_best=is_best
        )
        self._write(log, "saved", checkpoint=folder.name, best=is_best)

    def _checkpoint(self, metrics: Mapping[str, float]) -> Checkpoint:
        settings, step = self.settings, self._progress.step
        epoch, cursor = divmod(step * settings.batch_images, len(self.batches.samples))
        return Checkpoint(
            tensors={
                **model_tensors(self.model),
                "optimizer.safetensors": optimizer_tensors(self._optimizer, self.model),
            },
            texts={
                **model_texts(self.model),
                "config.json": self.model.config.to_json(),
                "settings.json": as_text(settings.as_json()),
                "prompts.json": prompt_text(settings.prompt),
                "tokenizer.json": self._tokenizer.backend.to_str(),
                "optimizer.json": as_text({"kind": "AdamW", "betas": settings.betas, "decay": settings.weight_decay}),
                "rng.json": as_text(random_states()),
                "sampler.json": as_text({"seed": settings.seed, "step": step, "epoch": epoch, "image_cursor": cursor}),
                "progress.json": as_text(self._progress.as_json()),
            },
            facts={**self._facts, "step": step, "steps": self.batches.steps, "metrics": _finite(metrics)},
        )

    def _latest(self) -> Checkpoint | None:
        """The latest checkpoint. Raises: ValueError if it is of other settings, data or network."""
        folder = pointed(self.folder, LATEST)
        if folder is None:
            return None
        stored = read_checkpoint(folder)
        given = {
            "settings": (stored.document("settings.json"), self.settings.as_json()),
            "network": (json.loads(stored.texts["config.json"]), json.loads(self.model.config.to_json())),
            "data": (stored.facts["data"], self._facts["data"]),
        }
        for what, (before, now) in given.items():
            if before != now:
                raise ValueError(
                    f"{self.folder} was trained with other {what}: {_difference(before, now)}. Use a new folder."
                )
        return stored

    def _resume(self) -> bool:
        """Go on as the checkpoint says, or begin."""
        if self._stored is None:
            seed_all(self.settings.seed)
            return False
        restore_optimizer(self._optimizer, self.model, self._stored.tensors["optimizer.safetensors"])
        restore_random_states(self._stored.document("rng.json"))
        progress = self._stored.document("progress.json")
        self._progress = Progress(step=progress["step"], bad=BadSteps(**progress["bad"]), best=progress["best"])
        self._stored = None
        return True

    def _is_saved(self) -> bool:
        folder = pointed(self.folder, LATEST)
        return folder is not None and folder.name == f"step-{self._progress.step:08d}"

    def _write(self, log: EventLog | None, event: str, **facts: Any) -> None:
        if log is not None:
            log.write(event, step=self._progress.step, **facts)


def make_accelerator(settings: Settings) -> Accelerator:
    """On the GPU where there is one; bfloat16 if asked for, or if `auto` finds a device that has it."""
    has_bfloat16 = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    wanted = settings.precision == "bfloat16" or (settings.precision == "auto" and has_bfloat16)
    return Accelerator(
        mixed_precision="bf16" if wanted else "no",
        cpu=not torch.cuda.is_available(),
        # Heads that do not count any more, and views that an ablation left out, get no gradient.
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )


def _finite(metrics: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if value == value else None for name, value in metrics.items()}  # noqa: PLR0124


def _difference(before: Any, now: Any) -> str:
    if isinstance(before, dict) and isinstance(now, dict):
        names = [name for name in sorted(set(before) | set(now)) if before.get(name) != now.get(name)]
        return ", ".join(f"{name} {before.get(name)!r}, now {now.get(name)!r}" for name in names)
    return f"{before}, now {now}"
