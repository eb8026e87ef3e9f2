"""How long a run takes and how much memory it needs, before it starts.

Where the study has finished a run of the same preset in the same phase, its own seconds count. Otherwise: constants that were
measured (docs/runs.md says how), scaled by the images of a step; on a GPU, where none was measured, arithmetic.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from roiqa.training.models import RunState, TrainingRun
from roiqa.training.planning import Plan
from roiqa.training.settings_rules import needs_gpu, schema

# Seconds an image of one update on one core of a busy server: (tokens alone, everything). Eight images of three ROIs.
CPU_SECONDS: Mapping[str, tuple[float, float]] = {"ci": (0.031, 0.10), "tiny": (0.05, 0.24)}
# Start of the program, reading the data, the test part's report.
START_SECONDS = 30.0
# A GPU does useful work at this rate in training; no GPU was at hand to measure it (assumed: 30 % of 300 TFLOP/s).
GPU_FLOPS = 9e13
# Tokens of an image's questions in one update: what is asked of four ROIs, beside the image's own tokens.
QUESTION_TOKENS = 250
# Bytes of a number: weights, gradient and Adam's two moments; weights that are kept only.
TRAINED_BYTES, KEPT_BYTES = 16, 4
# The program itself, and what a token of a forward holds on to for each parameter (measured: ci 0.73 GB, tiny 1.01 GB).
PROGRAM_BYTES = 650_000_000
TOKEN_BYTES_A_PARAMETER = 0.03


@dataclass(frozen=True, slots=True)
class Estimate:
    seconds: float
    memory_bytes: int
    steps: int
    needs_gpu: bool
    basis: str


def estimate(plan: Plan) -> Estimate:
    seconds, basis = _seconds(plan)
    return Estimate(
        seconds=round(seconds + START_SECONDS, 1),
        memory_bytes=_memory(plan),
        steps=plan.steps,
        needs_gpu=needs_gpu(plan.preset),
        basis=basis,
    )


def _seconds(plan: Plan) -> tuple[float, str]:
    settings = plan.resolved
    images = int(settings["batch_images"])
    before = _measured_before(plan)
    if before is not None:
        return (
            plan.steps * float(before.seconds_per_step or 0),
            f"Run {before.number} of this study took {before.seconds_per_step:.2f} s a step on {before.device}.",
        )
    if plan.preset in CPU_SECONDS:
        tokens_alone, everything = CPU_SECONDS[plan.preset]
        first = int(settings["token_steps"])
        seconds = images * (first * tokens_alone + (plan.steps - first) * everything)
        return seconds, "Measured on one core of a busy server, with images of three ROIs; a GPU is faster."
    known = _known(plan)
    tokens = known["image_tokens"] + QUESTION_TOKENS
    passes = 4 if settings["checkpointing"] else 3
    flops = 2 * known["parameters"] * tokens * images * plan.steps * passes
    return (
        flops / GPU_FLOPS,
        "Computed from the parameters for one large GPU; not measured, expect half to twice of it.",
    )


def _measured_before(plan: Plan) -> TrainingRun | None:
    """The latest run whose step did the same work: same network, stage and images of a step."""
    runs = TrainingRun.objects.filter(
        study=plan.study,
        preset=plan.preset,
        variant=plan.variant,
        stage=plan.stage,
        state=RunState.SUCCEEDED,
        seconds_per_step__gt=0,
    ).order_by("-finished_at")
    same = ("batch_images", "token_steps", "rois", "lora", "checkpointing")
    return next(
        (run for run in runs[:20] if all(run.config["settings"][name] == plan.resolved[name] for name in same)), None
    )


def _memory(plan: Plan) -> int:
    """Weights, gradients, Adam's moments, and activations under the token budget."""
    settings, known = plan.resolved, _known(plan)
    trained = known["parameters"]
    if settings["freeze_encoder"]:
        trained -= known["encoder_parameters"]
    if settings["lora"] is not None:
        # Two thin matrices beside each projection: about a hundredth of the model at rank 128.
        trained -= known["language_parameters"] - known["language_parameters"] * int(settings["lora"]["rank"]) // 12_800
    kept = known["parameters"] - trained
    tokens = min(
        int(settings["token_budget"]), int(settings["batch_images"]) * (known["image_tokens"] + QUESTION_TOKENS)
    )
    activations = tokens * known["parameters"] * TOKEN_BYTES_A_PARAMETER / (8 if settings["checkpointing"] else 1)
    return int(trained * TRAINED_BYTES + kept * KEPT_BYTES + activations + PROGRAM_BYTES)


def _known(plan: Plan) -> dict[str, Any]:
    known: dict[str, Any] = schema()["presets"][plan.preset]["variants"][plan.variant]
    return known
