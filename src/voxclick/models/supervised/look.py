"""What a supervised network finds, and how it wants volumes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from voxclick.errors import FileFormatError
from voxclick.models.supervised.sizes import Sizes
from voxclick.preprocess.statistics import Intensity
from voxclick.types import Vector3

FAMILY = "supervised"


@dataclass(frozen=True)
class Look:
    """How a network was trained.

    Attributes:
        names: Of the structures that it finds, in the order of its classes from 1 on.
        spacing_mm: Of its input along the patient's axes left-right, back-front and feet-head.
        intensity: Of its data set; None where each volume is normalised by itself.
    """

    names: tuple[str, ...]
    spacing_mm: Vector3
    intensity: Intensity | None = None


def header_of(sizes: Sizes, look: Look) -> dict[str, str]:
    """What a file of weights tells of its network."""
    told = {"sizes": json.dumps(asdict(sizes)), "look": json.dumps(asdict(look))}
    return {"voxclick": FAMILY, **told}


def told_by(header: Mapping[str, str]) -> tuple[Sizes, Look]:
    """What a file of weights tells of its network.

    Raises:
        FileFormatError: If it does not.
    """
    try:
        sizes, look = _fields(header["sizes"]), _fields(header["look"])
        intensity = look["intensity"]
        look["intensity"] = None if intensity is None else Intensity(**intensity)
        return Sizes(**sizes), Look(**look)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FileFormatError(
            f"weights of {FAMILY} need a header with sizes and look, got {sorted(header)} "
            f"({error}); train them again with voxclick train dynunet"
        ) from None


def _fields(text: str) -> dict[str, Any]:
    told = json.loads(text).items()
    return {name: tuple(value) if isinstance(value, list) else value for name, value in told}
