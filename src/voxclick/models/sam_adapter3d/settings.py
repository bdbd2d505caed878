"""How a network wants its crops: size, spacing, orientation, intensities."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from voxclick.errors import FileFormatError
from voxclick.preprocess.statistics import Intensity

FAMILY = "sam_adapter3d"

UPRIGHT = "SAR"
"""Slices from the feet up, rows to the front, columns to the right: the default."""


@dataclass(frozen=True)
class Settings:
    """What a network was trained on, and is asked on.

    Attributes:
        intensity: Of its data set.
        crop: Voxels along each side of a crop; a multiple of 64.
        spacing_mm: Of a crop at the finest level.
        orientation: Which way depth (the slice axis), height and width of a crop run, as letters
            of the patient's axes.
    """

    intensity: Intensity
    crop: int = 128
    spacing_mm: float = 1.0
    orientation: str = UPRIGHT

    def header(self) -> dict[str, str]:
        """For a file of weights."""
        return {"settings": json.dumps(asdict(self))}


@dataclass(frozen=True)
class DataSet:
    """A published data set's statistics and layout.

    Attributes:
        intensity: As the published code has them.
        orientation: Of its files when read as the published code reads them.
    """

    intensity: Intensity
    orientation: str = field(default=UPRIGHT)


DATA_SETS: dict[str, DataSet] = {
    "kits21": DataSet(Intensity(-54, 247, 59.53867, 55.457336), "IPL"),
    "pancreas": DataSet(Intensity(-39, 204, 68.45214, 63.422806)),
    "lits17": DataSet(Intensity(-48, 163, 60.057533, 40.198017)),
    "colon": DataSet(Intensity(-57, 175, 65.175035, 32.651197)),
}
"""By the last word of the model's name."""


def settings_for(data: str) -> Settings:
    """The settings of the published weights for a data set."""
    return Settings(DATA_SETS[data].intensity, orientation=DATA_SETS[data].orientation)


def settings_of(header: Mapping[str, str]) -> Settings:
    """The settings that a file of weights tells, or those of the published model it names.

    Raises:
        FileFormatError: If it tells none.
    """
    try:
        if "settings" in header:
            told = json.loads(header["settings"])
            return Settings(**{**told, "intensity": Intensity(**told["intensity"])})
        return settings_for(header["model"].rsplit("-", 1)[-1])
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(
            "weights of 3DSAM-adapter must tell the settings of their crops, or be of one of the "
            f"data sets {', '.join(DATA_SETS)}, got {error!r}; import them by the name of a model"
        ) from None
