import pytest
import torch

from ml.seagull.network.adapters import (
    adapter_size,
    add_adapters,
    check_adapters,
    merge_adapters,
    trained_parameters,
)
from ml.seagull.network.model import Seagull
from ml.seagull.presets import preset
from tests.unit.seagull.network.batches import random_batch

# peft asks transformers by an old name.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")


def adapted() -> Seagull:
    torch.manual_seed(0)
    model = Seagull(preset("ci", "official"))
    add_adapters(model, rank=4, alpha=8, dropout=0.0)
    return model


def test_in_the_language_model_only_adapters_are_trained_and_outside_it_nothing_changes() -> None:
    before = trained_parameters(Seagull(preset("ci", "official")))
    model = adapted()
    after = trained_parameters(model)
    assert {name for name in after if not name.startswith("lm.")} == {n for n in before if not n.startswith("lm.")}
    assert all(".lora_" in name for name in after if name.startswith("lm."))
    assert not any("lora" in name for name, _ in model.extractor.named_parameters())
    lm = {name: one.numel() for name, one in after.items() if name.startswith("lm.")}
    assert sum(lm.values()) == adapter_size(model.config.lm, rank=4)


def test_adapters_start_as_nothing_and_merge_into_the_same_answers() -> None:
    torch.manual_seed(0)
    plain = Seagull(preset("ci", "official")).eval()
    model = adapted().eval()
    batch = random_batch(model.config)
    with torch.no_grad():
        expected = plain(batch.images, batch.rois, batch.tree).logits
        torch.testing.assert_close(model(batch.images, batch.rois, batch.tree).logits, expected)
        for name, one in model.lm.named_parameters():
            if ".lora_B." in name:
                one.normal_(std=0.1)
        changed = model(batch.images, batch.rois, batch.tree).logits
        merge_adapters(model)
        merged = model(batch.images, batch.rois, batch.tree).logits
    assert not torch.allclose(changed, expected, atol=1e-2)
    torch.testing.assert_close(merged, changed, rtol=1e-4, atol=1e-5)
    assert set(model.state_dict()) == set(plain.state_dict())


def test_adapters_are_not_added_twice() -> None:
    model = adapted()
    with pytest.raises(ValueError, match="already"):
        add_adapters(model)


def test_a_language_model_that_trains_something_else_is_noticed() -> None:
    model = adapted()
    next(one for name, one in model.lm.named_parameters() if "embed_tokens" in name).requires_grad_()
    with pytest.raises(RuntimeError, match="embed_tokens"):
        check_adapters(model, rank=4)


def test_adapters_that_were_frozen_on_the_way_are_noticed() -> None:
    model = adapted()
    model.lm.requires_grad_(requires_grad=False)
    with pytest.raises(RuntimeError, match="trains 0"):
        check_adapters(model, rank=4)
