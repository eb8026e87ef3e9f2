"""The small SAM: transformers' SamModel at a size that ships, and a start that is better than random.

A SAM from scratch stays at the all-background answer for thousands of steps. Three things in its start cure that, all
within the architecture: the positional encoding has slow waves too (WAVES; transformers begins with fast ones only), the
decoder's tokens and the picture first look at one another by place (equal query and key projections), and the encoder's
heads begin as local filters (a quadratic of the relative position, as ConViT does, d'Ascoli et al., 2021).
"""

import math

import torch
from torch import Tensor, nn
from transformers import SamConfig, SamModel

from ml.segmentation.training.canvases import MODEL_SIZE

PATCH, WIDTH, LAYERS, HEAD_WIDTH, CHANNELS, WINDOW = 8, 192, 6, 32, 128, 8
GLOBAL_LAYERS = (2, 5)
# What each head of a layer first looks at: (rows, columns) away, and how sharply.
FIRST_LOOK = ((0, 1, 0.6), (0, -1, 0.6), (1, 0, 0.6), (-1, 0, 0.6), (0, 0, 0.1), (0, 0, 0.0))
# Slowest and fastest wave of the positional encoding, in turns over half the input's side. The slow ones tell left from
# right anywhere (a box needs that), the fast ones tell places that are close.
WAVES = (0.08, 1.8)
# How loud the picture is beside the prompt at the start.
FIRST_PICTURE = 0.3
# transformers' SamImageProcessor: ImageNet's mean and standard deviation, RGB of 0..1.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
POSITIVE, PADDING, BOX_START, BOX_END = 1, -1, 2, 3


def small_sam_config() -> SamConfig:
    vision = {
        "hidden_size": WIDTH,
        "output_channels": CHANNELS,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": WIDTH // HEAD_WIDTH,
        "image_size": MODEL_SIZE,
        "patch_size": PATCH,
        "window_size": WINDOW,
        "global_attn_indexes": list(GLOBAL_LAYERS),
        "num_pos_feats": CHANNELS // 2,
        "initializer_range": 0.02,
    }
    prompt = {"hidden_size": CHANNELS, "image_size": MODEL_SIZE, "patch_size": PATCH}
    decoder = {"hidden_size": CHANNELS, "mlp_dim": 512, "num_attention_heads": 4, "iou_head_hidden_dim": 128}
    return SamConfig(vision_config=vision, prompt_encoder_config=prompt, mask_decoder_config=decoder)


