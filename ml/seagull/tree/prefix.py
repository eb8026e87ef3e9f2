"""An image's prefix, computed once: its pyramid and the keys and values of its tokens, for chunks and later clicks.

Of the library's cache only `update` and `get_seq_length` are used, the rest changes from release to release; every
pass gets a cache of its own, filled from here.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from ml.seagull.network.model import Pyramid, ROITokens, Seagull, Tokens
from ml.seagull.tree.attention import require_tree_mask
from ml.seagull.tree.batch import TreeBatch


class _Recording(DynamicCache):  # type: ignore[misc]  # transformers is not typed
    """A cache that tells what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[int, tuple[Tensor, Tensor]] = {}

    def update(self, key_states: Tensor, value_states: Tensor, layer_idx: int, *rest: Any, **more: Any) -> Any:
        self.seen[layer_idx] = held = super().update(key_states, value_states, layer_idx, *rest, **more)
        return held


@dataclass(frozen=True, slots=True)
class PrefixState:
    """What every question about an image shares."""

    pyramid: Pyramid
    layers: tuple[tuple[Tensor, Tensor], ...]
    """Keys and values of each layer, [1, heads, length, head dimension]."""

    @property
    def length(self) -> int:
        """Tokens of the prefix."""
        return int(self.layers[0][0].shape[-2])

    @property
    def nbytes(self) -> int:
        tensors = [*self.pyramid.levels, self.pyramid.image, *(one for layer in self.layers for one in layer)]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)

    def cache(self) -> DynamicCache:
        """A cache of its own that holds the prefix; whatever is appended to it does not touch this state."""
        cache = DynamicCache()
        for number, (keys, values) in enumerate(self.layers):
            cache.update(keys, values, number)
        return cache


def run_prefix(model: Seagull, pyramid: Pyramid, tree: TreeBatch) -> PrefixState:
    """The prefix of one image; `tree` is its row without any region."""
    cache = _Recording()
    nothing = torch.zeros((), dtype=torch.long)
    tokens = Tokens(image=pyramid.image, global_=None, local=None, aux=None, empty=nothing)
    run(model, model.embed(tokens, tree), tree.attention, tree.position_ids, cache)
    return PrefixState(pyramid=pyramid, layers=tuple(cache.seen[number] for number in sorted(cache.seen)))


def run_suffix(model: Seagull, described: ROITokens, tree: TreeBatch, cache: DynamicCache) -> Tensor:
    """Hidden states [1, T, D] of a chunk of regions; their keys and values go into `cache`."""
    no_image = torch.zeros(1, 0, model.config.lm.dim, device=tree.token_ids.device)
    tokens = Tokens(image=no_image, global_=described.global_, local=described.local, aux=None, empty=described.empty)
    return run(model, model.embed(tokens, tree), tree.attention, tree.position_ids, cache)


def run(model: Seagull, embedded: Tensor, attention: Tensor, positions: Tensor, cache: DynamicCache) -> Tensor:
    """Hidden states [1, L, D] of embeddings [1, L, D] behind what the cache holds."""
    length = embedded.shape[1]
    require_tree_mask(attention, queries=length, keys=int(cache.get_seq_length()) + length)
    out: Tensor = model.causal_lm.model(
        inputs_embeds=embedded,
        attention_mask=attention,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
    ).last_hidden_state
    return out


class PrefixCache:
    """The prefixes used last, as many as fit in `max_bytes`. For interactive use; safe among threads."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._states: OrderedDict[Hashable, PrefixState] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._states)

    @property
    def nbytes(self) -> int:
        return self._bytes

    def get(self, key: Hashable) -> PrefixState | None:
        """The state under this key, which now counts as used last."""
        with self._lock:
            state = self._states.get(key)
            if state is not None:
                self._states.move_to_end(key)
            return state

    def put(self, key: Hashable, state: PrefixState) -> None:
        """Keep the state and let go of those used longest ago; one that is larger than all room is not kept."""
        with self._lock:
            self._let_go(key)
            if state.nbytes > self.max_bytes:
                return
            while self._bytes + state.nbytes > self.max_bytes:
                self._let_go(next(iter(self._states)))
            self._states[key] = state
            self._bytes += state.nbytes

    def _let_go(self, key: Hashable) -> None:
        state = self._states.pop(key, None)
        if state is not None:
            self._bytes -= state.nbytes
