"""Attention of the feature extractor.

Letters: N rows that know nothing of each other, Q queries, K keys, P width.
"""

from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Multi-head attention whose inner width may be smaller than its outer one (names as in the released weights)."""

    def __init__(self, dim: int, heads: int, *, inner_dim: int | None = None) -> None:
        super().__init__()
        inner = inner_dim or dim
        self.heads = heads
        self.q_proj = nn.Linear(dim, inner)
        self.k_proj = nn.Linear(dim, inner)
        self.v_proj = nn.Linear(dim, inner)
        self.out_proj = nn.Linear(inner, dim)

    def forward(self, queries: Tensor, keys: Tensor, *, mask: Tensor | None = None) -> Tensor:
        """[N, Q, P] for queries [N, Q, P] and keys, which are also the values, [N, K, P]; mask bool, True = may look."""
        attended = functional.scaled_dot_product_attention(
            self._by_head(self.q_proj(queries)),
            self._by_head(self.k_proj(keys)),
            self._by_head(self.v_proj(keys)),
            attn_mask=mask,
        )
        out: Tensor = self.out_proj(attended.transpose(1, 2).flatten(2))
        return out

    def _by_head(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


class MLP(nn.Module):
    """Two layers with ReLU, as in the released block."""

    def __init__(self, dim: int, inner_dim: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(dim, inner_dim)
        self.lin2 = nn.Linear(inner_dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.lin2(functional.relu(self.lin1(x)))
        return out


class PreNormLayer(nn.Module):
    """A transformer layer with the norms before attention and MLP, for our own local branch."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attention = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = MLP(dim, 2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        """[N, Q, P] to the same."""
        normed = self.norm1(x)
        x = x + self.attention(normed, normed)
        out: Tensor = x + self.mlp(self.norm2(x))
        return out
