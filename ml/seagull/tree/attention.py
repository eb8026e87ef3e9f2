"""The mask of a tree, made of one vector."""

import torch
from torch import Tensor


def tree_mask(subtree_end: Tensor, *, first_query: int = 0) -> Tensor:
    """Bool [B, 1, T - first_query, T], True where a query may look: k <= q < subtree_end[b, k].

    `subtree_end` is int64 [B, T], 0 at pads. A pad looks at itself only: a row without any key has no softmax.
    """
    key = torch.arange(subtree_end.shape[1], device=subtree_end.device)
    query = key[first_query:, None]
    allowed = (query >= key) & (query < subtree_end[:, None, :])
    return (allowed | (query == key)).unsqueeze(1)


def chunk_mask(subtree_end: Tensor, prefix: int) -> Tensor:
    """Bool [1, 1, L, prefix + L]: a suffix chunk whose common prefix is in a cache. `subtree_end` is int64 [L]."""
    own = tree_mask(subtree_end[None])
    return torch.cat([own.new_ones(1, 1, len(subtree_end), prefix), own], dim=-1)


def require_tree_mask(mask: Tensor, *, queries: int, keys: int) -> None:
    """Refuse what would run and be wrong: without a 4-D mask, positions that restart are read as packed sequences.

    Raises ValueError.
    """
    if mask.dim() != 4 or mask.shape[-2:] != (queries, keys):
        raise ValueError(
            f"the attention mask is {tuple(mask.shape)}: a tree needs [B, 1, {queries}, {keys}], "
            "otherwise positions that restart hide the prefix"
        )
