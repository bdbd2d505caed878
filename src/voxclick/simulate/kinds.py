"""The table of simulated users."""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voxclick.errors import UnknownNameError

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
        user: Name of the class; made without arguments.
        corrects: Whether it goes on correcting after the first prompt.
    """

    name: str
    title: str
    prompts: tuple[str, ...]
    module: str
    user: str
    corrects: bool = True


_CLICKS = "voxclick.simulate.clicks"

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
        "draws one 2D box on the middle slice",
        ("box",),
        "voxclick.simulate.boxes",
        "SliceBoxUser",
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


def make_user(name: str) -> "SimulatedUser":
    """The simulated user of that name.

    Raises:
        UnknownNameError: If there is none.
    """
    for row in USERS:
        if row.name == name:
            user: SimulatedUser = getattr(importlib.import_module(row.module), row.user)()
            return user
    known = ", ".join(row.name for row in USERS)
    raise UnknownNameError(f"a simulated user must be one of {known}, got {name!r}")
