"""The layout of the Medical Segmentation Decathlon, which AMOS and nnU-Net took over.

`dataset.json` names the labels; `labelsTr/<case>.nii.gz` belongs to `imagesTr/<case>.nii.gz`
(several channels along a fourth axis: the first is used) or to `imagesTr/<case>_0000.nii.gz`
(nnU-Net: one file a channel). AMOS and others have a labelled `Va` split beside `Tr`.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voxclick.errors import FileFormatError
from voxclick.evaluate.case import Case
from voxclick.evaluate.layouts.paired import pairs, stem

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
        images, labels = folder / f"images{split}", folder / f"labels{split}"
        for case in pairs(images, labels):  # the Decathlon's archives hold ._* files
            stacked = fields.channels > 1 and not stem(case.image).endswith("_0000")
            channel = 0 if stacked else None
            cases.append(replace(case, names=fields.names, channel=channel))
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
