"""The table of simulated users."""

import importlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from voxclick.errors import OptionError, UnknownNameError

if TYPE_CHECKING:
    from voxclick.simulate.user import SimulatedUser


@dataclass(frozen=True)
class UserRow:
    """One simulated user.

    Attributes:
        name: Short name, as on the command line.
        title: What it does, in one line.
        prompts: Kinds of prompts it gives.
        module: Where its class lives.
        user: Name of the class; every argument of it has a default.
        corrects: Whether it corrects what was segmented; if not, it says nothing negative.
        errs: Whether it makes mistakes on purpose.
    """

    name: str
    title: str
    prompts: tuple[str, ...]
    module: str
    user: str
    corrects: bool = True
    errs: bool = False


_CLICKS = "voxclick.simulate.clicks"
_RADIOACTIVE = "voxclick.simulate.radioactive"
_SLICES = "voxclick.simulate.slices"

USERS: tuple[UserRow, ...] = (
    UserRow(
        "center",
        "clicks the centre of the largest error (CVPR 2025)",
        ("point",),
        _CLICKS,
        "CenterClick",
    ),
    UserRow(
        "random",
        "clicks an error drawn by size, near its centre (RITM)",
        ("point",),
        _CLICKS,
        "RandomClick",
    ),
    UserRow("uniform", "clicks any wrong voxel (RadioActive)", ("point",), _CLICKS, "UniformClick"),
    UserRow(
        "box",
        "draws one 3D box around the object",
        ("box",),
        "voxclick.simulate.boxes",
        "BoxUser",
        corrects=False,
    ),
    UserRow(
        "slice_box",
        "draws a 2D box on the middle slice, or on several or every one",
        ("box",),
        "voxclick.simulate.boxes",
        "SliceBoxUser",
        corrects=False,
    ),
    UserRow(
        "slice_center",
        "clicks at the centre of the largest error of one slice, several or every (SAM 2 in 3D)",
        ("point",),
        _SLICES,
        "SliceCenterClick",
    ),
    UserRow(
        "slice_mask",
        "gives the true mask of one slice (SAM 2 in 3D)",
        ("mask",),
        _SLICES,
        "SliceMaskUser",
        corrects=False,
    ),
    UserRow(
        "slice_points",
        "clicks points of the object on every slice, or on some (RadioActive)",
        ("point",),
        _RADIOACTIVE,
        "SlicePointsUser",
        corrects=False,
    ),
    UserRow(
        "interpolated_box",
        "draws 2D boxes on a few slices, which are interpolated in between (RadioActive)",
        ("box",),
        _RADIOACTIVE,
        "InterpolatedBoxUser",
        corrects=False,
    ),
    UserRow(
        "radioactive",
        "strokes what is too much, or the middle of what is missing (RadioActive, 2D style)",
        ("scribble",),
        _RADIOACTIVE,
        "RadioactiveUser",
    ),
    UserRow(
        "mixed",
        "a point, a scribble or a lasso, drawn anew each time (nnInteractive)",
        ("point", "scribble", "lasso"),
        "voxclick.simulate.mixed",
        "MixedUser",
    ),
    UserRow(
        "robot",
        "clicks as random does, with a slipping hand, wrong signs and laziness",
        ("point",),
        "voxclick.simulate.robots",
        "RobotClick",
        errs=True,
    ),
    UserRow(
        "foreground",
        "clicks any voxel of the object, whatever the mask (3DSAM-adapter)",
        ("point",),
        _CLICKS,
        "ForegroundClick",
        corrects=False,
    ),
    UserRow(
        "scribble",
        "draws strokes inside the error, slice by slice",
        ("scribble",),
        "voxclick.simulate.scribbles",
        "ScribbleUser",
    ),
    UserRow(
        "lasso",
        "draws contours around the error, slice by slice",
        ("lasso", "point"),
        "voxclick.simulate.lassos",
        "LassoUser",
    ),
)
"""Every simulated user."""


def user_row(spelt: str) -> UserRow:
    """The row of a simulated user, spelt with or without options.

    Raises:
        UnknownNameError: If there is none.
    """
    name = spelt.partition(":")[0]
    for row in USERS:
        if row.name == name:
            return row
    known = ", ".join(row.name for row in USERS)
    raise UnknownNameError(f"a simulated user must be one of {known}, got {name!r}")


def make_user(spelt: str) -> "SimulatedUser":
    """A simulated user, by name or with options: `random`, `random:alpha=1,wrong_sign=0.1`.

    Raises:
        UnknownNameError: If there is none of that name.
        OptionError: If it has no such option, or the value is not of the option's kind.
    """
    row = user_row(spelt)
    kind: type[SimulatedUser] = getattr(importlib.import_module(row.module), row.user)
    defaults = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type]
    options: dict[str, Any] = {}
    for part in filter(None, spelt.partition(":")[2].split(",")):
        name, _, value = part.partition("=")
        if name not in defaults:
            told = ", ".join(f"{key}={kept}" for key, kept in defaults.items()) or "no options"
            raise OptionError(f"the simulated user {row.name} takes {told}; got {part!r}")
        wanted: Any = type(defaults[name])
        try:
            options[name] = wanted(value)
        except ValueError:
            raise OptionError(
                f"the option {name} of the simulated user {row.name} must be of the kind "
                f"{wanted.__name__}, got {value!r}"
            ) from None
    return kind(**options)
