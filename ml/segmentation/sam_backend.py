"""SAM and SAM 2 as backends: an image is encoded once, every prompt is decoded from its embedding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.segmentation.decoder import SAMDecoder
from ml.segmentation.embedding import Embedding
from ml.segmentation.geometry import Size, chosen, model_input, prompt_arrays, resized_size
from ml.segmentation.manifest import Manifest
from ml.segmentation.prompts import BoolMask, Candidate, Logits, Pixels, Prompt


@dataclass(frozen=True, eq=False)
class SAMBackend:
    """A loaded model. `network` is the model of `transformers`, in evaluation mode on `device`."""

    manifest: Manifest
    network: Any
    decoder: SAMDecoder
    device: torch.device

    @property
    def name(self) -> str:
        return self.manifest.id

    @property
    def version(self) -> str:
        return self.manifest.version

    @torch.inference_mode()
    def encode(self, pixels: Pixels) -> Embedding:
        """The embedding of an image (height x width x 3, sRGB): the slow part."""
        size: Size = (int(pixels.shape[0]), int(pixels.shape[1]))
        geometry, side = self.manifest.geometry, self.manifest.input_size
        batch = torch.from_numpy(model_input(pixels, geometry=geometry, input_size=side)).unsqueeze(0).to(self.device)
        found = self.network.get_image_embeddings(batch)
        # SAM 2 gives its finest features first, and the embedding last.
        features = [found[-1], *found[:-1]] if isinstance(found, (list, tuple)) else [found]
        tensors = {
            name: feature[0].to(torch.float16).cpu().numpy()
            for name, feature in zip(self.decoder.feature_names, features, strict=True)
        }
        return Embedding(
            model=self.manifest.id,
            image_size=size,
            resized=resized_size(size, geometry=geometry, input_size=side),
            tensors=tensors,
        )

    def prepare(self, pixels: Pixels) -> "SAMImage":
        return self.open(self.encode(pixels))

    def open(self, embedding: Embedding) -> "SAMImage":
        """An image from its stored embedding. Raises ValueError for the embedding of another model."""
        wanted = {part.name: part.shape for part in self.manifest.embedding}
        found = {name: tensor.shape for name, tensor in embedding.tensors.items()}
        if embedding.model != self.manifest.id or found != wanted:
            raise ValueError(
                f"This embedding is of model {embedding.model!r} with {found}; {self.manifest.id!r} takes {wanted}: "
                "encode the image again."
            )
        features = [
            torch.from_numpy(embedding.tensors[name].astype(np.float32)).unsqueeze(0).to(self.device)
            for name in self.decoder.feature_names
        ]
        return SAMImage(backend=self, image_size=embedding.image_size, resized=embedding.resized, features=features)


@dataclass(frozen=True, eq=False)
class SAMImage:
    """One image after encoding. `features` are the decoder's, each with a batch axis of 1."""

    backend: SAMBackend
    image_size: Size
    resized: Size
    features: list[Tensor]

    def predict(self, prompt: Prompt) -> list[Candidate]:
        logits, scores = self.decode([prompt])
        indices = chosen(prompt, scores[0])
        masks = self.masks_of(logits[0, indices])
        return [
            # SAM's prediction is not bounded.
            Candidate(mask=mask, score=float(np.clip(scores[0, index], 0, 1)), logits=logits[0, index])
            for mask, index in zip(masks, indices, strict=True)
        ]

    @torch.inference_mode()
    def decode(self, prompts: Sequence[Prompt]) -> tuple[Logits, NDArray[np.float32]]:
        """Low-resolution logits (B x 4 x L x L) and predicted IoU (B x 4) of prompts with equally many points each.

        All or none of them have a box, and a previous mask. Raises ValueError otherwise.
        """
        kinds = {(len(prompt.points), prompt.box is None, prompt.previous is None) for prompt in prompts}
        if len(kinds) != 1:
            raise ValueError(
                f"Prompts decoded together must be alike, and these have {sorted(kinds)} points, boxes and previous masks."
            )
        arrays = [prompt_arrays(prompt, image_size=self.image_size, resized=self.resized) for prompt in prompts]
        coords, labels = (np.stack(rows) for rows in zip(*arrays, strict=True))
        previous, has_mask = self._previous(prompts)
        device = self.backend.device
        masks, scores = self.backend.decoder(
            *self.features,
            torch.from_numpy(coords).to(device),
            torch.from_numpy(labels).to(device),
            torch.from_numpy(previous).to(device),
            torch.tensor([has_mask], dtype=torch.float32, device=device),
        )
        return masks.float().cpu().numpy(), scores.float().cpu().numpy()

    def _previous(self, prompts: Sequence[Prompt]) -> tuple[Logits, float]:
        size = self.backend.manifest.low_res
        given = [prompt.previous for prompt in prompts if prompt.previous is not None]
        if not given:
            return np.zeros((1, 1, *size), dtype=np.float32), 0.0
        if any(logits.shape != size for logits in given):
            raise ValueError(f"A previous mask has shape {size} here, not {[logits.shape for logits in given]}.")
        return np.stack(given)[:, None].astype(np.float32), 1.0

    @torch.inference_mode()
    def masks_of(self, logits: Logits) -> list[BoolMask]:
        """Masks of the image's size from low-resolution logits (K x L x L), thresholded at 0."""
        side = self.backend.manifest.input_size
        large = _resized(torch.from_numpy(logits).to(self.backend.device)[None], (side, side))
        cut = large[..., : self.resized[0], : self.resized[1]]
        return list((_resized(cut, self.image_size)[0] > 0).cpu().numpy())


def _resized(logits: Tensor, size: Size) -> Tensor:
    return functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
