import torch

from ml.seagull.network.statistics import region_statistics, statistics_count

SIDE = 32


def half_mask() -> torch.Tensor:
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[..., : SIDE // 2] = 1
    return mask


def test_there_are_as_many_as_the_branch_expects() -> None:
    pixels = torch.rand(2, 3, SIDE, SIDE)
    mask = half_mask().expand(2, -1, -1, -1)
    for with_high_pass in (True, False):
        found = region_statistics(pixels, mask, with_high_pass=with_high_pass)
        assert found.shape == (2, statistics_count(with_high_pass=with_high_pass))
        assert found.isfinite().all()


def test_extreme_pictures_and_masks_give_finite_and_moderate_numbers() -> None:
    one_pixel = torch.zeros(1, 1, SIDE, SIDE)
    one_pixel[..., 5, 5] = 1
    checkers = torch.zeros(1, 3, SIDE, SIDE)
    checkers[..., ::2, ::2] = checkers[..., 1::2, 1::2] = 1
    for pixels in (torch.zeros(1, 3, SIDE, SIDE), torch.ones(1, 3, SIDE, SIDE), checkers):
        for mask in (one_pixel, torch.ones(1, 1, SIDE, SIDE)):
            assert region_statistics(pixels, mask, with_high_pass=True).abs().max() < 12


def test_noise_outside_the_region_is_not_taken_for_noise_inside() -> None:
    torch.manual_seed(0)
    calm = torch.full((1, 3, SIDE, SIDE), 0.5)
    outside, inside = calm.clone(), calm.clone()
    noise = 0.2 * torch.randn(1, 3, SIDE, SIDE // 2 - 4)
    outside[..., SIDE // 2 + 4 :] += noise
    inside[..., : SIDE // 2 - 4] += noise
    mask = half_mask()
    found = [region_statistics(pixels, mask, with_high_pass=True)[0] for pixels in (calm, outside, inside)]
    # Means, spreads, shares and energies of the region itself come first, but for the surroundings' six.
    own = torch.cat([torch.arange(12), torch.arange(18, 33)])
    torch.testing.assert_close(found[0][own], found[1][own], rtol=0, atol=1e-4)
    assert (found[2] - found[0])[24:27].min() > 2


def test_a_grey_copy_has_no_chroma_and_the_same_brightness() -> None:
    torch.manual_seed(0)
    colour = torch.rand(1, 3, SIDE, SIDE)
    grey = colour.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    mask = half_mask()
    first, second = (region_statistics(one, mask, with_high_pass=False)[0] for one in (colour, grey))
    torch.testing.assert_close(first[6:8], second[6:8])
    assert second[8:10].abs().max() < 1e-5
    assert (first[10:12] - second[10:12]).min() > 2
