"""One run of `voxclick segment`, from its options to its files."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from voxclick import io
from voxclick.cli.asked import Asked, gather
from voxclick.cli.output import check_outputs, check_source, write_bytes
from voxclick.cli.preview import draw_preview, ml
from voxclick.cli.run_report import describe_run
from voxclick.cli.segment import Segment
from voxclick.cli.terminal import Progress, say, tell
from voxclick.engine.session import Session
from voxclick.models import load
from voxclick.volume import LabelMap, Volume

IN_LINE = 4
"""So many objects are named in the line of the result; of more, only the number."""


@dataclass
class Stopwatch:
    """How long each part of a run took, in seconds, by name in the order they came."""

    started: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=dict)
    prompts: list[dict[str, object]] = field(default_factory=list)

    def stop(self, part: str, since: float) -> None:
        """Note what a part took since a time on the clock of `perf_counter`."""
        self.seconds[part] = round(time.perf_counter() - since, 4)


def compute(options: Segment, asked: Asked, volume: Volume, watch: Stopwatch) -> int:
    """Segment what was asked in a volume that was checked, write it, and say what came out.

    Raises:
        InputError: If the device is not there, or prompts contradict each other.
        OutputError: If a file cannot be written.
    """
    with Progress() as progress:
        progress.step("loading the model", checking=True)
        since = time.perf_counter()
        session = Session(volume, load(options.model, options.device))
        watch.stop("load", since)
        notes = _prompt(session, asked, watch, progress)
        progress.step(f"writing {options.output}")
        labels = session.labelmap()
        since = time.perf_counter()
        io.write(labels, options.output)
        watch.stop("write", since)
        watch.stop("total", watch.started)
        _write_others(options, session, labels, watch, notes)
    say(f"{_objects(labels)} -> {options.output} ({watch.seconds['total']:.1f} s)")
    for note in notes:
        tell(f"voxclick: note: {note}")
    return 0


def _prompt(session: Session, asked: Asked, watch: Stopwatch, progress: Progress) -> list[str]:
    """Give all prompts to the session; gives what the user should know in the end."""
    notes: dict[str, tuple[str, ...]] = {}
    for name, label in asked.objects:
        session.object(name, label)
    for place, (name, prompt, refinements) in enumerate(asked.steps(), start=1):
        progress.step(f"segmenting {name}, prompt {place} (a {prompt.kind})")
        since = time.perf_counter()
        notes[name] = session.add(prompt, name, refinements).notes
        seconds = round(time.perf_counter() - since, 4)
        watch.prompts.append({"object": name, "kind": prompt.kind, "seconds": seconds})
    for name in session.objects:
        if not session.mask(name).array.any():
            notes[name] = (*notes.get(name, ()), f"{name} is empty; add or move its clicks")
    return list(dict.fromkeys(note for some in notes.values() for note in some))


def _write_others(
    options: Segment, session: Session, labels: LabelMap, watch: Stopwatch, notes: list[str]
) -> None:
    """The log, the picture and the report, where they were asked for."""
    if options.save_prompts is not None:
        session.log.save(options.save_prompts)
    if options.preview is not None:
        prompts = [step.prompt for _, step in session.log.ordered()]
        write_bytes(draw_preview(session.volume, labels, prompts), options.preview)
    if options.report is not None:
        outputs: dict[str, Path | None] = {
            "mask": options.output,
            "preview": options.preview,
            "prompts": options.save_prompts,
        }
        run = {
            **describe_run(session, labels),
            "seconds": {**watch.seconds, "prompts": watch.prompts},
            "notes": notes,
            "outputs": {name: str(path.resolve()) for name, path in outputs.items() if path},
        }
        write_bytes(json.dumps(run, indent=1).encode(), options.report)


def _objects(labels: LabelMap) -> str:
    """The objects and their volumes, for people."""
    sizes = {label: int((labels.array == label).sum()) for label in labels.names}
    volumes = {n: sizes[n] * labels.grid.voxel_volume_mm3 / 1000 for n in labels.names}
    if len(volumes) > IN_LINE:
        return f"{len(volumes)} objects of {ml(sum(volumes.values()))}"
    return ", ".join(f"{labels.name(label)} {ml(volume)}" for label, volume in volumes.items())
