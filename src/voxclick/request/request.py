"""A segmentation that is asked for: paths and coordinates, small enough to travel."""

from dataclasses import dataclass, fields
from pathlib import Path

from voxclick.io import SAMPLE
from voxclick.types import Json, Space


@dataclass(frozen=True)
class Request:
    """What to segment, by which prompts, and where the mask goes; nothing of it has been read.

    Attributes:
        image: A path as `io.read` takes it, or the word `sample`.
        output: Where the mask goes; the ending says as what.
        point: Clicks on the object, each as `I,J,K`.
        negative: Clicks on what is not the object.
        box: Boxes around the object, each as `I,J,K,I,J,K`.
        scribble: Files of voxels of the object.
        negative_scribble: Files of voxels of what is not.
        mask: A mask to start from.
        mask_label: Which label of it, where it holds several.
        prompts: A prompt log.
        name: The object that all but `prompts` are about.
        space: Where coordinates live.
        series: Which DICOM series, where there are several.
    """

    image: str
    output: Path
    point: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    box: tuple[str, ...] = ()
    scribble: tuple[Path, ...] = ()
    negative_scribble: tuple[Path, ...] = ()
    mask: Path | None = None
    mask_label: str | None = None
    prompts: Path | None = None
    name: str | None = None
    space: Space = "voxel"
    series: str | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All files and folders that it reads."""
        image = Path(self.image)
        packaged = self.image == SAMPLE and not image.exists()
        single = (None if packaged else image, self.mask, self.prompts)
        given = (path for path in single if path is not None)
        return (*given, *self.scribble, *self.negative_scribble)

    def to_json(self) -> Json:
        """All that was asked, with paths as text."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [str(one) for one in value]
    return str(value) if isinstance(value, Path) else value
