"""What a model can do, in the words that nnInteractive's clients ask for."""

from voxclick.errors import UnknownNameError
from voxclick.models import model_row
from voxclick.models.base import Spec
from voxclick.types import Json

PROTOCOL = "2.6.0"
"""The version of nnInteractive whose protocol this is."""


def capabilities(spec: Spec) -> Json:
    """The answer to `GET /capabilities` for a model.

    The channels are those of nnInteractive's own network: clients read them and use none.
    """
    return {
        "supported_interactions": {
            "points": "point" in spec.prompts,
            "bbox2d": "box" in spec.prompts,
            "bbox3d": "box" in spec.prompts,
            "scribble": "scribble" in spec.prompts,
            "lasso": "lasso" in spec.prompts,
        },
        "channel_mapping": {
            "prev_seg": 0,
            "bbox2d": [1, 2],
            "bbox3d": [1, 2],
            "lasso": [1, 2],
            "points": [3, 4],
            "scribble": [5, 6],
        },
        "num_interaction_channels": 7,
        "supports_initial_label": "mask" in spec.prompts,
        "supports_zero_shot_label_refinement": False,
        "preferred_scribble_thickness": [2, 2, 2],
        "interaction_decay": 0.98,
        "inference_session_version": PROTOCOL,
        "do_autozoom": True,
        "license": _licence(spec.name),
        "supports_undo": True,
        "patch_size": None,
    }


def _licence(name: str) -> str | None:
    try:
        return model_row(name).licence
    except UnknownNameError:  # a model of the user's own
        return None
