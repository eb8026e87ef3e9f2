"""A tree computes what separate rows compute: logits and gradients, to 1e-5 in float32."""

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from ml.seagull.language.prompts import load_prompt
from ml.seagull.language.sampling import ImagePlan, PlannedROI, Sampling, draw_plan
from ml.seagull.language.tokenizer import word_level
from ml.seagull.network.model import Seagull
from ml.seagull.presets import preset
from ml.seagull.tree.assembly import Assembler, assemble
from ml.seagull.tree.attention import require_tree_mask
from ml.seagull.tree.batch import IGNORED, TreeBatch
from ml.seagull.tree.collate import collate
from tests.unit.seagull.tree.pictures import image

DIM = 32
IMAGE_TOKENS = 7
TOKENIZER = word_level()


def _llama() -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=len(TOKENIZER), hidden_size=DIM, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4
    )
    return LlamaForCausalLM(config)


def _tree(images: int = 1, prompt: str = "own-v1") -> TreeBatch:
    """Three regions with three questions each."""
    samples = [image(f"picture {number}") for number in range(images)]
    wording = load_prompt(prompt)
    plans = [draw_plan(one, wording, Sampling(judgments=0), run_seed=1, epoch=0) for one in samples]
    assert [plan.questions for plan in plans] == [9] * images
    return assemble(samples, plans, Assembler(TOKENIZER, wording, IMAGE_TOKENS))


def _spliced(lm: LlamaForCausalLM, tree: TreeBatch, spliced: dict[str, Tensor]) -> Tensor:
    embedded = lm.get_input_embeddings()(tree.token_ids).flatten(0, 1)
    embedded = embedded.index_copy(0, tree.image_slots.flatten().nonzero()[:, 0], spliced["image"].flatten(0, 1))
    embedded = embedded.index_copy(0, tree.global_slots, spliced["global"])
    embedded = embedded.index_copy(0, tree.local_slots, spliced["local"])
    return embedded.view(*tree.token_ids.shape, DIM)


def _tokens(tree: TreeBatch) -> dict[str, Tensor]:
    shapes = {"image": (len(tree.token_ids), IMAGE_TOKENS), "global": (len(tree.global_slots),)}
    shapes["local"] = shapes["global"]
    return {name: torch.randn(*shape, DIM).mul(0.1).requires_grad_() for name, shape in shapes.items()}


def _paths(tree: TreeBatch, row: int) -> list[list[int]]:
    """The places that each question's last token sees: one separate row for each question."""
    allowed = tree.attention[row, 0]
    leaves = [
        place
        for place in range(tree.token_ids.shape[1])
        if tree.subtree_end[row, place] > 0 and not allowed[place + 1 :, place].any()
    ]
    return [allowed[place].nonzero()[:, 0].tolist() for place in leaves]


def _separate(lm: LlamaForCausalLM, tree: TreeBatch, embedded: Tensor) -> dict[tuple[int, int], Tensor]:
    """Logits by (row, place), each question alone under plain causal attention from position 0."""
    logits = {}
    for row in range(len(tree.token_ids)):
        paths = _paths(tree, row)
        assert len(paths) == 9
        for path in paths:
            out = lm(inputs_embeds=embedded[row, path][None]).logits[0]
            for place, one in zip(path, out, strict=True):
                if tree.labels[row, place] != IGNORED:
                    logits[row, place] = one
    return logits


def _gradients(lm: LlamaForCausalLM, spliced: dict[str, Tensor], loss: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(loss, [*lm.parameters(), *spliced.values()]))


@pytest.mark.parametrize(("images", "prompt"), [(1, "own-v1"), (2, "paper-v1")])
def test_logits_and_gradients_equal_separate_rows(images, prompt):
    lm, tree = _llama(), _tree(images, prompt)
    spliced = _tokens(tree)
    require_tree_mask(tree.attention, queries=tree.token_ids.shape[1], keys=tree.token_ids.shape[1])
    together = lm(
        inputs_embeds=_spliced(lm, tree, spliced), attention_mask=tree.attention, position_ids=tree.position_ids
    ).logits
    alone = _separate(lm, tree, _spliced(lm, tree, spliced))
    places = sorted(alone)
    assert len(places) == int((tree.labels != IGNORED).sum())
    left = torch.stack([together[place] for place in places])
    right = torch.stack([alone[place] for place in places])
    torch.testing.assert_close(left, right, rtol=0, atol=1e-5)
    targets = torch.stack([tree.labels[place] for place in places])
    for one, other in zip(
        _gradients(lm, spliced, torch.nn.functional.cross_entropy(left, targets)),
        _gradients(lm, spliced, torch.nn.functional.cross_entropy(right, targets)),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


def test_the_whole_network_learns_the_same_from_a_tree_as_from_one_question_a_row():
    config, prompt, sample = preset("ci"), load_prompt("own-v1"), image()
    plan = draw_plan(sample, prompt, Sampling(judgments=0), run_seed=1, epoch=0)
    alone = [ImagePlan((PlannedROI(roi.index, (question,)),)) for roi in plan.rois for question in roi.questions]
    network = Seagull(config)
    results = []
    for plans in ([plan], alone):
        batch = collate([sample] * len(plans), tokenizer=TOKENIZER, config=config, prompt=prompt, plan=plans)
        out = network(batch.images, batch.rois, batch.tree)
        trained = [one for one in network.parameters() if one.requires_grad]
        results.append((out, torch.autograd.grad(out.loss, trained, allow_unused=True)))
    (tree, tree_gradients), (rows, row_gradients) = results
    assert len(alone) == 9
    torch.testing.assert_close(tree.logits, rows.logits, rtol=0, atol=1e-5)
    torch.testing.assert_close(tree.loss, rows.loss, rtol=0, atol=1e-6)
    for one, other in zip(tree_gradients, row_gradients, strict=True):
        if one is not None or other is not None:
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_without_the_mask_it_runs_and_is_wrong():
    # Why the mask is required: positions that restart alone are read as packed sequences.
    lm, tree = _llama().eval(), _tree()
    embedded = _spliced(lm, tree, _tokens(tree))
    right = lm(inputs_embeds=embedded, attention_mask=tree.attention, position_ids=tree.position_ids).logits
    wrong = lm(inputs_embeds=embedded, position_ids=tree.position_ids).logits
    assert (right - wrong).abs().max() > 1e-3


@pytest.mark.parametrize("mask", [torch.ones(1, 9), torch.ones(1, 1, 8, 9)])
def test_a_mask_that_is_no_tree_mask_is_refused(mask):
    with pytest.raises(ValueError, match="a tree needs"):
        require_tree_mask(mask, queries=9, keys=9)
