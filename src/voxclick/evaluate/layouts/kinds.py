"""The table of layouts of labelled data sets."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LayoutRow:
    """One way in which a labelled data set lies on disk.

    Attributes:
        name: What settings and messages call it.
        title: Which published sets come so.
        example: The files of one case.
        module: Holds `find(folder) -> list[Case]`, empty for a folder of another layout;
            imported only when a folder is searched.
    """

    name: str
    title: str
    example: str
    module: str


LAYOUTS: tuple[LayoutRow, ...] = (
    LayoutRow(
        name="decathlon",
        title="Medical Segmentation Decathlon, AMOS, nnU-Net",
        example="dataset.json + imagesTr/<case>.nii.gz + labelsTr/<case>.nii.gz",
        module="voxclick.evaluate.layouts.decathlon",
    ),
    LayoutRow(
        name="totalsegmentator",
        title="TotalSegmentator CT and MR",
        example="<case>/ct.nii.gz (or mri.nii.gz) + <case>/segmentations/<name>.nii.gz",
        module="voxclick.evaluate.layouts.totalsegmentator",
    ),
    LayoutRow(
        name="totalsegplusplus",
        title="TotalSeg++",
        example="images/<case>.nii.gz + masks/<case>.nii.gz (+ lists of cases <list>.csv)",
        module="voxclick.evaluate.layouts.totalsegplusplus",
    ),
    LayoutRow(
        name="kits",
        title="KiTS19, KiTS21, KiTS23",
        example="case_00000/imaging.nii.gz + case_00000/segmentation.nii.gz (or "
        "aggregated_MAJ_seg.nii.gz)",
        module="voxclick.evaluate.layouts.kits",
    ),
    LayoutRow(
        name="lits",
        title="LiTS",
        example="volume-<n>.nii + segmentation-<n>.nii",
        module="voxclick.evaluate.layouts.lits",
    ),
    LayoutRow(
        name="brats",
        title="BraTS",
        example="<case>/<case>_flair.nii.gz + <case>/<case>_seg.nii.gz",
        module="voxclick.evaluate.layouts.brats",
    ),
    LayoutRow(
        name="cvpr",
        title="CVPR 2025 interactive 3D segmentation",
        example="<case>.npz with imgs and gts, or two folders of <case>.npz",
        module="voxclick.evaluate.layouts.cvpr",
    ),
    LayoutRow(
        name="folders",
        title="voxclick",
        example="<case>/image.nii.gz + <case>/label.nii.gz (+ labels.json), at any depth",
        module="voxclick.evaluate.layouts.folders",
    ),
)
"""Every layout, in the order in which a folder is tried; the one that walks the tree is last."""
