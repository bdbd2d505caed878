"""The models that are loaded, one of each for all sessions."""

import threading

from voxclick.models import load, model_row, ready_row
from voxclick.models.base import Segmenter


class Segmenters:
    """Models by name, loaded when they are first asked for.

    Args:
        default: Name of the one to use where none is named; the best there is when None.
        device: `auto`, `cpu`, `cuda[:N]` or `mps`.

    Raises:
        UnknownNameError: If there is no model of the default name.
        MissingFileError: If its weights are not on this machine.
        FileFormatError: If it is a file that holds no weights.
    """

    def __init__(self, default: str | None = None, device: str = "auto") -> None:
        self.default = ready_row(default).name
        self._device = device
        self._loaded: dict[str, Segmenter] = {}
        self._lock = threading.Lock()

    def get(self, name: str | None = None) -> Segmenter:
        """The model of that name, the default one for None; slow the first time.

        Only whoever starts the server can name a file of weights.

        Raises:
            UnknownNameError: If there is no such model.
            MissingFileError: If its weights are not on this machine.
        """
        wanted = self.default if name in (None, self.default) else model_row(name).name
        with self._lock:
            if wanted not in self._loaded:
                self._loaded[wanted] = load(wanted, self._device)
            return self._loaded[wanted]
