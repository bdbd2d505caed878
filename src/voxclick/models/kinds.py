"""The table of models."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelRow:
    """One model that `load` can give.

    Attributes:
        name: What users call it.
        title: What it is, in one line.
        module: Where its segmenter lives; imported only when it is loaded.
        segmenter: Name of its class there.
        prompts: Kinds of prompts it takes.
        licence: Of its weights; `none` where it has none.
        source: The publication it follows.
    """

    name: str
    title: str
    module: str
    segmenter: str
    prompts: tuple[str, ...]
    licence: str
    source: str


MODELS: tuple[ModelRow, ...] = (
    ModelRow(
        name="builtin",
        title="small learned weights, in the package, that correct what geodesic finds",
        module="voxclick.models.builtin.segmenter",
        segmenter="BuiltinSegmenter",
        prompts=("point", "box", "scribble", "lasso", "mask"),
        licence="CC BY-SA 4.0",
        source="voxclick; see docs/reference/model-card-builtin.md",
    ),
    ModelRow(
        name="geodesic",
        title="geodesic regions and likelihoods learnt at each click; no weights",
        module="voxclick.models.geodesic.segmenter",
        segmenter="GeodesicSegmenter",
        prompts=("point", "box", "scribble", "lasso", "mask"),
        licence="none",
        source="Bai and Sapiro, ICCV 2007; Criminisi et al., ECCV 2008",
    ),
)
"""Every model, best first: `load()` gives the first."""
