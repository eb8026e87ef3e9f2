"""A validation part: by image, the same share of every source, the same every time."""

import numpy as np
import pytest

from ml.seagull.data.files import read_data
from ml.seagull.data.records import ImageSample
from ml.seagull.data.split import hold_out
from tests.unit.seagull.data.exports import write_release


def _samples(*sources: tuple[str, int]) -> list[ImageSample]:
    return [
        ImageSample(f"{source}-{number}", "train", lambda: np.zeros((2, 2, 3), np.uint8), (), source=source)
        for source, count in sources
        for number in range(count)
    ]


def test_every_source_gives_its_share():
    divided = hold_out(_samples(("koniq", 40), ("spaq", 10)), share=0.2)
    held = [one.source for one in divided if one.split == "val"]
    assert (held.count("koniq"), held.count("spaq"), len(divided)) == (8, 2, 50)


def test_order_does_not_matter_and_the_seed_does():
    samples = _samples(("a", 30))
    one = {sample.image_id for sample in hold_out(samples, share=0.3) if sample.split == "val"}
    assert one == {sample.image_id for sample in hold_out(samples[::-1], share=0.3) if sample.split == "val"}
    assert one != {sample.image_id for sample in hold_out(samples, share=0.3, seed=1) if sample.split == "val"}


def test_test_images_stay_test_images():
    samples = [ImageSample("t", "test", list, ()), *_samples(("a", 4))]
    assert hold_out(samples, share=0.5)[0].split == "test"


def test_a_share_of_all_is_refused():
    with pytest.raises(ValueError, match="share is 1"):
        hold_out([], share=1)


def test_a_source_of_two_photographs_gives_one_where_a_share_is_asked_for():
    def held(share, *sources):
        return [one.source for one in hold_out(_samples(*sources), share=share) if one.split == "val"]

    assert held(0.1, ("koniq", 4), ("spaq", 1)) == ["koniq"]
    assert held(0.0, ("koniq", 4)) == []


def test_a_file_without_a_validation_part_gets_one_when_asked(tmp_path):
    write_release(tmp_path)
    assert not read_data(tmp_path / "release.json").of("val")
    parted = read_data(tmp_path / "release.json", validation=0.9)
    assert (len(parted.of("val")), len(parted.of("test"))) == (1, 1)
