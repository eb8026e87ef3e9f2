"""LoRA on the language model alone, and what is trained then (specs 1.6)."""

from typing import Any

from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn

from ml.seagull.network.config import LMConfig
from ml.seagull.network.model import Seagull

RANK, ALPHA, DROPOUT = 128, 256, 0.05
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def add_adapters(model: Seagull, *, rank: int = RANK, alpha: int = ALPHA, dropout: float = DROPOUT) -> None:
    """Freeze the language model and train low-rank additions to its linear layers; the other parts stay as they were.

    Only `model.lm` is wrapped. peft finds its targets by the end of a name, and the feature extractor has layers called
    q_proj, k_proj and v_proj too; wrapped whole, the network would get adapters there and lose its own gradients.
    Raises ValueError if the model has adapters already, RuntimeError if another set of parameters came out trainable.
    """
    if has_adapters(model):
        raise ValueError("the language model has adapters already: merge or remove them first")
    wanted = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=list(TARGETS),
        bias="none",
        task_type="CAUSAL_LM",
    )
    model.lm = get_peft_model(model.lm, wanted)
    check_adapters(model, rank=rank)


def check_adapters(model: Seagull, *, rank: int) -> None:
    """Raise RuntimeError unless, within the language model, exactly the adapters are trained, and the encoder's state
    is as configured. Some peft versions froze adapters when they were saved: ask again after every save.
    """
    trained = sum(one.numel() for one in trained_parameters(model.lm).values())
    strangers = [name for name in trained_parameters(model.lm) if ".lora_" not in name]
    expected = adapter_size(model.config.lm, rank=rank)
    if strangers or trained != expected:
        found = f"{trained:,} parameters, of others {strangers[:3]}"
        raise RuntimeError(f"the language model trains {found}: expected {expected:,} of its adapters alone")
    if model.config.encoder.frozen and trained_parameters(model.encoder):
        raise RuntimeError("the encoder is frozen by its configuration and has parameters that are trained")


def has_adapters(model: Seagull) -> bool:
    """Whether the language model is wrapped."""
    return isinstance(model.lm, PeftModel)


def merge_adapters(model: Seagull) -> None:
    """Add the adapters to the weights and drop them; nothing if there are none."""
    if has_adapters(model):
        model.lm = model.lm.merge_and_unload()


def adapter_size(config: LMConfig, *, rank: int = RANK) -> int:
    """Parameters of the adapters: rank x (inputs + outputs) of each of the seven linear layers of a block."""
    attention = 4 * (config.dim + config.dim)
    mlp = 3 * (config.dim + config.ff)
    return config.layers * rank * (attention + mlp)


def trained_parameters(module: nn.Module | Any) -> dict[str, Tensor]:
    """Those that an optimiser gets, by name."""
    return {name: one for name, one in module.named_parameters() if one.requires_grad}
