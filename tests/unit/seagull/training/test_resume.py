"""A run that is killed anywhere ends with the bits that an undisturbed one has."""

import json
import multiprocessing
import os
import random
import signal
import time

import pytest
import torch

from ml.seagull.training.checkpoints import pointed, read_checkpoint
from tests.unit.seagull.training.worlds import SMALL_LORA, run_in

# Forked, so that a kill costs no new start of torch: what is killed is a process all the same.
CHILD = multiprocessing.get_context("fork")
STEPS = 8

pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")


def trained(folder, changes):
    torch.set_num_threads(1)
    run_in(folder, steps=STEPS, save_every=1, **changes).train()


def in_child(folder, changes, *, kill_after=None):
    """Train in a process of its own; SIGKILL it as soon as its events tell of that many steps."""
    child = CHILD.Process(target=trained, args=(folder, changes))
    child.start()
    events = folder / "events.jsonl"
    until = time.monotonic() + 60
    while child.is_alive() and time.monotonic() < until:
        if kill_after is not None and events.exists() and events.read_text().count('"event": "step"') >= kill_after:
            os.kill(child.pid, signal.SIGKILL)
            break
        time.sleep(0.002)
    child.join(60)
    return child.exitcode


def final(folder):
    checkpoint = read_checkpoint(pointed(folder, "latest"))
    return checkpoint.facts["step"], checkpoint.tensors, checkpoint.texts


@pytest.mark.parametrize("changes", [{}, {"lora": SMALL_LORA, "freeze_encoder": True}], ids=["all", "lora"])
def test_killed_at_random_steps_it_ends_bit_for_bit_like_an_undisturbed_run(tmp_path, changes):
    assert in_child(tmp_path / "whole", changes) == 0
    seed = random.randrange(10**6)
    drawn = random.Random(seed)
    killed = 0
    for after in sorted(drawn.sample(range(1, STEPS), 2)):
        killed += in_child(tmp_path / "killed", changes, kill_after=after) == -signal.SIGKILL
    assert in_child(tmp_path / "killed", changes) == 0
    (step, whole, texts), (again, resumed, other_texts) = final(tmp_path / "whole"), final(tmp_path / "killed")
    assert killed >= 1, f"seed {seed}"
    assert step == again == STEPS
    assert whole.keys() == resumed.keys()
    for name, tensors in whole.items():
        assert tensors.keys() == resumed[name].keys()
        assert all(torch.equal(value, resumed[name][key]) for key, value in tensors.items()), f"{name}, seed {seed}"
    assert texts == other_texts, f"seed {seed}"


def test_a_run_with_other_settings_is_not_mixed_in(tmp_path):
    run_in(tmp_path, steps=2).train()
    with pytest.raises(ValueError, match=r"other settings: learning_rate 0.001, now 0.1"):
        run_in(tmp_path, steps=2, learning_rate=0.1).train()


def test_a_finished_run_changes_nothing_when_it_is_started_again(tmp_path):
    first = run_in(tmp_path, steps=2).train()
    before = final(tmp_path)[1]
    again = run_in(tmp_path, steps=2).train()
    assert (first.step, again.step, again.finished) == (2, 2, True)
    after = final(tmp_path)[1]
    assert all(torch.equal(value, after[name][key]) for name, part in before.items() for key, value in part.items())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_within_a_step_and_keeps_a_checkpoint(tmp_path, number):
    run = run_in(tmp_path, steps=50, save_every=100, batch_images=2)
    batches = run.batches.made
    # A shell that starts the tests in the background has them ignore SIGINT.
    before = signal.getsignal(number)

    def signalled(step, budget):
        if step == 3:
            signal.raise_signal(number)
        return batches(step, budget)

    run.batches.made = signalled
    outcome = run.train()
    assert (outcome.finished, outcome.signal) == (False, number.name)
    assert outcome.step in {3, 4}
    assert read_checkpoint(outcome.checkpoint).facts["step"] == outcome.step
    assert signal.getsignal(number) is before


def test_frozen_parts_are_neither_trained_nor_stored(tmp_path):
    run = run_in(tmp_path, steps=2, lora=SMALL_LORA, freeze_encoder=True)
    encoder = {name: value.clone() for name, value in run.model.encoder.named_parameters()}
    words = run.model.causal_lm.get_input_embeddings().weight.clone()
    checkpoint = read_checkpoint(run.train().checkpoint)
    assert all(torch.equal(value, encoder[name]) for name, value in run.model.encoder.named_parameters())
    assert torch.equal(run.model.causal_lm.get_input_embeddings().weight, words)
    assert sorted(checkpoint.tensors) == [
        "adapter/adapter_model.safetensors",
        "mfe.safetensors",
        "optimizer.safetensors",
        "projector.safetensors",
    ]
    assert json.loads(checkpoint.texts["adapter/adapter_config.json"])["r"] == 2
