"""A session on a server, with the verbs of one in this process."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx
import numpy as np
from jaxtyping import UInt

from voxclick.errors import UnknownNameError
from voxclick.geometry import Box, Grid
from voxclick.prompts import Prompt, PromptLog, Suggestion
from voxclick.types import Array, Index3, Json
from voxclick.volume import LabelMap, Mask
from voxclick.volume.packing import decode_runs

Ask = Callable[..., httpx.Response]
"""Sends a request, given its method, its path and its options, and gives the answer."""


@dataclass(frozen=True)
class RemoteChange:
    """What a verb changed.

    Attributes:
        box: Native voxels that may look different now; empty when nothing changed.
        seconds: What the server worked.
        notes: What the user should know.
        revision: Counts the updates of the session; the newest wins.
        final: Whether all refinements of the prompt have run.
    """

    box: Box
    seconds: float
    notes: tuple[str, ...]
    revision: int
    final: bool


class RemoteSession:
    """One volume on a server, and the objects that are being segmented in it.

    The verbs are those of `voxclick.Session`, and give the same masks.

    Attributes:
        id: With it, `Server.session` finds the session again.
        grid: The volume's grid, on which every result lies.
    """

    def __init__(self, ask: Ask, state: Json) -> None:
        self.id: str = state["id"]
        native = state["native"]
        i, j, k = native["shape"]
        self.grid = Grid((i, j, k), native["affine"])
        self._axes: Sequence[int] = native["axes"]
        self._flipped: Sequence[bool] = native["flipped"]
        self._request = ask
        self._state = state
        self._current: int | None = state["current"]

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of all objects, in the order they were opened."""
        return tuple(one["name"] for one in self._state["objects"])

    @property
    def current(self) -> str | None:
        """Name of the object that the next prompt goes to; None before the first."""
        return next(
            (one["name"] for one in self._state["objects"] if one["label"] == self._current), None
        )

    @property
    def model(self) -> str:
        """Name of the model that answers."""
        name: str = self._state["model"]
        return name

    @property
    def log(self) -> PromptLog:
        """Every prompt in force, of every object."""
        return PromptLog.from_json(self._ask("GET", "/export", params={"format": "json"}).json())

    def object(self, name: str | None = None) -> str:
        """Switch to an object, opening it if it is new; later prompts go to it.

        Args:
            name: Its name; a new one, `object_<label>`, when None.

        Returns:
            Its name.
        """
        if name in self.objects:
            self._current = self._label(name)
            return self._entry(self._current)["name"]  # type: ignore[no-any-return]
        entry = self._ask("POST", "/objects", json={"name": name}).json()
        self._refresh()
        self._current = entry["label"]
        opened: str = entry["name"]
        return opened

    def add(
        self, prompt: Prompt, to: str | None = None, refinements: int | None = None
    ) -> RemoteChange:
        """Add a prompt to an object and segment it anew; waits for all refinements.

        Args:
            prompt: In any space; see `voxclick.prompts`.
            to: Name of the object it is about (opened if new); the current one when None.
            refinements: At most so many finer looks after the first answer; all when None.

        Raises:
            PromptError: If the server cannot take the prompt. Nothing has changed then.
        """
        if to is not None:
            self.object(to)
        fields = {**prompt.to_json(), "space": prompt.space}
        if self._current is not None:
            fields["object"] = self._current
        params = {"wait": "true"}
        if refinements is not None:
            params["refinements"] = str(refinements)
        return self._changed("POST", "/prompts", json=fields, params=params)

    def suggest(self, of: str | None = None, seen: Sequence[Index3] = ()) -> Suggestion | None:
        """Where to look next: a place where the mask may well be wrong, and much would change.

        Look there. Where the mask is wrong, add the suggestion's `point`; where it is right, ask
        again with the place among those `seen`. Changes nothing.

        Args:
            of: Name of the object; the current one when None.
            seen: Native voxels that were looked at since the last prompt, and were right.

        Returns:
            None for an object without a voxel, or with nowhere left to look.

        Raises:
            UnknownNameError: If there is no such object.
            PromptError: If a place lies outside the volume.
        """
        label = self._label(of)
        if label is None:
            return None
        places = [",".join(str(int(n)) for n in at) for at in seen]
        asked = {"seen": places, "space": "voxel"}
        found = self._ask("GET", f"/objects/{label}/suggestion", params=asked).json()
        if found is None:
            return None
        at = self._native(found["at"], [n + 1 for n in found["at"]]).start
        return Suggestion(at, found["positive"], found["doubt"])

    def undo(self, of: str | None = None) -> RemoteChange:
        """Take back the newest prompt of an object, the current one when None; without limit."""
        return self._changed("POST", "/undo", json={"object": self._label(of)})

    def redo(self, of: str | None = None) -> RemoteChange:
        """Do again what `undo` took back, until a new prompt is added."""
        return self._changed("POST", "/redo", json={"object": self._label(of)})

    def remove(self, place: int, of: str | None = None) -> RemoteChange:
        """Take one prompt of an object out, counted from 0, as if it had never been given."""
        return self._changed("DELETE", f"/objects/{self._label(of)}/prompts/{place}")

    def rename(self, old: str, new: str) -> None:
        """Give an object another name."""
        self._ask("PATCH", f"/objects/{self._label(old)}", json={"name": new})
        self._refresh()

    def drop(self, name: str) -> RemoteChange:
        """Delete an object with all its prompts."""
        return self._changed("DELETE", f"/objects/{self._label(name)}")

    def mask(self, name: str | None = None) -> Mask:
        """The mask of an object, the current one when None.

        Raises:
            UnknownNameError: If there is no such object.
        """
        label = self._label(name)
        return Mask(self._labels() == (0 if label is None else label), self.grid)

    def labelmap(self) -> LabelMap:
        """All objects as one label map."""
        array = self._labels()
        self._refresh()
        names = {one["label"]: one["name"] for one in self._state["objects"]}
        return LabelMap(array, self.grid, names)

    def close(self) -> None:
        """End the session, and delete what the server keeps of it."""
        self._ask("DELETE", "")

    def __enter__(self) -> "RemoteSession":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _labels(self) -> UInt[Array, "i j k"]:
        """The labels of the whole volume, from the server's one kind of update."""
        header, values, lengths = _read_update(self._ask("GET", "/labels").content)
        box = Box(header["box"]["start"], header["box"]["stop"])
        x, y, z = (self.grid.shape[axis] for axis in self._axes)
        shown = np.zeros((x, y, z), dtype=values.dtype)
        z, y, x = reversed(box.shape)
        shown[box.slices] = decode_runs(values, lengths, (z, y, x)).T
        return np.ascontiguousarray(self._turned_back(shown))

    def _turned_back(self, shown: Array) -> Array:
        flips = tuple(slice(None, None, -1 if flip else 1) for flip in self._flipped)
        native: Array = shown[flips].transpose(np.argsort(self._axes))
        return native

    def _native(self, start: Sequence[int], stop: Sequence[int]) -> Box:
        """A box of the server's page in native voxels."""
        low, high = [0, 0, 0], [0, 0, 0]
        if list(start) == list(stop):
            return Box.EMPTY
        for shown, (axis, flip) in enumerate(zip(self._axes, self._flipped, strict=True)):
            size = self.grid.shape[axis]
            ends = (start[shown], stop[shown])
            low[axis], high[axis] = (size - ends[1], size - ends[0]) if flip else ends
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def _entry(self, label: int | None) -> Json:
        entry: Json = next(one for one in self._state["objects"] if one["label"] == label)
        return entry

    def _label(self, name: str | None) -> int | None:
        """The label of an object, the current one for None."""
        if name is None:
            return self._current
        for one in self._state["objects"]:
            if one["name"] == name:
                label: int = one["label"]
                return label
        known = ", ".join(self.objects) or "none yet"
        raise UnknownNameError(f"an object must be one of {known}, got {name!r}")

    def _changed(self, method: str, path: str, **options: Any) -> RemoteChange:
        answer = self._ask(method, path, **options).json()
        self._state = {**self._state, **answer["state"]}
        if self._current is None or all(
            one["label"] != self._current for one in self._state["objects"]
        ):
            self._current = self._state["current"]
        return RemoteChange(
            self._native(answer["box"]["start"], answer["box"]["stop"]),
            answer["seconds"],
            tuple(answer["notes"]),
            answer["revision"],
            answer["final"],
        )

    def _refresh(self) -> None:
        self._state = self._ask("GET", "").json()

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._request(method, f"/sessions/{self.id}{path}", **options)


def _read_update(message: bytes) -> tuple[Json, Array, Array]:
    """Header, values and lengths of an update (docs/reference/http.md)."""
    size = int.from_bytes(message[:4], "little")
    header: Json = json.loads(message[4 : 4 + size])
    start = -(-(4 + size) // 4) * 4
    runs, dtype = header["runs"], np.dtype(header["dtype"]).newbyteorder("<")
    values = np.frombuffer(message, dtype, runs, start).astype(header["dtype"])
    after = -(-(start + values.nbytes) // 4) * 4
    return header, values, np.frombuffer(message, "<u4", runs, after)
