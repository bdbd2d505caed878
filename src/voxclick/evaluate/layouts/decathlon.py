"""The layout of the Medical Segmentation Decathlon, which AMOS and nnU-Net took over.

`dataset.json` names the labels; `labelsTr/<case>.nii.gz` belongs to `imagesTr/<case>.nii.gz`
(several channels along a fourth axis: the first is used) or to `imagesTr/<case>_0000.nii.gz`
(nnU-Net: one file a channel). AMOS and others have a labelled `Va` split beside `Tr`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voxclick.errors import FileFormatError
from voxclick.evaluate.case import Case
from voxclick.evaluate.layouts.folders import SUFFIXES

SPLITS = ("Tr", "Va", "Ts")


def find(folder: Path) -> list[Case]:
    """The labelled cases, in order of split and name; the first channel of each image.

    Raises:
        FileFormatError: If dataset.json is broken.
    """
    description = folder / "dataset.json"
    if not description.is_file() or not (folder / "imagesTr").is_dir():
        return []
    fields = _read(description)
    cases = []
    for split in SPLITS:
        for label in sorted((folder / f"labels{split}").glob("*")):
            suffix = next((s for s in SUFFIXES if label.name.endswith(s)), None)
            if suffix is None or label.name.startswith("."):  # the Decathlon's archives hold ._*
                continue
            name = label.name.removesuffix(suffix)
            images = folder / f"images{split}"
            options = (images / label.name, images / f"{name}_0000{suffix}")
            if image := next((path for path in options if path.is_file()), None):
                stacked = fields.channels > 1 and image == options[0]
                channel = 0 if stacked else None
                cases.append(Case(name, "", image, label, fields.names, channel=channel))
    return cases


@dataclass(frozen=True)
class _Description:
    names: dict[int, str]
    channels: int


def _read(path: Path) -> _Description:
    """What dataset.json says; nnU-Net's second version says `channel_names` for `modality`."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        pairs = [_pair(key, value) for key, value in fields.get("labels", {}).items()]
        channels = len(fields.get("modality", fields.get("channel_names", {})))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise FileFormatError(
            f"dataset.json must be a JSON object with 'labels'; cannot read {path}: {error}"
        ) from None
    return _Description({label: name for label, name in pairs if label != 0}, channels)


def _pair(key: str, value: Any) -> tuple[int, str]:
    """Number and name: `"1": "liver"` in the Decathlon, `"liver": 1` in nnU-Net."""
    if isinstance(value, list):  # nnU-Net's regions: their last label is the one they add
        return int(value[-1]), key
    return (value, key) if isinstance(value, int) else (int(key), str(value))
