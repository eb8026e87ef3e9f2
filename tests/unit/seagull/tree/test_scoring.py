"""Scores of all regions in one pass: the same in chunks, from a cache, alone, and beside other images."""

import pytest
import torch

from ml.seagull.data.records import ImageSample
from ml.seagull.language.answers import distortion_answer
from ml.seagull.language.constrained import DistortionLanguage
from ml.seagull.language.levels import DISTORTIONS
from ml.seagull.language.parser import parse_distortions
from ml.seagull.language.prompts import load_prompt
from ml.seagull.language.sampling import ImagePlan, PlannedROI, scoring_plan
from ml.seagull.language.tokenizer import word_level
from ml.seagull.network.model import Seagull
from ml.seagull.presets import preset
from ml.seagull.scoring import ROIScores, Scorer, chunks, evaluating, expected, score
from ml.seagull.suggesting import suggest
from ml.seagull.tree.collate import prepare
from ml.seagull.tree.decoding import decode_distortions
from ml.seagull.tree.prefix import PrefixCache
from tests.unit.seagull.language.pieces import word_pieces
from tests.unit.seagull.tree.pictures import image

TOKENIZER = word_level()
PROMPT = load_prompt("own-v1")


@pytest.fixture(scope="module")
def model() -> Seagull:
    torch.manual_seed(3)
    made = Seagull(preset("ci"))
    # Random weights hardly prefer one word: let them differ enough for a test to see a mistake.
    with torch.no_grad():
        for parameter in made.causal_lm.model.layers.parameters():
            if parameter.dim() == 2:
                parameter.mul_(4)
        made.causal_lm.get_input_embeddings().weight.mul_(20)
    return made.eval()


def _same(left: ROIScores, right: ROIScores) -> None:
    assert left.roi_id == right.roi_id
    pairs = [(left.quality, right.quality), (left.importance, right.importance), ((left.clean,), (right.clean,))]
    for name in DISTORTIONS:
        one, other = left.distortions[name], right.distortions[name]
        pairs += [((one.present,), (other.present,)), (one.severity, other.severity)]
    for one, other in pairs:
        assert one == pytest.approx(other, abs=1e-5)


def test_probabilities_of_closed_sets(model):
    (scores,) = score(model, TOKENIZER, [image(rois=3)], prompt=PROMPT)
    assert [one.roi_id for one in scores] == ["image-0", "image-1", "image-2"]
    for one in scores:
        assert sum(one.quality) == pytest.approx(1)
        assert sum(one.importance) == pytest.approx(1)
        assert tuple(one.distortions) == DISTORTIONS
        assert all(sum(kind.severity) == pytest.approx(1) for kind in one.distortions.values())
        assert all(0 < kind.present < 1 for kind in one.distortions.values())
    assert scores[0].quality != pytest.approx(scores[1].quality, abs=1e-4)


def test_a_score_is_what_the_model_says_behind_the_forced_answer(model):
    # By hand, without tree, mask or our read-out: one row of one region and one question.
    sample = image(rois=2)
    scored = score(model, TOKENIZER, [sample], prompt=PROMPT)[0][1]
    alone = ImageSample(sample.image_id, sample.split, sample.load, sample.rois[1:])
    plan = [_plan_of_one()]
    images, rois = prepare([alone], plan, model.config)
    tokens = model.encode(images, rois)
    words = [*TOKENIZER.encode(PROMPT.questions["quality"][0]), *TOKENIZER.encode("The quality is")]
    embedding = model.causal_lm.get_input_embeddings()
    row = torch.cat([
        embedding(torch.tensor([TOKENIZER.bos])), tokens.image[0], tokens.global_, tokens.local,
        embedding(torch.tensor(words)),
    ])  # fmt: skip
    logits = model.causal_lm(inputs_embeds=row[None]).logits[0, -1]
    expected_quality = logits[list(TOKENIZER.closed["quality"])].softmax(-1).tolist()
    assert scored.quality == pytest.approx(tuple(expected_quality), abs=1e-5)


def _plan_of_one():
    return ImagePlan((PlannedROI(0, ()),))


def test_thirty_four_regions_in_chunks_score_as_in_one_pass(model):
    sample = image("many", rois=34)
    whole = Scorer(model, TOKENIZER, PROMPT, token_budget=100_000).score([sample])[0]
    parts = Scorer(model, TOKENIZER, PROMPT, token_budget=600).score([sample])[0]
    assert len(whole) == 34
    for left, right in zip(whole, parts, strict=True):
        _same(left, right)


