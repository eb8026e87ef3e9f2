"""The converter, on a two-layer random checkpoint with exactly the published names, fields and files."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

from ml.seagull import weights
from ml.seagull.convert import convert, main
from ml.seagull.network.config import EncoderConfig, LMConfig
from ml.seagull.network.model import Seagull, make_lm
from ml.seagull.network.released import ConversionRefused, is_unused, our_name
from ml.seagull.presets import preset
from tests.unit.seagull.network.batches import random_batch

ROOT = Path(__file__).parents[4]
GOLDEN = ROOT / "fixtures" / "golden" / "seagull"
LM = LMConfig(layers=2, dim=32, ff=48, heads=2, vocab=32002, tied=False, max_positions=4096)
CONFIG = preset(
    "seagull-7b",
    "official",
    image_size=64,
    crop_size=64,
    token_dim=32,
    lm=LM,
    encoder=EncoderConfig((8, 8, 16, 16), (3, 3, 4, 3), layer_scale=1e-6, frozen=True),
)
FIELDS = {
    "architectures": ["SeagullLlamaForCausalLM"],
    "bos_token_id": 1,
    "eos_token_id": 2,
    "freeze_mm_mlp_adapter": False,
    "hidden_act": "silu",
    "hidden_size": LM.dim,
    "image_aspect_ratio": "pad",
    "initializer_range": 0.02,
    "intermediate_size": LM.ff,
    "max_position_embeddings": 4096,
    "mm_hidden_size": 768,
    "mm_projector_type": "mlp2x_gelu",
    "mm_use_im_patch_token": False,
    "mm_use_im_start_end": False,
    "mm_vision_select_layer": -2,
    "mm_vision_tower": "./open_clip_pytorch_model.bin",
    "model_type": "seagull",
    "num_attention_heads": LM.heads,
    "num_hidden_layers": LM.layers,
    "num_key_value_heads": LM.heads,
    "pad_token_id": 0,
    "rms_norm_eps": 1e-05,
    "rope_scaling": None,
    "tie_word_embeddings": False,
    "torch_dtype": "float16",
    "tune_mm_mlp_adapter": False,
    "use_cache": True,
    "use_mm_proj": True,
    "vocab_size": 32002,
}


def published_name(name: str) -> str:
    part, _, rest = name.partition(".")
    prefix = {"lm": "", "projector": "model.mm_projector.", "extractor": "mask_extractor.", "local": "mask_extractor."}
    return prefix[part] + rest


def published(model: Seagull) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """The checkpoint and the open_clip file that would have held this network, what is not used included."""
    state = {name: value.half() for name, value in model.state_dict().items()}
    checkpoint = {published_name(name): value for name, value in state.items() if not name.startswith("encoder.")}
    shapes = json.loads((GOLDEN / "official_parameters.json").read_text())["parameters"]
    checkpoint |= {name: torch.zeros(len(shape) * [2]).half() for name, shape in shapes.items() if is_unused(name)}
    clip = {
        f"visual.{name.replace('encoder.', 'trunk.')}": value.float()
        for name, value in state.items()
        if name.startswith("encoder.")
    }
    # open_clip stores linear layers as 1 x 1 convolutions in some versions.
    clip = {name: value[:, :, None, None] if ".mlp.fc1.weight" in name else value for name, value in clip.items()}
    beside = (
        "visual.trunk.head.norm.weight",
        "visual.head.mlp.fc1.weight",
        "text.token_embedding.weight",
        "logit_scale",
    )
    clip |= {name: torch.zeros(4) for name in beside}
    return checkpoint, clip


def store(folder: Path, state: dict[str, torch.Tensor], fields: dict, *, shards: int = 2) -> None:
    folder.mkdir(parents=True)
    places = {name: f"pytorch_model-{1 + i % shards:05}-of-{shards:05}.bin" for i, name in enumerate(state)}
    for file in set(places.values()):
        torch.save({name: value for name, value in state.items() if places[name] == file}, folder / file)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    (folder / "config.json").write_text(json.dumps(fields))
    (folder / "tokenizer_config.json").write_text("{}")


@pytest.fixture(scope="module")
def model() -> Seagull:
    torch.manual_seed(0)
    model = Seagull(CONFIG).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            # What the published type holds exactly; and no branch of the encoder may be without effect.
            value.copy_((torch.rand_like(value) if name.endswith("gamma") else value).half().float())
    return model


@pytest.fixture
def release(model: Seagull, tmp_path: Path) -> Path:
    checkpoint, clip = published(model)
    store(tmp_path / "SEAGULL-7B", checkpoint, FIELDS)
    torch.save(clip, tmp_path / "open_clip_pytorch_model.bin")
    return tmp_path


def run_in_place(release: Path, **given: Path) -> Path:
    output = release / "weights"
    arguments = {
        "checkpoint": release / "SEAGULL-7B",
        "encoder": release / "open_clip_pytorch_model.bin",
        "output": output,
        **given,
    }
    convert(**arguments)
    return output


def test_the_published_names_of_the_small_checkpoint_are_the_real_ones(model: Seagull) -> None:
    real = json.loads((GOLDEN / "official_parameters.json").read_text())["parameters"]
    checkpoint, _ = published(model)
    assert {name for name in checkpoint if name.startswith(("mask_extractor.", "model.mm_projector."))} == set(real)


def test_the_command_makes_weights_that_answer_as_the_published_network(model: Seagull, release: Path) -> None:
    output = release / "weights"
    command = [sys.executable, "-m", "ml.seagull.convert", "--checkpoint", str(release / "SEAGULL-7B")]
    command += ["--encoder", str(release / "open_clip_pytorch_model.bin"), "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "Dropped 6 tensors" in done.stderr
    assert "mask_extractor.mask_linear" in done.stderr
    assert weights.fingerprint(output) in done.stdout
    sources = weights.verify(output)["source"]["converted"]
    for file in [*(release / "SEAGULL-7B").glob("*.bin"), release / "open_clip_pytorch_model.bin"]:
        assert sources[file.name] == weights.sha256_of(file)
    assert (output / "tokenizer_config.json").is_file()
    loaded = weights.from_pretrained(output)
    assert loaded.config == CONFIG
    assert set(loaded.state_dict()) == set(model.state_dict())
    batch = random_batch(CONFIG, (2,))
    with torch.no_grad():
        expected = model(batch.images, batch.rois, batch.tree).logits
        found = loaded(batch.images, batch.rois, batch.tree).logits
    assert torch.equal(found, expected)


@pytest.mark.filterwarnings("ignore:Dropped 6 tensors")
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_an_adapter_is_merged_as_peft_merges_it(model: Seagull, release: Path) -> None:
    torch.manual_seed(1)
    base = make_lm(LM)
    base.load_state_dict(model.lm.state_dict())
    base.half()
    adapted = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"]))
    for name, value in adapted.named_parameters():
        if ".lora_B." in name:
            torch.nn.init.normal_(value, std=0.05)
    adapted.save_pretrained(release / "adapter")
    output = run_in_place(release, adapter=release / "adapter")
    merged = adapted.merge_and_unload().state_dict()
    found = weights.from_pretrained(output).lm.state_dict()
    assert set(found) == set(merged)
    for name, value in merged.items():
        torch.testing.assert_close(found[name], value.float(), rtol=2e-3, atol=2e-4)
    query = "model.layers.0.self_attn.q_proj.weight"
    assert not torch.allclose(found[query], model.lm.state_dict()[query], atol=1e-3)


@pytest.mark.filterwarnings("ignore:Dropped 6 tensors")
def test_an_adapter_published_beside_a_plain_vicuna_brings_the_rest_with_it(model: Seagull, release: Path) -> None:
    checkpoint, _ = published(model)
    rows = ("model.embed_tokens.weight", "lm_head.weight")
    vicuna = {name: value for name, value in checkpoint.items() if our_name(name).startswith("lm.")}
    vicuna |= {name: vicuna[name][:32000].clone() for name in rows}
    beside = {f"base_model.model.{name}": value for name, value in checkpoint.items() if name not in vicuna}
    store(release / "vicuna", vicuna, FIELDS, shards=1)
    adapter = release / "adapter"
    adapter.mkdir()
    half = "base_model.model.model.layers.1.mlp.up_proj.lora_{}.weight"
    a, b = torch.randn(3, LM.dim), torch.randn(LM.ff, 3)
    save_file({half.format("A"): a, half.format("B"): b}, adapter / "adapter_model.safetensors")
    (adapter / "adapter_config.json").write_text(json.dumps({"r": 3, "lora_alpha": 6}))
    torch.save(beside, adapter / "non_lora_trainables.bin")
    loaded = weights.from_pretrained(run_in_place(release, checkpoint=release / "vicuna", adapter=adapter))
    assert loaded.config.lm.vocab == 32002
    expected = checkpoint["model.layers.1.mlp.up_proj.weight"].float() + 2 * b @ a
    torch.testing.assert_close(loaded.lm.model.layers[1].mlp.up_proj.weight, expected, rtol=1e-3, atol=5e-3)
    torch.testing.assert_close(loaded.projector[2].bias, model.projector[2].bias)


@pytest.mark.filterwarnings("ignore:Dropped")
@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("model.mm_projector.2.bias", None, "lacks projector.2.bias"),
        ("model.mm_projector.4.bias", torch.zeros(2), "no place for: projector.4.bias"),
        ("model.mm_projector.2.bias", torch.zeros(3), r"projector.2.bias has shape \(3,\)"),
        ("segmenter.weight", torch.zeros(2), "segmenter.weight is no parameter of SEAGULL"),
    ],
)
def test_a_checkpoint_that_does_not_match_is_refused_by_name(
    model: Seagull, release: Path, name: str, value: torch.Tensor | None, problem: str
) -> None:
    checkpoint, _ = published(model)
    if value is None:
        del checkpoint[name]
    else:
        checkpoint[name] = value
    store(release / "other", checkpoint, FIELDS, shards=1)
    with pytest.raises(ConversionRefused, match=problem):
        run_in_place(release, checkpoint=release / "other")
    assert not (release / "weights").exists()


@pytest.mark.filterwarnings("ignore:Dropped")
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda clip: clip.pop("visual.trunk.stages.2.blocks.1.norm.bias"), "lacks stages.2.blocks.1.norm.bias"),
        (lambda clip: clip.update({"visual.trunk.stages.0.pos": torch.zeros(1)}), "no place for: stages.0.pos"),
        (lambda clip: clip.clear(), "begins with visual.trunk."),
    ],
)
def test_an_encoder_with_an_unmatched_key_is_refused(model: Seagull, release: Path, change, problem: str) -> None:
    _, clip = published(model)
    change(clip)
    torch.save(clip, release / "encoder.bin")
    with pytest.raises(ConversionRefused, match=problem):
        run_in_place(release, encoder=release / "encoder.bin")


def test_an_incomplete_download_is_noticed(release: Path) -> None:
    folder = release / "SEAGULL-7B"
    index = json.loads((folder / "pytorch_model.bin.index.json").read_text())
    index["weight_map"]["model.norm.more"] = "pytorch_model-00001-of-00002.bin"
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    with pytest.raises(ConversionRefused, match=r"disagree about model\.norm\.more"):
        run_in_place(release)
    (folder / "pytorch_model-00002-of-00002.bin").unlink()
    with pytest.raises(ConversionRefused):
        run_in_place(release)


def test_an_index_cannot_point_out_of_its_folder(release: Path) -> None:
    places = {"model.norm.weight": "../open_clip_pytorch_model.bin"}
    (release / "SEAGULL-7B" / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": places}))
    with pytest.raises(ConversionRefused, match="beside their index"):
        run_in_place(release)


class Intruder:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.trace),)


def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(
    release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = release / "evil.bin"
    # Protocol 2, as torch.save writes it: the refusal is of the call, not of the form.
    evil.write_bytes(pickle.dumps({"visual.trunk.stem.0.weight": Intruder(release / "trace")}, protocol=2))
    arguments = ["--checkpoint", release / "SEAGULL-7B", "--encoder", evil, "--output", release / "weights"]
    with pytest.warns(UserWarning, match="Dropped 6 tensors"):
        status = main([str(one) for one in arguments])
    assert status == 1
    assert "cannot be read as tensors alone" in capsys.readouterr().err
    assert not (release / "trace").exists()
    assert not (release / "weights").exists()


def test_pickles_are_read_by_the_converter_alone() -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ml" / "seagull").rglob("*.py")
        if "torch.load(" in (text := path.read_text()) or "pickle.load" in text
    ]
    assert readers == ["ml/seagull/convert.py"]
    assert "weights_only=True" in (ROOT / readers[0]).read_text()
