"""How wide a network is, read off its weights."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from torch import Tensor

TOKENS = 32
"""Tokens along each axis of a crop, whatever its size."""

BLOCKS = 12
"""Transformer blocks of SAM ViT-B."""

FORMERLY_GLOBAL = (2, 5, 8, 11)
"""Blocks that attend to the whole slice in SAM, and have longer tables of positions."""

FEATURES = (2, 5, 8, 11)
"""Blocks after which features are taken."""


@dataclass(frozen=True)
class Sizes:
    """Widths of a network; what is not here is the same in all of them.

    Attributes:
        embed: Channels of a token.
        heads: Attention heads of a block.
        hidden: Hidden channels of a block's perceptron.
        bottleneck: Channels inside an adapter.
        neck: Channels of the four features.
        prompt_hidden: Hidden channels of the prompt encoder's perceptron.
        head: Channels of the mask decoder's heads.
        prompted: Whether clicks go in; the prompt-free variant has none.
        signed_points: Whether the network knows negative points (not in published weights).
    """

    embed: int = 768
    heads: int = 12
    hidden: int = 3072
    bottleneck: int = 384
    neck: int = 256
    prompt_hidden: int = 2048
    head: int = 128
    prompted: bool = True
    signed_points: bool = False

    def as_dict(self) -> dict[str, int | bool]:
        """For the header of a checkpoint."""
        return asdict(self)

    @classmethod
    def of(cls, weights: Mapping[str, Tensor]) -> "Sizes":
        """The sizes of the network that these weights (our key names) belong to.

        Raises:
            KeyError: If a weight that tells a size is not there.
        """
        embed = weights["encoder.patch_embed.proj.weight"].shape[0]
        mlp = "prompt_encoder.transformer.layers.0.mlp.lin1.weight"
        return cls(
            embed=embed,
            heads=embed // weights["encoder.blocks.0.attn.rel_pos_h"].shape[1],
            hidden=weights["encoder.blocks.0.mlp.lin1.weight"].shape[0],
            bottleneck=weights["encoder.blocks.0.adapter.linear1.weight"].shape[0],
            neck=weights["encoder.neck_3d.0.0.weight"].shape[0],
            prompt_hidden=weights[mlp].shape[0] if mlp in weights else cls.prompt_hidden,
            head=weights["decoder.mlahead.head2.0.weight"].shape[0],
            prompted=mlp in weights,
            signed_points="prompt_encoder.negative_point" in weights,
        )
