"""The objects of a session as the page has them: names, looks, volumes, prompts, who is current."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from voxclick.engine import Session
from voxclick.errors import UnknownNameError
from voxclick.geometry import Box
from voxclick.prompts import ObjectLog, Prompt
from voxclick.server.failures import LockedError
from voxclick.server.orientation import Orientation
from voxclick.server.palette import colour_of
from voxclick.server.state import Appearance
from voxclick.types import Json

LOOKS = frozenset({"colour", "locked", "visible"})


class Roster:
    """The objects of a session, described anew at the cost of what changed.

    Args:
        session: Whose objects.
        orientation: In which the page has their prompts.
        appearances: How objects look, by label.
        current: Label of the object that prompts go to; the last object where there is none such.

    Attributes:
        entries: Every object as JSON, in the order they were opened.
        current: As given, until another object is chosen.
    """

    def __init__(
        self,
        session: Session,
        orientation: Orientation,
        appearances: Mapping[int, Appearance],
        current: int | None,
    ) -> None:
        self.entries: list[Json] = []
        self.current = current
        self._session = session
        self._orientation = orientation
        self._appearances = dict(appearances)
        self._voxels: dict[int, int] = {}
        self._shown: dict[int, tuple[Prompt, Json]] = {}

    @property
    def appearances(self) -> dict[int, Appearance]:
        """How objects look, by label; a copy."""
        return dict(self._appearances)

    def describe(self, changed: Box = Box.EMPTY) -> None:
        """Bring `entries` up to date; call it in a thread.

        Args:
            changed: Where labels may differ from those of the last call.
        """
        logs = self._session.log.objects
        self._shown = self._prompts(step.prompt for log in logs for step in log.steps)
        self._count(logs, changed)
        self.entries = [self._entry(log) for log in logs]

    def chosen(self) -> Json | None:
        """The object that prompts go to; None where there is no object."""
        for one in self.entries:
            if one["label"] == self.current:
                return one
        return self.entries[-1] if self.entries else None

    def progress(self) -> Json:
        """The objects, and what can be done to the current one."""
        current = self.chosen()
        return {
            "current": None if current is None else current["label"],
            "objects": self.entries,
            "can_undo": bool(current and current["can_undo"]),
            "can_redo": bool(current and current["can_redo"]),
        }

    def entry(self, label: int) -> Json:
        """The object of that label.

        Raises:
            UnknownNameError: If there is none.
        """
        for one in self.entries:
            if one["label"] == label:
                return one
        known = ", ".join(str(one["label"]) for one in self.entries) or "none yet"
        raise UnknownNameError(f"an object must be one of {known}, got {label}")

    def target(self, label: int | None) -> tuple[str, int]:
        """Name and label of an object that may change, the current one when None.

        Raises:
            UnknownNameError: If there is none.
            LockedError: If it is locked.
        """
        entry = self.chosen() if label is None else self.entry(label)
        if entry is None:
            raise UnknownNameError("there is no object yet; place a prompt first")
        if entry["locked"]:
            raise LockedError(f"the object {entry['name']!r} is locked; unlock it to change it")
        return entry["name"], entry["label"]

    def repaint(self, label: int, changes: Mapping[str, Any]) -> None:
        """Change the `colour`, `locked` or `visible` of an object; other keys are left alone."""
        looks = {key: value for key, value in changes.items() if key in LOOKS}
        self._appearances[label] = replace(self._appearances[label], **looks)

    def forget(self, label: int) -> None:
        """Forget how an object looked that is no more."""
        self._appearances.pop(label, None)

    def _entry(self, log: ObjectLog) -> Json:
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
            "slices": self._slices(log.name),
        }

    def _slices(self, name: str) -> Json | None:
        scores = self._session.scores(name)
        return None if scores is None else self._orientation.shown_scores(scores)

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
            known = self._voxels.get(log.label)
            counts[log.label] = self._session.voxels(log.name) if meets or known is None else known
        self._voxels = counts
