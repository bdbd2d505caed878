"""Where the results of `voxclick segment` go: checked before the work, written whole."""

from pathlib import Path

from voxclick import io
from voxclick.cli.segment import Segment
from voxclick.errors import OptionError, OutputError
from voxclick.io.atomic import check_writable, whole
from voxclick.request.request import Request

SUFFIXES = {"--report": ".json", "--preview": ".png", "--save-prompts": ".json"}


def check_outputs(request: Request, options: Segment) -> None:
    """Raise before the work what could not be written after it.

    Raises:
        OutputError: If a folder does not exist or cannot be written, or the image would be
            overwritten.
        UnknownNameError: If no format has the ending of the mask.
        OptionError: If two outputs have one path, or another file has the wrong ending.
    """
    io.check_output(request.output)
    further = {
        "--report": options.report,
        "--preview": options.preview,
        "--save-prompts": options.save_prompts,
    }
    taken = {_place(request.output): "-o"}
    for flag, path in further.items():
        if path is None:
            continue
        if path.suffix.lower() != SUFFIXES[flag]:
            raise OptionError(f"{flag} needs a file name that ends in {SUFFIXES[flag]}, got {path}")
        check_writable(path)
        if _place(path) in taken:
            raise OptionError(
                f"each output needs a path of its own, got {path} for {taken[_place(path)]} and "
                f"{flag}"
            )
        taken[_place(path)] = flag
    if _place(Path(request.image)) in taken:
        raise OutputError(
            f"the image must not be overwritten, got {request.image} for "
            f"{taken[_place(Path(request.image))]} too; choose another name"
        )


def write_bytes(content: bytes, path: Path) -> None:
    """Write a file whole, by rename.

    Raises:
        OutputError: If it cannot be written.
    """
    with whole(path, path.suffix) as part:
        part.write_bytes(content)


def _place(path: Path) -> Path:
    return path.resolve()
