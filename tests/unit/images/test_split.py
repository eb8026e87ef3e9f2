import hashlib

import pytest

from roiqa.images.models import Split
from roiqa.images.split import split_of


@pytest.mark.parametrize(
    ("first_digits", "expected"),
    [
        ("0000000000000000", Split.TEST),
        # 2**64 / 5 = 0x3333333333333333.33...
        ("3333333333333333", Split.TEST),
        ("3333333333333334", Split.TRAIN),
        ("ffffffffffffffff", Split.TRAIN),
    ],
)
def test_the_first_fifth_of_all_hashes_is_the_test_split(first_digits: str, expected: Split) -> None:
    assert split_of(first_digits + "f" * 48) == expected


def test_about_a_fifth_of_many_images_is_in_the_test_split() -> None:
    splits = [split_of(hashlib.sha256(str(number).encode()).hexdigest()) for number in range(20_000)]
    # Four standard deviations of a binomial share at n = 20,000.
    assert splits.count(Split.TEST) / 20_000 == pytest.approx(0.2, abs=4 * (0.2 * 0.8 / 20_000) ** 0.5)
