"""What a network is made of; a JSON file beside its weights."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

Variant = Literal["official", "paper", "native"]
ImageTokens = Literal["res4", "res5"]
Projector = Literal["mlp2x_gelu", "linear"]
Pooling = Literal["area", "official"]
SelfAttentionAxis = Literal["roi_isolated", "roi_set", "level"]
LocalBranch = Literal["official", "paper", "v2", "none"]
FeatureExtractor = Literal["two_way", "plain"]
Preprocessing = Literal["official", "direct"]

STRIDES = (4, 8, 16, 32)
# Mean and standard deviation of OpenAI's CLIP images, RGB in 0..1.
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """A ConvNeXt of four stages, at strides 4, 8, 16 and 32."""

    dims: tuple[int, int, int, int]
    depths: tuple[int, int, int, int]
    layer_scale: float = 1.0
    """What the branches start with. ConvNeXt's own 1e-6 freezes a short run from scratch (specs 2.3)."""
    frozen: bool = False
    """Released weights: never trained, always in eval mode, run without gradients."""
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD


@dataclass(frozen=True, slots=True)
class LMConfig:
    """A Llama. Ids 0, 1, 2 are pad (unk for Vicuna), begin and end."""

    layers: int
    dim: int
    ff: int
    heads: int
    vocab: int
    tied: bool
    max_positions: int = 2048
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Every choice of specs 1.7. `preset` in `ml.seagull.presets` makes the usual ones."""

    name: str
    variant: Variant
    image_size: int
    """S: images and masks are squashed to S x S."""
    encoder: EncoderConfig
    token_dim: int
    """P, the width of the feature extractor."""
    heads: int
    lm: LMConfig
    image_tokens: ImageTokens
    projector: Projector
    pooling: Pooling
    extractor: FeatureExtractor
    """two_way: the released block (residuals, norms, MLP); plain: equation 3 as printed."""
    sa_axis: SelfAttentionAxis
    local: LocalBranch
    crop_size: int
    """C, the side of the local branch's crop."""
    preproc: Preprocessing
    global_view: bool = True
    """False puts nothing at the <global> positions: an ablation."""
    high_pass: bool = False
    """Three high-pass channels beside RGB, for the crop and for an encoder that is not frozen."""
    kv_grid: int | None = None
    """Feature maps are averaged to at most this many cells a side before the spatial FCs; None locks them to S."""
    token_norm: bool = False
    token_scale: float = 1.0
    aux_heads: bool = False

    def __post_init__(self) -> None:
        if self.image_size % STRIDES[-1]:
            raise ValueError(f"image_size is {self.image_size}: give a multiple of {STRIDES[-1]}, the last stride")
        if self.token_dim % (2 * self.heads):
            raise ValueError(f"token_dim is {self.token_dim}: give a multiple of twice the {self.heads} heads")
        if self.crop_size % 16:
            raise ValueError(f"crop_size is {self.crop_size}: give a multiple of 16")
        if self.local == "official" and (self.crop_size // 16) ** 2 % self.heads:
            raise ValueError(
                f"crop_size is {self.crop_size}: (crop_size / 16) squared must divide by {self.heads} heads"
            )

    @property
    def grids(self) -> tuple[int, int, int, int]:
        """Cells a side of the four feature maps."""
        a, b, c, d = (self.image_size // stride for stride in STRIDES)
        return a, b, c, d

    @property
    def image_token_level(self) -> int:
        """Which feature map becomes image tokens: 2 (res4) or 3 (res5)."""
        return {"res4": 2, "res5": 3}[self.image_tokens]

    @property
    def image_token_count(self) -> int:
        """N, the positions that <image> takes."""
        return self.grids[self.image_token_level] ** 2

    @property
    def encoder_channels(self) -> int:
        """Released encoders know RGB only."""
        return 6 if self.high_pass and not self.encoder.frozen else 3

    @property
    def crop_channels(self) -> int:
        """What `prepare_roi` makes: RGB, and the mask for our own local branch."""
        return 3 if self.local == "official" else 4

    def to_json(self) -> str:
        """Indented, keys in the order of the fields, ends with a newline."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Refuses keys that it does not know: a file of a newer version must not be read as an older one."""
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        values = dict(values)
        _refuse_unknown(cls, values)
        encoder, lm = dict(values.pop("encoder")), dict(values.pop("lm"))
        _refuse_unknown(EncoderConfig, encoder)
        _refuse_unknown(LMConfig, lm)
        encoder = {key: tuple(value) if isinstance(value, list) else value for key, value in encoder.items()}
        return cls(encoder=EncoderConfig(**encoder), lm=LMConfig(**lm), **values)


def _refuse_unknown(kind: type[Any], values: dict[str, Any]) -> None:
    unknown = sorted(set(values) - {field.name for field in fields(kind)})
    if unknown:
        raise ValueError(f"{kind.__name__} does not know {', '.join(unknown)}: written by another version?")
