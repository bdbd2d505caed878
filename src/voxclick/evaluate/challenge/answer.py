"""What a model answers to one call of the challenge."""

import logging
from itertools import zip_longest
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from voxclick.engine import Session
from voxclick.errors import OptionError, PromptError
from voxclick.evaluate.challenge.request import Request, read_request
from voxclick.io.atomic import whole
from voxclick.models.base import Segmenter
from voxclick.prompts import BoxPrompt, MaskPrompt, Point, Prompt
from voxclick.types import Array
from voxclick.volume import Mask

logger = logging.getLogger(__name__)

STARTS = ("prompts", "previous")


def answer(request: Request, segmenter: Segmenter, start: str = "prompts") -> UInt8[Array, "i j k"]:
    """The label map of all objects, numbered from 1 in the order of the request.

    A session answers the prompts round by round: all boxes, then each object's first click, and so
    on. As every call is a new process, it answers the earlier prompts again, so that the masks are
    those of a session that was never closed.

    Args:
        request: What is asked.
        segmenter: The model; where it takes no boxes, a box becomes a click on its middle.
        start: `prompts`, or `previous`: begin with the last prediction and answer the newest round
            alone, which is faster and forgets what earlier clicks told beyond that prediction.

    Raises:
        OptionError: If `start` is neither.
    """
    if start not in STARTS:
        raise OptionError(f"start must be one of {', '.join(STARTS)}, got {start!r}")
    session = Session(request.volume, segmenter)
    names = [session.object(f"{n}", n) for n in range(1, request.objects + 1)]
    rounds = _rounds(request, segmenter)
    if start == "previous" and request.previous is not None:
        rounds = [_begin(request), *rounds[-1:]]
    for prompts in rounds:
        for name, prompt in zip(names, prompts, strict=True):
            if prompt is not None:
                _add(session, prompt, name)
    labels: Array = session.labelmap().array.astype(np.uint8)
    return labels


def answer_file(path: Path, output: Path, segmenter: Segmenter, start: str = "prompts") -> None:
    """Answer the request in a file and write the prediction (`segs`) to another, whole.

    Raises:
        InputError: If the request cannot be read.
        OutputError: If the prediction cannot be written.
    """
    labels = answer(read_request(path), segmenter, start)
    with whole(output, ".npz") as part:
        np.savez_compressed(part, segs=labels.transpose(2, 1, 0))


def _rounds(request: Request, segmenter: Segmenter) -> list[list[Prompt | None]]:
    """The prompts round by round, each for all objects."""
    rounds: list[list[Prompt | None]] = []
    if request.boxes is not None:
        takes = BoxPrompt.kind in segmenter.spec.prompts
        rounds.append([box if takes else _middle(box) for box in request.boxes])
    turns: list[list[Prompt | None]] = [list(turn) for turn in zip_longest(*request.clicks)]
    return rounds + turns


def _middle(box: BoxPrompt) -> Point:
    i, j, k = ((a + b - 1) / 2 for a, b in zip(box.start, box.stop, strict=True))
    return Point((i, j, k))


def _begin(request: Request) -> list[Prompt | None]:
    """The last prediction as a prompt for each object; None for an object without a voxel."""
    assert request.previous is not None
    masks = [request.previous == label for label in range(1, request.objects + 1)]
    grid = request.volume.grid
    return [MaskPrompt(Mask(mask, grid)) if mask.any() else None for mask in masks]


def _add(session: Session, prompt: Prompt, name: str) -> None:
    try:
        session.add(prompt, to=name)
    except PromptError as error:  # a click where an earlier one said the opposite
        logger.warning("object %s: %s", name, error)
