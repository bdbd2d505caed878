"""The sizes of a network, which travel in the header of its weights."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

from voxclick.errors import FileFormatError

PromptRule: TypeAlias = Literal["published", "maximum"]
"""How clicks become maps; `clicks.py` states both rules."""

PATCH = 64
"""Voxels of a patch along each axis, as the published weights want it."""

SPACING_MM = 1.5
"""Spacing that the published weights were trained at."""

MOST_CHANNELS = 4096

Four: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True)
class Sizes:
    """How large a network is, and which rule its prompt maps follow.

    Attributes:
        embed: Channels of the encoder's four stages.
        depths: Blocks of each stage.
        heads: Attention heads of each stage.
        reduction: By how much each stage shrinks the grid of its keys and values.
        fine: Channels of the three finer features that the decoder gets.
        coarse: Channels of the coarsest feature, and of the decoder's first four blocks: twice
            `fine`.
        shared: Channels that prompt maps are lifted to before they modulate.
        last: Channels at full resolution.
        cross_patch: Channels of the cross-patch network, fine to coarse; None without one.
        prompt_rule: `published` for the authors' weights, `maximum` for new ones.
    """

    embed: Four = (96, 192, 384, 768)
    depths: Four = (1, 2, 6, 2)
    heads: Four = (1, 2, 4, 8)
    reduction: Four = (8, 4, 2, 1)
    fine: int = 128
    coarse: int = 256
    shared: int = 128
    last: int = 64
    cross_patch: tuple[int, ...] | None = (16, 32, 64, 128, 256)
    prompt_rule: PromptRule = "published"

    def to_json(self) -> str:
        """For the header of a file of weights."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Sizes":
        """The sizes that a header tells.

        Raises:
            FileFormatError: If the text is no such thing.
        """
        try:
            told = json.loads(text)
        except ValueError as error:
            raise _no_sizes(text, str(error)) from None
        known = {field.name for field in fields(cls)}
        if not isinstance(told, dict) or not known.issuperset(told):
            raise _no_sizes(text, "there is more in it or less")
        lists = {key: tuple(v) if isinstance(v, list) else v for key, v in told.items()}
        given: dict[str, Any] = {**asdict(cls()), **lists}
        if why := _misfit(given):
            raise _no_sizes(text, why)
        return cls(**given)


def _misfit(given: dict[str, Any]) -> str:
    """What is wrong with fields of sizes; empty if nothing is."""
    whole = [given[name] for name in ("fine", "coarse", "shared", "last")]
    for name in ("embed", "depths", "heads", "reduction"):
        if not isinstance(given[name], tuple) or len(given[name]) != 4:
            return f"{name} takes four numbers"
        whole += given[name]
    if given["cross_patch"] is not None:
        if not isinstance(given["cross_patch"], tuple) or len(given["cross_patch"]) < 2:
            return "cross_patch takes two numbers or more"
        whole += given["cross_patch"]
    if not all(isinstance(n, int) and 0 < n <= MOST_CHANNELS for n in whole):
        return f"sizes are whole numbers of 1 to {MOST_CHANNELS}"
    if given["prompt_rule"] not in get_args(PromptRule):
        return f"the prompt rule is one of {', '.join(get_args(PromptRule))}"
    return ""


VARIANTS: Mapping[str, Sizes] = {
    "tiny": Sizes(),
    "small": Sizes(depths=(1, 2, 12, 2)),
    "base": Sizes(depths=(1, 3, 16, 3)),
    "large": Sizes(embed=(128, 256, 512, 1024), depths=(2, 3, 16, 2), heads=(2, 4, 8, 16)),
}
"""The four encoders that the authors name; `tiny` is the one they released weights of."""


def _no_sizes(text: str, why: str) -> FileFormatError:
    known = ", ".join(field.name for field in fields(Sizes))
    return FileFormatError(
        f"the sizes of a CT-SAM3D network are JSON with {known}, got {text[:80]!r}: {why}; "
        "fetch or train the weights anew"
    )
