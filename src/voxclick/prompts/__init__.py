"""What a user says about an object: points, boxes, scribbles, lassos, masks, and their log."""

from voxclick.prompts.base import Prompt
from voxclick.prompts.box import BoxPrompt
from voxclick.prompts.lasso import Lasso
from voxclick.prompts.log import ObjectLog, PromptLog, Step
from voxclick.prompts.mask import MaskPrompt
from voxclick.prompts.point import Point
from voxclick.prompts.scribble import Scribble
from voxclick.prompts.suggestion import Suggestion

__all__ = [
    "BoxPrompt",
    "Lasso",
    "MaskPrompt",
    "ObjectLog",
    "Point",
    "Prompt",
    "PromptLog",
    "Scribble",
    "Step",
    "Suggestion",
]
