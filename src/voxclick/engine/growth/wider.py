"""Look wider while the object outgrows the view, then finer along the boundary that changed."""

from collections.abc import Iterator

from voxclick.engine.object_state import Look, ObjectState, Record
from voxclick.engine.predict import Model, first_look, focus_of, snapped, wider_look
from voxclick.engine.refine import patches
from voxclick.engine.strategy import Step, Strategy
from voxclick.geometry import Box, Grid


class Wider(Strategy):
    """Growth by coarser views, refinement by the finest ones, the fullest first."""

    def answer(self, model: Model, state: ObjectState, record: Record) -> Iterator[Step]:  # noqa: D102
        changed, looks = _first_answer(model, state, record)
        yield Step(changed, last=not looks)
        for count, (look, box) in enumerate(looks, start=1):
            yield Step(_refined(model, state, look, box), last=count == len(looks))

    def likely(self, model: Model, state: ObjectState) -> Iterator[Grid]:
        """As in `Strategy`.

        A correction lies on the object's boundary: the finest views along it come first, then the
        next wider view, for an object that has more to it than was found.
        """
        if state.look is None or not state.done:
            return
        yield first_look(model, state, state.done[-1].prompt).grid
        for look, _ in patches(model, state.claim, state.bounds):
            yield look.grid
        level, spec = state.look.level + 1, model.spec
        if level < spec.levels(model.volume.grid):
            focus = focus_of(state.done[-1].prompt).union(state.bounds)
            yield spec.look(model.volume.grid, snapped(focus, model, level), level)


def _first_answer(
    model: Model, state: ObjectState, record: Record
) -> tuple[Box, list[tuple[Look, Box]]]:
    """What changed, and the finer looks that are worth taking."""
    prompt, prompts = record.prompt, state.prompts
    claim = state.claim if len(prompts) > 1 else None
    answer = model.decode(first_look(model, state, prompt), prompts, claim)
    while answer.reaches_border(model.spec.border_voxels):
        wider = wider_look(model, answer, prompt)
        if wider is None:
            break
        answer = model.decode(wider, prompts, claim)
    state.look = record.look_after = answer.look
    coarse = answer.look.level > 0
    changed = Box.EMPTY
    for box, mask in answer.patches(state.claim, coarse):
        changed = changed.union(state.write(box, mask))
    return changed, patches(model, state.claim, changed) if coarse else []


def _refined(model: Model, state: ObjectState, look: Look, box: Box) -> Box:
    """Look at one patch anew, finer, and write its core; gives what changed."""
    answer = model.decode(look, state.prompts, state.claim)
    patch = answer.view.restore(answer.logits, box)
    return state.write(patch.box, (patch.logits > 0).cpu().numpy())
