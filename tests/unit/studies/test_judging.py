"""When an answer is near enough to a reference."""

from roiqa.studies.judging import is_right, passes, verdicts

REFERENCE = {
    "exposure": 5,
    "noise": 4,
    "blur": 2,
    "contrast": 5,
    "colorfulness": 5,
    "compression": 5,
    "quality": 1,
    "importance": 3,
}


def right(**changes: int) -> bool:
    return is_right(verdicts(answer={**REFERENCE, **changes}, reference=REFERENCE))


def test_one_level_more_or_less_is_near_enough_on_every_scale() -> None:
    assert right()
    assert right(exposure=4, noise=3, blur=1, quality=2, importance=2)


def test_a_plain_distortion_or_the_quality_must_not_be_missed() -> None:
    assert not right(blur=5)
    assert not right(blur=0)
    assert not right(quality=3)


def test_one_of_the_other_scales_may_be_wrong_and_two_may_not() -> None:
    assert right(importance=0)
    assert right(compression=2)
    assert not right(importance=0, compression=2)


def test_a_scale_that_the_reference_leaves_out_is_not_judged() -> None:
    found = verdicts(answer={**REFERENCE, "quality": 4}, reference={"blur": 2})
    assert [v.scale for v in found] == ["blur"]
    assert is_right(found)


def test_the_pass_mark_is_met_exactly() -> None:
    assert passes(right=7, items=10, percent=70)
    assert not passes(right=6, items=9, percent=67)
    assert not passes(right=0, items=0, percent=1)
