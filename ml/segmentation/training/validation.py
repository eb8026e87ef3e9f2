"""The model in training behind the interface of every backend, so that `ml.segmentation.evaluate` measures it."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ml.segmentation.prompts import Candidate, Pixels, Prompt
from ml.segmentation.training.architecture import BOX_END, BOX_START, PADDING, SmallSam, normalised
from ml.segmentation.training.canvases import MODEL_SIZE


@dataclass(frozen=True)
class TrainingBackend:
    model: SmallSam
    name: str = "small-sam-in-training"
    version: str = "0"

    def prepare(self, pixels: Pixels) -> "EncodedPicture":
        height, width = pixels.shape[:2]
        scale = MODEL_SIZE / max(height, width)
        resized = (max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5)))
        small = np.asarray(Image.fromarray(pixels).resize(resized[::-1], Image.Resampling.BILINEAR))
        canvas = np.zeros((1, MODEL_SIZE, MODEL_SIZE, 3), dtype=np.uint8)
        filled = np.zeros((1, MODEL_SIZE, MODEL_SIZE), dtype=np.bool_)
        canvas[0, : resized[0], : resized[1]] = small
        filled[0, : resized[0], : resized[1]] = True
        with torch.inference_mode():
            embedding = self.model.encode(normalised(torch.from_numpy(canvas), torch.from_numpy(filled)))
        return EncodedPicture(self.model, embedding, (height, width), resized)


@dataclass(frozen=True)
class EncodedPicture:
    model: SmallSam
    embedding: Tensor
    size: tuple[int, int]
    resized: tuple[int, int]

    def predict(self, prompt: Prompt) -> list[Candidate]:
        scale = (self.resized[1] / self.size[1], self.resized[0] / self.size[0])
        points = [(point.x, point.y) for point in prompt.points]
        labels = [int(point.positive) for point in prompt.points]
        if prompt.box is None:
            points, labels = [*points, (0, 0)], [*labels, PADDING]
        else:
            box = prompt.box
            points = [*points, (box.x0, box.y0), (box.x1, box.y1)]
            labels = [*labels, BOX_START, BOX_END]
        several = prompt.box is None and len(prompt.points) == 1 and prompt.points[0].positive
        with torch.inference_mode():
            logits, quality = self.model.decode(
                self.embedding,
                torch.tensor([[points]], dtype=torch.float32) * torch.tensor(scale),
                torch.tensor([[labels]]),
                several=several,
            )
            large = functional.interpolate(logits[0], (MODEL_SIZE, MODEL_SIZE), mode="bilinear")
            part = large[:, :, : self.resized[0], : self.resized[1]]
            masks = functional.interpolate(part, self.size, mode="bilinear")[0] > 0
        order = torch.argsort(quality[0, 0], descending=True).tolist()
        return [Candidate(mask=masks[index].numpy(), score=float(quality[0, 0, index].clamp(0, 1))) for index in order]
