"""What a request asks for: the prompts of its options and files, in order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voxclick import io
from voxclick.errors import GridMismatchError, MissingFileError, OptionError, PromptError
from voxclick.geometry import Grid
from voxclick.io.lattice import laid_out
from voxclick.prompts import BoxPrompt, MaskPrompt, Point, Prompt, PromptLog, Scribble
from voxclick.request.request import Request
from voxclick.request.scribble_file import read_scribble
from voxclick.volume import Mask

UNNAMED = "object"
"""What an object is called when nobody names it."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Every prompt of one run.

    Attributes:
        log: Of `--prompts`; None without.
        name: The object that `prompts` are about.
        prompts: Of all other options, in the order they are given to the session.
        mask: The file of the mask prompt among them.
        grids: The files that scribbles were painted in, each with its grid.
    """

    log: PromptLog | None
    name: str
    prompts: tuple[Prompt, ...]
    mask: Path | None = None
    grids: tuple[tuple[Path, Grid], ...] = ()

    @property
    def objects(self) -> list[tuple[str, int | None]]:
        """Names and label numbers of all objects, in the order they are opened."""
        logged = [(entry.name, entry.label) for entry in (self.log.objects if self.log else ())]
        known = {name for name, _ in logged}
        return [*logged, *([(self.name, None)] if self._adds(known) else [])]

    def steps(self) -> Iterator[tuple[str, Prompt, int | None]]:
        """Each prompt with its object and, from a log, how often it was refined."""
        for entry, step in self.log.ordered() if self.log else ():
            yield entry.name, step.prompt, step.refinements
        for prompt in self.prompts:
            yield self.name, prompt, None

    def on(self, grid: Grid) -> "Asked":
        """The same with the mask laid out on the image, of which its file may hold a part.

        Other software keeps in a segmentation the slices that it needs, and no others.

        Raises:
            GridMismatchError: If its voxels are not voxels of the image.
        """
        if self.mask is None:
            return self
        path = self.mask
        placed = (
            _on(one, grid, path) if isinstance(one, MaskPrompt) else one for one in self.prompts
        )
        return replace(self, prompts=tuple(placed))

    def check(self, grid: Grid) -> None:
        """Raise before the work what the session would raise in the midst of it.

        Raises:
            PromptError: If a prompt lies outside the volume, or none is positive.
            GridMismatchError: If a mask lies on another grid.
            LogError: If the log was made on another volume.
        """
        if self.log is not None:
            self.log.check_fits(grid)
        for path, own in self.grids:
            if not own.matches(grid):
                raise GridMismatchError(
                    f"a scribble's mask must lie on the volume's own grid of {grid.shape} voxels, "
                    f"got {path} of {own.shape} elsewhere in space; draw it on this volume"
                )
        for _, prompt, _ in self.steps():
            prompt.to_voxel(grid)
        _check_positive(any(prompt.positive for _, prompt, _ in self.steps()))

    def _adds(self, known: set[str]) -> bool:
        return bool(self.prompts) and self.name not in known


def check_spelling(request: Request) -> None:
    """Raise what can be known of a request without reading an image or a mask.

    Raises:
        MissingFileError: If one of its files is not there.
        PromptError: If there is no prompt, none is positive, or one is not what a prompt can be.
        OptionError: If it is not said which of several objects a prompt is about.
        LogError: If its log is broken.
    """
    for path in request.files:
        if not path.exists():
            raise MissingFileError(
                f"a file or folder is needed at {path}, got nothing there; check it"
            )
    log = None if request.prompts is None else PromptLog.load(request.prompts)
    further = (request.mask, *request.scribble, *request.negative_scribble)
    spelt = [*_boxes(request), *_clicks(request)]
    _check_any(log, bool(spelt) or any(further))
    logged = [step.prompt for _, step in log.ordered()] if log else []
    drawn = request.mask is not None or bool(request.scribble)
    _check_positive(drawn or any(prompt.positive for prompt in (*spelt, *logged)))
    _check_mask_label(request)
    _name(request, log, bool(spelt) or any(further))


def gather(request: Request) -> Asked:
    """The prompts that a request asks for, read.

    Raises:
        PromptError: If there is none, or one is not what a prompt can be.
        OptionError: If it is not said which of several objects a prompt is about.
        InputError: If a file of prompts cannot be read.
    """
    log = None if request.prompts is None else PromptLog.load(request.prompts)
    scribbles = tuple(_scribbles(request))
    prompts = (
        *_frames(request),
        *(scribble for _, scribble, _ in scribbles),
        *_clicks(request),
    )
    _check_any(log, bool(prompts))
    grids = tuple((path, grid) for path, _, grid in scribbles if grid is not None)
    return Asked(log, _name(request, log, bool(prompts)), prompts, request.mask, grids)


def _on(prompt: MaskPrompt, grid: Grid, path: Path) -> MaskPrompt:
    mask = prompt.mask
    if mask.grid.matches(grid):
        return prompt
    return MaskPrompt(Mask(laid_out(mask.array, mask.grid, grid, path), grid, mask.source))


def _check_any(log: PromptLog | None, more: bool) -> None:
    if not more and not (log and log.ordered()):
        raise PromptError(
            "a segmentation needs at least one prompt, got none; give --point I,J,K on the object, "
            "or --box, --scribble, --mask or --prompts"
        )


def _check_positive(some: bool) -> None:
    if not some:
        raise PromptError(
            "a segmentation needs at least one positive prompt, got only negative ones; "
            "add --point I,J,K on the object"
        )


def _check_mask_label(request: Request) -> None:
    if request.mask_label is not None and request.mask is None:
        raise OptionError("--mask-label chooses from a --mask, got none; add --mask FILE")


def _frames(request: Request) -> Iterator[Prompt]:
    _check_mask_label(request)
    if request.mask is not None:
        yield MaskPrompt(io.read_mask(request.mask, _label(request.mask_label)))
    yield from _boxes(request)


def _boxes(request: Request) -> Iterator[BoxPrompt]:
    for text in request.box:
        i0, j0, k0, i1, j1, k1 = _numbers("--box", text, 6)
        yield BoxPrompt((i0, j0, k0), (i1, j1, k1), space=request.space)


def _scribbles(request: Request) -> Iterator[tuple[Path, Scribble, Grid | None]]:
    for positive, flag, files in (
        (True, "--scribble", request.scribble),
        (False, "--negative-scribble", request.negative_scribble),
    ):
        for file in files:
            yield file, *read_scribble(flag, file, positive, request.space)


def _clicks(request: Request) -> Iterator[Point]:
    for positive, flag, texts in (
        (True, "--point", request.point),
        (False, "--negative", request.negative),
    ):
        for text in texts:
            i, j, k = _numbers(flag, text, 3)
            yield Point((i, j, k), positive, request.space)


def _numbers(flag: str, text: str, count: int) -> Sequence[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        example = ",".join(("120", "88", "40", "150", "118", "60")[:count])
        raise PromptError(
            f"{flag} needs {count} numbers with commas between them, got {text!r}; write it like "
            f"{flag} {example}"
        )
    return numbers


def _label(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdecimal() else text


def _name(request: Request, log: PromptLog | None, more: bool) -> str:
    """The object that the prompts of the options are about."""
    if request.name is not None:
        if not request.name.strip():
            raise OptionError("--name needs the name of an object, got an empty one")
        return request.name
    names = [entry.name for entry in log.objects] if log else []
    if len(names) > 1 and more:
        raise OptionError(
            f"it takes --name to say which object the prompts are about, got several in "
            f"{request.prompts}: {', '.join(names)}"
        )
    return names[0] if names else UNNAMED
