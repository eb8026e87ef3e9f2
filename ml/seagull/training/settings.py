"""Everything that decides a run besides the network and the data, and the presets of the paper's two stages."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

PRECISIONS = ("float32", "bfloat16", "auto")


@dataclass(frozen=True, slots=True)
class LoRA:
    """Low-rank adapters on the language model's projections. Sources: the paper 5.1 (rank, alpha), Osprey (dropout)."""

    rank: int = 128
    alpha: int = 256
    dropout: float = 0.05


@dataclass(frozen=True, slots=True)
class Settings:
    """One run. Images are the unit of a batch: questions of one image are correlated (specs 6).

    steps: None makes it `epochs` passes over the images. token_budget: padded positions of one forward; a batch that
    needs more is split and its gradients are added up. rois, judgments: what is asked per image and per ROI; rois None
    takes all. token_steps: so many updates come first that train the image's and ROIs' tokens by the auxiliary heads
    alone, without the language model, which costs three times as much; one process only. precision `auto`: bfloat16 where the device has it, float32 elsewhere.
    Raises: ValueError naming the field.
    """

    learning_rate: float
    batch_images: int = 32
    epochs: int = 1
    steps: int | None = None
    warmup: float = 0.03
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    betas: tuple[float, float] = (0.9, 0.999)
    rois: int | None = 8
    judgments: int = 3
    fixed_questions: bool = False
    paraphrase: bool = True
    balance_quality: bool = False
    prompt: str = "own-v1"
    aux_weight: float = 1.0
    token_steps: int = 0
    lora: LoRA | None = None
    freeze_encoder: bool = False
    precision: str = "float32"
    checkpointing: bool = False
    token_budget: int = 16384
    seed: int = 0
    save_every: int = 100
    evaluate_every: int = 0
    evaluate_images: int | None = 64
    workers: int = 0

    def __post_init__(self) -> None:
        positive = ("learning_rate", "batch_images", "epochs", "clip_norm", "token_budget", "save_every")
        for name in positive:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}: give a number above 0.")
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup is {self.warmup}: give the share of all steps, 0 to below 1.")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is {self.precision!r}: choose one of {', '.join(PRECISIONS)}.")
        if self.steps is not None and self.steps <= 0:
            raise ValueError(f"steps is {self.steps}: give a number above 0, or none for whole epochs.")
        if self.token_steps and (self.steps is None or not 0 < self.token_steps < self.steps):
            raise ValueError(f"token_steps is {self.token_steps}: give less than steps, which is {self.steps}.")

    def as_json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return document

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Self:
        """Raises: ValueError naming fields that this version does not know."""
        unknown = set(given) - {one.name for one in dataclasses.fields(cls)}
        if unknown:
            raise ValueError(f"Settings have no {', '.join(sorted(unknown))}.")
        lora = given.get("lora")
        return cls(**{**given, "betas": tuple(given["betas"]), "lora": LoRA(**lora) if lora else None})


# Paper 5.1 B; warm-up, no weight decay and clipping as its code's ancestors have them (specs 1.6).
STAGE1 = Settings(
    learning_rate=4e-5,
    epochs=1,
    lora=LoRA(),
    freeze_encoder=True,
    aux_weight=0.0,
    precision="auto",
)
STAGE2 = Settings(
    learning_rate=1e-5,
    epochs=5,
    rois=None,
    fixed_questions=True,
    lora=LoRA(),
    freeze_encoder=True,
    aux_weight=0.0,
    precision="auto",
)
# All of a small network, from random weights (specs 2.3).
SCRATCH = Settings(
    learning_rate=1e-3,
    batch_images=8,
    steps=900,
    token_steps=500,
    rois=4,
    judgments=3,
    save_every=50,
    weight_decay=0.01,
    balance_quality=True,
)
STAGES: Mapping[str, Settings] = {"stage1": STAGE1, "stage2": STAGE2, "scratch": SCRATCH}


def settings_for(stage: str, **changes: Any) -> Settings:
    """A stage's settings with changes. Raises: ValueError for an unknown stage, TypeError for an unknown field."""
    if stage not in STAGES:
        raise ValueError(f"There is no stage {stage!r}: choose one of {', '.join(STAGES)}.")
    return dataclasses.replace(STAGES[stage], **changes)
