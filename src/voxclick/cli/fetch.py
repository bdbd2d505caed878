"""`voxclick fetch`: published weights, downloaded or imported from a file."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from voxclick.cli.terminal import Progress, say, tell
from voxclick.errors import DownloadError, FileFormatError, MissingFileError, OptionError

if TYPE_CHECKING:
    from voxclick.models.importing import Brought
    from voxclick.models.kinds import ModelRow

EXAMPLES = """Examples:
  voxclick fetch ct-sam3d
  voxclick fetch ct-sam3d --from params.pth
  voxclick fetch --from params.pth
  voxclick fetch sam2.1-tiny --image-size 512"""

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Fetch:
    """Get or import the published weights of a model.

    They are checked, converted without running anything that is in them, and kept in
    VOXCLICK_HOME/models, else in the platform's cache folder.
    """

    name: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="NAME")] = None
    """As `voxclick models` lists them; with --from, recognised from the file if left out."""

    source: Annotated[Path | None, tyro.conf.arg(name="from", metavar="FILE")] = None
    """A checkpoint on this machine, or the folder of its repository, instead of a download."""

    again: bool = False
    """Download even if the weights are here."""

    image_size: Annotated[int | None, tyro.conf.arg(metavar="PIXELS")] = None
    """Of SAM 2: look at frames of so many pixels; 512 takes an eighth of the time of 1024."""

    def run(self) -> int:
        """Get the weights and say where they lie."""
        from voxclick.models import model_row

        row = None if self.name is None else model_row(self.name)
        if row is not None and row.checkpoint is None:
            raise OptionError(
                f"a model with published weights is needed, got {row.name}, which comes with all "
                "it needs; voxclick models lists those to fetch"
            )
        with Progress() as progress:
            if self.source is not None:
                self._import(row, self.source, progress)
            elif row is not None:
                self._download(row, progress)
            else:
                raise OptionError("a NAME or --from FILE is needed, got none; see voxclick models")
        return 0

    def _import(self, row: "ModelRow | None", source: Path, progress: Progress) -> None:
        progress.step(f"reading {source}", checking=True)
        if not source.exists():
            raise MissingFileError(
                f"--from needs a checkpoint or its folder, got nothing at {source}; check the path"
            )
        from voxclick.models.importing import file_in, import_weights, row_for

        if source.is_dir():
            source = file_in(source, row)
        row = row or row_for(source)
        _tell(row, import_weights(row, source, self.image_size))

    def _download(self, row: "ModelRow", progress: Progress) -> None:
        from voxclick.models.weights import home, place, presence

        if presence(row) == "here" and not self.again:
            if self.image_size is None:
                say(f"{row.name} is here: {place(row)}")
                return
            from voxclick.models.importing import import_weights

            _tell(row, import_weights(row, place(row), self.image_size))
            return
        folder = home() / "downloads" / row.name
        file = _got(row, folder, progress)
        progress.step(f"converting {file.name}")
        from voxclick.models.importing import import_weights

        try:
            brought = import_weights(row, file, self.image_size)
        except (FileFormatError, MissingFileError):
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
        _tell(row, brought)


def _got(row: "ModelRow", folder: Path, progress: Progress) -> Path:
    from voxclick.models.download import download

    assert row.checkpoint is not None
    checkpoint = row.checkpoint
    by_hand = f"voxclick fetch {row.name} --from FILE"
    size = f", {checkpoint.megabytes} MB" if checkpoint.megabytes else ""
    if not (checkpoint.hub or checkpoint.modelscope or checkpoint.url):
        raise OptionError(
            f"the weights of {row.name} ({checkpoint.file}{size}) can only be got by hand: see "
            f"{checkpoint.page}, then {by_hand}"
        )
    doing = f"downloading {row.name}"
    progress.step(f"{doing} ({checkpoint.megabytes} MB)")
    folder.mkdir(parents=True, exist_ok=True)

    def watch(there: int, size: int) -> None:
        of = f" of {size // MEGABYTE}" if size else ""
        progress.name(f"{doing}: {there // MEGABYTE}{of} MB")

    try:
        return download(checkpoint, folder, watch)
    except DownloadError as error:
        raise DownloadError(
            f"the weights of {row.name} cannot be downloaded ({error}); check the network and try "
            f"again, or bring {Path(checkpoint.file).name} from elsewhere: {by_hand}"
        ) from None


def _tell(row: "ModelRow", brought: "Brought") -> None:
    size = brought.path.stat().st_size / MEGABYTE
    say(f"{row.name} -> {brought.path} ({size:.0f} MB; licence: {row.licence})")
    for warning in brought.warnings:
        tell(f"voxclick: note: {warning}")
    if row.checkpoint is not None and row.checkpoint.note:
        tell(f"voxclick: note: {row.checkpoint.note}")
