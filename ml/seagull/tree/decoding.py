"""Answers about the distortions of all regions of an image, one token of each at a time, only such as parse.

The regions and their questions go through once, behind the image's prefix; then every step feeds one token per
unfinished region. Every region sees the prefix and what is its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ml.seagull.data.records import ROISample
from ml.seagull.language.answers import Question
from ml.seagull.language.constrained import DistortionLanguage
from ml.seagull.network.model import ROITokens, Seagull
from ml.seagull.tree.assembly import Assembler, assemble_suffix
from ml.seagull.tree.prefix import PrefixState, run, run_suffix


@dataclass(frozen=True, slots=True)
class Decoded:
    ids: tuple[int, ...]
    """The answer's tokens without eos."""
    confidence: float
    """Product of the probabilities of its tokens among those that were allowed."""


def decode_distortions(
    model: Seagull,
    assembler: Assembler,
    state: PrefixState,
    described: ROITokens,
    rois: Sequence[ROISample],
    *,
    language: DistortionLanguage,
) -> list[Decoded]:
    """The likeliest allowed token at each step, for every region of one image."""
    question = Question(task="distortion", text=assembler.prompt.questions["distortion"][0], prefix="")
    branches = [assembler.region(roi, [question]) for roi in rois]
    tree = assemble_suffix(rois, branches, assembler, prefix=state.length)
    device = state.layers[0][0].device
    cache = state.cache()
    hidden = run_suffix(model, described, tree.to(device), cache)
    # Whose each cached token is; the prefix is everybody's.
    owners = torch.cat(
        [torch.full((state.length,), -1), *(torch.full((one.size,), number) for number, one in enumerate(branches))]
    ).to(device)
    ends = torch.tensor([row.position for row in tree.question_rows], device=device)
    positions = tree.position_ids.to(device).flatten()[ends]
    logits = model.logits_at(hidden, ends)
    said: list[list[int]] = [[] for _ in rois]
    confidence = [1.0] * len(rois)
    open_ = list(range(len(rois)))
    while open_:
        going: list[int] = []
        for number, row in zip(open_, logits.float(), strict=True):
            token, probability = _best(row, language.allowed(said[number]))
            confidence[number] *= probability
            if token != assembler.tokenizer.eos:
                said[number].append(token)
                going.append(number)
        open_ = going
        if open_:
            mine = torch.tensor(open_, device=device)
            positions = _advance(positions, mine)
            owners = torch.cat([owners, mine])
            tokens = torch.tensor([[said[number][-1] for number in open_]], device=device)
            embedded = model.causal_lm.get_input_embeddings()(tokens)
            allowed = (owners == -1) | (owners == mine[:, None])
            hidden = run(model, embedded, allowed[None, None], positions[mine][None], cache)
            logits = model.logits_at(hidden, torch.arange(len(open_), device=device))
    return [Decoded(tuple(ids), sure) for ids, sure in zip(said, confidence, strict=True)]


def _best(logits: Tensor, allowed: Sequence[int]) -> tuple[int, float]:
    probabilities = logits[list(allowed)].softmax(dim=-1)
    best = int(probabilities.argmax())
    return allowed[best], float(probabilities[best])


def _advance(positions: Tensor, regions: Tensor) -> Tensor:
    return positions.index_add(0, regions, torch.ones_like(regions))
