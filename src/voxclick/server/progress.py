"""What changes while one works, as the page has it: the objects, their prompts, their volumes."""

from collections.abc import Iterable

from voxclick.engine import Session
from voxclick.geometry import Box
from voxclick.prompts import ObjectLog, Prompt
from voxclick.server.orientation import Orientation
from voxclick.server.palette import colour_of
from voxclick.server.state import Appearance
from voxclick.types import Json


class Progress:
    """The objects of a session, described for the page at the cost of what changed.

    Args:
        session: Whose objects.
        orientation: In which the page has their prompts.
        appearances: How objects look, by label; changed in place by the seat.
    """

    def __init__(
        self, session: Session, orientation: Orientation, appearances: dict[int, Appearance]
    ) -> None:
        self._session = session
        self._orientation = orientation
        self._appearances = appearances
        self._voxels: dict[int, int] = {}
        self._shown: dict[int, tuple[Prompt, Json]] = {}

    def objects(self, changed: Box) -> list[Json]:
        """Every object, in the order they were opened.

        Args:
            changed: Where labels may differ from those of the last call.
        """
        logs = self._session.log.objects
        self._shown = self._prompts(step.prompt for log in logs for step in log.steps)
        self._count(logs, changed)
        return [self._object(log) for log in logs]

    def _object(self, log: ObjectLog) -> Json:
        done, undone = self._session.steps(log.name)
        look = self._appearances.setdefault(log.label, Appearance(colour_of(log.label)))
        voxels = self._voxels[log.label]
        return {
            "label": log.label,
            "name": log.name,
            "colour": look.colour,
            "locked": look.locked,
            "visible": look.visible,
            "voxels": voxels,
            "volume_ml": voxels * self._session.grid.voxel_volume_mm3 / 1000.0,
            "can_undo": done > 0,
            "can_redo": undone > 0,
            "prompts": [self._shown[id(step.prompt)][1] for step in log.steps],
        }

    def _prompts(self, prompts: Iterable[Prompt]) -> dict[int, tuple[Prompt, Json]]:
        """Each prompt with its JSON, that of a long stroke made once."""
        known = self._shown
        return {
            id(prompt): known.get(id(prompt)) or (prompt, self._orientation.shown_prompt(prompt))
            for prompt in prompts
        }

    def _count(self, logs: Iterable[ObjectLog], changed: Box) -> None:
        counts: dict[int, int] = {}
        for log in logs:
            meets = not self._session.extent(log.name).intersection(changed).empty
            if meets or log.label not in self._voxels:
                counts[log.label] = self._session.voxels(log.name)
            else:
                counts[log.label] = self._voxels[log.label]
        self._voxels = counts
