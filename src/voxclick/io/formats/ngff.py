"""The metadata of OME-Zarr images (OME-NGFF 0.4 and 0.5): levels, axes, and where voxels lie.

An image without anatomical orientation (RFC-4) lies as ITK and ngff-zarr take it: x to the left, y
to the back, z to the head.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from voxclick.errors import FileFormatError, OptionError
from voxclick.types import Array, Index3, Json

log = logging.getLogger(__name__)

UNITS_MM = {
    **{"millimeter": 1.0, "millimetre": 1.0, "mm": 1.0},
    **{"micrometer": 1e-3, "micrometre": 1e-3, "micron": 1e-3, "um": 1e-3, "µm": 1e-3, "μm": 1e-3},
    **{"nanometer": 1e-6, "nanometre": 1e-6, "nm": 1e-6, "angstrom": 1e-7},
    **{"centimeter": 10.0, "centimetre": 10.0, "cm": 10.0},
    **{"meter": 1e3, "metre": 1e3, "m": 1e3},
}
"""Millimetres in each unit of length."""

TOWARDS = {
    "left-to-right": (1, 0, 0),
    "right-to-left": (-1, 0, 0),
    "posterior-to-anterior": (0, 1, 0),
    "anterior-to-posterior": (0, -1, 0),
    "inferior-to-superior": (0, 0, 1),
    "superior-to-inferior": (0, 0, -1),
}
"""Where an axis points, in RAS+ (RFC-4)."""

USUAL = ("right-to-left", "anterior-to-posterior", "inferior-to-superior")
"""Of x, y and z, where nothing is said: as ITK has them."""

OWN = "voxclick"
"""The attribute beside the metadata that keeps the affine, which scales cannot say."""


@dataclass(frozen=True, eq=False)
class Level:
    """One array of an image.

    Attributes:
        path: Within the image's group.
        affine: Voxel index `i j k` (along x, y, z) to RAS+ millimetres.
    """

    path: str
    affine: Float[Array, "4 4"]


@dataclass(frozen=True, eq=False)
class Image:
    """An image at one resolution or several.

    Attributes:
        levels: Finest first.
        space: The array axes that x, y and z are, in this order.
        others: Name of every other array axis, by its place.
        channels: Names of the channels, where they have any.
        names: Label number to name, of a label image.
    """

    levels: tuple[Level, ...]
    space: Index3
    others: dict[int, str]
    channels: tuple[str, ...]
    names: dict[int, str]

    def choose(self, shape: Sequence[int], text: str | None, path: Path) -> dict[int, int]:
        """The index along every axis that is not x, y or z.

        Args:
            shape: Of the array.
            text: What was asked for: `c=1`, `t=0,c=1`, or the name of a channel; None for nothing.
            path: The image, for messages.

        Raises:
            OptionError: If it takes a choice and none is made, or there is nothing of that name.
        """
        asked = self._asked(text)
        chosen = {}
        for axis, name in self.others.items():
            if name not in asked and shape[axis] > 1:
                wrong = "" if text is None else f", got {text!r}"
                known = f" ({', '.join(self.channels)})" if name == "c" and self.channels else ""
                raise OptionError(
                    f"one 3D image must be chosen from {path}, which holds {shape[axis]} along its "
                    f"axis {name}{known}{wrong}; add {name}=0 as the series, such as "
                    f"--series {name}=0"
                )
            number = asked.pop(name, 0)
            if not 0 <= number < shape[axis]:
                raise OptionError(
                    f"a series of {path} must be {name}=0 to {name}={shape[axis] - 1}, got {text}"
                )
            chosen[axis] = number
        if asked:
            axes = ", ".join(self.others.values()) or "none but x, y, z"
            raise OptionError(
                f"a series of {path} must name one of its axes ({axes}) or channels "
                f"({', '.join(self.channels) or 'which have no names'}), got {text!r}"
            )
        return chosen

    def _asked(self, text: str | None) -> dict[str, int]:
        if text is None:
            return {}
        if text in self.channels:
            return {"c": self.channels.index(text)}
        asked = {}
        for part in text.split(","):
            name, _, number = part.strip().partition("=")
            asked[name] = int(number) if number.isdecimal() else -1
        return asked


def image_of(attributes: Json, path: Path) -> Image:
    """What the attributes of a group say.

    Args:
        attributes: Of the group, those of 0.5 under `ome`.
        path: The group, for messages.

    Raises:
        FileFormatError: If they describe no image in three dimensions.
    """
    found = attributes.get("ome", attributes)
    try:
        scales = found["multiscales"][0]
        axes = [_Axis.of(axis) for axis in scales["axes"]]
        space = _space(axes, path)
        whole = scales.get("coordinateTransformations") or []
        spread = np.diag([*(UNITS_MM[axes[place].unit] for place in space), 1.0])
        placed = [
            (str(one["path"]), spread @ _scaled([*one["coordinateTransformations"], *whole], space))
            for one in scales["datasets"]
        ]
        turned = _turned(axes, space, attributes, placed[0][1])
        names = {
            int(one["label-value"]): str(one["name"])
            for one in found.get("image-label", {}).get("properties", ())
            if "name" in one
        }
        channels = tuple(
            str(one.get("label", "")) for one in found.get("omero", {}).get("channels", ())
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, FileFormatError):
            raise
        lacks = f"{type(error).__name__} {error}".strip()
        raise FileFormatError(
            f"the metadata of OME-Zarr 0.4 or 0.5 are needed, those of {path} lack or garble "
            f"something ({lacks}); convert the image again"
        ) from None
    levels = tuple(Level(name, turned @ matrix) for name, matrix in placed)
    others = {place: axis.name for place, axis in enumerate(axes) if place not in space}
    return Image(levels, space, others, channels, names)


@dataclass(frozen=True)
class _Axis:
    name: str
    spatial: bool
    unit: str
    towards: str

    @classmethod
    def of(cls, fields: Json) -> "_Axis":
        name = str(fields["name"])
        kind = fields.get("type", "space" if name in "xyz" else "")
        told = fields.get("orientation", fields.get("anatomicalOrientation", ""))
        towards = told.get("value", "") if isinstance(told, dict) else told
        # a unit may be left out: millimetres, as everywhere in medicine
        return cls(name, kind == "space", str(fields.get("unit") or "millimeter"), str(towards))


def _space(axes: list[_Axis], path: Path) -> Index3:
    """The places of x, y and z among the axes, their units known."""
    spatial = [place for place, axis in enumerate(axes) if axis.spatial]
    if len(spatial) != 3:
        raise FileFormatError(
            f"a 3D image is needed, {path} has {len(spatial)} axes in space "
            f"({', '.join(axis.name for axis in axes)}); choose a volume"
        )
    for place in spatial:
        unit = axes[place].unit
        if unit not in UNITS_MM:
            raise FileFormatError(
                f"lengths in {path} must be in millimetres, micrometres or the like, its axis "
                f"{axes[place].name} has the unit {unit!r}; repair the metadata"
            )
    named = {axes[place].name.lower(): place for place in spatial}
    if set(named) == set("xyz"):
        return named["x"], named["y"], named["z"]
    return spatial[2], spatial[1], spatial[0]  # z, y, x is the order of the format


def _scaled(steps: list[Json], space: Index3) -> Float[Array, "4 4"]:
    """Indices along x, y, z to the image's own coordinates, one step after the other."""
    matrix = np.eye(4)
    for step in steps:
        move = np.eye(4)
        if step["type"] == "scale":
            move[:3, :3] = np.diag([float(step["scale"][place]) for place in space])
        elif step["type"] == "translation":
            move[:3, 3] = [float(step["translation"][place]) for place in space]
        elif step["type"] != "identity":
            raise ValueError(f"a transformation {step['type']!r}")
        matrix = move @ matrix
    return matrix


def _turned(
    axes: list[_Axis], space: Index3, attributes: Json, finest: Float[Array, "4 4"]
) -> Float[Array, "4 4"]:
    """The image's own coordinates in millimetres to RAS+ ones."""
    own: Any = attributes.get(OWN, {})
    if "affine" in own:
        kept: Array = np.array(own["affine"], dtype=np.float64) @ np.linalg.inv(finest)
        return kept
    told = [axes[place].towards for place in space]
    directions = [TOWARDS.get(one) for one in told]
    if any(told) and not _are_axes(directions):
        log.warning("the orientation %s is not one of a patient: taken as %s", told, list(USUAL))
        told = []
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([TOWARDS[one] for one in (told if any(told) else USUAL)]).T
    return matrix


def _are_axes(directions: Sequence[Index3 | None]) -> bool:
    """Whether three directions are those of three different axes."""
    return None not in directions and len({tuple(np.abs(one)) for one in directions if one}) == 3
