import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.seagull.network.groups import Groups
from ml.seagull.network.pooling import pool
from tests.unit.seagull.network.batches import boxes

SIZE = 128


def pyramid(images: int = 1) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(images, 4, SIZE // stride, SIZE // stride) for stride in (4, 8, 16, 32)]


def groups(*counts: int) -> Groups:
    index = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    return Groups.of(index, images=len(counts), most=max(counts))


@settings(max_examples=60, deadline=None)
@given(top=st.integers(0, SIZE - 1), left=st.integers(0, SIZE - 1), height=st.integers(1, 40), width=st.integers(1, 40))
def test_no_box_is_pooled_to_nothing(top: int, left: int, height: int, width: int) -> None:
    mask = boxes((top, min(SIZE, top + height), left, min(SIZE, left + width)), size=SIZE)
    ones = [torch.ones_like(level) for level in pyramid()]
    for pooling in ("area", "official"):
        pooled = pool(ones, mask, groups(1), pooling=pooling)
        assert all(torch.allclose(level, torch.ones(())) for level in pooled.levels)


def test_a_region_that_the_released_pooling_would_lose_is_counted_and_takes_its_area() -> None:
    # At stride 32 the samples lie at pixels 15 and 16 of each cell; this box lies between two of them.
    mask = boxes((0, 8, 0, 8), size=SIZE)
    official = pool(pyramid(), mask, groups(1), pooling="official")
    area = pool(pyramid(), mask, groups(1), pooling="area")
    assert official.empty == 1
    assert torch.equal(official.levels[3], area.levels[3])
    assert area.empty == 0


def test_area_pooling_is_the_mean_weighted_by_cover() -> None:
    level = torch.arange(16.0).view(1, 1, 4, 4)
    mask = boxes((0, 32, 0, 48), size=SIZE)
    pooled = pool([level], mask, groups(1), pooling="area")
    # Cell 0 is covered whole, cell 1 by half.
    assert torch.allclose(pooled.levels[0], torch.tensor([[(0 * 1 + 1 * 0.5) / 1.5]]))


def test_every_region_reads_its_own_image() -> None:
    levels = [torch.stack([torch.full((2, 8, 8), 1.0), torch.full((2, 8, 8), 5.0)])]
    masks = boxes((0, 64, 0, 64), (64, 128, 0, 64), (0, 64, 0, 64), size=SIZE)
    pooled = pool(levels, masks, groups(2, 1), pooling="area")
    assert pooled.levels[0][:, 0].tolist() == [1.0, 1.0, 5.0]


def test_sums_are_taken_in_float32_under_autocast() -> None:
    level = torch.full((1, 1, 128, 128), 1.0, dtype=torch.bfloat16)
    level[0, 0, 0, 0] = 200.0
    mask = torch.ones(1, 128, 128)
    with torch.autocast("cpu", torch.bfloat16):
        pooled = pool([level], mask, groups(1), pooling="area")
    assert pooled.levels[0].dtype == torch.float32
    assert torch.allclose(pooled.levels[0], torch.tensor(1 + 199 / 128**2), atol=1e-6)
