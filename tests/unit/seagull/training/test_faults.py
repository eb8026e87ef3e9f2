"""What goes wrong in real runs, made to go wrong here."""

import json
from dataclasses import replace

import pytest
import torch

from ml.seagull.network.model import Seagull
from ml.seagull.training.guard import NoMemoryLeft, TokenBudget, TooManyBadSteps
from tests.unit.seagull.training.worlds import network, run_in


class Faulty:
    """Makes a network fail at chosen forwards."""

    def __init__(self, model, fault):
        self.calls = 0
        forward = model.forward

        def faulty(*given):
            self.calls += 1
            return fault(self.calls, forward(*given))

        model.forward = faulty
        self.model = model


def events(folder, kind):
    return [row for row in map(json.loads, (folder / "events.jsonl").read_text().splitlines()) if row["event"] == kind]


def no_number_at(*calls):
    return lambda call, output: replace(output, loss=output.loss * float("nan")) if call in calls else output


def out_of_memory_above(images):
    """As a card does: the forward fails if it is given more than so many images."""
    forward = Seagull.forward

    def limited(self, pixels, rois, tree):
        if pixels.pixels.shape[0] > images:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, pixels, rois, tree)

    return limited


def test_a_bad_update_is_left_out_counted_and_its_images_are_named(tmp_path):
    faulty = Faulty(network(), no_number_at(3))
    outcome = run_in(tmp_path, model=faulty.model, steps=5).train()
    assert (outcome.step, outcome.skipped) == (5, 1)
    assert all(torch.isfinite(value).all() for value in faulty.model.state_dict().values())
    (skipped,) = events(tmp_path, "skipped")
    assert len(skipped["images"]) == 2
    assert skipped["loss"] is None


def test_after_a_bad_update_the_rate_is_low(tmp_path):
    faulty = Faulty(network(), no_number_at(3))
    run_in(tmp_path, model=faulty.model, steps=4).train()
    rates = [row["learning_rate"] for row in events(tmp_path, "step")]
    assert rates[3] < 0.2 * rates[2]


def test_five_bad_updates_in_a_row_end_the_run_and_say_what_to_do(tmp_path):
    faulty = Faulty(network(), no_number_at(*range(3, 100)))
    with pytest.raises(TooManyBadSteps, match=r"5th bad update in a row; images image-.*lower learning_rate"):
        run_in(tmp_path, model=faulty.model, steps=50).train()
    assert len(events(tmp_path, "skipped")) == 5


def test_when_memory_ends_the_budget_is_halved_and_the_gradients_stay_the_same(tmp_path, monkeypatch):
    plain = run_in(tmp_path / "plain", steps=2, batch_images=4)
    plain.train()
    monkeypatch.setattr(Seagull, "forward", out_of_memory_above(1))
    tight = run_in(tmp_path / "tight", steps=2, batch_images=4)
    outcome = tight.train()
    assert outcome.skipped == 0
    assert tight.budget.tokens < plain.budget.tokens
    first, second = (events(tmp_path / name, "step") for name in ("plain", "tight"))
    assert second[0]["loss"] == pytest.approx(first[0]["loss"], rel=1e-5)
    assert second[0]["norm"] == pytest.approx(first[0]["norm"], rel=1e-4)
    assert second[1]["loss"] == pytest.approx(first[1]["loss"], rel=1e-3)


def test_the_budget_that_fits_is_remembered_for_this_device_and_preset(tmp_path):
    memory = tmp_path / "token_budget.json"
    TokenBudget(4096, key="card|tiny", memory=memory).halve()
    assert TokenBudget(4096, key="card|tiny", memory=memory).tokens == 2048
    assert TokenBudget(1024, key="card|tiny", memory=memory).tokens == 1024
    assert TokenBudget(4096, key="card|small", memory=memory).tokens == 4096


def test_an_image_that_does_not_fit_alone_ends_the_run_and_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(Seagull, "forward", out_of_memory_above(0))
    with pytest.raises(NoMemoryLeft, match="switch checkpointing on"):
        run_in(tmp_path, steps=2).train()
