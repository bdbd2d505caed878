"""SAM, as transformers has it, on one frame with points, a box and earlier logits."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import SamConfig, SamModel


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of a frame.

    Attributes:
        points: `x` and `y` in pixels of the frame, none to many.
        labels: 1 the object, 0 not.
        box: `x` and `y` of the first corner, then of the last; None for no box.
        previous: Logits found on this frame before; None for a new object.
    """

    points: Float[Tensor, "n 2"]
    labels: Int[Tensor, " n"]
    box: Float[Tensor, "2 2"] | None = None
    previous: Float[Tensor, "h w"] | None = None

    @property
    def ambiguous(self) -> bool:
        """Whether it may mean a part as well as the whole, so that several masks are made."""
        return len(self.points) == 1 and self.box is None and self.previous is None


class SamFrame(SamModel):  # type: ignore[misc]  # the library is not typed
    """SAM on single frames, its dear and its cheap half apart; nothing here turns gradients off.

    Args:
        config: The library's configuration.
    """

    def __init__(self, config: SamConfig) -> None:
        super().__init__(config)

    @property
    def frame_size(self) -> int:
        """Rows and columns of the frames that it looks at."""
        size: int = self.config.vision_config.image_size
        return size

    @property
    def mask_size(self) -> int:
        """Rows and columns of the logits that it gives, and takes again."""
        return 4 * int(self.config.prompt_encoder_config.image_embedding_size)

    def encode(self, frame: Float[Tensor, "3 s s"]) -> Float[Tensor, "c h w"]:
        """The image encoder's features of a frame."""
        features: Tensor = self.vision_encoder(frame[None]).last_hidden_state
        return features[0]

    def answer(
        self, features: Float[Tensor, "c h w"], asked: Asked
    ) -> tuple[Float[Tensor, "u v"], Float[Tensor, ""]]:
        """The object's logits, a quarter of the frame's size, and how well they fit, 0 to 1.

        One point may mean several things: of the three masks for it the one that the network
        thinks best is taken (arXiv 2304.02643, section 3); else its first mask.

        Args:
            features: Of the frame.
            asked: At least a point or a box.
        """
        sparse, dense = self.prompt_encoder(
            input_points=asked.points[None, None] if len(asked.points) else None,
            input_labels=asked.labels[None, None] if len(asked.points) else None,
            input_boxes=None if asked.box is None else asked.box.reshape(1, 1, 4),
            input_masks=None if asked.previous is None else asked.previous[None, None],
        )
        masks, quality = self.mask_decoder(
            image_embeddings=features[None],
            image_positional_embeddings=self.get_image_wide_positional_embeddings(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=asked.ambiguous,
        )
        best = torch.argmax(quality[0, 0])
        return masks[0, 0, best], quality[0, 0, best]
