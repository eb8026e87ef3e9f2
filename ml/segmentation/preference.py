"""Which nodes of a tree people would choose."""

import numpy as np
from numpy.typing import NDArray


def scores_of(
    *, labels: NDArray[np.int32], parent: NDArray[np.int64], scale: NDArray[np.float64], area: NDArray[np.int64]
) -> NDArray[np.float64]:
    """A preference in 0..1 per node: regions that outlast many merges, neither crumbs nor the whole picture."""
    persistence = scale[parent] - scale
    share = area / labels.size
    prior = np.exp(-((np.log(share + 1e-9) - np.log(0.06)) ** 2) / (2 * 1.3**2))
    score: NDArray[np.float64] = np.clip(prior * (0.3 + 2 * persistence), 0, 1)
    return score
