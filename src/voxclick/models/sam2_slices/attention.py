"""The memory attention of SAM 2 (arXiv 2408.00714, section 4), over one slice's tokens."""

from jaxtyping import Float
from torch import Tensor, nn


def attend(
    attention: nn.Module,
    image: Float[Tensor, "t c"],
    image_position: Float[Tensor, "t c"],
    memory: Float[Tensor, "k m"],
    memory_position: Float[Tensor, "k m"],
    pointers: int,
) -> Float[Tensor, "t c"]:
    seen: Tensor = attention(
        current_vision_features=image[:, None],
        current_vision_position_embeddings=image_position[:, None],
        memory=memory[:, None],
        memory_posision_embeddings=memory_position[:, None],
        num_object_pointer_tokens=pointers,
    )
    return seen.reshape(image.shape)
