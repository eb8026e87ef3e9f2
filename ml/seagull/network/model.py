"""SEAGULL: an image and its ROIs become tokens among words, and a language model answers.

A plain module that holds a LlamaForCausalLM: a PreTrainedModel would re-initialise every linear layer inside it.
Letters: B images, R ROIs, N image tokens, T positions, S side, D width of the language model, V vocabulary.
"""

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from ml.seagull.network.auxiliary import AuxiliaryHeads, AuxLogits, auxiliary_loss
from ml.seagull.network.config import LMConfig, NetworkConfig
from ml.seagull.network.encoder import ConvNeXt
from ml.seagull.network.extractor import FeatureExtractor
from ml.seagull.network.high_pass import high_pass
from ml.seagull.network.inputs import ImageInputs, ROIInputs
from ml.seagull.network.local import make_local
from ml.seagull.tree.batch import IGNORED, TreeBatch


@dataclass(frozen=True, slots=True)
class Pyramid:
    """What is computed once per image."""

    levels: tuple[Tensor, ...]
    """[B, C, h, w], res2 to res5."""
    image: Tensor
    """[B, N, D], ready to be spliced."""


@dataclass(frozen=True, slots=True)
class ROITokens:
    """What is computed once per ROI."""

    global_: Tensor | None
    """[R, D], ready to be spliced."""
    local: Tensor | None
    """[R, D]; None without a local branch."""
    aux: AuxLogits | None
    empty: Tensor
    """int64 scalar: pooled levels that the released pooling would have lost."""


@dataclass(frozen=True, slots=True)
class Tokens:
    image: Tensor
    global_: Tensor | None
    local: Tensor | None
    aux: AuxLogits | None
    empty: Tensor


@dataclass(frozen=True, slots=True)
class Output:
    logits: Tensor
    """[n, V], at the n labelled positions only, in the order of the flattened labels."""
    targets: Tensor
    """int64 [n]."""
    loss: Tensor
    """Mean cross-entropy, float32."""
    aux_loss: Tensor | None
    """Not weighted; None without auxiliary heads."""
    empty: Tensor
    """See ROITokens."""


