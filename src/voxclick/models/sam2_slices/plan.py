"""How a network is built around weights: as a SAM 2 or as an EdgeTAM."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from voxclick.models.sam2_slices.architecture import STEP, Trunk, configuration
from voxclick.models.sam2_slices.edgetam import architecture as compressed
from voxclick.models.sam2_slices.edgetam.network import EdgeTamVolume
from voxclick.models.sam2_slices.network import Sam2Volume, SliceNetwork

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Plan:
    """How a network is built around weights.

    Attributes:
        header: What a file of such weights tells of their network.
        build: The network, not yet filled, for weights and pixels of the frames.
        step: Frames must be a multiple of so many pixels for these weights.
    """

    header: dict[str, str]
    build: Callable[[Weights, int], SliceNetwork]
    step: Callable[[Weights], int]

    def told(self, weights: Weights, image_size: int) -> dict[str, str]:
        """All that a file of these weights tells, for frames of so many pixels."""
        step = str(self.step(weights))
        return {"image_size": str(image_size), "image_step": step, **self.header}


EDGETAM = Plan(
    header={"network": "edgetam"},
    build=lambda weights, size: EdgeTamVolume(compressed.configuration(weights, size)),
    step=compressed.image_step,
)


def sam2(trunk: Trunk) -> Plan:
    """The plan of a SAM 2, 2.1 or MedSAM2."""
    return Plan(
        header={"trunk": trunk.to_json()},
        build=lambda weights, size: Sam2Volume(configuration(weights, trunk, size)),
        step=lambda weights: STEP,
    )


def planned(header: Mapping[str, str]) -> Plan:
    """The plan that a file's header tells.

    Raises:
        KeyError, TypeError, ValueError: If the header tells none.
    """
    if header.get("network") == EDGETAM.header["network"]:
        return EDGETAM
    return sam2(Trunk.from_json(header["trunk"]))
