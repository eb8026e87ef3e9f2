"""Everything that decides a run besides the network and the data, and the presets of the paper's two stages and of small networks."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

PRECISIONS = ("float32", "bfloat16", "auto")
PROMPTS = ("own-v1", "paper-v1", "official-v1")
LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class Limit:
    """A range of a setting: `above` is not in it, `least` and `most` are. `whole`: integers only; `may_be_none`: or null."""

    above: float | None = None
    least: float | None = None
    most: float = LARGEST
    below: float | None = None
    whole: bool = False
    may_be_none: bool = False

    def refusal(self, value: Any) -> str | None:
        """What to give instead, None for a value in the range."""
        if value is None and self.may_be_none:
            return None
        kinds = int if self.whole else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool)
        if (
            is_number
            and (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.below is None or value < self.below)
            and value <= self.most
        ):
            return None
        return f"give {self}"

    def __str__(self) -> str:
        ends = [
            None if self.above is None else f"above {self.above:g}",
            None if self.least is None else f"from {self.least:g}",
            f"up to {self.most:,}" if self.below is None else f"below {self.below:g}",
        ]
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} {', '.join(filter(None, ends))}{', or none' if self.may_be_none else ''}"


# Shared with the platform (ml.seagull.training.schema writes them down for it).
LIMITS: Mapping[str, Limit] = {
    "learning_rate": Limit(above=0, most=1),
    "batch_images": Limit(least=1, most=65_536, whole=True),
    "epochs": Limit(least=1, most=10_000, whole=True),
    "steps": Limit(least=1, most=10_000_000, whole=True, may_be_none=True),
    "warmup": Limit(least=0, below=1),
    "weight_decay": Limit(least=0, most=10),
    "clip_norm": Limit(above=0),
    "rois": Limit(least=1, most=10_000, whole=True, may_be_none=True),
    "judgments": Limit(least=0, most=8, whole=True),
    "aux_weight": Limit(least=0, most=1000),
    "token_steps": Limit(least=0, most=10_000_000, whole=True),
    "token_budget": Limit(least=64, most=LARGEST, whole=True),
    "seed": Limit(least=0, most=2**31 - 1, whole=True),
    "save_every": Limit(least=1, whole=True),
    "evaluate_every": Limit(least=0, whole=True),
    "evaluate_images": Limit(least=1, whole=True, may_be_none=True),
    "workers": Limit(least=0, most=64, whole=True),
}


LORA_LIMITS: Mapping[str, Limit] = {
    "rank": Limit(least=1, most=4096, whole=True),
    "alpha": Limit(least=1, most=65_536, whole=True),
    "dropout": Limit(least=0, below=1),
}


@dataclass(frozen=True, slots=True)
class LoRA:
    """Low-rank adapters on the language model's projections. Sources: the paper 5.1 (rank, alpha), Osprey (dropout)."""

    rank: int = 128
    alpha: int = 256
    dropout: float = 0.05

    def __post_init__(self) -> None:
        for name, limit in LORA_LIMITS.items():
            if refusal := limit.refusal(getattr(self, name)):
                raise ValueError(f"lora.{name} is {getattr(self, name)!r}: {refusal}.")


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
        for name, limit in LIMITS.items():
            if refusal := limit.refusal(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)!r}: {refusal}.")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is {self.precision!r}: choose one of {', '.join(PRECISIONS)}.")
        if self.prompt not in PROMPTS:
            raise ValueError(f"prompt is {self.prompt!r}: choose one of {', '.join(PROMPTS)}.")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas is {self.betas}: give two numbers from 0 to below 1.")
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
# All of a small network, going on from weights: gently, and without the phase that learns to see.
FINETUNE = Settings(
    learning_rate=2e-4,
    batch_images=8,
    epochs=5,
    rois=8,
    aux_weight=0.2,
    weight_decay=0.01,
    balance_quality=True,
    save_every=50,
)
STAGES: Mapping[str, Settings] = {"stage1": STAGE1, "stage2": STAGE2, "finetune": FINETUNE, "scratch": SCRATCH}


def settings_for(stage: str, **changes: Any) -> Settings:
    """A stage's settings with changes. Raises: ValueError for an unknown stage, TypeError for an unknown field."""
    if stage not in STAGES:
        raise ValueError(f"There is no stage {stage!r}: choose one of {', '.join(STAGES)}.")
    return dataclasses.replace(STAGES[stage], **changes)
