"""What everybody writes first: one question a row, padded, in a Hugging Face Trainer with the logits of every token.

The same network and the same questions as the tree; the image is encoded again for every row, since rows know nothing
of each other. Kept to be beaten (specs 6).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import Trainer, TrainerCallback, TrainingArguments

from ml.seagull.data.records import ImageSample
from ml.seagull.language.prompts import Prompt
from ml.seagull.language.sampling import ImagePlan, PlannedROI
from ml.seagull.language.tokenizer import LanguageTokenizer
from ml.seagull.network.inputs import ImageInputs, ROIInputs
from ml.seagull.network.model import Seagull
from ml.seagull.tree.batch import IGNORED
from ml.seagull.tree.collate import collate


class OneQuestionARow(nn.Module):
    """The network as a Trainer wants it: tensors in, loss and logits out. Rows are causal and right-padded."""

    def __init__(self, network: Seagull) -> None:
        super().__init__()
        self.network = network

    def gradient_checkpointing_enable(self, gradient_checkpointing_kwargs: dict[str, Any] | None = None) -> None:
        self.network.causal_lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs)

    def forward(
        self,
        pixels: Tensor,
        masks: Tensor,
        crops: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        image_slots: Tensor,
        view_slots: Tensor,
        labels: Tensor,
    ) -> dict[str, Tensor]:
        rows = input_ids.shape[0]
        rois = ROIInputs(torch.arange(rows, device=pixels.device), masks, crops)
        tokens = self.network.encode(ImageInputs(pixels), rois)
        words = self.network.causal_lm.get_input_embeddings()(input_ids).clone()
        words[image_slots] = tokens.image.flatten(0, 1).to(words.dtype)
        row = torch.arange(rows, device=pixels.device)
        for place, view in enumerate((tokens.global_, tokens.local)):
            if view is not None:
                words[row, view_slots[:, place]] = view.to(words.dtype)
        logits = self.network.causal_lm(inputs_embeds=words, attention_mask=attention_mask, use_cache=False).logits
        loss = functional.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED)
        return {"loss": loss, "logits": logits}


def rows_of(
    samples: Sequence[ImageSample],
    plans: Sequence[ImagePlan],
    *,
    tokenizer: LanguageTokenizer,
    network: Seagull,
    prompt: Prompt,
) -> list[dict[str, Tensor]]:
    """Every question of the plans as a row of its own: a tree with one branch is a plain sequence."""
    rows = []
    for sample, plan in zip(samples, plans, strict=True):
        for roi in plan.rois:
            for question in roi.questions:
                single = ImagePlan((PlannedROI(roi.index, (question,)),))
                batch = collate([sample], tokenizer=tokenizer, config=network.config, prompt=prompt, plan=[single])
                tree = batch.tree
                rows.append(
                    {
                        "pixels": batch.images.pixels[0],
                        "masks": batch.rois.masks[0],
                        "crops": batch.rois.crops[0],
                        "input_ids": tree.token_ids[0],
                        "image_slots": tree.image_slots[0],
                        "view_slots": torch.stack([tree.global_slots[0], tree.local_slots[0]]),
                        "labels": tree.labels[0],
                    }
                )
    return rows


def padded(rows: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Rows of one batch, padded on the right to the longest."""
    lengths = [len(row["input_ids"]) for row in rows]
    fill = {"input_ids": 0, "image_slots": 0, "labels": IGNORED}
    batch = {
        name: torch.stack([functional.pad(row[name], (0, max(lengths) - len(row[name])), value=value) for row in rows])
        for name, value in fill.items()
    }
    for name in ("pixels", "masks", "crops", "view_slots"):
        batch[name] = torch.stack([row[name] for row in rows])
    places = torch.arange(max(lengths))
    batch["attention_mask"] = (places < torch.tensor(lengths)[:, None]).long()
    return batch


@dataclass
class Clock(TrainerCallback):  # type: ignore[misc] # transformers is not typed
    """Seconds of each step, of the processor on a CPU and of the wall on a GPU, and its loss."""

    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    began: float = 0.0

    def on_step_begin(self, *given: Any, **named: Any) -> None:
        self.began = now()

    def on_step_end(self, *given: Any, **named: Any) -> None:
        self.seconds.append(now() - self.began)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **named: Any) -> None:
        if logs and "loss" in logs:
            self.losses.append(logs["loss"])


def now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def train(
    network: Seagull, rows: list[dict[str, Tensor]], *, batch: int, learning_rate: float, folder: str, steps: int
) -> Clock:
    """`steps` updates of `batch` rows, in order, by the Trainer; on a GPU in bfloat16 with full checkpointing."""
    clock = Clock()
    on_gpu = torch.cuda.is_available()
    arguments = TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=batch,
        max_steps=steps,
        learning_rate=learning_rate,
        lr_scheduler_type="constant",
        weight_decay=0.0,
        max_grad_norm=1.0,
        use_cpu=not on_gpu,
        bf16=on_gpu,
        gradient_checkpointing=on_gpu,
        logging_steps=1,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        remove_unused_columns=False,
        train_sampling_strategy="sequential",
        dataloader_pin_memory=False,
    )
    Trainer(
        model=OneQuestionARow(network),
        args=arguments,
        train_dataset=rows,  # type: ignore[arg-type]
        data_collator=padded,
        callbacks=[clock],
    ).train()
    return clock
