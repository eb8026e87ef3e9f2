"""SEAGULL's speed: an image's questions as one tree against one question a row in a Hugging Face Trainer.

    python -m bench.seagull [--presets ci,tiny] [--steps 3] [--gpu]

Training: the same network, questions, losses and optimizer on both sides, in one run; the losses are compared before
the times are. Suggesting: 34 ROIs of one image, all nine questions in one pass and the answers in words, against one
`generate` for each of three questions of each ROI. Seconds are the processor's, on one thread; with --gpu of the wall.
With --gpu also seagull-7b with random weights (nothing is downloaded), 32 images of 512 x 512, with peak memory and MFU.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from bench import seagull_baseline
from bench.rows import Row, table
from ml.seagull.data.records import ImageSample, ROILabels, ROISample
from ml.seagull.language.levels import DISTORTIONS
from ml.seagull.language.prompts import Prompt, load_prompt
from ml.seagull.language.sampling import ImagePlan, Sampling, draw_plan
from ml.seagull.language.tokenizer import LanguageTokenizer, word_level
from ml.seagull.network.adapters import add_adapters
from ml.seagull.network.inputs import ImageInputs, ROIInputs
from ml.seagull.network.model import Seagull
from ml.seagull.presets import PresetName, preset
from ml.seagull.scoring import Scorer, evaluating
from ml.seagull.suggesting import suggest
from ml.seagull.tree.collate import Batch, collate

QUESTIONS = 3
SUGGESTED_ROIS = 34
ANSWER_TOKENS = 8  # Answers take 5 to 12 (specs 1.5).
LEARNING_RATE = 1e-3
TREE_TARGET = 2.5
H200_FLOPS = 989e12


@dataclass(frozen=True)
class Layout:
    """Images of a step, ROIs of an image, side of a picture in pixels."""

    images: int
    rois: int
    side: int


LAYOUTS: dict[PresetName, Layout] = {
    "ci": Layout(images=8, rois=4, side=96),
    "tiny": Layout(images=8, rois=4, side=160),
    "small": Layout(images=8, rois=8, side=512),
    "seagull-7b": Layout(images=32, rois=8, side=512),
}


@dataclass(frozen=True)
class Measured:
    """Seconds of a step, questions in it, its losses, floating-point operations (0: not counted), peak bytes."""

    seconds: float
    questions: int
    losses: list[float]
    flops: int = 0
    peak_bytes: int = 0


def run(presets: Sequence[PresetName] = ("ci", "tiny"), steps: int = 3) -> list[Row]:
    """What `python -m bench seagull` shows; milliseconds of a question, less is better."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    rows: list[Row] = []
    for name in presets:
        tree, plain = training(name, steps=steps)
        rows.append(
            Row(
                f"{name}: train, ms a question",
                1000 * tree.seconds / tree.questions,
                1000 * plain.seconds / plain.questions,
                "ms",
                round(1000 * plain.seconds / plain.questions / TREE_TARGET, 2),
            )
        )
        rows.append(suggesting(name))
    return rows


def training(name: PresetName, *, steps: int) -> tuple[Measured, Measured]:
    """The tree and the baseline on the same images. Raises: AssertionError if their losses differ."""
    layout, prompt, tokenizer = LAYOUTS[name], load_prompt("own-v1"), word_level()
    samples = pictures(layout)
    how = Sampling(rois=None, judgments=0)
    plans = [draw_plan(one, prompt, how, run_seed=0, epoch=0) for one in samples]
    tree = _train_tree(_network(name), samples, plans, tokenizer=tokenizer, prompt=prompt, steps=steps)
    plain = _train_plain(_network(name), samples, plans, tokenizer=tokenizer, prompt=prompt, steps=steps)
    # The first loss comes from the very same weights; later ones may drift by rounding.
    tolerance = 2e-2 if torch.cuda.is_available() else 1e-5
    if abs(tree.losses[0] - plain.losses[0]) > tolerance * plain.losses[0]:
        raise AssertionError(f"{name}: the tree's loss is {tree.losses[0]}, the baseline's {plain.losses[0]}")
    return tree, plain


