"""What all sessions of a server share."""

from dataclasses import dataclass

from voxclick.engine.cache import EmbeddingCache
from voxclick.server.device import Turns
from voxclick.server.state import StateFolder


@dataclass(frozen=True)
class Machine:
    """The device, the memory and the folder of one server.

    Attributes:
        turns: At the device.
        cache: Of embeddings.
        folder: Where sessions are kept.
        most_objects: That one session may have.
    """

    turns: Turns
    cache: EmbeddingCache
    folder: StateFolder
    most_objects: int
