"""The prompt encoder: image tokens learn from clicks through ten queries."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from voxclick.models.sam_adapter3d.encoder import Perceptron
from voxclick.models.sam_adapter3d.sizes import Sizes

QUERIES = 10
HEADS = 8
LAYERS = 2


class Attention(nn.Module):
    """Attention of one list of tokens to another, as wide inside as `inner`."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.q_proj = nn.Linear(width, inner)
        self.k_proj = nn.Linear(width, inner)
        self.v_proj = nn.Linear(width, inner)
        self.out_proj = nn.Linear(inner, width)

    def forward(
        self, asking: Float[Tensor, "b n c"], asked: Float[Tensor, "b m c"]
    ) -> Float[Tensor, "b n c"]:
        """What each token finds among those asked."""
        query, key, value = (
            tokens.unflatten(2, (HEADS, -1)).transpose(1, 2)
            for tokens in (self.q_proj(asking), self.k_proj(asked), self.v_proj(asked))
        )
        found = functional.scaled_dot_product_attention(query, key, value)
        mixed: Tensor = self.out_proj(found.transpose(1, 2).flatten(2))
        return mixed


class Layer(nn.Module):
    """Queries learn from the clicks, and image tokens from the queries."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.global_query = nn.Parameter(0.1 * torch.randn(1, QUERIES, width))
        self.self_attn = Attention(width, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Perceptron(width, hidden, nn.ReLU())
        self.norm3 = nn.LayerNorm(width)
        self.cross_attn_image_to_token = Attention(width, width // 2)
        self.norm4 = nn.LayerNorm(width)

    def forward(
        self, image: Float[Tensor, "1 m c"], points: Float[Tensor, "1 n c"]
    ) -> tuple[Float[Tensor, "1 m c"], Float[Tensor, "1 n c"]]:
        """Image tokens and point features after this layer."""
        entry = torch.cat([self.global_query, points], dim=1)
        mixed = self.norm2(entry + self.norm1(self.self_attn(entry, entry)))
        queries, points = mixed[:, :QUERIES], mixed[:, QUERIES:]
        queries = self.norm3(queries + self.mlp(queries))
        return self.norm4(image + self.cross_attn_image_to_token(image, queries)), points


class PromptEncoder(nn.Module):
    """Conditions the last feature on clicks.

    Args:
        sizes: Of the network.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        layers = nn.ModuleList(Layer(sizes.neck, sizes.prompt_hidden) for _ in range(LAYERS))
        self.transformer = nn.ModuleDict({"layers": layers})
        if sizes.signed_points:
            self.negative_point = nn.Parameter(torch.zeros(sizes.neck))

    def forward(
        self,
        feature: Float[Tensor, "1 c u v t"],
        points: Float[Tensor, "n 3"],
        positive: Bool[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "1 c u v t"]:
        """The feature as the clicks change it.

        Args:
            feature: The last one of the encoder.
            points: Along depth, width and height (in this order), -1 to 1 from face to face; a
                point outside has a feature of zeros.
            positive: Which of them are; all when None. Only networks with signed points take
                others.
        """
        place = points.float()[None, None, None]  # 1 1 1 n 3; bfloat16 would miss by voxels
        sampled = functional.grid_sample(feature.float(), place, align_corners=False)
        tokens = sampled[:, :, 0, 0].transpose(1, 2)  # 1 n c
        if positive is not None:
            tokens = tokens + (~positive)[:, None] * self.negative_point
        tokens = tokens.to(feature.dtype)
        image = feature.flatten(2).transpose(1, 2)
        layers = self.transformer["layers"]
        assert isinstance(layers, nn.ModuleList)
        for layer in layers:
            image, tokens = layer(image, tokens)
        return image.transpose(1, 2).reshape(feature.shape)
