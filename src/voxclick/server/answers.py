"""What a verb changed, as the page is told: an answer to the request, an update for sockets."""

from collections.abc import Sequence

from voxclick.engine import Change, Session
from voxclick.geometry import Box
from voxclick.server.orientation import Orientation
from voxclick.server.updates import box_json, update_message
from voxclick.types import Json


def told(
    change: Change, about: Json, session: Session, orientation: Orientation
) -> tuple[Json, bytes]:
    """A change as answer and update, at the cost of its box alone.

    Args:
        change: What changed.
        about: `revision`, `object` and `final`, for both.
        session: In which it changed.
        orientation: How the page has it.
    """
    message = update_message(session.labels(change.box), change.box, orientation, about)
    box = box_json(orientation.box_in_view(change.box))
    return {**about, "seconds": change.seconds, "notes": list(change.notes), "box": box}, message


def all_labels(session: Session, revision: int, orientation: Orientation) -> bytes:
    """The labels of the whole volume as one update, of the box that holds them."""
    box = extent(session)
    about = {"revision": revision, "object": None, "final": True}
    return update_message(session.labels(box), box, orientation, about)


def together(answers: Sequence[Json]) -> Json:
    """The answers to a prompt and its refinements, as one."""
    box = Box.EMPTY
    for one in answers:
        box = box.union(Box(tuple(one["box"]["start"]), tuple(one["box"]["stop"])))
    notes = list(dict.fromkeys(note for one in answers for note in one["notes"]))
    seconds = sum(one["seconds"] for one in answers)
    return {**answers[-1], "box": box_json(box), "notes": notes, "seconds": seconds}


def extent(session: Session) -> Box:
    """A box that holds every object."""
    box = Box.EMPTY
    for name in session.objects:
        box = box.union(session.extent(name))
    return box
