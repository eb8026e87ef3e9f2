"""The mask decoder of SAM and SAM 2 from prompts as plain arrays: what torch runs here and what becomes decoder.onnx.

Built on the modules of `transformers`' models; their own `forward` gives either the single mask or the three, and here
all four are wanted from one pass, with inputs that an ONNX graph can have.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ml.segmentation.geometry import BOX_END, PADDING


class SAMDecoder(nn.Module):
    """For `SamModel`.

    Legend: B prompts of one image; N points; C x h x w the embedding; L x L the masks, L = 4 h.
    """

    feature_names: tuple[str, ...] = ("image_embeddings",)

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.positions = model.shared_image_embedding
        self.prompts = model.prompt_encoder
        self.masks = model.mask_decoder
        self.input_size = int(model.prompt_encoder.input_image_size)

    def forward(
        self, image_embeddings: Tensor, point_coords: Tensor, point_labels: Tensor, mask_input: Tensor, has_mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits (B x 4 x L x L; 0 is the single mask, 1 to 3 the three) and predicted IoU (B x 4).

        `image_embeddings` 1 x C x h x w, `point_coords` B x N x 2 in pixels of the model's input, `point_labels` B x N
        (1, 0, 2 and 3 for a box's corners, -1 padding), `mask_input` B x 1 x L x L, counted where `has_mask` (1) is 1.
        """
        dense = self._dense(mask_input, has_mask)
        tokens = self._tokens(point_coords, point_labels)
        answers, features = self._attend(tokens, image_embeddings + dense)
        upscaled = self.masks.activation(self.masks.upscale_layer_norm(self.masks.upscale_conv1(features)))
        upscaled = self.masks.activation(self.masks.upscale_conv2(upscaled))
        return self._masks(answers[:, 1:], upscaled), self.masks.iou_prediction_head(answers[:, 0])

    def _first_tokens(self) -> Tensor:
        return torch.cat([self.masks.iou_token.weight, self.masks.mask_tokens.weight])

    def _point_weights(self) -> Tensor:
        return torch.cat([part.weight for part in self.prompts.point_embed])

    def _tokens(self, coords: Tensor, labels: Tensor) -> Tensor:
        """B x 1 x tokens x C: the decoder's own tokens and the prompt's."""
        # Clicks name pixels; the encoding wants their centres, as shares of the model's input.
        where = self.prompts.shared_embedding(((coords + 0.5) / self.input_size).unsqueeze(1)).squeeze(1)
        labels = labels.unsqueeze(-1)
        sparse = torch.where(labels == PADDING, self.prompts.not_a_point_embed.weight, where)
        kinds = self._point_weights()
        for label in range(BOX_END + 1):
            sparse = sparse + (labels == label).to(where.dtype) * kinds[label]
        first = self._first_tokens().unsqueeze(0).expand(sparse.shape[0], -1, -1)
        return torch.cat([first, sparse], dim=1).unsqueeze(1)

    def _dense(self, mask_input: Tensor, has_mask: Tensor) -> Tensor:
        none: Tensor = self.prompts.no_mask_embed.weight.reshape(1, -1, 1, 1)
        has = has_mask.reshape(-1, 1, 1, 1)
        given: Tensor = self.prompts.mask_embed(mask_input)
        return has * given + (1 - has) * none

    def _attend(self, tokens: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """The tokens (B x tokens x C) and the features (B x C x h x w) after the two-way transformer."""
        count, _, _, channels = tokens.shape
        height, width = features.shape[-2:]
        features = features.expand(count, -1, -1, -1)
        where = self._grid(height, width, features).expand(count, -1, -1, -1)
        answers, attended = self.masks.transformer(
            point_embeddings=tokens,
            image_embeddings=features,
            image_positional_embeddings=where,
            attention_similarity=None,
            target_embedding=None,
        )
        return answers.squeeze(1), attended.transpose(2, 3).reshape(count, channels, height, width)

    def _grid(self, height: int, width: int, like: Tensor) -> Tensor:
        """1 x C x h x w: the positions of the embedding's cells."""
        rows = (torch.arange(height, device=like.device, dtype=like.dtype) + 0.5) / height
        columns = (torch.arange(width, device=like.device, dtype=like.dtype) + 0.5) / width
        x, y = columns.unsqueeze(0).expand(height, -1), rows.unsqueeze(1).expand(-1, width)
        where: Tensor = self.positions(torch.stack([x, y], dim=-1))
        return where.permute(2, 0, 1).unsqueeze(0)

    def _masks(self, answers: Tensor, upscaled: Tensor) -> Tensor:
        """B x 4 x L x L from the four mask tokens (B x 4 x C) and the upscaled features."""
        mixing = [mlp(answers[:, number]) for number, mlp in enumerate(self.masks.output_hypernetworks_mlps)]
        count, _, height, width = upscaled.shape
        return (torch.stack(mixing, dim=1) @ upscaled.flatten(2)).reshape(count, -1, height, width)


class SAM2Decoder(SAMDecoder):
    """For `Sam2Model`: two finer feature maps, an objectness token, and a single mask that yields when it is unstable."""

    feature_names = ("image_embeddings", "high_res_feats_0", "high_res_feats_1")

    def forward(  # type: ignore[override]  # noqa: PLR0917  (an ONNX graph's inputs)
        self,
        image_embeddings: Tensor,
        high_res_feats_0: Tensor,
        high_res_feats_1: Tensor,
        point_coords: Tensor,
        point_labels: Tensor,
        mask_input: Tensor,
        has_mask: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """As `SAMDecoder.forward`; `high_res_feats_0` 1 x C/8 x 4h x 4w, `high_res_feats_1` 1 x C/4 x 2h x 2w."""
        dense = self._dense(mask_input, has_mask)
        tokens = self._tokens(*_box_padded(point_coords, point_labels))
        answers, features = self._attend(tokens, image_embeddings + dense)
        upscaled = self.masks.upscale_conv1(features) + high_res_feats_1
        upscaled = self.masks.activation(self.masks.upscale_layer_norm(upscaled))
        upscaled = self.masks.activation(self.masks.upscale_conv2(upscaled) + high_res_feats_0)
        masks = self._masks(answers[:, 2:], upscaled)
        scores: Tensor = self.masks.iou_prediction_head(answers[:, 1])
        if self.masks.dynamic_multimask_via_stability:
            return self._steadied(masks, scores)
        return masks, scores

    def _first_tokens(self) -> Tensor:
        return torch.cat([self.masks.obj_score_token.weight, super()._first_tokens()])

    def _point_weights(self) -> Tensor:
        weights: Tensor = self.prompts.point_embed.weight
        return weights

    def _steadied(self, masks: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        """With the best of the three in place of a single mask that changes much when the threshold moves a little."""
        delta = self.masks.dynamic_multimask_stability_delta
        single = masks[:, :1]
        inner = (single > delta).sum(dim=(2, 3)).to(masks.dtype)
        outer = (single > -delta).sum(dim=(2, 3)).to(masks.dtype)
        is_steady = inner >= self.masks.dynamic_multimask_stability_thresh * outer
        best = scores[:, 1:].argmax(dim=1, keepdim=True) + 1
        best_mask = masks.gather(1, best[:, :, None, None].expand_as(single))
        first = torch.where(is_steady[:, :, None, None], single, best_mask)
        first_score = torch.where(is_steady, scores[:, :1], scores.gather(1, best))
        return torch.cat([first, masks[:, 1:]], dim=1), torch.cat([first_score, scores[:, 1:]], dim=1)


def _box_padded(coords: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """With a padding point after a box: SAM 2 was trained so, SAM was not, and callers treat both alike.

    All prompts of a batch have a box, or none has.
    """
    has_box = (labels[0] == BOX_END).any()
    kept = torch.cat([torch.ones_like(labels[0], dtype=torch.bool), has_box.unsqueeze(0)]).nonzero().squeeze(1)
    coords = torch.cat([coords, torch.zeros_like(coords[:, :1])], dim=1)
    labels = torch.cat([labels, torch.full_like(labels[:, :1], PADDING)], dim=1)
    return coords.index_select(1, kept), labels.index_select(1, kept)
