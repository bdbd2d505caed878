"""What one prompt makes of an object: the first answer, finer looks, and answers given anew."""

from voxclick.engine.obey import check_contradiction
from voxclick.engine.object_state import Look, ObjectState, Record
from voxclick.engine.predict import Model, first_look, wider_look
from voxclick.engine.refine import patches
from voxclick.errors import PromptError
from voxclick.geometry import Box
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


def first_answer(
    model: Model, state: ObjectState, record: Record
) -> tuple[Box, list[tuple[Look, Box]]]:
    """Answer the newest prompt, looking wider while the object outgrows the view.

    Returns:
        What changed, and the finer looks that are worth taking.
    """
    prompt, prompts = record.prompt, state.prompts
    if isinstance(prompt, MaskPrompt) and prompt.axis is None:
        box = state.bounds.union(Box.of_mask(prompt.mask.array))
        return state.write(box, prompt.mask.array[box.slices]), []
    claim = state.claim if len(prompts) > 1 else None
    answer = model.decode(first_look(model, state, prompt), prompts, claim)
    while answer.reaches_border(model.spec.border_voxels):
        wider = wider_look(model, answer, prompt)
        if wider is None:
            break
        answer = model.decode(wider, prompts, claim)
    state.look = record.look_after = answer.look
    coarse = answer.look.level > 0
    changed = state.write(*answer.patch(state.claim, coarse))
    return changed, patches(model, state.claim, changed) if coarse else []


def refined(model: Model, state: ObjectState, look: Look, box: Box) -> Box:
    """Look at one patch anew, finer, and write its core; gives what changed."""
    answer = model.decode(look, state.prompts, state.claim)
    patch = answer.view.restore(answer.logits, box)
    return state.write(patch.box, (patch.logits > 0).cpu().numpy())


def removed(model: Model, state: ObjectState, place: int) -> Box:
    """Take the prompt at a place out and answer those after it anew; gives what changed."""
    changed, later = state.rewind(place)
    try:
        for before in later[1:]:
            record = state.begin(before.prompt, before.order)
            box, todo = first_answer(model, state, record)
            changed = changed.union(box)
            for look, patch in todo[: before.step().refinements]:
                changed = changed.union(refined(model, state, look, patch))
                record.refinements += 1
            record.complete = record.refinements == len(todo)
    except BaseException:  # the model failed: nothing was taken out
        state.restore(place, later)
        raise
    return changed
