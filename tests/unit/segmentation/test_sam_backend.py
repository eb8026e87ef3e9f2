"""SAM and SAM 2 through transformers: geometry, prompts, choice, post-processing, and what cannot be loaded."""

import json
import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
import torch
from transformers import Sam2VideoConfig, Sam2VideoModel

from ml.segmentation import geometry
from ml.segmentation.embedding import Embedding
from ml.segmentation.manifest import ManifestError, ModelError
from ml.segmentation.models import load, write_preprocessor_config
from ml.segmentation.prompts import Box, Point, Prompt
from ml.segmentation.sam_backend import SAMBackend
from tests.unit.segmentation.pictures import blocks
from tests.unit.segmentation.tiny_models import sam2_config, saved, tiny_sam, tiny_sam2

PICTURE = blocks(60, 90, seed=3, tile=13)
POINTS = (Point(40, 30), Point(70, 20, positive=False), Point(12, 44))
BOX = Box(10, 8, 66, 51)
PROMPTS = [
    Prompt(points=POINTS[:1]),
    Prompt(points=POINTS),
    Prompt(box=BOX),
    Prompt(points=POINTS[:2], box=BOX),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {"sam": saved(tiny_sam(), folder / "Tiny SAM"), "sam2": saved(tiny_sam2(), folder / "tiny-sam2")}


@pytest.fixture(scope="module", params=["sam", "sam2"])
def backend(request: pytest.FixtureRequest, folders: dict[str, Path]) -> SAMBackend:
    return load(folders[request.param])


def answer_of_transformers(backend: SAMBackend, embedding: Embedding, prompt: Prompt, *, multimask: bool) -> Any:
    """What the model's own forward says of the same embedding and prompt."""
    scale = np.array([embedding.resized[1] / 90, embedding.resized[0] / 60])
    given: dict[str, torch.Tensor] = {}
    if prompt.points:
        rows = np.array([[point.x, point.y] for point in prompt.points]) * scale
        given["input_points"] = torch.tensor(rows[None, None], dtype=torch.float32)
        given["input_labels"] = torch.tensor([[[int(point.positive) for point in prompt.points]]])
    if prompt.box:
        box = prompt.box
        corners = np.array([box.x0, box.y0, box.x1, box.y1]) * np.tile(scale, 2)
        given["input_boxes"] = torch.tensor(corners[None, None], dtype=torch.float32)
    if prompt.previous is not None:
        given["input_masks"] = torch.from_numpy(prompt.previous)[None, None]
    names = ["image_embeddings"] if backend.manifest.family == "sam" else ["high_res_feats_0", "high_res_feats_1"]
    features = [torch.from_numpy(embedding.tensors[name].astype(np.float32))[None] for name in names]
    if backend.manifest.family == "sam2":
        features.append(torch.from_numpy(embedding.tensors["image_embeddings"].astype(np.float32))[None])
    with torch.inference_mode():
        stored = features if backend.manifest.family == "sam2" else features[0]
        return backend.network(image_embeddings=stored, multimask_output=multimask, **given)


@pytest.mark.parametrize("number", range(len(PROMPTS) + 1))
def test_the_decoder_answers_as_the_models_own_forward(backend: SAMBackend, number: int) -> None:
    embedding = backend.encode(PICTURE)
    image = backend.open(embedding)
    prompt = PROMPTS[number % len(PROMPTS)]
    if number == len(PROMPTS):
        prompt = Prompt(prompt.points, prompt.box, image.decode([prompt])[0][0, 2])
    logits, scores = image.decode([prompt])
    three = answer_of_transformers(backend, embedding, prompt, multimask=True)
    single = answer_of_transformers(backend, embedding, prompt, multimask=False)
    assert np.abs(logits).max() > 0.1
    assert np.allclose(logits[0, 1:], three.pred_masks[0, 0], atol=1e-4)
    assert np.allclose(logits[0, :1], single.pred_masks[0, 0], atol=1e-4)
    assert np.allclose(scores[0, 1:], three.iou_scores[0, 0], atol=1e-4)
    assert np.allclose(scores[0, :1], single.iou_scores[0, 0], atol=1e-4)


def test_prompts_decoded_together_answer_as_alone(backend: SAMBackend) -> None:
    image = backend.prepare(PICTURE)
    prompts = [Prompt(points=(point,)) for point in POINTS]
    together, scores = image.decode(prompts)
    for number, prompt in enumerate(prompts):
        alone, score = image.decode([prompt])
        assert np.allclose(together[number], alone[0], atol=1e-4)
        assert np.allclose(scores[number], score[0], atol=1e-4)
    with pytest.raises(ValueError, match="must be alike"):
        image.decode([PROMPTS[0], PROMPTS[2]])


def test_one_click_gives_three_candidates_by_predicted_overlap_and_more_gives_one(backend: SAMBackend) -> None:
    image = backend.prepare(PICTURE)
    three = image.predict(PROMPTS[0])
    assert len(three) == 3
    assert [candidate.score for candidate in three] == sorted((c.score for c in three), reverse=True)
    assert all(candidate.mask.shape == (60, 90) for candidate in three)
    for prompt in PROMPTS[1:]:
        [answer] = image.predict(prompt)
        logits, scores = image.decode([prompt])
        assert answer.score == np.clip(scores[0, 0], 0, 1)
        assert np.array_equal(answer.logits, logits[0, 0])
    # A lone negative click, and a lone click that corrects a mask, mean one thing only.
    assert len(image.predict(Prompt(points=(Point(5, 5, positive=False),)))) == 1
    assert len(image.predict(Prompt(points=POINTS[:1], previous=three[0].logits))) == 1


def test_a_previous_mask_of_another_size_is_refused(backend: SAMBackend) -> None:
    with pytest.raises(ValueError, match=r"previous mask has shape \(32, 32\)"):
        backend.prepare(PICTURE).predict(Prompt(points=POINTS[:2], previous=np.zeros((8, 8), np.float32)))


def test_an_embedding_survives_its_bytes_and_only_its_model_opens_it(
    backend: SAMBackend, folders: dict[str, Path]
) -> None:
    embedding = backend.encode(PICTURE)
    again = backend.open(Embedding.from_bytes(embedding.to_bytes(key="0" * 64)))
    assert np.array_equal(again.decode([PROMPTS[0]])[0], backend.open(embedding).decode([PROMPTS[0]])[0])
    other = load(folders["sam2" if backend.manifest.family == "sam" else "sam"])
    with pytest.raises(ValueError, match="encode the image again"):
        other.open(embedding)


def test_a_loaded_model_describes_itself(backend: SAMBackend) -> None:
    manifest = backend.manifest
    is_sam = manifest.family == "sam"
    assert backend.name == manifest.id == ("tiny-sam" if is_sam else "tiny-sam2")
    assert backend.version == manifest.weights_sha256[:12]
    assert (manifest.geometry, manifest.preprocessing) == (("pad", "sam-1") if is_sam else ("stretch", "sam2-1"))
    embedding = backend.encode(PICTURE)
    assert {part.name: part.shape for part in manifest.embedding} == {
        name: tensor.shape for name, tensor in embedding.tensors.items()
    }
    assert embedding.resized == ((85, 128) if is_sam else (128, 128))


@pytest.mark.parametrize(
    ("size", "resized"),
    [((60, 90), (683, 1024)), ((1500, 3), (1024, 2)), ((1, 9000), (1, 1024)), ((7, 7), (1024, 1024))],
)
def test_the_long_side_becomes_the_models_and_no_side_vanishes(size: tuple[int, int], resized: tuple[int, int]) -> None:
    assert geometry.resized_size(size, geometry="pad", input_size=1024) == resized
    assert geometry.resized_size(size, geometry="stretch", input_size=1024) == (1024, 1024)


def test_padding_is_zero_after_normalising() -> None:
    found = geometry.model_input(np.full((30, 60, 3), 255, np.uint8), geometry="pad", input_size=64)
    assert found.shape == (3, 64, 64)
    assert np.allclose(found[0, :32], (1 - 0.485) / 0.229)
    assert not found[:, 32:].any()


def test_other_arrays_than_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match=r"uint8, not \(4, 4, 3\) of float64"):
        geometry.model_input(np.zeros((4, 4, 3)), geometry="pad", input_size=64)  # type: ignore[arg-type]


