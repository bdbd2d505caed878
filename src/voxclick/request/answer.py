"""The answer to a request: all its prompts given to a session, one after the other."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from voxclick.engine.session import Session
from voxclick.request.asked import Asked, gather
from voxclick.request.request import Request
from voxclick.request.source import check_source
from voxclick.types import Json
from voxclick.volume import LabelMap, Volume

Step = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Segmented:
    """What came out of a session.

    Attributes:
        session: After its last prompt.
        labels: All its objects.
        prompts: Object, kind and seconds of each prompt.
        notes: What the user should know.
    """

    session: Session
    labels: LabelMap
    prompts: tuple[Json, ...]
    notes: tuple[str, ...]

    @property
    def volumes_ml(self) -> dict[str, float]:
        """The objects and their volumes."""
        labels = self.labels
        return {labels.name(label): labels.mask(label).volume_ml for label in labels.names}


def placed(request: Request, volume: Volume) -> Asked:
    """The prompts of a request on its image, which must be one that they can be given in.

    Raises:
        InputError: If a prompt, a file of prompts or the format of the output does not fit the
            image.
    """
    asked = gather(request).on(volume.grid)
    asked.check(volume.grid)
    check_source(request, volume)
    return asked


def answer(asked: Asked, session: Session, step: Step = lambda what: None) -> Segmented:
    """Give all prompts to a session.

    Args:
        asked: The prompts.
        session: A new one, on the image they were placed in.
        step: Told what is being done, before each prompt.

    Raises:
        PromptError: If prompts contradict each other.
    """
    prompts: list[Json] = []
    notes: dict[str, tuple[str, ...]] = {}
    for name, label in asked.objects:
        session.object(name, label)
    for place, (name, prompt, refinements) in enumerate(asked.steps(), start=1):
        step(f"segmenting {name}, prompt {place} (a {prompt.kind})")
        started = time.perf_counter()
        notes[name] = session.add(prompt, name, refinements).notes
        seconds = round(time.perf_counter() - started, 4)
        prompts.append({"object": name, "kind": prompt.kind, "seconds": seconds})
    labels = session.labelmap()
    for name in session.objects:
        if labels.mask(name).voxels == 0:
            notes[name] = (*notes.get(name, ()), f"{name} is empty; add or move its clicks")
    told = dict.fromkeys(note for some in notes.values() for note in some)
    return Segmented(session, labels, tuple(prompts), tuple(told))
