"""What one prompt makes of an object: checked, answered step by step, and answered anew."""

from collections import deque
from collections.abc import Iterator
from itertools import islice

from voxclick.engine.obey import check_contradiction
from voxclick.engine.object_state import ObjectState, Record
from voxclick.engine.portion import portions
from voxclick.engine.predict import Model
from voxclick.engine.strategy import Step, Strategy
from voxclick.engine.track import LOST
from voxclick.errors import PromptError
from voxclick.geometry import Box, Grid
from voxclick.prompts import MaskPrompt, Prompt


def checked(prompt: Prompt, model: Model, state: ObjectState | None) -> Prompt:
    """The prompt in voxel indices, if an object (None: a new one) can take it.

    Raises:
        PromptError: If it lies outside the volume, contradicts an earlier point, or is of a kind
            that the model does not take.
        GridMismatchError: If it carries a mask on another grid.
    """
    takes = ", ".join(sorted(model.spec.prompts))
    if not isinstance(prompt, Prompt):
        raise PromptError(f"a prompt must be a {takes}, got {prompt!r}")
    if prompt.kind not in model.spec.prompts:
        raise PromptError(f"the model {model.spec.name} takes {takes}, got a {prompt.kind}")
    ready = prompt.to_voxel(model.volume.grid)
    if state is not None:
        check_contradiction(ready, state.prompts)
    return ready


def answered(
    strategy: Strategy, model: Model, state: ObjectState, record: Record
) -> Iterator[Step]:
    """Answer the newest prompt step by step, and keep in its record how far that went.

    A mask of the whole volume is the answer itself.
    """
    prompt = record.prompt
    if state.track is LOST:
        track = _before(strategy, model, state).track
        state.track = record.track_before = record.track_after = track
    if isinstance(prompt, MaskPrompt) and prompt.axis is None:
        state.track = record.track_after = None
        steps = iter([Step(_replaced(state, prompt), last=True)])
    else:
        steps = strategy.answer(model, state, record)
    for count, step in enumerate(steps):
        record.refinements, record.complete = count, step.last
        yield step


def _replaced(state: ObjectState, prompt: MaskPrompt) -> Box:
    """Make a whole mask the object's; gives what changed."""
    changed = Box.EMPTY
    for part in portions(state.bounds.union(prompt.mask.box)):
        changed = changed.union(state.write(part, prompt.mask.kept[part.slices]))
    return changed


def removed(strategy: Strategy, model: Model, state: ObjectState, place: int) -> Box:
    """Take the prompt at a place out and answer those after it anew; gives what changed."""
    changed, later = state.rewind(place)
    try:
        for before in later[1:]:
            record = state.begin(before.prompt, before.order)
            most = before.step().refinements
            steps = answered(strategy, model, state, record)
            for step in islice(steps, None if most is None else most + 1):
                changed = changed.union(step.changed)
    except BaseException:  # the model failed: nothing was taken out
        state.restore(place, later)
        raise
    return changed


def _before(strategy: Strategy, model: Model, state: ObjectState) -> ObjectState:
    """The object as it was before its newest prompt, found anew from the earlier ones."""
    again = ObjectState(state.name, state.label, model.volume.grid)
    for before in state.done[:-1]:
        record = again.begin(before.prompt, before.order)
        most = before.step().refinements
        steps = answered(strategy, model, again, record)
        deque(islice(steps, None if most is None else most + 1), maxlen=0)
    return again


def unseen(strategy: Strategy, model: Model, state: ObjectState, most: int) -> list[Grid]:
    """Views that the object's next prompt is likely to need and that are not encoded yet."""
    held = model.cache.holds
    likely = strategy.likely(model, state)
    fresh = (grid for grid in likely if not held(model.volume, model.segmenter, grid))
    return list(islice(fresh, most))