def test_a_click_without_a_box_is_padded_and_one_with_a_box_is_not() -> None:
    shape = {"image_size": (60, 90), "resized": (85, 128)}
    coords, labels = geometry.prompt_arrays(Prompt(points=POINTS[:2]), **shape)
    assert labels.tolist() == [1, 0, -1]
    assert np.allclose(coords, np.array([[40, 30], [70, 20], [0, 0]]) * [128 / 90, 85 / 60])
    _, labels = geometry.prompt_arrays(Prompt(points=POINTS[:2], box=BOX), **shape)
    assert labels.tolist() == [1, 0, 2, 3]


def test_the_image_part_of_a_video_model_is_loaded(tmp_path: Path) -> None:
    # facebook/sam2.1-hiera-tiny and its like are published so.
    config = Sam2VideoConfig(
        **sam2_config(), image_size=128, memory_attention_hidden_size=32, memory_attention_num_layers=1,
        memory_attention_feed_forward_hidden_size=32, memory_encoder_hidden_size=32, memory_encoder_output_channels=16,
        mask_downsampler_embed_dim=32, memory_fuser_embed_dim=32, memory_fuser_intermediate_dim=32,
        memory_attention_rope_feat_sizes=[8, 8],
    )  # fmt: skip
    folder = saved(Sam2VideoModel(config), tmp_path / "video")
    assert json.loads((folder / "config.json").read_text())["model_type"] == "sam2_video"
    backend = load(folder)
    assert backend.manifest.family == "sam2"
    assert len(backend.prepare(PICTURE).predict(PROMPTS[0])) == 3


