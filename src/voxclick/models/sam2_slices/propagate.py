"""One object through a clip of slices: prompts on some, both directions, corrections."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from voxclick.errors import OptionError, PromptError
from voxclick.models.base import Memories, SliceAnswer, SliceMemory
from voxclick.models.sam2_slices.clip import Clip
from voxclick.models.sam2_slices.frames import frame_mask
from voxclick.models.sam2_slices.network import SliceNetwork
from voxclick.types import Array

Pictures = Shaped[Tensor, "n h w"] | Shaped[Array, "n h w"]
Order = Literal["published", "independent"]
UP, DOWN = 1, -1
CORNERS = (2, 3)
"""SAM's labels of the first and last corner of a box."""

ABSENT = -1024.0
"""Logit of every pixel of a slice where the object is not, or that was never visited."""


@torch.inference_mode()
def propagate(
    network: SliceNetwork,
    slices: Pictures | Clip,
    steps: Sequence[Sequence[Any]],
    masks: Pictures | None = None,
    order: Order = "published",
) -> Float[Tensor, "n s s"]:
    """Low-resolution logits of one object on every slice.

    A step is `("click", slice, {"points": [[x, y], ...], "labels": [1, 0, ...], "box": [x0, y0,
    x1, y1]})` with all prompts of that slice so far, in its pixels; `("mask", slice, {})`, where
    `masks` says what the object is; or `("propagate",)`: upwards, then downwards from the slice
    that was prompted first, or from the slice that a second entry names.

    Args:
        network: The weights.
        slices: Grey 8 bit slices in the window of the volume; or a clip that keeps what was
            encoded, for other objects or another run.
        steps: What was done, in order.
        masks: One a slice, for steps that give a mask.
        order: `published`: the downward pass sees what the upward one found, as do later passes;
            `independent`: a pass sees prompted slices and itself alone.

    Returns:
        Logits at a quarter of the frame's size; -1024 where nothing was asked or found.

    Raises:
        OptionError: If a step or the order is unknown.
        PromptError: If a prompt lies on no slice, or propagation has nothing to start from.
    """
    clip = slices if isinstance(slices, Clip) else Clip(network, torch.as_tensor(slices))
    if order not in ("published", "independent"):
        raise OptionError(f"an order must be published or independent, got {order!r}")
    track = Track(clip, shared=order == "published")
    for step in steps:
        kind, index = step[0], step[1] if len(step) > 1 else None
        if kind == "propagate":
            track.propagate(index)
            continue
        if index is None or not 0 <= index < len(clip):
            raise PromptError(
                f"a prompt must lie on one of slices 0 to {len(clip) - 1}, got {index}"
            )
        if kind == "click":
            track.click(index, step[2])
        elif kind == "mask" and masks is not None:
            track.mask(index, torch.as_tensor(masks[index]))
        else:
            raise OptionError(
                f"a step must be click, mask (with masks given) or propagate, got {kind!r}"
            )
    return track.logits


class Track:
    """One object on one clip: what was said, found and remembered.

    Args:
        clip: Slices and their features, which other objects may share.
        shared: Whether passes see what earlier passes found.

    Attributes:
        logits: What was found on each slice so far.
    """

    logits: Float[Tensor, "n s s"]

    def __init__(self, clip: Clip, shared: bool) -> None:
        self.clip = clip
        self.network = clip.network
        self.shared = shared
        side = self.network.frame_size // 4
        self.logits = torch.full((len(clip), side, side), ABSENT)
        self._first: int | None = None
        self._pending: dict[int, SliceAnswer] = {}
        self._prompted: dict[int, SliceMemory] = {}
        self._tracked: dict[int, dict[int, SliceMemory]] = {UP: {}, DOWN: {}}
        if shared:
            self._tracked[DOWN] = self._tracked[UP]
        self._visited: dict[int, int] = {}

    def click(self, index: int, said: Mapping[str, Any]) -> None:
        """Answer a slice from all of its clicks and its box, by what was found there before."""
        features = self.clip.features(index)
        points, labels = self._points(said)
        known = index in self._visited or index in self._pending or index in self._prompted
        self._take(
            index,
            self.network.prompt(
                features,
                points.to(features.coarse.device),
                labels.to(features.coarse.device),
                self.logits[index].to(features.coarse.device) if known else None,
                self._memories(index, self._visited[index]) if index in self._visited else None,
            ),
        )

    def mask(self, index: int, mask: Shaped[Tensor, "h w"]) -> None:
        """Take a slice's mask as the truth there."""
        features = self.clip.features(index)
        shown = frame_mask(mask.to(features.coarse.device), self.network.frame_size)
        self._take(index, self.network.draw(features, shown))

    def propagate(self, start: int | None = None) -> None:
        """Visit every slice upwards, then downwards, from the one that was prompted first.

        Raises:
            PromptError: If no slice was prompted.
        """
        for index, answer in self._pending.items():
            self._prompted[index] = self.network.remember(self.clip.features(index), answer)
            for tracked in self._tracked.values():
                tracked.pop(index, None)
        self._pending.clear()
        if self._first is None:
            raise PromptError("propagation needs a prompt on a slice to start from, got none")
        first = self._first if start is None else start
        self._pass(range(first, len(self.clip)), UP)
        if first > 0:
            self._pass(range(first, -1, -1), DOWN)

    def _pass(self, indices: range, step: int) -> None:
        if not self.shared:
            self._tracked[step].clear()
        for index in indices:
            if index not in self._prompted:
                features = self.clip.features(index)
                answer = self.network.track(features, self._memories(index, step))
                self.logits[index] = answer.logits
                self._tracked[step][index] = self.network.remember(features, answer)
            self._visited[index] = step

    def _memories(self, index: int, step: int) -> Memories:
        return Memories(index, step, len(self.clip), self._prompted, self._tracked[step])

    def _take(self, index: int, answer: SliceAnswer) -> None:
        """Keep a prompted slice; others learn of it when they are visited next."""
        self._first = index if self._first is None else self._first
        self._pending[index] = answer
        self.logits[index] = answer.logits

    def _points(self, said: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """A box's corners, then clicks, in pixels of the frame."""
        height, width = self.clip.slices.shape[1:]
        corners = torch.as_tensor(said.get("box", ()), dtype=torch.float32).reshape(-1, 2)
        places = torch.as_tensor(said.get("points", ()), dtype=torch.float32).reshape(-1, 2)
        kinds = torch.as_tensor(said.get("labels", ()), dtype=torch.int32)
        if len(kinds) != len(places) or len(corners) + len(places) == 0:
            raise PromptError(
                f"a click needs points with a label each, or a box, got {len(places)} points and "
                f"{len(kinds)} labels"
            )
        labels = torch.cat([torch.tensor(CORNERS[: len(corners)], dtype=torch.int32), kinds])
        shares = torch.cat([corners, places]) / torch.tensor([width, height])
        return shares * self.network.frame_size, labels
