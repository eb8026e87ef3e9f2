"""`ml.seagull.train` on a built set: images rendered in the loader, parts and shares by photograph."""

import pytest

from ml.seagull import train
from ml.seagull.data.files import read_data
from ml.seagull.data.split import photograph_of
from tests.unit.synthesis.test_dataset import built  # noqa: F401
from tests.unit.synthesis.test_shards import photographs  # noqa: F401


def photographs_of(samples):
    return {photograph_of(sample) for sample in samples}


def test_a_part_is_held_out_by_photograph(built):  # noqa: F811
    data = read_data(built, validation=0.34)
    train_part, val_part = photographs_of(data.of("train")), photographs_of(data.of("val"))
    assert (len(train_part), len(val_part)) == (2, 1)
    assert not train_part & val_part
    assert len(data.of("val")) == 120


def test_shares_of_the_photographs_are_nested_and_whole(built):  # noqa: F811
    third, two_thirds = (read_data(built, share=share).of("train") for share in (1 / 3, 2 / 3))
    assert (len(third), len(two_thirds)) == (120, 240)
    assert photographs_of(third) < photographs_of(two_thirds)
    with pytest.raises(ValueError, match="above 0"):
        read_data(built, share=0.0)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_two_steps_of_the_smallest_preset(built, tmp_path, capsys):  # noqa: F811
    run = tmp_path / "run"
    settings = [
        "steps=2",
        "batch_images=2",
        "rois=1",
        "judgments=1",
        "balance_quality=false",
        "save_every=2",
        "token_steps=0",
    ]
    arguments = ["--data", str(built), "--output", str(run), "--preset", "ci", "--fraction", "0.67", "--set", *settings]
    assert train.main(arguments) == 0, capsys.readouterr().err
    assert "2 steps done" in capsys.readouterr().out
    assert (run / "weights").is_dir()
    assert train.main(["--data", str(tmp_path), "--output", str(run), "--preset", "ci"]) == train.REFUSED
    assert "no finished synthetic set" in capsys.readouterr().err
