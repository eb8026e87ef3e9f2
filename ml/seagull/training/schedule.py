"""What changes with the step: learning rate, auxiliary weight, and which images make a batch. Pure functions.

A run that is resumed at step s needs nothing but s to go on exactly as it would have.
"""

import math
from dataclasses import dataclass

from ml.seagull.language.sampling import generator

REWARM_STEPS = 10


@dataclass(frozen=True, slots=True)
class Phase:
    """Where in its phase a step is. `tokens_only`: the language model is not trained yet."""

    step: int
    steps: int
    tokens_only: bool


def phase_of(step: int, *, steps: int, token_steps: int) -> Phase:
    """Each phase has a warm-up and a cosine of its own."""
    if step < token_steps:
        return Phase(step, token_steps, tokens_only=True)
    return Phase(step - token_steps, steps - token_steps, tokens_only=False)


def learning_rate_factor(step: int, *, steps: int, warmup: float, since_skip: int | None = None) -> float:
    """Share 0..1 of the peak rate for the update that ends step `step` (0-based): linear warm-up, cosine to 0.

    After a skipped update the rate comes back over REWARM_STEPS (`since_skip`: updates since, None if there was none).
    """
    warm = max(round(steps * warmup), 1)
    if step < warm:
        factor = (step + 1) / warm
    else:
        factor = 0.5 * (1 + math.cos(math.pi * min((step - warm) / max(steps - warm, 1), 1.0)))
    if since_skip is not None and since_skip < REWARM_STEPS:
        factor *= (since_skip + 1) / REWARM_STEPS
    return factor


def auxiliary_weight(step: int, *, steps: int, start: float) -> float:
    """Cosine from `start` to 0 over the run: the heads get the tokens going and then leave the field to the answers."""
    return start * 0.5 * (1 + math.cos(math.pi * min(step / max(steps - 1, 1), 1.0)))


def images_of_step(step: int, *, images: int, batch: int, seed: int) -> list[tuple[int, int]]:
    """(epoch, index) of the images of a step. Every epoch is a permutation of its own; batches run across epochs."""
    first = step * batch
    orders: dict[int, list[int]] = {}
    drawn = []
    for place in range(first, first + batch):
        epoch, position = divmod(place, images)
        if epoch not in orders:
            orders[epoch] = generator("order", seed, epoch).permutation(images).tolist()
        drawn.append((epoch, orders[epoch][position]))
    return drawn
