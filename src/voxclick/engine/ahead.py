"""Which views the next prompt is likely to need, to encode them while the user looks."""

from itertools import islice

from voxclick.engine.object_state import ObjectState
from voxclick.engine.predict import Model, first_look, focus_of, snapped
from voxclick.engine.refine import patches
from voxclick.geometry import Grid


def likely_views(model: Model, state: ObjectState, most: int) -> list[Grid]:
    """Views that are not encoded yet, the likeliest first; at most so many.

    A correction lies on the object's boundary: the finest views along it come first, then the next
    wider view, for an object that has more to it than was found.
    """
    if state.look is None or not state.done:
        return []
    wanted = [first_look(model, state, state.done[-1].prompt).grid]
    wanted += [look.grid for look, _ in patches(model, state.claim, state.bounds)]
    level, spec = state.look.level + 1, model.spec
    if level < spec.levels(model.volume.grid):
        focus = focus_of(state.done[-1].prompt).union(state.bounds)
        wanted.append(spec.look(model.volume.grid, snapped(focus, model, level), level))
    held = model.cache.holds
    unseen = (grid for grid in wanted if not held(model.volume, model.segmenter, grid))
    return list(islice(unseen, most))
