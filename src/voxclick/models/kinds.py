"""The table of models."""

from dataclasses import dataclass

EVERY_PROMPT = ("point", "box", "scribble", "lasso", "mask")


@dataclass(frozen=True)
class Checkpoint:
    """Where published weights are got, tried in the order of the fields.

    Attributes:
        file: Its path in the repositories; its last part is the file's own name.
        megabytes: About how large it is; 0 where nobody knows.
        hub: Repository on the Hugging Face hub.
        modelscope: Repository on ModelScope.
        url: Of the file, at another place.
        page: Where people get it by hand.
        sha256: Of the file, where the authors tell it.
        note: What whoever uses it has to know, as a sentence.
    """

    file: str
    megabytes: int
    hub: str = ""
    modelscope: str = ""
    url: str = ""
    page: str = ""
    sha256: str = ""
    note: str = ""


@dataclass(frozen=True)
class ModelRow:
    """One model that `load` can give.

    Attributes:
        name: What users call it.
        family: Its package under `voxclick.models`.
        title: What it is, in one line.
        module: Where its segmenter lives; imported only when it is loaded. Where there is a
            checkpoint, `convert` beside it imports that.
        segmenter: Name of its class there.
        prompts: Kinds of prompts it takes.
        licence: Of its weights; `none` where it has none.
        source: The publication it follows.
        checkpoint: Where its weights are got; None where it comes with all it needs.
    """

    name: str
    family: str
    title: str
    module: str
    segmenter: str
    prompts: tuple[str, ...]
    licence: str
    source: str
    checkpoint: Checkpoint | None = None


OURS = (
    ModelRow(
        name="builtin",
        family="builtin",
        title="small learned weights, in the package, that correct what geodesic finds",
        module="voxclick.models.builtin.segmenter",
        segmenter="BuiltinSegmenter",
        prompts=EVERY_PROMPT,
        licence="CC BY-SA 4.0",
        source="voxclick; see docs/reference/model-card-builtin.md",
    ),
    ModelRow(
        name="geodesic",
        family="geodesic",
        title="geodesic regions and likelihoods learnt at each click; no weights",
        module="voxclick.models.geodesic.segmenter",
        segmenter="GeodesicSegmenter",
        prompts=EVERY_PROMPT,
        licence="none",
        source="Bai and Sapiro, ICCV 2007; Criminisi et al., ECCV 2008",
    ),
)

CT_SAM3D = (
    ModelRow(
        name="ct-sam3d",
        family="ct_sam3d",
        title="107 structures of the whole body in CT, from clicks",
        module="voxclick.models.ct_sam3d.segmenter",
        segmenter="CtSam3dSegmenter",
        prompts=EVERY_PROMPT,
        licence="Apache-2.0, by second hand",
        source="Guo et al., arXiv 2403.15063",
        checkpoint=Checkpoint(
            file="ckpt_1000/params.pth",
            megabytes=296,
            modelscope="xiuan123/CT-SAM3D",
            page="https://www.modelscope.cn/models/xiuan123/CT-SAM3D",
        ),
    ),
)


def _sam2(version: str, size: str, megabytes: int, folder: str) -> ModelRow:
    file = f"{version}_hiera_{size.replace('-', '_')}.pt"
    return ModelRow(
        name=f"{version}-{size}",
        family="sam2_slices",
        title=f"SAM {version.removeprefix('sam')} {size}: slices as video frames",
        module="voxclick.models.sam2_slices.segmenter",
        segmenter="Sam2SlicesSegmenter",
        prompts=EVERY_PROMPT,
        licence="Apache-2.0",
        source="Ravi et al., arXiv 2408.00714; Shen et al., arXiv 2408.02635",
        checkpoint=Checkpoint(
            file=file,
            megabytes=megabytes,
            hub=f"facebook/{version}-hiera-{size}",
            url=f"https://dl.fbaipublicfiles.com/segment_anything_2/{folder}/{file}",
        ),
    )


SAM2_MEGABYTES = {"tiny": 156, "small": 184, "base-plus": 324, "large": 898}

