"""The work of `voxclick segment`, once everything has been checked."""

import json
from pathlib import Path

from voxclick import io
from voxclick.cli.description import ml
from voxclick.cli.output import write_bytes
from voxclick.cli.run_report import describe_run
from voxclick.cli.segment import Segment
from voxclick.cli.stopwatch import Stopwatch
from voxclick.cli.terminal import Progress
from voxclick.engine.session import Session
from voxclick.models import load
from voxclick.request.answer import Segmented, answer
from voxclick.request.asked import Asked
from voxclick.request.request import Request
from voxclick.volume import Volume

IN_LINE = 4
"""So many objects are named in the line of the result; of more, only the number."""


def in_line(segmented: Segmented) -> str:
    """The objects and their volumes in a few words."""
    volumes = segmented.volumes_ml
    if len(volumes) > IN_LINE:
        return f"{len(volumes)} objects of {ml(sum(volumes.values()))}"
    return ", ".join(f"{name} {ml(volume)}" for name, volume in volumes.items())


def compute(
    options: Segment, asked: Asked, volume: Volume, watch: Stopwatch, progress: Progress
) -> Segmented:
    """Give all prompts to a session, one after the other.

    Raises:
        OptionError: If the device is not there.
        PromptError: If prompts contradict each other.
    """
    session = Session(volume, load(options.model, options.device), growth=options.growth)
    watch.lap("load")
    segmented = answer(asked, session, progress.step)
    watch.lap("prompts")
    return segmented


def write_all(
    request: Request,
    options: Segment,
    segmented: Segmented,
    watch: Stopwatch,
    progress: Progress,
) -> None:
    """Write the mask; the log, the picture and the report, where they were asked for.

    Raises:
        OutputError: If one cannot be written.
    """
    progress.step(f"writing {request.output}")
    session, labels = segmented.session, segmented.labels
    io.write(labels, request.output)
    watch.lap("write")
    if options.save_prompts is not None:
        session.log.save(options.save_prompts)
    if options.preview is not None:
        from voxclick.cli.preview import draw_preview

        prompts = [step.prompt for _, step in session.log.ordered()]
        write_bytes(draw_preview(session.volume, labels, prompts), options.preview)
        watch.lap("preview")
    if options.report is not None:
        outputs: dict[str, Path | None] = {
            "mask": request.output,
            "preview": options.preview,
            "prompts": options.save_prompts,
        }
        seconds = {**watch.laps, "each_prompt": segmented.prompts, "total": watch.total}
        run = {
            **describe_run(session, labels),
            "seconds": seconds,
            "notes": segmented.notes,
            "outputs": {name: str(path.resolve()) for name, path in outputs.items() if path},
        }
        write_bytes(json.dumps(run, indent=1).encode(), options.report)
