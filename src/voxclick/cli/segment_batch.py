"""`voxclick segment --batch`: many images, a list of prompts, one bar."""

from dataclasses import fields
from pathlib import Path

from voxclick.cli.cohort import INTERRUPTED, Count, counted, tell_losses
from voxclick.cli.segment import Segment
from voxclick.cli.terminal import say, tell
from voxclick.cohort.staff import Staff
from voxclick.errors import OptionError
from voxclick.request.batch import Batch, Finished, Progress, segment_batch

OF_A_BATCH = {
    "batch",
    "output",
    "model",
    "device",
    "growth",
    "space",
    "workers",
    "ray",
    "restart",
}
"""The options that go with --batch; all others are columns of the list, or of one image."""
TOLD = 5
"""So many failures and notes are told; the table has all."""


def run_batch(options: Segment, path: Path) -> int:
    """Segment all images of a list, and say what came out.

    Raises:
        OptionError: If an option is one of a single image.
    """
    _check_options(options)
    beside = path.with_suffix("") if path.suffix else path.with_name(f"{path.name}-masks")
    folder = options.output if options.output is not None else beside
    staff = Staff(options.device, options.workers, options.ray)
    batch = Batch(path, folder, options.model, options.growth, options.space, staff)
    try:
        with counted("segmenting", "images") as count:
            finished = segment_batch(batch, options.restart, lambda at: _show(count, at))
    except KeyboardInterrupt:
        tell(
            "voxclick: interrupted; the finished masks are kept, the same command again goes on "
            "from there"
        )
        return INTERRUPTED
    _report(finished)
    tell_losses(count)
    return 1 if finished.failed else 0


def _check_options(options: Segment) -> None:
    for field in fields(options):
        if field.name in OF_A_BATCH or getattr(options, field.name) == field.default:
            continue
        flag = "IMAGE" if field.name == "image" else f"--{field.name.replace('_', '-')}"
        raise OptionError(
            f"with --batch, images and prompts stand in the list, got {flag}; make it a column of "
            "the list, or leave --batch out"
        )


def _show(count: Count, at: Progress) -> None:
    failed = f", {at.failed} failed" if at.failed else ""
    count(at.done, at.of, f"{at.done - at.failed} masks{failed}", at.lost)


def _report(finished: Finished) -> None:
    """The result in a line on stdout; failures and notes on stderr."""
    of = finished.done + len(finished.failed)
    earlier = f", {finished.before} of them before" if finished.before else ""
    for kind, told in (("failed", finished.failed), ("note", finished.notes)):
        for row, reason in told[:TOLD]:
            tell(f"voxclick: {kind}: {row.where}, {row.request.image}: {reason}")
        if (more := len(told) - TOLD) > 0:
            tell(f"voxclick: {kind}: {more} more, see the table")
    say(f"{finished.done} of {of} images segmented{earlier} -> {finished.table}")