def test_images_together_score_as_alone_and_one_without_regions_has_none(model):
    samples = [image("a", rois=1), image("b", rois=0), image("c", rois=4)]
    together = Scorer(model, TOKENIZER, PROMPT).score(samples)
    assert [len(one) for one in together] == [1, 0, 4]
    for number in (0, 2):
        (alone,) = Scorer(model, TOKENIZER, PROMPT).score([samples[number]])
        for left, right in zip(together[number], alone, strict=True):
            _same(left, right)


def test_a_cached_prefix_scores_the_same_and_is_used_again(model, monkeypatch):
    sample = image(rois=3)
    plain = Scorer(model, TOKENIZER, PROMPT).score([sample])[0]
    cached = Scorer(model, TOKENIZER, PROMPT, prefixes=PrefixCache(10**9), weights_id="w")
    first = cached.score([sample])[0]
    monkeypatch.setattr(Seagull, "perceive", None)  # the encoder must not run again
    again = cached.score([sample])[0]
    for one, other, third in zip(plain, first, again, strict=True):
        _same(one, other)
        _same(one, third)


def test_the_prefix_cache_is_bounded_and_lets_go_of_the_oldest(model):
    scorer = Scorer(model, TOKENIZER, PROMPT)
    with evaluating(model):
        states = {name: scorer.prefix_of(image(name, rois=1)) for name in "abc"}
    size = states["a"].nbytes
    cache = PrefixCache(max_bytes=2 * size)
    cache.put("a", states["a"])
    cache.put("b", states["b"])
    assert cache.get("a") is states["a"]
    cache.put("c", states["c"])
    assert cache.get("b") is None
    assert (len(cache), cache.nbytes) == (2, 2 * size)
    small = PrefixCache(max_bytes=size - 1)
    small.put("a", states["a"])
    assert (len(small), small.nbytes) == (0, 0)


def test_a_temperature_flattens_its_own_head_only(model):
    sample = image(rois=1)
    (plain,), (warm,) = (
        score(model, TOKENIZER, [sample], prompt=PROMPT, temperatures=one)[0] for one in ({}, {"quality": 50.0})
    )
    assert max(warm.quality) < max(plain.quality)
    assert warm.importance == plain.importance
    assert warm.distortions == plain.distortions


def test_an_unknown_head_or_a_temperature_of_zero_is_refused(model):
    for wrong in ({"beauty": 1.0}, {"quality": 0.0}):
        with pytest.raises(ValueError, match="temperatures"):
            Scorer(model, TOKENIZER, PROMPT, temperatures=wrong)


def test_chunks_keep_within_the_budget():
    assert list(chunks([4, 4, 4, 20, 1], 10)) == [(0, 2), (2, 3), (3, 4), (4, 5)]
    assert list(chunks([], 10)) == []


def test_the_score_is_the_mean_level():
    assert expected((0, 0, 0.5, 0.5, 0)) == 2.5


def test_a_tokenizer_of_word_pieces_scores_and_decodes_too():
    # Words of several tokens: leaves of several tokens, constraints within words, no image token of its own.
    pieces, prompt = word_pieces(), load_prompt("official-v1")
    config = preset("ci")
    scorer = Scorer(Seagull(config).eval(), pieces, prompt)
    (scores,) = scorer.score([image(rois=2)])
    parts = Scorer(scorer.model, pieces, prompt, token_budget=300).score([image(rois=2)])[0]
    for left, right in zip(scores, parts, strict=True):
        _same(left, right)
    for one in suggest(scorer, image(rois=2)):
        assert parse_distortions(one.answer).distortions == one.distortions


def test_suggestions_always_parse_and_equal_a_decoding_region_by_region(model):
    sample = image("decoded", rois=5)
    scorer = Scorer(model, TOKENIZER, PROMPT)
    language = DistortionLanguage(TOKENIZER, PROMPT)
    with evaluating(model):
        state = scorer.prefix_of(sample)
        decoded = []
        for rois in (sample.rois, *[(roi,) for roi in sample.rois]):
            part = ImageSample(sample.image_id, "train", sample.load, tuple(rois))
            described = model.describe(state.pyramid, prepare([part], [_plan_of(part)], model.config)[1])
            decoded.append(decode_distortions(model, scorer.assembler, state, described, part.rois, language=language))
    together, alone = decoded[0], [one for (one,) in decoded[1:]]
    assert [one.ids for one in together] == [one.ids for one in alone]
    for one in together:
        parsed = parse_distortions(TOKENIZER.decode(one.ids))
        assert parsed.error is None
        assert 0 < one.confidence <= 1
        prefix, rest = distortion_answer(PROMPT, parsed.distortions)
        assert one.ids == (*TOKENIZER.encode(prefix), *TOKENIZER.encode(rest))


def _plan_of(sample: ImageSample):
    return scoring_plan(sample, PROMPT)