def pictures(layout: Layout) -> list[ImageSample]:
    """Images of noise with square ROIs and labels: what is in them costs no time."""
    generator = np.random.default_rng(0)

    def one(number: int) -> ImageSample:
        pixels = generator.integers(0, 256, (layout.side, layout.side, 3), dtype=np.uint8)
        rois = []
        for index in range(layout.rois):
            mask = np.zeros((layout.side, layout.side), np.bool_)
            edge = layout.side // 3
            top, left = generator.integers(layout.side - edge, size=2)
            mask[top : top + edge, left : left + edge] = True
            labels = ROILabels(
                quality=float(generator.uniform(0, 4)),
                importance=float(generator.uniform(0, 4)),
                distortions={DISTORTIONS[generator.integers(6)]: int(generator.integers(5))},
            )
            rois.append(ROISample.of(f"{number}-{index}", mask, labels))
        return ImageSample(f"image-{number}", "train", lambda: pixels, tuple(rois))

    return [one(number) for number in range(layout.images)]


def _network(name: PresetName) -> Seagull:
    torch.manual_seed(0)
    # Auxiliary heads would be asked once per ROI here and once per row there: left out, the losses are the same.
    config = preset(name, aux_heads=False)
    if not torch.cuda.is_available():
        return Seagull(config)
    with torch.device("cuda"):
        network = Seagull(config)
    if name == "seagull-7b":
        network.lm.to(torch.bfloat16)
        network.encoder.to(torch.bfloat16)
        add_adapters(network)
    return network


def _train_tree(
    network: Seagull,
    samples: Sequence[ImageSample],
    plans: Sequence[ImagePlan],
    *,
    tokenizer: LanguageTokenizer,
    prompt: Prompt,
    steps: int,
) -> Measured:
    on_gpu = torch.cuda.is_available()
    trained = [one for one in network.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=0.0)
    # As many images a forward as memory takes; the pieces' gradients add up to the step's.
    at_once = 8 if on_gpu and network.config.name == "seagull-7b" else len(samples)
    pieces = [
        collate(
            samples[first : first + at_once],
            tokenizer=tokenizer,
            config=network.config,
            prompt=prompt,
            plan=plans[first : first + at_once],
        )
        for first in range(0, len(samples), at_once)
    ]
    total = sum(int((piece.tree.labels >= 0).sum()) for piece in pieces)

    def step() -> float:
        loss_sum = 0.0
        for piece in pieces:
            batch: Batch = piece.to("cuda") if on_gpu else piece
            with torch.autocast("cuda", torch.bfloat16, enabled=on_gpu):
                output = network(batch.images, batch.rois, batch.tree)
            share = output.loss * (len(output.targets) / total)
            share.backward()
            loss_sum += float(share.detach())
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return loss_sum

    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    with FlopCounterMode(display=False) as counter:
        losses = [step()]
    seconds = []
    for _ in range(steps):
        began = seagull_baseline.now()
        losses.append(step())
        seconds.append(seagull_baseline.now() - began)
    return Measured(
        seconds=statistics.median(seconds),
        questions=sum(plan.questions for plan in plans),
        losses=losses,
        flops=counter.get_total_flops(),
        peak_bytes=torch.cuda.max_memory_allocated() if on_gpu else 0,
    )


def _train_plain(
    network: Seagull,
    samples: Sequence[ImageSample],
    plans: Sequence[ImagePlan],
    *,
    tokenizer: LanguageTokenizer,
    prompt: Prompt,
    steps: int,
) -> Measured:
    # A 7B step of all rows does not fit: 32 rows are a step there, as in the paper, and cost what 32 questions cost.
    rows = seagull_baseline.rows_of(samples, plans, tokenizer=tokenizer, network=network, prompt=prompt)
    if network.config.name == "seagull-7b":
        rows = rows[:32]
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    with tempfile.TemporaryDirectory() as folder:
        clock = seagull_baseline.train(
            network, rows, batch=len(rows), learning_rate=LEARNING_RATE, folder=folder, steps=steps + 1
        )
    return Measured(
        seconds=statistics.median(clock.seconds[1:]),
        questions=len(rows),
        losses=clock.losses,
        peak_bytes=torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0,
    )


