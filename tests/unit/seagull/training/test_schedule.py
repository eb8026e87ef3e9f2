import pytest

from ml.seagull.training.schedule import auxiliary_weight, images_of_step, learning_rate_factor
from ml.seagull.training.settings import Settings, settings_for


def rates(**changes):
    return [learning_rate_factor(step, **{"steps": 100, "warmup": 0.03, **changes}) for step in range(100)]


def test_the_rate_warms_up_over_three_percent_and_falls_as_a_cosine_to_nought():
    found = rates()
    assert found[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    assert found[3] == 1
    assert found[51] == pytest.approx(0.5, abs=0.02)
    assert found == sorted(found[:3]) + sorted(found[3:], reverse=True)
    assert found[-1] < 0.001


def test_after_a_skipped_update_the_rate_comes_back_over_ten():
    found = [learning_rate_factor(40, steps=100, warmup=0.03, since_skip=since) for since in (0, 4, 9, 10)]
    usual = learning_rate_factor(40, steps=100, warmup=0.03)
    assert [rate / usual for rate in found] == pytest.approx([0.1, 0.5, 1, 1])


def test_the_auxiliary_weight_goes_from_one_to_nought():
    assert [auxiliary_weight(step, steps=3, start=1.0) for step in range(3)] == pytest.approx([1, 0.5, 0])


def test_every_epoch_shows_every_image_once_in_an_order_of_its_own():
    drawn = [pair for step in range(10) for pair in images_of_step(step, images=8, batch=4, seed=5)]
    epochs = [[index for epoch, index in drawn if epoch == number] for number in range(5)]
    assert all(sorted(order) == list(range(8)) for order in epochs)
    assert len({tuple(order) for order in epochs}) == 5


def test_batches_run_on_across_epochs():
    assert [epoch for epoch, _ in images_of_step(1, images=5, batch=4, seed=0)] == [0, 1, 1, 1]


def test_stages_are_those_of_the_paper():
    first, second = settings_for("stage1"), settings_for("stage2")
    assert (first.learning_rate, first.epochs, second.learning_rate, second.epochs) == (4e-5, 1, 1e-5, 5)
    for stage in (first, second):
        assert (stage.batch_images, stage.lora.rank, stage.lora.alpha, stage.warmup) == (32, 128, 256, 0.03)
        assert stage.freeze_encoder
    assert second.fixed_questions


def test_settings_are_read_as_they_were_written():
    given = settings_for("stage1", seed=7)
    assert Settings.from_json(given.as_json()) == given


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"warmup": 1.0}, "warmup is 1.0"),
        ({"precision": "float16"}, "precision is 'float16'"),
        ({"steps": 0}, "steps is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(changes, message):
    with pytest.raises(ValueError, match=message):
        settings_for("scratch", **changes)


def test_an_unknown_stage_is_refused():
    with pytest.raises(ValueError, match="There is no stage 'stage3'"):
        settings_for("stage3")
