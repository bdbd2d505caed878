"""The mask decoder: four features and the crop itself, aggregated on 64^3 voxels.

The layer that joins them is linear in each of them, so what does not depend on the clicks is
summed up once a crop.
"""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from voxclick.models.layers.convolution import Convolution, convolve
from voxclick.models.sam_adapter3d.sizes import TOKENS, Sizes

JOINED = 2 * TOKENS
"""Voxels along each axis where the features are joined."""

HEADS = ("head2", "head3", "head4", "head5")
CLASSES = 2


class Head(nn.Sequential):
    """One feature, narrowed."""

    def __init__(self, width: int, head: int) -> None:
        super().__init__(
            Convolution(width, head, 3, padding=1, bias=False),
            nn.InstanceNorm3d(head),
            nn.ReLU(),
            Convolution(head, head, 3, padding=1, bias=False),
            nn.InstanceNorm3d(head),
            nn.ReLU(),
        )


class MaskDecoder(nn.Module):
    """Joins the features and draws the mask.

    Args:
        sizes: Of the network.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.head = sizes.head
        self.mlahead = nn.ModuleDict({name: Head(sizes.neck, sizes.head) for name in HEADS})
        self.cls = nn.Sequential(
            Convolution(len(HEADS) * sizes.head + 1, sizes.head, 3, padding=1, bias=False),
            nn.InstanceNorm3d(sizes.head),
            nn.ReLU(),
            Convolution(sizes.head, CLASSES, 3, padding=1, bias=False),
        )

    def prepare(
        self, crop: Float[Tensor, "b 1 d h w"], features: Sequence[Float[Tensor, "b c u v t"]]
    ) -> Float[Tensor, "b head x y z"]:
        """What the crop and the features that no click changes give to the joining layer.

        Args:
            crop: Normalised.
            features: All of the encoder's but the last.
        """
        small = functional.interpolate(
            crop.permute(0, 1, 3, 4, 2), scale_factor=JOINED / crop.shape[-1], mode="trilinear"
        )
        given = convolve(small, self._share(len(HEADS)))
        for place, feature in enumerate(features):
            given = given + self._joined(place, feature)
        return given

    def finish(
        self,
        prepared: Float[Tensor, "b head x y z"],
        feature: Float[Tensor, "b c u v t"],
        size: int,
    ) -> Float[Tensor, "b 2 d h w"]:
        """Logits of background and object.

        Args:
            prepared: As `prepare` gave it.
            feature: The last one, as the clicks changed it.
            size: Of the crop.
        """
        joined = prepared + self._joined(len(HEADS) - 1, feature)
        coarse = self.cls[3](self.cls[2](self.cls[1](joined)))
        scale = size // JOINED
        fine = functional.interpolate(
            coarse, scale_factor=scale, mode="trilinear", align_corners=True
        )
        return fine.permute(0, 1, 4, 2, 3)

    def _joined(
        self, place: int, feature: Float[Tensor, "b c u v t"]
    ) -> Float[Tensor, "b head x y z"]:
        narrow = self.mlahead[HEADS[place]](feature)
        fine = functional.interpolate(narrow, scale_factor=2, mode="trilinear", align_corners=True)
        return convolve(fine, self._share(place))

    def _share(self, place: int) -> Tensor:
        """The joining layer's weights for one head, or for the crop after them."""
        joining = self.cls[0]
        assert isinstance(joining, Convolution)
        first = place * self.head
        return joining.weight[:, first : first + self.head].contiguous()
