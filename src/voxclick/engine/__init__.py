"""Sessions: prompts in, masks out; cache, zoom, refinement, undo."""

from voxclick.engine.change import Change
from voxclick.engine.one_shot import replay, segment
from voxclick.engine.session import Session

__all__ = ["Change", "Session", "replay", "segment"]