SAM2_SLICES = (
    *(_sam2("sam2.1", size, large, "092824") for size, large in SAM2_MEGABYTES.items()),
    ModelRow(
        name="medsam2",
        family="sam2_slices",
        title="SAM 2.1 tiny, trained on CT, MR and PET; slices as video frames",
        module="voxclick.models.sam2_slices.segmenter",
        segmenter="Sam2SlicesSegmenter",
        prompts=EVERY_PROMPT,
        licence="CC BY-SA 4.0, research and education only",
        source="Ma et al., arXiv 2504.03600; Shen et al., arXiv 2408.02635",
        checkpoint=Checkpoint(
            file="MedSAM2_latest.pt",
            megabytes=156,
            hub="wanglab/MedSAM2",
            note="Its authors allow research and education only.",
        ),
    ),
    *(_sam2("sam2", size, large, "072824") for size, large in SAM2_MEGABYTES.items()),
    ModelRow(
        name="edgetam",
        family="sam2_slices",
        title="EdgeTAM, a SAM 2 for phones; slices as video frames",
        module="voxclick.models.sam2_slices.segmenter",
        segmenter="Sam2SlicesSegmenter",
        prompts=EVERY_PROMPT,
        licence="Apache-2.0",
        source="Zhou et al., arXiv 2501.07256; Shen et al., arXiv 2408.02635",
        checkpoint=Checkpoint(
            file="edgetam.pt",
            megabytes=56,
            hub="facebook/EdgeTAM",
            url="https://github.com/facebookresearch/EdgeTAM/raw/main/checkpoints/edgetam.pt",
        ),
    ),
)


def _sam_adapter3d(data: str, title: str) -> ModelRow:
    return ModelRow(
        name=f"sam-adapter3d-{data}",
        family="sam_adapter3d",
        title=f"{title} in CT from one click; SAM's ViT-B made 3D",
        module="voxclick.models.sam_adapter3d.segmenter",
        segmenter="SamAdapter3dSegmenter",
        prompts=EVERY_PROMPT,
        licence="not stated by its authors",
        source="Gong et al., arXiv 2306.13465",
        checkpoint=Checkpoint(
            file="best.pth.tar",
            megabytes=1100,
            page="https://github.com/med-air/3DSAM-adapter",
        ),
    )


SAM_ADAPTER3D = (
    _sam_adapter3d("kits21", "kidney tumours"),
    _sam_adapter3d("pancreas", "tumours of the pancreas"),
    _sam_adapter3d("lits17", "liver tumours"),
    _sam_adapter3d("colon", "colon cancer"),
)


def _sam(size: str, hub: str, megabytes: int) -> ModelRow:
    return ModelRow(
        name=f"sam-vit-{size}",
        family="sam_slices",
        title=f"SAM ViT-{size.upper()} on each prompted slice by itself: a baseline",
        module="voxclick.models.sam_slices.segmenter",
        segmenter="SamSlicesSegmenter",
        prompts=EVERY_PROMPT,
        licence="Apache-2.0",
        source="Kirillov et al., arXiv 2304.02643",
        checkpoint=Checkpoint(
            file="model.safetensors",
            megabytes=megabytes,
            hub=f"facebook/sam-vit-{hub}",
            page="https://github.com/facebookresearch/segment-anything",
        ),
    )


SAM_SLICES = (
    _sam("b", "base", 375),
    _sam("l", "large", 1250),
    _sam("h", "huge", 2565),
    ModelRow(
        name="medsam",
        family="sam_slices",
        title="MedSAM, from a box on each slice by itself: a baseline",
        module="voxclick.models.sam_slices.segmenter",
        segmenter="MedSamSegmenter",
        prompts=("box",),
        licence="Apache-2.0",
        source="Ma et al., arXiv 2304.12306",
        checkpoint=Checkpoint(
            file="pytorch_model.bin",
            megabytes=375,
            hub="wanglab/medsam-vit-base",
            page="https://github.com/bowang-lab/MedSAM",
        ),
    ),
)


def _supervised(name: str, title: str, source: str) -> ModelRow:
    return ModelRow(
        name=name,
        family="supervised",
        title=f"MONAI's {title}, trained on your labels: prompts choose among what it finds",
        module="voxclick.models.supervised.segmenter",
        segmenter="SupervisedSegmenter",
        prompts=EVERY_PROMPT,
        licence="as of what it was trained from",
        source=source,
        checkpoint=Checkpoint(
            file="weights.safetensors",
            megabytes=0,
            page=f"voxclick train {name} -o run --data DATA",
        ),
    )


SUPERVISED = (
    _supervised("dynunet", "DynUNet", "Isensee et al., Nature Methods 2021"),
    _supervised("swin-unetr", "SwinUNETR", "Hatamizadeh et al., arXiv 2201.01266"),
)

MODELS: tuple[ModelRow, ...] = (
    OURS + CT_SAM3D + SAM2_SLICES + SAM_ADAPTER3D + SAM_SLICES + SUPERVISED
)
"""Every model, best first: `load()` gives the first."""
