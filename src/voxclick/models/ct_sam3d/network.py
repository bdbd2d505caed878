"""The network: image encoder, prompt maps, mask decoder and cross-patch network in one."""

import torch
from jaxtyping import Float, Real
from torch import Tensor, nn

from voxclick.errors import OptionError
from voxclick.models.ct_sam3d.carried import UnusedPositions
from voxclick.models.ct_sam3d.clicks import click_maps
from voxclick.models.ct_sam3d.cross_patch import CrossPatch
from voxclick.models.ct_sam3d.decoder import MaskDecoder
from voxclick.models.ct_sam3d.encoder import ImageEncoder
from voxclick.models.ct_sam3d.fast.decoder import fits, prepared
from voxclick.models.ct_sam3d.sizes import PATCH, Sizes
from voxclick.types import Index3


class Network(nn.Module):
    """CT-SAM3D, with the key names of its published weights.

    Args:
        sizes: How large it is; those of the published weights when None.
    """

    def __init__(self, sizes: Sizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes or Sizes()
        self.image_encoder = ImageEncoder(self.sizes)
        self.prompt_encoder = UnusedPositions()
        self.mask_decoder = MaskDecoder(self.sizes)
        self.cpp_predictor: CrossPatch | None = None
        if self.sizes.cross_patch is not None:
            self.cpp_predictor = CrossPatch(self.sizes.cross_patch)

    @classmethod
    def untrained(cls, sizes: Sizes | None = None, seed: int = 0) -> "Network":
        """A network to train: weights of a truncated normal of 0.02, as the authors begin.

        Args:
            sizes: How large it is.
            seed: Of the weights.
        """
        network = cls(sizes)
        generator = torch.Generator().manual_seed(seed)
        for module in network.modules():
            if isinstance(module, nn.Conv3d | nn.ConvTranspose3d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02, generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        return network

    @property
    def has_cross_patch(self) -> bool:
        """Whether `cross_patch` has weights."""
        return self.cpp_predictor is not None

    def encode(self, image: Float[Tensor, "b 1 d h w"]) -> list[Tensor]:
        """Features at 1/4, 1/8, 1/16 and 1/32 of the size, fine to coarse.

        Args:
            image: Scaled to [0, 1]; sizes are multiples of 32.
        """
        features: list[Tensor] = self.image_encoder(image)
        return features

    def prompt_maps(
        self,
        points: Real[Tensor, "*b n 3"],
        labels: Real[Tensor, "*b n"],
        shape: Index3 = (PATCH, PATCH, PATCH),
    ) -> Float[Tensor, "m 2 d h w"]:
        """Positive and negative clicks as maps, by the rule that this network learnt.

        Args:
            points: Voxel indices `x, y, z`, oldest first; of one sample, or of a batch of them.
            labels: 1 for positive clicks, 0 for negative ones, -1 for none.
            shape: Of the maps.
        """
        n = labels.shape[-1]
        batch = labels.reshape(-1, n) if labels.dim() > 1 else labels[None]
        return click_maps(points.reshape(len(batch), n, 3), batch, shape, self.sizes.prompt_rule)

    def decode(
        self, features: list[Tensor], prompts: Float[Tensor, "b 3 d h w"]
    ) -> Float[Tensor, "b 1 d h w"]:
        """Logits, above 0 where the object is.

        For inference on a CPU the decoder is prepared once, which takes some memory, and gives the
        same numbers in a third of the time. Under autocast, or for features in bfloat16, it takes
        bfloat16 where that is faster still.

        Args:
            features: As `encode` gives them.
            prompts: Previous probabilities, positive map, negative map.
        """
        if self.training or not fits(self.sizes) or not _is_inference(features[0], self):
            logits: Tensor = self.mask_decoder(features, prompts)
            return logits
        mixed = torch.is_autocast_enabled("cpu") or features[0].dtype == torch.bfloat16
        return prepared(self.mask_decoder, torch.bfloat16 if mixed else torch.float32)(
            features, prompts
        )

    def forward(
        self, image: Float[Tensor, "b 1 d h w"], prompts: Float[Tensor, "b 3 d h w"]
    ) -> Float[Tensor, "b 1 d h w"]:
        """Probabilities, as the losses take them; `encode` and `decode` in one."""
        return torch.sigmoid(self.decode(self.encode(image), prompts))

    def cross_patch(
        self,
        image_u: Float[Tensor, "b 1 d h w"],
        mask_u: Float[Tensor, "b 1 d h w"],
        image_v: Float[Tensor, "b 1 d h w"],
    ) -> Float[Tensor, "b 1 d h w"]:
        """Where to click in patch V for the object that `mask_u` shows in patch U: a heat map.

        Raises:
            OptionError: If these weights have no cross-patch network.
        """
        if self.cpp_predictor is None:
            raise OptionError(
                "a cross-patch prompt needs weights with a cross-patch network (cpp_predictor.*), "
                "got weights without one; turn cross-patch prompts off, or train that part"
            )
        heat: Tensor = self.cpp_predictor(image_u, mask_u, image_v)
        return heat


def _is_inference(feature: Tensor, network: nn.Module) -> bool:
    """Whether weights in float32 are on a CPU, and nobody asks for gradients."""
    weight = next(network.parameters())
    asked = torch.is_grad_enabled() and (feature.requires_grad or weight.requires_grad)
    return weight.device.type == "cpu" and weight.dtype == torch.float32 and not asked
