"""The JSON of `--report`: what was run, on what, and what came out."""

import platform

import numpy as np
import torch

import voxclick
from voxclick.cli.description import describe_image
from voxclick.engine.session import Session
from voxclick.types import Json
from voxclick.volume import LabelMap


def describe_run(session: Session, labels: LabelMap) -> Json:
    """Versions, device, model, image, prompts and objects of a run."""
    return {
        "versions": {
            "voxclick": voxclick.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "device": str(session.segmenter.device),
        "model": session.segmenter.spec.name,
        "image": describe_image(session.volume),
        "prompts": session.log.to_json(),
        "objects": [_describe_object(labels, label) for label in labels.names],
    }


def _describe_object(labels: LabelMap, label: int) -> Json:
    mask = labels.mask(label)
    return {
        "name": labels.name(label),
        "label": label,
        "voxels": mask.voxels,
        "volume_ml": mask.volume_ml,
    }
