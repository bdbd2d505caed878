"""The table of prompt kinds."""

from voxclick.prompts.base import Prompt
from voxclick.prompts.box import BoxPrompt
from voxclick.prompts.lasso import Lasso
from voxclick.prompts.mask import MaskPrompt
from voxclick.prompts.point import Point
from voxclick.prompts.scribble import Scribble

KINDS: dict[str, type[Prompt]] = {
    kind.kind: kind for kind in (Point, BoxPrompt, Scribble, Lasso, MaskPrompt)
}
"""Every kind of prompt by its name in logs and on the wire."""