def suggesting(name: PresetName) -> Row:
    """Seconds for all suggestions of 34 ROIs of one image: one pass, against a `generate` for every question."""
    layout = LAYOUTS[name]
    (sample,) = pictures(Layout(images=1, rois=SUGGESTED_ROIS, side=layout.side))
    network, prompt, tokenizer = _network(name).eval(), load_prompt("own-v1"), word_level()
    scorer = Scorer(network, tokenizer, prompt)
    suggest(scorer, sample)
    began = seagull_baseline.now()
    suggest(scorer, sample)
    ours = seagull_baseline.now() - began
    began = seagull_baseline.now()
    _generate_each(network, sample, tokenizer=tokenizer, prompt=prompt)
    baseline = seagull_baseline.now() - began
    return Row(f"{name}: suggest {SUGGESTED_ROIS} ROIs", ours, baseline, "s")


def _generate_each(network: Seagull, sample: ImageSample, *, tokenizer: LanguageTokenizer, prompt: Prompt) -> None:
    """As the authors' demo asks: everything anew for each question of each ROI."""
    how = Sampling(rois=None, judgments=0, paraphrase=False)
    plan = draw_plan(sample, prompt, how, run_seed=0, epoch=0)
    rows = seagull_baseline.rows_of([sample], [plan], tokenizer=tokenizer, network=network, prompt=prompt)
    device = next(network.parameters()).device
    with evaluating(network):
        for row in rows:
            asked = int((row["labels"] >= 0).nonzero()[0]) + 1
            batch = {key: value.to(device) for key, value in seagull_baseline.padded([row]).items()}
            words = _embedded(network, batch)[:, :asked]
            network.causal_lm.generate(
                inputs_embeds=words,
                attention_mask=torch.ones(words.shape[:2], dtype=torch.long, device=device),
                min_new_tokens=ANSWER_TOKENS,
                max_new_tokens=ANSWER_TOKENS,
                do_sample=False,
            )


def _embedded(network: Seagull, batch: dict[str, Any]) -> torch.Tensor:
    tokens = network.encode(
        ImageInputs(batch["pixels"]),
        ROIInputs(torch.zeros(1, dtype=torch.long, device=batch["pixels"].device), batch["masks"], batch["crops"]),
    )
    words: torch.Tensor = network.causal_lm.get_input_embeddings()(batch["input_ids"]).clone()
    words[batch["image_slots"]] = tokens.image.flatten(0, 1).to(words.dtype)
    for place, view in enumerate((tokens.global_, tokens.local)):
        if view is not None:
            words[0, batch["view_slots"][0, place]] = view[0].to(words.dtype)
    return words


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.seagull", description=__doc__.splitlines()[0])
    parser.add_argument("--presets", default="ci,tiny")
    parser.add_argument("--steps", type=int, default=3, help="steps that are timed, after one that is not")
    parser.add_argument("--gpu", action="store_true", help="seagull-7b with random weights as well")
    given = parser.parse_args()
    if given.gpu and not torch.cuda.is_available():
        sys.exit("--gpu: torch finds no GPU here; leave it out for the CPU's numbers.")
    names: list[PresetName] = given.presets.split(",")
    print(table(run(names, given.steps)), flush=True)
    if given.gpu:
        tree, plain = training("seagull-7b", steps=given.steps)
        for what, one in (("tree", tree), ("one question a row", plain)):
            rate = one.questions / one.seconds
            mfu = f", MFU {one.flops / one.seconds / H200_FLOPS:.1%}" if one.flops else ""
            print(
                f"seagull-7b, {what}: {one.seconds:.2f} s a step, {rate:.1f} questions/s{mfu}, {one.peak_bytes / 1e9:.1f} GB"
            )


if __name__ == "__main__":
    main()
