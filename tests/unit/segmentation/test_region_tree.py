"""What holds for the region tree of any picture, and the bytes that the browser reads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.segmentation import region_tree
from ml.segmentation.region_tree import RegionTree, build_tree
from tests.unit.segmentation.pictures import blocks, disc

PICTURES = st.builds(
    blocks,
    st.integers(1, 48),
    st.integers(1, 48),
    seed=st.integers(0, 2**16),
    colours=st.integers(1, 8),
    tile=st.integers(1, 12),
)
MODEST = settings(max_examples=25, deadline=None, derandomize=True)


@MODEST
@given(PICTURES)
def test_the_tree_of_any_picture_is_well_formed(picture: np.ndarray) -> None:
    tree = build_tree(picture)
    nodes, leaves = len(tree.parent), tree.leaf_count
    assert tree.labels.shape == picture.shape[:2]
    assert nodes == 2 * leaves - 1
    # Every leaf has pixels, and every pixel a leaf.
    assert np.array_equal(np.unique(tree.labels), np.arange(leaves))
    above = tree.parent.astype(int)
    assert np.all(above[:-1] > np.arange(nodes - 1)), "children come before their parents"
    assert above[-1] == nodes - 1, "the last node is the root"
    assert np.all(tree.scale[above] >= tree.scale), "the scale never falls towards the root"
    assert np.all(tree.scale[:leaves] == 0)
    assert tree.scale.max() <= 1
    assert np.all((tree.score >= 0) & (tree.score <= 1))


@MODEST
@given(PICTURES)
def test_areas_are_those_of_the_masks_and_add_up(picture: np.ndarray) -> None:
    tree = build_tree(picture)
    nodes = len(tree.parent)
    summed = np.zeros(nodes, dtype=int)
    np.add.at(summed, tree.parent[:-1].astype(int), tree.area[:-1].astype(int))
    assert np.array_equal(summed[tree.leaf_count :], tree.area[tree.leaf_count :])
    assert tree.area[-1] == tree.labels.size
    for node in {0, nodes // 2, nodes - 1}:
        chosen = np.zeros(nodes, dtype=bool)
        chosen[node] = True
        below = [leaf for leaf in range(tree.leaf_count) if node in tree.ancestors(leaf)]
        assert np.array_equal(tree.mask_of(chosen), np.isin(tree.labels, below))
        assert np.count_nonzero(tree.mask_of(chosen)) == tree.area[node]


@MODEST
@given(PICTURES)
def test_bytes_bring_the_same_tree_back(picture: np.ndarray) -> None:
    tree = build_tree(picture)
    data = tree.to_bytes()
    again = RegionTree.from_bytes(data)
    for name in ("labels", "parent", "scale", "area", "score"):
        assert np.array_equal(getattr(again, name), getattr(tree, name)), name
    assert again.to_bytes() == data


def test_the_bytes_are_laid_out_as_documented() -> None:
    tree = RegionTree(
        labels=np.array([[0, 1, 1]], dtype=np.uint32),
        parent=np.array([2, 2, 2], dtype=np.uint32),
        scale=np.array([0, 0, 0.5], dtype=np.float32),
        area=np.array([1, 2, 3], dtype=np.uint32),
        score=np.array([0, 0.25, 1], dtype=np.float32),
    )
    expected = [
        b"RQT1",
        np.array([3, 1, 2, 3], dtype="<u4").tobytes(),
        np.array([0, 1, 1], dtype="<u2").tobytes() + b"\0\0",
        np.array([2, 2, 2], dtype="<u4").tobytes(),
        np.array([0, 0, 0.5], dtype="<f4").tobytes(),
        np.array([1, 2, 3], dtype="<u4").tobytes(),
        np.array([0, 0.25, 1], dtype="<f4").tobytes(),
    ]
    assert tree.to_bytes() == b"".join(expected)


@pytest.mark.parametrize("change", [lambda d: d[:10], lambda d: b"XXXX" + d[4:], lambda d: d[:-4], lambda d: d + b"\0"])
def test_other_bytes_are_refused(change) -> None:
    data = build_tree(blocks(20, 30, seed=1)).to_bytes()
    with pytest.raises(ValueError):
        RegionTree.from_bytes(change(data))


def test_more_than_65535_leaves_take_four_bytes_each() -> None:
    leaves = 65_536
    tree = RegionTree(
        labels=np.arange(leaves, dtype=np.uint32).reshape(256, 256),
        parent=np.minimum(np.arange(2 * leaves - 1) + leaves, 2 * leaves - 2).astype(np.uint32),
        scale=np.zeros(2 * leaves - 1, dtype=np.float32),
        area=np.ones(2 * leaves - 1, dtype=np.uint32),
        score=np.zeros(2 * leaves - 1, dtype=np.float32),
    )
    assert np.array_equal(RegionTree.from_bytes(tree.to_bytes()).labels, tree.labels)


def test_the_same_picture_gives_the_same_bytes() -> None:
    picture = blocks(60, 70, seed=2)
    assert build_tree(picture).to_bytes() == build_tree(picture.copy()).to_bytes()


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (32, 32)])
def test_flat_and_tiny_pictures_have_a_tree(shape: tuple[int, int]) -> None:
    tree = build_tree(np.full((*shape, 3), 128, dtype=np.uint8))
    assert tree.area[-1] == shape[0] * shape[1]


def test_a_large_picture_is_worked_on_small_and_labelled_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_tree, "WORKING_PIXELS", 2_000)
    tree = build_tree(blocks(101, 83, seed=3, tile=20))
    assert tree.labels.shape == (101, 83)
    assert np.array_equal(np.unique(tree.labels), np.arange(tree.leaf_count))
    assert tree.area[-1] == 101 * 83


def test_a_plain_object_is_one_node() -> None:
    picture, mask = disc()
    tree = build_tree(picture)
    inside = np.bincount(tree.labels[mask], minlength=tree.leaf_count) / tree.area[: tree.leaf_count]
    overlaps = []
    for node in tree.ancestors(int(tree.labels[48, 48])):
        chosen = np.zeros(len(tree.parent), dtype=bool)
        chosen[node] = True
        found = tree.mask_of(chosen)
        overlaps.append(np.count_nonzero(found & mask) / np.count_nonzero(found | mask))
    assert max(overlaps) > 0.9, inside
