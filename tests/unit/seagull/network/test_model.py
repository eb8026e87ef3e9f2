import dataclasses
import math

import pytest
import torch

from ml.seagull.network.model import Seagull
from ml.seagull.presets import preset
from ml.seagull.tree.batch import IGNORED
from tests.unit.seagull.network.batches import random_batch

VARIANTS = ("official", "paper", "native")


def fresh(variant: str = "native", **overrides: object) -> Seagull:
    torch.manual_seed(0)
    return Seagull(preset("ci", variant, **overrides))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_trained_parameter_gets_a_gradient(variant: str) -> None:
    model = fresh(variant)
    batch = random_batch(model.config)
    output = model(batch.images, batch.rois, batch.tree)
    loss = output.loss if output.aux_loss is None else output.loss + output.aux_loss
    loss.backward()
    without = [name for name, one in model.named_parameters() if one.grad is None]
    assert without == []
    assert all(bool(one.grad.isfinite().all()) for one in model.parameters())


def test_four_answers_are_learned_by_heart() -> None:
    model = fresh()
    batch = random_batch(model.config, (2, 2))
    # The same words were asked: only the strength of the noise in the crops tells the answers apart.
    crops = batch.rois.crops.clone()
    crops[:, :3] = 0.5 + (crops[:, :3] - 0.5) * torch.tensor([0.1, 0.4, 0.7, 1.0]).view(4, 1, 1, 1)
    rois = dataclasses.replace(batch.rois, crops=crops)
    labels = batch.tree.labels.clone()
    answers = (labels == 20).nonzero()
    for number, (row, position) in enumerate(answers.tolist()):
        labels[row, position] = 20 + number
    tree = dataclasses.replace(batch.tree, labels=labels)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(40):
        optimizer.zero_grad()
        output = model(batch.images, rois, tree)
        if torch.equal(output.logits.argmax(-1), output.targets):
            break
        output.loss.backward()
        optimizer.step()
    assert torch.equal(output.logits.argmax(-1), output.targets)


def test_logits_are_those_of_the_labelled_positions_alone() -> None:
    model = fresh().eval()
    batch = random_batch(model.config)
    with torch.no_grad():
        output = model(batch.images, batch.rois, batch.tree)
        embedded = model.embed(model.encode(batch.images, batch.rois), batch.tree)
        everywhere = model.lm(
            inputs_embeds=embedded, attention_mask=batch.tree.attention, position_ids=batch.tree.position_ids
        ).logits
    labelled = batch.tree.labels != IGNORED
    assert torch.equal(output.targets, batch.tree.labels[labelled])
    torch.testing.assert_close(output.logits, everywhere[labelled])
    expected = torch.nn.functional.cross_entropy(everywhere[labelled], output.targets)
    torch.testing.assert_close(output.loss, expected)


def test_tokens_stand_in_their_places_and_words_in_theirs() -> None:
    model = fresh().eval()
    batch = random_batch(model.config)
    with torch.no_grad():
        tokens = model.encode(batch.images, batch.rois)
        embedded = model.embed(tokens, batch.tree)
        words = model.lm.get_input_embeddings()(batch.tree.token_ids)
    flat = embedded.flatten(0, 1)
    torch.testing.assert_close(embedded[batch.tree.image_slots], tokens.image.flatten(0, 1))
    torch.testing.assert_close(flat[batch.tree.global_slots], tokens.global_)
    torch.testing.assert_close(flat[batch.tree.local_slots], tokens.local)
    spliced = batch.tree.image_slots.flatten().clone()
    spliced[batch.tree.global_slots] = spliced[batch.tree.local_slots] = True
    assert torch.equal(flat[~spliced], words.flatten(0, 1)[~spliced])


def test_tokens_are_normed_and_scaled_before_they_meet_the_words() -> None:
    model = fresh().eval()
    batch = random_batch(model.config)
    with torch.no_grad():
        tokens = model.encode(batch.images, batch.rois)
    for view in (tokens.image, tokens.global_, tokens.local):
        assert torch.allclose(view.std(dim=-1, unbiased=False), torch.tensor(0.3), atol=1e-3)


@pytest.mark.parametrize(("overrides", "absent"), [({"local": "none"}, "local"), ({"global_view": False}, "global_")])
def test_a_view_that_is_switched_off_is_absent_and_the_rest_works(overrides: dict, absent: str) -> None:
    model = fresh(**overrides)
    batch = random_batch(model.config)
    slots = torch.full_like(batch.tree.local_slots, -1)
    tree = dataclasses.replace(batch.tree, **{f"{absent.strip('_')}_slots": slots})
    tokens = model.encode(batch.images, batch.rois)
    assert getattr(tokens, absent) is None
    output = model(batch.images, batch.rois, tree)
    assert output.loss.isfinite()
    assert output.aux_loss.isfinite()


def test_only_known_labels_count_for_the_auxiliary_heads() -> None:
    model = fresh()
    batch = random_batch(model.config)
    nothing = dataclasses.replace(
        batch.tree.aux,
        quality=torch.full_like(batch.tree.aux.quality, IGNORED),
        types=torch.full_like(batch.tree.aux.types, math.nan),
    )
    tree = dataclasses.replace(batch.tree, aux=nothing)
    assert model(batch.images, batch.rois, tree).aux_loss == 0


def test_the_high_pass_channels_are_zero_where_nothing_changes() -> None:
    from ml.seagull.network.high_pass import high_pass

    flat = torch.full((1, 3, 8, 8), 0.7)
    assert high_pass(flat).abs().max() < 1e-5
    flat[0, 0, 4, 4] = 1.6
    assert high_pass(flat)[0, 0, 4, 4] == pytest.approx(4 * 0.9 * 8 / 9, abs=1e-5)


def test_a_frozen_encoder_stays_as_it_is_and_in_eval_mode() -> None:
    config = preset("ci")
    model = Seagull(dataclasses.replace(config, encoder=dataclasses.replace(config.encoder, frozen=True))).train()
    assert model.training
    assert model.local.training
    assert not any(module.training for module in model.encoder.modules())
    assert not any(one.requires_grad for one in model.encoder.parameters())
    batch = random_batch(model.config)
    model(batch.images, batch.rois, batch.tree).loss.backward()
    assert all(one.grad is None for one in model.encoder.parameters())
    assert all(one.grad is not None for one in model.projector.parameters())


def test_a_batch_without_a_label_is_refused() -> None:
    model = fresh()
    batch = random_batch(model.config)
    tree = dataclasses.replace(batch.tree, labels=torch.full_like(batch.tree.labels, IGNORED))
    with pytest.raises(ValueError, match="label"):
        model(batch.images, batch.rois, tree)


def test_a_mask_of_two_dimensions_is_refused_before_it_is_silently_wrong() -> None:
    model = fresh()
    batch = random_batch(model.config)
    tree = dataclasses.replace(batch.tree, attention=torch.ones_like(batch.tree.token_ids))
    with pytest.raises(ValueError, match="attention"):
        model(batch.images, batch.rois, tree)


def test_a_tree_for_another_number_of_image_tokens_is_refused() -> None:
    model = fresh()
    batch = random_batch(model.config)
    slots = batch.tree.image_slots.clone()
    slots[0, 3] = False
    with pytest.raises(ValueError, match="31 image slots for 32"):
        model(batch.images, batch.rois, dataclasses.replace(batch.tree, image_slots=slots))