class Seagull(nn.Module):
    """The network of a configuration, with random weights; `ml.seagull.weights` loads them."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        level_dim, dim = config.encoder.dims[config.image_token_level], config.lm.dim
        self.encoder = ConvNeXt(config.encoder, channels=config.encoder_channels)
        self.projector = _projector(config, level_dim, dim)
        self.extractor = FeatureExtractor(config) if config.global_view else None
        self.local = make_local(config)
        views = (self.extractor is not None) + (self.local is not None)
        self.norms = nn.ModuleDict(
            {name: nn.LayerNorm(dim) for name in ("image", "global_", "local")} if config.token_norm else {}
        )
        self.aux = AuxiliaryHeads(dim, views) if config.aux_heads and views else None
        self.lm: Any = make_lm(config.lm)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(config.encoder.mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(config.encoder.std).view(3, 1, 1), persistent=False)
        if config.encoder.frozen:
            self.encoder.requires_grad_(requires_grad=False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002 - the signature of torch
        super().train(mode)
        if self.config.encoder.frozen:
            self.encoder.eval()
        return self

    @property
    def causal_lm(self) -> Any:
        """The LlamaForCausalLM, whether or not adapters are wrapped around it."""
        return self.lm.get_base_model() if hasattr(self.lm, "get_base_model") else self.lm

    def perceive(self, images: ImageInputs) -> Pyramid:
        """Features and image tokens; no ROI is known yet, so it may be kept for later clicks."""
        seen = self._normalise(images.pixels)
        if self.config.encoder_channels > 3:
            seen = torch.cat((seen, high_pass(images.pixels)), dim=1)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.config.encoder.frozen):
            levels = self.encoder(seen.to(_dtype(self.encoder)))
        cells = levels[self.config.image_token_level].permute(0, 2, 3, 1).flatten(1, 2)
        image = self.projector(cells.to(_dtype(self.projector)))
        return Pyramid(levels=levels, image=self._scaled("image", self._normed("image", image)))

    def describe(self, pyramid: Pyramid, rois: ROIInputs) -> ROITokens:
        """The tokens of the ROIs of these images; an ROI's never depend on its neighbours, but with sa_axis roi_set."""
        views: dict[str, Tensor] = {}
        empty = torch.zeros((), dtype=torch.long, device=rois.masks.device)
        if self.extractor is not None:
            views["global_"], empty = self.extractor(pyramid.levels, rois)
        if self.local is not None:
            pixels, mask = rois.crops[:, :3], rois.crops[:, 3:] if rois.crops.shape[1] > 3 else None
            views["local"] = self.local(pixels, self._normalise(pixels), mask)
        normed = {name: self._normed(name, view) for name, view in views.items()}
        aux = self.aux(list(normed.values())) if self.aux is not None else None
        scaled = {name: self._scaled(name, view) for name, view in normed.items()}
        return ROITokens(global_=scaled.get("global_"), local=scaled.get("local"), aux=aux, empty=empty)

    def encode(self, images: ImageInputs, rois: ROIInputs) -> Tokens:
        """Everything that is spliced among the words."""
        pyramid = self.perceive(images)
        described = self.describe(pyramid, rois)
        return Tokens(
            image=pyramid.image,
            global_=described.global_,
            local=described.local,
            aux=described.aux,
            empty=described.empty,
        )

    def embed(self, tokens: Tokens, tree: TreeBatch) -> Tensor:
        """[B, T, D]: word embeddings, with the tokens of images and ROIs in their places (one index operation)."""
        words = self.causal_lm.get_input_embeddings()(tree.token_ids)
        batch, length, dim = words.shape
        slots = [tree.image_slots.flatten().nonzero()[:, 0]]
        values = [tokens.image.flatten(0, 1)]
        for view, places in ((tokens.global_, tree.global_slots), (tokens.local, tree.local_slots)):
            if view is not None:
                slots.append(places)
                values.append(view)
        if slots[0].shape[0] != values[0].shape[0]:
            raise ValueError(f"the tree has {slots[0].shape[0]} image slots for {values[0].shape[0]} image tokens")
        spliced: Tensor = words.flatten(0, 1).index_copy(0, torch.cat(slots), torch.cat(values).to(words.dtype))
        return spliced.view(batch, length, dim)

    def hidden(self, embedded: Tensor, tree: TreeBatch) -> Tensor:
        """Last hidden states [B, T, D] of the tree's rows."""
        # Without the 4-D mask transformers takes restarted positions for packed sequences and hides the prefix.
        if tree.attention.dim() != 4:
            raise ValueError(f"attention is {tuple(tree.attention.shape)}: give bool [B, 1, T, T]")
        out: Tensor = self.causal_lm.model(
            inputs_embeds=embedded,
            attention_mask=tree.attention,
            position_ids=tree.position_ids,
            use_cache=False,
        ).last_hidden_state
        return out

    def logits_at(self, hidden: Tensor, positions: Tensor) -> Tensor:
        """[n, V] at flat positions b * T + t (int64 [n]): the full logits of a batch would not fit beside a 7B model."""
        out: Tensor = self.causal_lm.lm_head(hidden.flatten(0, 1).index_select(0, positions))
        return out

    def forward(self, images: ImageInputs, rois: ROIInputs, tree: TreeBatch) -> Output:
        """Raises ValueError if no position has a label."""
        tokens = self.encode(images, rois)
        labels = tree.labels.flatten()
        positions = (labels != IGNORED).nonzero()[:, 0]
        if positions.shape[0] == 0:
            raise ValueError("no position of the batch has a label: nothing to learn from it")
        logits = self.logits_at(self.hidden(self.embed(tokens, tree), tree), positions)
        targets = labels.index_select(0, positions)
        return Output(
            logits=logits,
            targets=targets,
            loss=functional.cross_entropy(logits.float(), targets),
            aux_loss=auxiliary_loss(tokens.aux, tree.aux) if tokens.aux is not None else None,
            empty=tokens.empty,
        )

    def _normalise(self, pixels: Tensor) -> Tensor:
        return (pixels - self.mean) / self.std

    def _normed(self, name: str, tokens: Tensor) -> Tensor:
        normed: Tensor = self.norms[name](tokens) if self.norms else tokens
        return normed

    def _scaled(self, name: str, tokens: Tensor) -> Tensor:
        return tokens * self.config.token_scale if self.norms else tokens


def make_lm(config: LMConfig) -> LlamaForCausalLM:
    """A Llama with random weights."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=config.vocab,
            hidden_size=config.dim,
            intermediate_size=config.ff,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.heads,
            max_position_embeddings=config.max_positions,
            rms_norm_eps=config.rms_norm_eps,
            rope_parameters={"rope_type": "default", "rope_theta": config.rope_theta},
            tie_word_embeddings=config.tied,
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=0,
            attn_implementation="sdpa",
        )
    )


def _projector(config: NetworkConfig, level_dim: int, dim: int) -> nn.Module:
    if config.projector == "linear":
        return nn.Linear(level_dim, dim)
    return nn.Sequential(nn.Linear(level_dim, dim), nn.GELU(), nn.Linear(dim, dim))


def _dtype(module: nn.Module) -> torch.dtype:
    return next(module.parameters()).dtype
