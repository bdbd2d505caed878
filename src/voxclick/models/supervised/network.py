"""MONAI's DynUNet and SwinUNETR at the sizes of a file or of a training run."""

from collections.abc import Mapping

from torch import Tensor, nn

from voxclick.errors import FileFormatError, OptionError
from voxclick.models.supervised.sizes import Sizes

TWICE = "skip_layers."
"""DynUNet lists its stages a second time under this name; files hold them once."""


def build(sizes: Sizes) -> nn.Module:
    """A new network: `b 1 d h w` to logits `b c d h w`, the background first.

    With deep supervision DynUNet's answer in training is `b s c d h w`: the finest first.

    Raises:
        OptionError: If MONAI, or einops for SwinUNETR, is not installed.
    """
    try:
        from monai.networks.nets import DynUNet, SwinUNETR

        if sizes.kind == "swin-unetr":
            import einops  # noqa: F401  (MONAI asks for it only when the network is made)
    except ImportError as error:
        raise missing(error) from None
    out = 1 + sizes.classes
    if sizes.kind == "swin-unetr":
        swin: nn.Module = SwinUNETR(in_channels=1, out_channels=out, feature_size=sizes.width)
        return swin
    kernels, strides = zip(*sizes.stages, strict=True)
    unet: nn.Module = DynUNet(
        spatial_dims=3,
        in_channels=1,
        out_channels=out,
        kernel_size=kernels,
        strides=strides,
        upsample_kernel_size=strides[1:],
        filters=sizes.filters,
        deep_supervision=sizes.supervised > 0,
        deep_supr_num=max(1, sizes.supervised),
    )
    return unet


def missing(error: ImportError) -> OptionError:
    """That a package of the supervised networks is not installed."""
    return OptionError(
        f"supervised networks need the packages monai and einops, got no {error.name}; install: "
        "pip install 'voxclick[baselines]'"
    )


def stored(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What a file holds of a network's weights: each of them once."""
    return {name: tensor for name, tensor in weights.items() if not name.startswith(TWICE)}


def network_of(weights: Mapping[str, Tensor], sizes: Sizes) -> nn.Module:
    """The network of a file.

    Raises:
        FileFormatError: If a weight is missing, unknown, or of another shape.
        OptionError: If MONAI is not installed.
    """
    network = build(sizes)
    wanted = {name: tensor.shape for name, tensor in stored(network.state_dict()).items()}
    given = {name: tensor.shape for name, tensor in weights.items()}
    wrong = sorted(name for name in wanted | given if wanted.get(name) != given.get(name))
    if wrong:
        raise FileFormatError(
            f"a {sizes.kind} of these sizes has {len(wanted)} weights, got {len(given)} that "
            f"differ in {len(wrong)}, the first {wrong[0]}; look whether the file is whole"
        )
    network.load_state_dict(
        {name: tensor.float() for name, tensor in weights.items()}, strict=False
    )
    return network