@pytest.fixture
def copied(folders: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(folders["sam"], tmp_path / "copied"))


def test_other_normalisation_is_refused(copied: Path) -> None:
    write_preprocessor_config(copied, load(copied).manifest)
    assert load(copied)
    path = copied / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"image_mean": [0.5, 0.5, 0.5]}))
    with pytest.raises(ModelError, match=r"image_mean is \[0\.5, 0\.5, 0\.5\]"):
        load(copied)


def test_weights_that_do_not_fit_are_refused(copied: Path) -> None:
    path = copied / "config.json"
    config = json.loads(path.read_text())
    config["vision_config"]["num_hidden_layers"] = 3
    path.write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"do not fit each other \(missing_keys: vision_encoder\.layers\.2"):
        load(copied)


def test_folders_without_a_model_are_refused(copied: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json does not exist"):
        load(tmp_path)
    with pytest.raises(ModelError, match="a file of a kind that is not read here"):
        load(copied / "config.json")
    with pytest.raises(ModelError, match="none does not exist"):
        load(copied / "none")
    (copied / "model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(ModelError, match="could not be loaded"):
        load(copied)
    (copied / "model.safetensors").rename(copied / "pytorch_model.bin")
    with pytest.raises(ManifestError, match="pickled weights are not read"):
        load(copied)
    (copied / "config.json").write_text('{"model_type": "clip"}')
    with pytest.raises(ModelError, match="model_type is 'clip'; the models read here are sam, sam2"):
        load(copied)


def test_an_id_of_the_hub_that_cannot_be_fetched_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=r"neither a folder here nor in the local cache.*copy its config\.json"):
        load("facebook/sam-vit-base")


def test_a_device_that_is_not_there_is_refused(copied: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("This machine has CUDA.")
    with pytest.raises(ModelError, match="device 'cuda' cannot be used here"):
        load(copied, device="cuda")
