"""What the API takes and gives, for the checks and for OpenAPI."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Vector = Annotated[list[float], Field(min_length=3, max_length=3)]
Index = Annotated[list[int], Field(min_length=3, max_length=3)]
Label = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Space = Literal["view", "voxel", "ras", "lps"]
NUMBER = "-?[0-9]+([.][0-9]+)?"
Place = Annotated[str, Field(max_length=100, pattern=f"^{NUMBER}(,{NUMBER}){{2}}$")]
"""Three coordinates in an address."""


class Asked(BaseModel):
    """A body; a field that it does not know is a mistake, and said to be one."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Given(Asked):
    """A prompt of any kind."""

    space: Space = Field("voxel", description="Where its coordinates live.")
    object: Label | None = Field(
        None, description="Label of its object; the current one if left out."
    )


class PointAsked(Given):
    """A click."""

    kind: Literal["point"]
    at: Vector
    positive: bool = True


class BoxAsked(Given):
    """A box, half-open in voxels; in millimetres, two opposite corners."""

    kind: Literal["box"]
    start: Vector
    stop: Vector
    positive: bool = True


class ScribbleAsked(Given):
    """A stroke: the voxels that it went over."""

    kind: Literal["scribble"]
    points: Annotated[list[Vector], Field(min_length=1)]
    positive: bool = True


class LassoAsked(Given):
    """A closed contour on one slice."""

    kind: Literal["lasso"]
    vertices: Annotated[list[Vector], Field(min_length=3)]
    axis: Literal[0, 1, 2] = 2
    positive: bool = True


class MaskAsked(Given):
    """A mask to start from, as runs in C order, whole or on some slices."""

    kind: Literal["mask"]
    shape: Index
    affine: list[Annotated[list[float], Field(min_length=4, max_length=4)]] | None = None
    first: bool = Field(description="Whether the first run is of the object.")
    runs: list[Annotated[int, Field(ge=0)]]
    axis: Literal[0, 1, 2] | None = None
    slices: list[int] = []
    positive: Literal[True] = True


PromptAsked = Annotated[
    PointAsked | BoxAsked | ScribbleAsked | LassoAsked | MaskAsked, Field(discriminator="kind")
]


class UploadAsked(Asked):
    """What will be sent."""

    name: Name


class SessionAsked(Asked):
    """What to open."""

    source: Annotated[str, Field(min_length=1, max_length=4096)]
    series: Annotated[str, Field(max_length=200)] | None = None
    model: Annotated[str, Field(max_length=200)] | None = None


class StepAsked(Asked):
    """Whose prompt to undo or redo."""

    object: Label | None = None


class ObjectAsked(Asked):
    """A new object."""

    name: Name | None = None


class ObjectChange(Asked):
    """What to change of an object."""

    name: Name | None = None
    colour: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")] | None = None
    locked: bool | None = None
    visible: bool | None = None
    current: Literal[True] | None = None


class ModelAsked(Asked):
    """Which model answers from now on."""

    name: Annotated[str, Field(max_length=200)]


class Failed(BaseModel):
    """Any error: one sentence."""

    detail: str


class SeriesRow(BaseModel):
    """One series of a DICOM folder."""

    uid: str
    description: str
    images: int


class Choice(Failed):
    """A folder holds several series: choose one."""

    series: list[SeriesRow] | None = None


class Health(BaseModel):
    """The server is there."""

    ok: bool
    version: str


class ModelRow(BaseModel):
    """One model that there is."""

    name: str
    title: str
    prompts: list[str]
    weights: Literal["packaged", "here", "absent", "none"]
    licence: str
    default: bool


class Upload(BaseModel):
    """A new upload."""

    upload: str


class Taken(BaseModel):
    """A file was taken in."""

    bytes: int


class SessionRow(BaseModel):
    """One session that can be gone on with."""

    id: str
    name: str
    model: str


class Extent(BaseModel):
    """A half-open box of the page's voxels."""

    start: Index
    stop: Index


class Range(BaseModel):
    """Intensities from low to high."""

    low: float
    high: float


class Scale(BaseModel):
    """Stored int16 times slope, plus intercept, is the intensity."""

    slope: float
    intercept: float


class Native(BaseModel):
    """How the file has its axes: the one along x, y and z, and whether it runs against it."""

    shape: Index
    affine: list[list[float]] = Field(description="The file's voxel to RAS mm, 4 x 4.")
    axes: Index
    flipped: Annotated[list[bool], Field(min_length=3, max_length=3)]


class Slices(BaseModel):
    """How sure the model is of an object that it finds slice by slice."""

    axis: Literal[0, 1, 2] = Field(description="The page's axis that the slices cut.")
    numbers: list[int] = Field(description="Of the slices that were looked at, ascending.")
    quality: list[float] = Field(description="Of each, 0 to 1.")
    prompted: list[int] = Field(description="Those with prompts.")


class Object(BaseModel):
    """One object; its prompts in the page's voxels, masks without their voxels."""

    label: int
    name: str
    colour: str
    locked: bool
    visible: bool
    voxels: int
    volume_ml: float
    can_undo: bool
    can_redo: bool
    prompts: list[dict[str, Any]]
    slices: Slices | None = None


class Suggestion(BaseModel):
    """A place worth a look: the mask may well be wrong there."""

    at: Index = Field(description="The page's voxel.")
    positive: bool = Field(description="What a click there says, if the mask is wrong.")
    doubt: Annotated[float, Field(ge=0, le=1, description="How likely that is.")]


class Progress(BaseModel):
    """What changes while one works."""

    model: str
    device: str
    revision: int
    busy: bool
    current: int | None
    objects: list[Object]
    can_undo: bool
    can_redo: bool


class State(Progress):
    """Everything about a session."""

    id: str
    name: str
    shape: Index
    spacing_mm: Vector
    affine: list[list[float]] = Field(description="Page voxel to RAS mm, 4 x 4.")
    native: Native
    scale: Scale
    window: Range
    range: Range
    modality: Literal["CT", "MR"] | None


class Answer(BaseModel):
    """What a verb changed; the labels themselves come over the socket."""

    revision: int
    object: int
    seconds: float
    notes: list[str]
    box: Extent
    final: bool
    state: Progress
