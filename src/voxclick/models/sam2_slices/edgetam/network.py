"""EdgeTAM, as transformers has it but for the image encoder, driven slice by slice."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import EdgeTamVideoConfig, EdgeTamVideoModel

from voxclick.models.sam2_slices.edgetam.attention import attend
from voxclick.models.sam2_slices.network import SliceNetwork, waves


class EdgeTamVolume(SliceNetwork, EdgeTamVideoModel):  # type: ignore[misc]  # it is not typed
    """EdgeTAM on single slices.

    A memory is compressed (arXiv 2501.07256, section 3.3) to tokens that look at the whole slice
    and lie nowhere, then to a grid of tokens that look at a window each.

    Args:
        config: The library's configuration, with a `RepVitConfig` of the image encoder.
    """

    spatial_perceiver: Any

    def __init__(self, config: EdgeTamVideoConfig) -> None:
        super().__init__(config)

    def _stages(self, frame: Float[Tensor, "1 3 s s"]) -> list[Tensor]:
        stages: list[Tensor] = self.vision_encoder.backbone(frame).last_hidden_state
        return stages

    def _places(self) -> Float[Tensor, "t m"]:
        side, _ = self.config.memory_attention_rope_k_sizes
        grid = waves(self.spatial_perceiver.positional_encoding, self.mem_dim, side)
        nowhere = grid.new_zeros(self.config.perceiver_resampler_num_latents, self.mem_dim)
        return torch.cat([nowhere, grid])

    def _kept(
        self, memory: Float[Tensor, "1 m h w"], place: Float[Tensor, "1 m h w"]
    ) -> Float[Tensor, "t m"]:
        latents, _ = self.spatial_perceiver(memory, place.to(memory.dtype))
        kept: Tensor = latents[0]
        return kept

    def _attended(
        self,
        image: Float[Tensor, "t c"],
        memory: Float[Tensor, "k m"],
        memory_position: Float[Tensor, "k m"],
        pointers: int,
    ) -> Float[Tensor, "t c"]:
        wide = self.config.perceiver_resampler_num_latents
        where, attention = self.image_position, self.memory_attention
        return attend(attention, image, where, memory, memory_position, pointers, wide)
