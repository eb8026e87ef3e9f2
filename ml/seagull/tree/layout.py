"""From branches of token ids to the flat arrays of a row: ids, positions, labels and the ends of subtrees.

Nodes stand in depth-first order. A token at k sees exactly what stands before it on its path to the root, so key k is
seen by the queries q with k <= q < end(k), where end(k) is the end of the subtree of k's node.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ml.seagull.tree.batch import IGNORED

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Node:
    """A piece of a sequence and what goes on from its end. `answer` is where in `ids` the labelled tokens begin."""

    ids: Sequence[int]
    answer: int | None = None
    children: list["Node"] = field(default_factory=list)
    start: int = -1
    """Filled by `lay_out`: the place of the first token in the row."""

    @property
    def last(self) -> int:
        """The place of the last token in the row."""
        return self.start + len(self.ids) - 1


@dataclass(frozen=True, slots=True)
class Row:
    """Arrays of the row's length L."""

    ids: Ints
    positions: Ints
    subtree_end: Ints
    labels: Ints
    """What each place must predict; -100 where nothing."""

    def __len__(self) -> int:
        return len(self.ids)


class MissingTarget(ValueError):
    """A node that should teach something has no answer: training on it would silently do nothing."""


def lay_out(roots: Sequence[Node], *, first_position: int = 0) -> Row:
    """The row of these nodes and all below them, in the order given.

    Several roots are for suffix chunks, whose common parent is in a cache: all begin at `first_position`. Raises
    MissingTarget for a node whose answer is empty or has nothing before it that could predict it.
    """
    nodes: list[Node] = []
    begins: list[int] = []
    ends: list[int] = []

    def walk(siblings: Sequence[Node], place: int, position: int) -> int:
        for node in siblings:
            node.start = place
            number = len(nodes)
            nodes.append(node)
            begins.append(position)
            ends.append(0)
            place = walk(node.children, place + len(node.ids), position + len(node.ids))
            ends[number] = place
        return place

    walk(roots, 0, first_position)
    lengths = np.array([len(node.ids) for node in nodes], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    ids = np.fromiter((token for node in nodes for token in node.ids), dtype=np.int64, count=int(lengths.sum()))
    offsets = np.arange(len(ids)) - np.repeat(starts, lengths)
    return Row(
        ids=ids,
        positions=np.repeat(np.array(begins, dtype=np.int64), lengths) + offsets,
        subtree_end=np.repeat(np.array(ends, dtype=np.int64), lengths),
        labels=_labels(nodes, ids),
    )


def _labels(nodes: Sequence[Node], ids: Ints) -> Ints:
    labels = np.full(len(ids), IGNORED, dtype=np.int64)
    for node in nodes:
        if node.answer is None:
            continue
        if not 0 < node.answer < len(node.ids):
            raise MissingTarget(f"the answer begins at {node.answer} of {len(node.ids)} tokens: nothing can be learned")
        first, end = node.start + node.answer, node.start + len(node.ids)
        labels[first - 1 : end - 1] = ids[first:end]
    return labels
