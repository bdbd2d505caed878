"""The models that are loaded, one of each for all sessions."""

import threading

from voxclick.models import load, model_row
from voxclick.models.base import Segmenter


class Segmenters:
    """Models by name, loaded when they are first asked for.

    Args:
        default: Name of the one to use where none is named; the best there is when None.
        device: `auto`, `cpu`, `cuda[:N]` or `mps`.

    Raises:
        UnknownNameError: If there is no model of the default name.
    """

    def __init__(self, default: str | None = None, device: str = "auto") -> None:
        self.default = model_row(default).name
        self._device = device
        self._loaded: dict[str, Segmenter] = {}
        self._lock = threading.Lock()

    def get(self, name: str | None = None) -> Segmenter:
        """The model of that name, the default one for None; slow the first time.

        Raises:
            UnknownNameError: If there is no such model.
        """
        wanted = model_row(self.default if name is None else name).name
        with self._lock:
            if wanted not in self._loaded:
                self._loaded[wanted] = load(wanted, self._device)
            return self._loaded[wanted]
