"""The platform refuses what `ml` refuses, by a file that `ml` wrote."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ml.seagull.presets import preset
from ml.seagull.training import schema as writer
from ml.seagull.training.settings import STAGES, Settings
from roiqa.training import settings_rules
from roiqa.training.options import PRESET_TITLES
from roiqa.training.options import STAGES as TITLES
from roiqa.training.settings_rules import resolved_network, resolved_settings, schema

REMEDY = "python -m ml.seagull.training.schema --output platform/roiqa/training/settings_schema.json"
NUMBERS = st.one_of(
    st.sampled_from([-1, 0, 1, 2, 3, 8, 32, 64, 65, 900, 10**10, 0.0, 0.5, 1.0, 1.5, True, None, "auto", [0.9, 0.99]]),
    st.integers(-5, 5000),
    st.floats(-2, 2),
)


def test_the_file_is_in_step_with_ml():
    written = Path(settings_rules.__file__).with_name("settings_schema.json").read_text(encoding="utf-8")
    assert written == writer.as_text(), f"run: {REMEDY}"


def test_every_stage_and_preset_has_a_title():
    assert set(TITLES) == set(STAGES)
    assert set(PRESET_TITLES) == set(schema()["presets"])


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_unchanged_is_what_ml_has(stage: str):
    resolved, problems = resolved_settings(stage, {})
    assert problems == {}
    assert Settings.from_json(resolved) == STAGES[stage]


def accepted_by_ml(stage: str, changes: dict[str, Any]) -> bool:
    try:
        Settings.from_json({**STAGES[stage].as_json(), **changes})
    except (TypeError, ValueError):
        return False
    return True


@given(
    stage=st.sampled_from(sorted(STAGES)),
    name=st.sampled_from(sorted(writer.LIMITS)),
    value=NUMBERS,
)
@examples(max_examples=400, deadline=None)
def test_numbers_are_refused_where_ml_refuses_them(stage: str, name: str, value: Any):
    resolved, problems = resolved_settings(stage, {name: value})
    assert (problems == {}) == accepted_by_ml(stage, {name: value}), (problems, value)
    if not problems:
        assert json.loads(json.dumps(resolved)) == resolved


@given(part=st.sampled_from(["rank", "alpha", "dropout"]), value=NUMBERS)
@examples(max_examples=100, deadline=None)
def test_adapters_are_refused_where_ml_refuses_them(part: str, value: Any):
    whole = {"rank": 8, "alpha": 16, "dropout": 0.0, part: value}
    _, problems = resolved_settings("stage1", {"lora": whole})
    assert (problems == {}) == accepted_by_ml("stage1", {"lora": whole}), problems


def test_a_part_of_the_adapters_keeps_the_rest():
    resolved, problems = resolved_settings("scratch", {"lora": {"rank": 4}})
    assert problems == {}
    assert resolved["lora"] == {"rank": 4, "alpha": 256, "dropout": 0.05}


@given(
    image_size=st.sampled_from([32, 48, 64, 96, 100, 128]),
    token_dim=st.sampled_from([8, 16, 24, 30, 96]),
    heads=st.integers(1, 8),
    crop_size=st.sampled_from([16, 24, 32, 64, 100]),
    local=st.sampled_from(["official", "v2", "none"]),
)
@examples(max_examples=200, deadline=None)
def test_networks_are_refused_where_ml_refuses_them(**changes: Any):
    _, problems = resolved_network("ci", "native", changes)
    try:
        preset("ci", "native", **changes)
        accepted = True
    except ValueError:
        accepted = False
    assert (problems == {}) == accepted, problems
