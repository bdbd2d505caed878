"""Networks with memory, as transformers has them, driven slice by slice without a session."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional
from transformers import Sam2VideoConfig, Sam2VideoModel
from transformers.models.sam2_video.modeling_sam2_video import NO_OBJ_SCORE, get_1d_sine_pe

from voxclick.models.base import Embedding, Memories, SliceAnswer
from voxclick.models.sam2_slices.attention import attend
from voxclick.models.sam2_slices.decoder import MaskDecoder, norms_by_channel
from voxclick.models.sam2_slices.memory import Recalled, Sam2Memory, recall

CLAMP = 32.0
"""Earlier logits go back in at most this strong, as in the published predictor."""

INSIDE, OUTSIDE = 10.0, -10.0
"""Logits of a mask that is given."""


@dataclass(frozen=True, eq=False)
class SliceFeatures(Embedding):
    """A slice as the image encoder sees it, at a quarter, an eighth and a sixteenth of its size.

    Attributes:
        fine: For the last step of the mask decoder.
        middle: For the step before.
        coarse: What attends to memories, and what the mask decoder starts from.
    """

    fine: Float[Tensor, "f h w"]
    middle: Float[Tensor, "m h2 w2"]
    coarse: Float[Tensor, "c h4 w4"]

    @property
    def nbytes(self) -> int:  # noqa: D102
        return self.fine.nbytes + self.middle.nbytes + self.coarse.nbytes

    def to(self, dtype: torch.dtype) -> "SliceFeatures":
        """The same in another type; bfloat16 halves what is kept."""
        return SliceFeatures(self.fine.to(dtype), self.middle.to(dtype), self.coarse.to(dtype))


class SliceNetwork(nn.Module, ABC):
    """A network of SAM 2's kind on single slices; what it knows of others comes in as memories.

    The weights and modules are the library's, whose model stands behind this class among the bases
    of each network. The order of steps is that of the authors' predictor (arXiv 2408.00714), from
    which the library departs in five places: the pointer of a mask prompt, earlier logits with
    later clicks, the memory of a mask prompt, and corrections, which it drops or decodes without
    memory. Nothing here turns gradients off.

    Args:
        config: The library's configuration.
    """

    config: Any
    dtype: torch.dtype
    vision_encoder: Any
    prompt_encoder: Any
    mask_decoder: Any
    memory_encoder: Any
    memory_attention: Any
    object_pointer_proj: Any
    mask_downsample: Any
    temporal_positional_encoding_projection_layer: Any
    get_image_wide_positional_embeddings: Any
    occlusion_spatial_embedding_parameter: Tensor | None
    memory_temporal_positional_encoding: Tensor
    no_memory_embedding: Tensor
    no_object_pointer: Tensor
    image_position: Tensor
    memory_position: Tensor
    hidden_dim: int
    mem_dim: int
    num_maskmem: int

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        encoding = self.vision_encoder.neck.position_encoding
        image = waves(encoding, self.hidden_dim, self.frame_size // 16)
        self.register_buffer("image_position", image, persistent=False)
        self.register_buffer("memory_position", self._places(), persistent=False)
        self.mask_decoder.__class__ = MaskDecoder  # the library builds it, without asking of which
        norms_by_channel(self)

    @abstractmethod
    def _stages(self, frame: Float[Tensor, "1 3 s s"]) -> list[Tensor]:
        """Features of the image encoder at a quarter to a thirty-second of the frame's size."""

    @abstractmethod
    def _places(self) -> Float[Tensor, "t m"]:
        """Where the tokens of a memory lie on their slice."""

    @abstractmethod
    def _kept(
        self, memory: Float[Tensor, "1 m h w"], place: Float[Tensor, "1 m h w"]
    ) -> Float[Tensor, "t m"]:
        """What is kept of a memory that was just made, as tokens."""

    @abstractmethod
    def _attended(
        self,
        image: Float[Tensor, "t c"],
        memory: Float[Tensor, "k m"],
        memory_position: Float[Tensor, "k m"],
        pointers: int,
    ) -> Float[Tensor, "t c"]:
        """A slice's tokens after they attended to memories, of which the last are pointers."""

    @property
    def frame_size(self) -> int:
        """Rows and columns of the frames that it looks at."""
        size: int = self.config.image_size
        return size

    def embed_slice(self, frame: Float[Tensor, "3 s s"]) -> SliceFeatures:
        """The image encoder's features of a frame.

        Position encodings are left out: they are constant, and most of what the library keeps.
        """
        fine, middle, coarse, last = self._stages(frame[None])
        convolutions = self.vision_encoder.neck.convs
        top = convolutions[0](last)
        coarse = convolutions[1](coarse) + functional.interpolate(top, scale_factor=2.0)
        fine = self.mask_decoder.conv_s0(convolutions[3](fine))
        middle = self.mask_decoder.conv_s1(convolutions[2](middle))
        return SliceFeatures(fine[0], middle[0], coarse[0])

    def prompt(
        self,
        features: SliceFeatures,
        points: Float[Tensor, "n 2"],
        labels: Int[Tensor, " n"],
        previous: Float[Tensor, "h w"] | None = None,
        memories: Memories | None = None,
    ) -> SliceAnswer:
        """The object on a slice with clicks or a box.

        Args:
            features: Of the slice.
            points: `x` and `y` in pixels of the frame; the corners of a box first.
            labels: 1 the object, 0 not, 2 and 3 the first and last corner of a box.
            previous: Logits found on this slice before the newest click.
            memories: Of other slices, where the slice was tracked before; None on a new slice.
        """
        image = self._fresh(features) if memories is None else self._recalling(features, memories)
        sparse, dense = self.prompt_encoder(
            input_points=points[None, None],
            input_labels=labels[None, None],
            input_boxes=None,
            input_masks=None if previous is None else previous.clamp(-CLAMP, CLAMP)[None, None],
        )
        few = self.config.multimask_min_pt_num <= len(points) <= self.config.multimask_max_pt_num
        return self._decode(features, image, sparse, dense, several=few, prompted=True)

    def draw(self, features: SliceFeatures, mask: Float[Tensor, "s s"]) -> SliceAnswer:
        """The object on a slice where a mask (0 and 1) of the frame's size says what it is.

        The mask is the answer; the decoder only finds the object's pointer, from its first mask
        token and not from the best of the others.
        """
        prompt = self.mask_downsample(mask[None, None])
        sparse, dense = self._no_points(prompt)
        image = features.coarse[None].to(self.dtype)
        found = self._decode(features, image, sparse, dense, several=False, prompted=True)
        shown = (mask > 0).any()
        side = self.prompt_encoder.mask_input_size
        logits = mask * (INSIDE - OUTSIDE) + OUTSIDE
        small = functional.interpolate(
            logits[None, None], size=side, mode="bilinear", align_corners=False, antialias=True
        )
        return SliceAnswer(
            logits=small[0, 0],
            quality=torch.ones_like(found.quality),
            presence=torch.where(shown, INSIDE, OUTSIDE).to(found.presence.dtype),
            token=torch.where(shown, found.token, self.no_object_pointer[0]),
            prompted=True,
        )

    def track(self, features: SliceFeatures, memories: Memories) -> SliceAnswer:
        """The object on a slice without prompts, from the memories of others."""
        sparse, dense = self._no_points(None)
        image = self._recalling(features, memories)
        several = self.config.multimask_min_pt_num == 0
        return self._decode(features, image, sparse, dense, several=several, prompted=False)

    def remember(self, features: SliceFeatures, answer: SliceAnswer) -> Sam2Memory:
        """What a slice's answer tells other slices.

        The mask goes in as the answer's logits enlarged, also where it came from a mask prompt;
        on a slice with prompts inside and outside are told apart sharply.
        """
        size = self.frame_size
        mask = functional.interpolate(
            answer.logits[None, None].float(), size=(size, size), mode="bilinear"
        )
        sharp = answer.prompted and not self.training
        mask = (mask > 0).float() if sharp else mask.sigmoid()
        mask = mask * self.config.sigmoid_scale_for_mem_enc + self.config.sigmoid_bias_for_mem_enc
        memory, place = self.memory_encoder(features.coarse[None].to(self.dtype), mask)
        if self.occlusion_spatial_embedding_parameter is not None:
            absent = (answer.presence <= 0).to(memory.dtype)
            memory = memory + absent * self.occlusion_spatial_embedding_parameter[..., None, None]
        kept = self._kept(memory, place)
        return Sam2Memory(kept.to(torch.bfloat16).contiguous(), answer.token)

    def _decode(
        self,
        features: SliceFeatures,
        image: Float[Tensor, "1 c h w"],
        sparse: Tensor,
        dense: Tensor,
        several: bool,
        prompted: bool,
    ) -> SliceAnswer:
        """The mask decoder's answer: its single mask, or the best of several."""
        masks, qualities, tokens, presence = self.mask_decoder(
            image_embeddings=image,
            image_positional_embeddings=self.get_image_wide_positional_embeddings().contiguous(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=several,
            high_resolution_features=[
                features.fine[None].to(self.dtype),
                features.middle[None].to(self.dtype),
            ],
        )
        best = qualities[0, 0].argmax() if several else 0
        there = presence[0, 0, 0] > 0
        pointer = self.object_pointer_proj(tokens[0, :, best])[0]
        return SliceAnswer(
            logits=torch.where(there, masks[0, 0, best].float(), NO_OBJ_SCORE),
            quality=qualities[0, 0, best].float(),
            presence=presence[0, 0, 0].float(),
            token=torch.where(there, pointer, self.no_object_pointer[0]),
            prompted=prompted,
        )

    def _no_points(self, mask: Float[Tensor, "1 1 h w"] | None) -> tuple[Tensor, Tensor]:
        device = self.no_memory_embedding.device
        found: tuple[Tensor, Tensor] = self.prompt_encoder(
            input_points=torch.zeros(1, 1, 1, 2, device=device, dtype=self.dtype),
            input_labels=-torch.ones(1, 1, 1, dtype=torch.int32, device=device),
            input_boxes=None,
            input_masks=mask,
        )
        return found

    def _fresh(self, features: SliceFeatures) -> Float[Tensor, "1 c h w"]:
        """The slice's features without any memory."""
        return features.coarse[None].to(self.dtype) + self.no_memory_embedding.reshape(1, -1, 1, 1)

    def _recalling(self, features: SliceFeatures, memories: Memories) -> Float[Tensor, "1 c h w"]:
        """The slice's features after they attended to the memories of others, if there are any."""
        most = min(memories.count, self.config.max_object_pointers_in_encoder)
        recalled = recall(memories, self.num_maskmem, most)
        if not recalled.features:
            return self._fresh(features)
        tokens, positions = self._spatial(recalled)
        told = 0
        if recalled.pointers:
            pointers, where = self._pointers(recalled, most)
            told = len(pointers)
            tokens, positions = torch.cat([tokens, pointers]), torch.cat([positions, where])
        image = features.coarse.flatten(1).T.to(self.dtype)  # t c
        seen = self._attended(image, tokens, positions, told)
        return seen.T.reshape(1, *features.coarse.shape)

    def _spatial(self, recalled: Recalled) -> tuple[Tensor, Tensor]:
        tokens = torch.cat([one for _, one in recalled.features]).to(self.dtype)
        # slot -1 is that of prompted slices, slot n - 1 that of a slice n away
        slots = torch.tensor([distance - 1 for distance, _ in recalled.features])
        when = self.memory_temporal_positional_encoding[slots.to(tokens.device), 0]  # n 1 m
        return tokens, (self.memory_position + when).flatten(0, 1)

    def _pointers(self, recalled: Recalled, most: int) -> tuple[Tensor, Tensor]:
        pointers = torch.stack([pointer for _, pointer in recalled.pointers])  # n c
        parts = self.hidden_dim // self.mem_dim
        where = pointers.new_zeros(len(pointers), self.mem_dim)
        if self.config.enable_temporal_pos_encoding_for_object_pointers:
            distances = torch.tensor(
                [float(distance) for distance, _ in recalled.pointers], device=pointers.device
            )
            sines = get_1d_sine_pe(distances / max(most - 1, 1), dim=self.hidden_dim)
            where = self.temporal_positional_encoding_projection_layer(sines.to(pointers.dtype))
        return pointers.reshape(-1, self.mem_dim), where.repeat_interleave(parts, dim=0)


class Sam2Volume(SliceNetwork, Sam2VideoModel):  # type: ignore[misc]  # the library is not typed
    """SAM 2, 2.1 or MedSAM2 on single slices.

    Args:
        config: The library's configuration.
    """

    def __init__(self, config: Sam2VideoConfig) -> None:
        super().__init__(config)

    def _stages(self, frame: Float[Tensor, "1 3 s s"]) -> list[Tensor]:
        stages = self.vision_encoder.backbone(frame).intermediate_hidden_states
        return [stage.permute(0, 3, 1, 2) for stage in stages]  # 1 c h w

    def _places(self) -> Float[Tensor, "t m"]:
        encoding = self.memory_encoder.position_encoding
        return waves(encoding, self.mem_dim, self.frame_size // 16)

    def _kept(
        self, memory: Float[Tensor, "1 m h w"], place: Float[Tensor, "1 m h w"]
    ) -> Float[Tensor, "t m"]:
        return memory[0].flatten(1).T

    def _attended(
        self,
        image: Float[Tensor, "t c"],
        memory: Float[Tensor, "k m"],
        memory_position: Float[Tensor, "k m"],
        pointers: int,
    ) -> Float[Tensor, "t c"]:
        where = self.image_position
        return attend(self.memory_attention, image, where, memory, memory_position, pointers)


def waves(encoding: Any, width: int, side: int) -> Float[Tensor, "t c"]:
    """The sines that tell places on a square, row by row.

    Args:
        encoding: Of the library's modules, which gives them.
        width: Channels.
        side: Rows and columns.
    """
    shape = torch.Size((1, width, side, side))
    told: Tensor = encoding(shape, torch.device("cpu"), torch.float32)
    return told[0].flatten(1).T.contiguous()