def new_model(seed: int) -> SamModel:
    """A fresh small SAM; the same seed gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SamModel(small_sam_config())
        with torch.no_grad():
            _start_encoder(model)
            _start_decoder(model)
    return model


def _start_encoder(model: SamModel) -> None:
    encoder = model.vision_encoder
    nn.init.trunc_normal_(encoder.pos_embed, std=0.02)
    _start_layers(encoder)
    # First the decoder learns what the prompt says, then what the picture says.
    encoder.neck.layer_norm2.weight.fill_(FIRST_PICTURE)
    for number, layer in enumerate(encoder.layers):
        # Layers that see the whole picture look three times as far.
        reach = 3 if number in GLOBAL_LAYERS else 1
        attention = layer.attn
        # Residual branches start small: deep stacks learn faster so.
        attention.proj.weight.mul_(0.5)
        layer.mlp.lin2.weight.mul_(0.5)
        for table, column in ((attention.rel_pos_h, 0), (attention.rel_pos_w, 2)):
            away = torch.arange(len(table)) - (len(table) - 1) / 2
            table[:, column] = -(away**2)
            table[:, column + 1] = 2 * away
        # The first third of the bias belongs to the queries.
        queries = attention.qkv.bias[:WIDTH].view(-1, HEAD_WIDTH)
        for head, (rows, columns, sharpness) in enumerate(FIRST_LOOK):
            queries[head, :4] = sharpness / reach**2 * torch.tensor([1.0, reach * rows, 1.0, reach * columns])
        weights = attention.qkv.weight[:WIDTH].view(-1, HEAD_WIDTH, WIDTH)
        weights[:, :4] = 0


def _start_layers(part: nn.Module) -> None:
    """Weights that keep the size of what passes through."""
    for module in part.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            inputs = module.weight.shape[0] if isinstance(module, nn.ConvTranspose2d) else module.weight[0].numel()
            nn.init.trunc_normal_(module.weight, std=1 / math.sqrt(inputs))
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _start_decoder(model: SamModel) -> None:
    _start_layers(model.mask_decoder)
    _start_layers(model.prompt_encoder)
    for tokens in (model.mask_decoder.iou_token, model.mask_decoder.mask_tokens, *model.prompt_encoder.point_embed):
        nn.init.normal_(tokens.weight, std=0.5)
    nn.init.normal_(model.prompt_encoder.not_a_point_embed.weight, std=0.5)
    count = CHANNELS // 2
    turn, length = 2 * math.pi * torch.rand(count), torch.logspace(math.log10(WAVES[0]), math.log10(WAVES[1]), count)
    model.prompt_encoder.shared_embedding.positional_embedding.copy_(torch.stack([turn.sin(), turn.cos()]) * length)
    transformer = model.mask_decoder.transformer
    looks = [layer.cross_attn_token_to_image for layer in transformer.layers]
    back = [layer.cross_attn_image_to_token for layer in transformer.layers]
    for attention in [*looks, *back, transformer.final_attn_token_to_image]:
        nn.init.orthogonal_(attention.q_proj.weight)
        attention.k_proj.weight.copy_(attention.q_proj.weight)


def normalised(pixels: Tensor, filled: Tensor) -> Tensor:
    """B x S x S x 3 uint8 to B x 3 x S x S float32; padding is zero, as after SAM's own preprocessing."""
    values = (pixels.to(torch.float32) / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
    return (values * filled[..., None]).permute(0, 3, 1, 2).contiguous()


class SmallSam(nn.Module):
    """Encoder and decoder on whole inputs and on windows of them.

    A window is a square part of the input with its own positions: what is learnt on windows of half the side (a quarter of
    the cost) holds on the whole, only the far positions have not been met yet.
    """

    def __init__(self, model: SamModel) -> None:
        super().__init__()
        self.model = model
        self.grid = MODEL_SIZE // PATCH

    def encode(self, images: Tensor, corner: tuple[int, int] = (0, 0)) -> Tensor:
        """B x 3 x s x s to B x C x s/8 x s/8. `corner` is the window's first (row, column) on the grid of patches."""
        encoder = self.model.vision_encoder
        cells = images.shape[-1] // PATCH
        row, column = corner
        states = encoder.patch_embed.projection(images).permute(0, 2, 3, 1)
        states = states + encoder.pos_embed[:, row : row + cells, column : column + cells]
        for number, layer in enumerate(encoder.layers):
            states = self._global_layer(layer, states) if number in GLOBAL_LAYERS else layer(states)
        embeddings: Tensor = encoder.neck(states)
        return embeddings

    def _global_layer(self, layer: nn.Module, states: Tensor) -> Tensor:
        cells = states.shape[1]
        if cells == self.grid:
            whole: Tensor = layer(states)
            return whole
        # transformers would stretch the table of relative positions; a window has its middle part.
        first = self.grid - cells
        tables = {
            f"attn.{name}": getattr(layer.attn, name)[first : first + 2 * cells - 1]
            for name in ("rel_pos_h", "rel_pos_w")
        }
        part: Tensor = torch.func.functional_call(layer, tables, (states,))
        return part

    def decode(
        self,
        embeddings: Tensor,
        points: Tensor,
        labels: Tensor,
        *,
        previous: Tensor | None = None,
        several: bool = False,
        corner: tuple[int, int] = (0, 0),
    ) -> tuple[Tensor, Tensor]:
        """Low-resolution logits (B x P x 1 or 3 x l x l) and predicted IoU (B x P x 1 or 3).

        `points` (B x P x N x 2) are x, y in input pixels, `labels` (B x P x N) as in the decoder's ONNX file: 1 and 0 clicks,
        2 and 3 a box, -1 padding. `previous` (B*P x 1 x l x l) are logits of the answer before.
        """
        encoder = self.model.prompt_encoder
        cells = embeddings.shape[-1]
        row, column = corner
        positions = self.model.get_image_wide_positional_embeddings()[:, :, row : row + cells, column : column + cells]
        sparse = encoder.shared_embedding(points + 0.5, (MODEL_SIZE, MODEL_SIZE))
        padding = (labels == PADDING)[..., None]
        kinds = torch.cat([embedding.weight for embedding in encoder.point_embed])
        sparse = torch.where(padding, encoder.not_a_point_embed.weight[0], sparse + kinds[labels.clamp(min=0)])
        batch, prompts = labels.shape[:2]
        if previous is None:
            dense = encoder.no_mask_embed.weight.reshape(1, -1, 1, 1).expand(batch, -1, cells, cells)
            pictures, points_per = embeddings, sparse
        else:
            # Each prompt has its own dense embedding, so each becomes a picture of its own.
            dense = encoder.mask_embed(previous)
            pictures, points_per = embeddings.repeat_interleave(prompts, 0), sparse.flatten(0, 1)[:, None]
        masks, quality = self.model.mask_decoder(
            image_embeddings=pictures,
            image_positional_embeddings=positions.expand(len(pictures), -1, -1, -1),
            sparse_prompt_embeddings=points_per,
            dense_prompt_embeddings=dense,
            multimask_output=several,
        )
        return masks.reshape(batch, prompts, *masks.shape[2:]), quality.reshape(batch, prompts, -1)
