"""`voxclick info`: what a file or folder holds."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from voxclick.cli.terminal import Progress, say
from voxclick.types import Json

EXAMPLES = """Examples:
  voxclick info ct.nii.gz
  voxclick info dicom-folder --series 1.2.840.113619.2.5 --json"""


@dataclass(frozen=True)
class Info:
    """Show shape, spacing, orientation and intensities of an image; list the series of DICOM."""

    image: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="IMAGE")]
    """Any image that can be segmented, or the word sample for the packaged head MR."""

    series: Annotated[str | None, tyro.conf.arg(metavar="UID|C=N")] = None
    """Of a DICOM folder with several series, the one to show; without it, they are listed. Of an
    OME-Zarr with several channels or times, which, such as c=1."""

    json: bool = False
    """As JSON, for programs."""

    def run(self) -> int:
        """Print what the image holds."""
        with Progress() as progress:
            progress.step(f"reading {self.image}", checking=True)
            shown = self._look()
        if self.json:
            say(json.dumps(shown, indent=1), flat=False)
        else:
            for line in _lines(shown):
                say(line)
        return 0

    def _look(self) -> Json:
        from voxclick import io
        from voxclick.cli.description import describe_image, describe_intensities
        from voxclick.cli.series import list_series

        path = Path(self.image)
        folder = path.is_dir() or path.suffix.lower() == ".zip"
        if self.series is None and folder and io.format_of(path).name == "dicom_series":
            there = list_series(path)
            if len(there) > 1:
                return {"path": str(path.resolve()), "format": "dicom_series", "series": there}
        volume = io.read(self.image, self.series)
        return {**describe_image(volume), "intensities": describe_intensities(volume)}


def _lines(shown: Json) -> Iterator[str]:
    """The description for people, one property a line."""
    for key in ("path", "format", "series_uid", "orientation", "type"):
        if shown.get(key):
            yield _line(key.replace("_", " "), str(shown[key]))
    for one in shown.get("series", ()):
        size = f"{one['slices']} slices of {one['columns']} x {one['rows']}"
        yield _line("series", f"{one['uid']}  {one['modality']} {one['description']!r}, {size}")
    if "series" in shown:
        yield _line("to choose", "--series UID, or the end of it")
        return
    yield _line("shape", " x ".join(str(n) for n in shown["shape"]) + " voxels")
    yield _line("spacing", " x ".join(f"{length:.4g}" for length in shown["spacing_mm"]) + " mm")
    low, first, median, last, high = (f"{level:g}" for level in shown["intensities"].values())
    yield _line("intensities", f"{low} to {high}, 98 % in {first} to {last}, median {median}")
    for place, row in enumerate(shown["affine"][:3]):
        numbers = "".join(f"{number:11.4f}" for number in row)
        yield _line("affine" if place == 0 else "", numbers)


def _line(name: str, text: str) -> str:
    return f"{name:12} {text}"
