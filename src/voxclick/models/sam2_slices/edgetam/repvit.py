"""RepViT (arXiv 2307.09283), the image encoder of EdgeTAM, in the form that it answers in.

It was trained with three convolutions side by side and batch normalisation behind each; all of that
is one convolution with a bias afterwards (section 3.1 there), which `folded` computes once, when a
checkpoint is imported. So it needs no timm, and holds no statistics that more training would move.
"""

import re
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from voxclick.errors import FileFormatError

MODEL_TYPE = "voxclick_repvit"
EXPANSION = 2
"""A channel mixer has so many times the channels inside."""

SQUEEZE = 4
"""A gate has so many times fewer channels inside, in whole eights."""

EPSILON = 1e-5
"""Added to the variance in batch normalisation."""

COUNTER = ".num_batches_tracked"
"""Of batch normalisation in training; says nothing about its answers."""


class RepVitConfig(PreTrainedConfig):  # type: ignore[misc]  # the library is not typed
    """The sizes of a RepViT; the defaults are RepViT-M1.

    Attributes:
        channels: Of each stage.
        blocks: Of each stage.
    """

    model_type = MODEL_TYPE
    channels: tuple[int, ...] = (48, 96, 192, 384)
    blocks: tuple[int, ...] = (2, 2, 14, 2)


class ChannelMixer(nn.Module):
    """Two convolutions of single pixels, added to what comes in.

    Args:
        channels: In and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, EXPANSION * channels, 1)
        self.conv2 = nn.Conv2d(EXPANSION * channels, channels, 1)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The features and what their channels say to each other."""
        mixed: Tensor = features + self.conv2(functional.gelu(self.conv1(features)))
        return mixed


class Gate(nn.Module):
    """Squeeze and excitation: each channel weighed by the means of all.

    Args:
        channels: In and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        eighths = (channels // SQUEEZE + 4) // 8
        inner = 8 * max(1, eighths)
        self.fc1 = nn.Conv2d(channels, inner, 1)
        self.fc2 = nn.Conv2d(inner, channels, 1)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The features, weighed."""
        means = features.mean((2, 3), keepdim=True)
        weights: Tensor = self.fc2(functional.relu(self.fc1(means))).sigmoid()
        return features * weights


class Block(nn.Module):
    """Mixes neighbours in each channel, weighs channels, mixes them.

    Args:
        channels: In and out.
        gated: Whether channels are weighed.
    """

    def __init__(self, channels: int, gated: bool) -> None:
        super().__init__()
        self.token_mixer = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.se = Gate(channels) if gated else nn.Identity()
        self.channel_mixer = ChannelMixer(channels)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Features as large as those that come in."""
        mixed: Tensor = self.channel_mixer(self.se(self.token_mixer(features)))
        return mixed


class Downsample(nn.Module):
    """From one stage to the next: half the rows and columns, more channels.

    Args:
        before: Channels in.
        after: Channels out.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.pre_block = Block(before, gated=False)
        self.spatial_downsample = nn.Conv2d(before, before, 3, stride=2, padding=1, groups=before)
        self.channel_downsample = nn.Conv2d(before, after, 1)
        self.ffn = ChannelMixer(after)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        """Features at half the size."""
        half = self.spatial_downsample(self.pre_block(features))
        narrowed: Tensor = self.ffn(self.channel_downsample(half))
        return narrowed


class Stage(nn.Module):
    """Blocks of one size, every other one gated.

    Args:
        before: Channels of the stage before; None in the first one, which does not downsample.
        channels: Of the stage.
        blocks: How many.
    """

    def __init__(self, before: int | None, channels: int, blocks: int) -> None:
        super().__init__()
        self.downsample = nn.Identity() if before is None else Downsample(before, channels)
        self.blocks = nn.Sequential(*(Block(channels, n % 2 == 0) for n in range(blocks)))

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        """The stage's features."""
        seen: Tensor = self.blocks(self.downsample(features))
        return seen


class Stem(nn.Module):
    """From a frame to features at a quarter of its size.

    Args:
        channels: Out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, channels // 2, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(channels // 2, channels, 3, stride=2, padding=1)

    def forward(self, frames: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b c h w"]:
        """The first features."""
        seen: Tensor = self.conv2(functional.gelu(self.conv1(frames)))
        return seen


class RepVit(PreTrainedModel):  # type: ignore[misc]  # the library is not typed
    """Features of a frame at a quarter, an eighth, a sixteenth and a thirty-second of its size.

    Args:
        config: Sizes.
    """

    config_class = RepVitConfig

    def __init__(self, config: RepVitConfig) -> None:
        super().__init__(config)
        before = (None, *config.channels[:-1])
        self.stem = Stem(config.channels[0])
        self.stages = nn.ModuleList(
            Stage(*sizes) for sizes in zip(before, config.channels, config.blocks, strict=True)
        )
        self.post_init()

    def forward(self, pixel_values: Float[Tensor, "b 3 s s"]) -> BaseModelOutput:
        """The features of each stage, finest first, where the library's encoder looks for them."""
        features = self.stem(pixel_values)
        seen = []
        for stage in self.stages:
            features = stage(features)
            seen.append(features)
        return BaseModelOutput(last_hidden_state=seen)


AutoConfig.register(MODEL_TYPE, RepVitConfig)
AutoModel.register(RepVitConfig, RepVit)


def folded(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries of a trained RepViT, by timm's names, as those of the form that answers.

    Args:
        tensors: Convolutions (`.c`) with batch normalisation (`.bn`), and whatever else.

    Returns:
        By the names of `RepVit`; what has no place there keeps its name.

    Raises:
        FileFormatError: If an entry of a batch normalisation is missing.
    """
    left = {name: entry for name, entry in tensors.items() if not name.endswith(COUNTER)}
    for name in [one for one in left if one.endswith(".c.weight")]:
        root = name.removesuffix(".c.weight")
        left[f"{root}.weight"], left[f"{root}.bias"] = _one_convolution(left, root)
    for name in [one for one in left if one.endswith(".token_mixer.conv.weight")]:
        root = name.removesuffix(".conv.weight")
        wide, small = left.pop(name), _taken(left, f"{root}.conv1.weight")
        wide[:, :, 1:2, 1:2] += small + 1  # the third way is the features themselves
        left[f"{root}.weight"] = wide
        left[f"{root}.bias"] = _taken(left, f"{root}.conv.bias") + _taken(
            left, f"{root}.conv1.bias"
        )
    return {re.sub(r"^stages_", "stages.", name): entry.float() for name, entry in left.items()}


def _one_convolution(left: dict[str, Tensor], root: str) -> tuple[Tensor, Tensor]:
    """A convolution and the batch normalisation behind it, taken out of the entries."""
    kernel = _taken(left, f"{root}.c.weight").double()
    scale, shift, mean, variance = (
        _taken(left, f"{root}.bn.{name}").double()
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    factor = scale / torch.sqrt(variance + EPSILON)
    return kernel * factor[:, None, None, None], shift - mean * factor


def _taken(left: dict[str, Tensor], name: str) -> Tensor:
    if name not in left:
        raise FileFormatError(
            f"an image encoder of EdgeTAM needs the entry {name!r}, got {len(left)} entries "
            "without it; get the file that its authors published"
        )
    return left.pop(name)
