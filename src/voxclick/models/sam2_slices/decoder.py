"""The parts of SAM 2 that take their sums in the authors' order, where transformers takes another.

The library's order moves logits by 1e-5. Where a mask is told sharply, inside from outside, that
becomes a visible difference on later slices.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoMaskDecoder

Answers = tuple[
    Float[Tensor, "1 1 m h4 w4"],
    Float[Tensor, "1 1 m"],
    Float[Tensor, "1 1 m c"],
    Float[Tensor, "1 1 1"],
]
"""Masks, how well each is thought to fit, their tokens, and whether the object is there at all."""


class MaskDecoder(Sam2VideoMaskDecoder):  # type: ignore[misc]  # the library is not typed
    """The library's mask decoder for one slice and one object, without its copies."""

    def forward(
        self,
        image_embeddings: Float[Tensor, "1 c h w"],
        image_positional_embeddings: Float[Tensor, "1 c h w"],
        sparse_prompt_embeddings: Float[Tensor, "1 1 n c"],
        dense_prompt_embeddings: Float[Tensor, "1 c h w"],
        multimask_output: bool,
        high_resolution_features: list[Tensor],
    ) -> Answers:
        """The masks that prompts mean on a slice: one, or the three for ambiguous prompts.

        Args:
            image_embeddings: Features of the slice, conditioned on memories.
            image_positional_embeddings: Where each of them lies.
            sparse_prompt_embeddings: Tokens of points.
            dense_prompt_embeddings: An earlier mask.
            multimask_output: Whether three are wanted.
            high_resolution_features: At a quarter and an eighth of the frame, `1 f h4 w4` and
                `1 k h2 w2`.
        """
        own = (self.obj_score_token, self.iou_token, self.mask_tokens)
        tokens = torch.cat([*(one.weight for one in own), sparse_prompt_embeddings[0, 0]])  # t c
        told, seen = self.transformer(
            point_embeddings=tokens[None, None],
            image_embeddings=image_embeddings + dense_prompt_embeddings,
            image_positional_embeddings=image_positional_embeddings,
            attention_similarity=None,
        )
        fine, middle = high_resolution_features
        grown = seen[0].transpose(1, 2).reshape(image_embeddings.shape)
        grown = self.activation(self.upscale_layer_norm(self.upscale_conv1(grown) + middle))
        grown = self.activation(self.upscale_conv2(grown) + fine)  # 1 f h4 w4
        describing = told[:, :, 2 : 2 + self.num_mask_tokens]
        mixing = zip(self.output_hypernetworks_mlps, describing.unbind(2), strict=True)
        mixes = torch.stack([mix(token[0]) for mix, token in mixing], dim=1)  # 1 m f
        masks = (mixes @ grown.flatten(2)).reshape(1, 1, -1, *grown.shape[-2:])
        qualities = self.iou_prediction_head(told[0, :, 1])[None]
        presence = self.pred_obj_score_head(told[0, :, 0])[None]
        if multimask_output:
            return masks[:, :, 1:], qualities[:, :, 1:], describing[:, :, 1:], presence
        if self.dynamic_multimask_via_stability and not self.training:
            # a mask that would change much with its threshold gives way; its token stays
            steady, fitting = self._dynamic_multimask_via_stability(masks, qualities)
            return steady, fitting, describing[:, :, :1], presence
        return masks[:, :, :1], qualities[:, :, :1], describing[:, :, :1], presence


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation of each pixel's channels.

    Args:
        width: Channels.
        eps: Added to the variance.
    """

    def __init__(self, width: int, eps: float) -> None:
        super().__init__(width, eps=eps)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The features, their channels of mean 0 and variance 1, scaled and shifted."""
        centred = features - features.mean(1, keepdim=True)
        spread = centred.pow(2).mean(1, keepdim=True)
        scaled = centred / torch.sqrt(spread + self.eps)
        return self.weight[:, None, None] * scaled + self.bias[:, None, None]


def norms_by_channel(module: nn.Module) -> None:
    """Put a `ChannelNorm` in the place of each of the library's norms of channels."""
    for parent in list(module.modules()):
        for name, norm in list(parent.named_children()):
            if getattr(norm, "data_format", "") == "channels_first":
                assert isinstance(norm, nn.LayerNorm)
                setattr(parent, name, ChannelNorm(norm.normalized_shape[0], norm.eps))
