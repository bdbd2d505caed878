"""The work of `voxclick segment`, once everything has been checked."""

import json
from dataclasses import dataclass
from pathlib import Path

from voxclick import io
from voxclick.cli.asked import Asked
from voxclick.cli.description import ml
from voxclick.cli.output import write_bytes
from voxclick.cli.run_report import describe_run
from voxclick.cli.segment import Segment
from voxclick.cli.stopwatch import Stopwatch
from voxclick.cli.terminal import Progress
from voxclick.engine.session import Session
from voxclick.models import load
from voxclick.types import Json
from voxclick.volume import LabelMap, Volume

IN_LINE = 4
"""So many objects are named in the line of the result; of more, only the number."""


@dataclass(frozen=True, eq=False)
class Segmented:
    """What came out of a session.

    Attributes:
        session: After its last prompt.
        labels: All its objects.
        prompts: Object, kind and seconds of each prompt.
        notes: What the user should know.
    """

    session: Session
    labels: LabelMap
    prompts: tuple[Json, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        volumes = {label: self.labels.mask(label).volume_ml for label in self.labels.names}
        if len(volumes) > IN_LINE:
            return f"{len(volumes)} objects of {ml(sum(volumes.values()))}"
        return ", ".join(f"{self.labels.name(n)} {ml(volume)}" for n, volume in volumes.items())


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
    prompts: list[Json] = []
    notes: dict[str, tuple[str, ...]] = {}
    for name, label in asked.objects:
        session.object(name, label)
    for place, (name, prompt, refinements) in enumerate(asked.steps(), start=1):
        progress.step(f"segmenting {name}, prompt {place} (a {prompt.kind})")
        notes[name] = session.add(prompt, name, refinements).notes
        prompts.append({"object": name, "kind": prompt.kind, "seconds": watch.lap("prompts")})
    labels = session.labelmap()
    for name in session.objects:
        if labels.mask(name).voxels == 0:
            notes[name] = (*notes.get(name, ()), f"{name} is empty; add or move its clicks")
    told = dict.fromkeys(note for some in notes.values() for note in some)
    return Segmented(session, labels, tuple(prompts), tuple(told))


def write_all(options: Segment, segmented: Segmented, watch: Stopwatch, progress: Progress) -> None:
    """Write the mask; the log, the picture and the report, where they were asked for.

    Raises:
        OutputError: If one cannot be written.
    """
    progress.step(f"writing {options.output}")
    session, labels = segmented.session, segmented.labels
    io.write(labels, options.output)
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
            "mask": options.output,
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
