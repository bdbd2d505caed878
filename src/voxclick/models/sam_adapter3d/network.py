"""The network: a dear half that sees the crop, and a cheap half that sees the clicks."""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor, nn

from voxclick.models.sam_adapter3d.encoder import Encoder
from voxclick.models.sam_adapter3d.mask_decoder import JOINED, MaskDecoder
from voxclick.models.sam_adapter3d.prompt_encoder import PromptEncoder
from voxclick.models.sam_adapter3d.sizes import Sizes


@dataclass(frozen=True, eq=False)
class Encoded:
    """All that the network can say of a crop before it sees a click.

    Attributes:
        feature: The encoder's last feature, along height, width and depth.
        prepared: What all else gives to the layer that joins the features.
        size: Voxels along each side of the crop.
    """

    feature: Float[Tensor, "b c u v t"]
    prepared: Float[Tensor, "b head x y z"]
    size: int

    @property
    def nbytes(self) -> int:
        """Memory it holds."""
        return self.feature.nbytes + self.prepared.nbytes


class Network(nn.Module):
    """3DSAM-adapter with the published key names in each of its three parts.

    Weights are named `encoder.`, `prompt_encoder.` and `decoder.`, each followed by the key of the
    published checkpoints. Parts of those that no computation uses are not there.

    Args:
        sizes: Its widths; those published when None.

    Source: Gong et al., 3DSAM-adapter, arXiv 2306.13465.
    """

    def __init__(self, sizes: Sizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes or Sizes()
        self.encoder = Encoder(self.sizes)
        self.prompt_encoder = PromptEncoder(self.sizes) if self.sizes.prompted else None
        self.decoder = MaskDecoder(self.sizes)

    def encode(self, crop: Float[Tensor, "b 1 d h w"]) -> Encoded:
        """The dear half, once a crop.

        Args:
            crop: Normalised intensities, slices first; cubic, 64, 128, 192, ... voxels a side.
        """
        size = crop.shape[-1]
        assert tuple(crop.shape[2:]) == (size, size, size)
        assert size % JOINED == 0
        *early, last = self.encoder(crop)
        return Encoded(last, self.decoder.prepare(crop, early), size)

    def decode(
        self,
        embedding: Encoded,
        points_dwh: Float[Tensor, "n 3"] | None,
        positive: Bool[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "b 2 d h w"]:
        """The cheap half, at each click: logits of background and object.

        Args:
            embedding: Of the crop.
            points_dwh: Clicks as voxel indices of the crop along depth, width and height, in this
                order; None for the answer without prompts.
            positive: Which clicks are; all when None. Published weights know no others.
        """
        feature = embedding.feature
        if points_dwh is not None:
            assert self.prompt_encoder is not None
            place = (points_dwh + 0.5) * 2 / embedding.size - 1
            feature = self.prompt_encoder(feature, place, positive)
        logits: Tensor = self.decoder.finish(embedding.prepared, feature, embedding.size)
        return logits

    def forward(
        self,
        crop: Float[Tensor, "b 1 d h w"],
        points_dwh: Float[Tensor, "n 3"] | None,
        positive: Bool[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "b 2 d h w"]:
        """Both halves, as training wants them."""
        return self.decode(self.encode(crop), points_dwh, positive)
