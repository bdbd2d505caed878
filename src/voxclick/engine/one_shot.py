"""Segmentation in one call: all prompts at once, or a log replayed."""

from collections.abc import Sequence
from pathlib import Path

from voxclick.engine.session import Session
from voxclick.errors import PromptError
from voxclick.models.base import Segmenter
from voxclick.prompts import Prompt, PromptLog
from voxclick.volume import Mask, Volume


def segment(
    image: Volume | str | Path,
    prompts: Sequence[Prompt],
    model: Segmenter | str | None = None,
    device: str = "auto",
    growth: str | None = None,
) -> Mask:
    """The mask of one object, from all of its prompts in order.

    Args:
        image: A volume, or the path of one (`sample` is the packaged one).
        prompts: At least one.
        model: A loaded model or its name; the default model when None.
        device: `auto`, `cpu`, `cuda[:N]` or `mps`; for a model given by name.
        growth: As in `Session`.

    Raises:
        InputError: If the image, a prompt or a name is wrong.
    """
    if not prompts:
        raise PromptError("a segmentation needs at least one prompt, got none; add a click")
    session = Session(image, model, device=device, growth=growth)
    for prompt in prompts:
        session.add(prompt)
    return session.mask()


def replay(
    image: Volume | str | Path,
    log: PromptLog | str | Path,
    model: Segmenter | str | None = None,
    device: str = "auto",
    growth: str | None = None,
) -> Session:
    """A session after all prompts of a log: the same prompts, the same masks.

    Args:
        image: The volume that the prompts were given in, or its path.
        log: A prompt log, or the path of one.
        model: A loaded model or its name; the default model when None.
        device: `auto`, `cpu`, `cuda[:N]` or `mps`; for a model given by name.
        growth: As in `Session`.

    Raises:
        LogError: If the log is broken or was made on another volume.
        InputError: If the image, a prompt or a name is wrong.
    """
    entries = log if isinstance(log, PromptLog) else PromptLog.load(log)
    session = Session(image, model, device=device, growth=growth)
    entries.check_fits(session.grid)
    for entry in entries.objects:
        session.object(entry.name, entry.label)
    for entry, step in entries.ordered():
        session.add(step.prompt, entry.name, refinements=step.refinements)
    return session
