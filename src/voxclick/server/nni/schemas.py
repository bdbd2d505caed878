"""What clients send beside arrays, checked."""

from typing import Annotated

from pydantic import BaseModel, Field

Whole = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Range = tuple[Whole, Whole]
"""First voxel inside and first beyond."""


class Prompted(BaseModel):
    """What every prompt says.

    Attributes:
        include_interaction: Whether it marks the object, or what is not it.
        run_prediction: False to wait for the next prompt or `POST /predict`.
    """

    include_interaction: bool
    run_prediction: bool = True


class PointPrompted(Prompted):
    """A click on a voxel."""

    coordinates: tuple[float, float, float]


class BoxPrompted(Prompted):
    """A half-open box; one voxel thick along an axis it is a 2D box on that slice."""

    bbox_coords: tuple[Range, Range, Range]


class DrawingPrompted(Prompted):
    """A scribble or lasso, beside its mask.

    Attributes:
        interaction_bbox: The part of the image that the mask covers; all of it for None.
    """

    interaction_bbox: tuple[Range, Range, Range] | None = None


class MaskPrompted(BaseModel):
    """An initial segmentation, beside its mask."""

    run_prediction: bool = False


class ImageProperties(BaseModel):
    """What is known of an image: the spacing in the order of its axes, in mm."""

    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)


class ImageSent(BaseModel):
    """What comes beside an image."""

    image_properties: ImageProperties = ImageProperties()


class TargetDeclared(BaseModel):
    """The client's target buffer."""

    shape: tuple[Whole, Whole, Whole]
    dtype: str = Field(max_length=32)


class Autozoom(BaseModel):
    """Whether to look wider where an object outgrows the view."""

    do_autozoom: bool


class Prediction(BaseModel):
    """What `POST /predict` may say; every look is refined here anyway."""

    force_full_refine: bool = False


class Claimed(BaseModel):
    """A new lease."""

    lease_token: str
    idle_timeout_seconds: float
    liveness_timeout_seconds: float
    max_sessions: int


class Remaining(BaseModel):
    """How long a lease still holds if its user does nothing."""

    remaining_seconds: float


class Status(Remaining):
    """The same, and how long it was from the start."""

    idle_timeout_seconds: float
