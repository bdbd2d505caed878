"""The structures of the whole-body CT data sets, their numbers, and the groups they are told in."""

from dataclasses import dataclass

SIDES = ("left", "right")


@dataclass(frozen=True)
class Structure:
    """One labelled structure.

    Attributes:
        name: As TotalSegmentator v1 calls it, or the first set that has it.
        group: What it is told with.
        part: A part of the group that is told by itself; empty for none.
        since: `v1` (TotalSegmentator's 104), `plus` (three more in TotalSeg++, arXiv 2403.15063),
            or `v2` (added by TotalSegmentator v2).
        number: In TotalSegmentator v1's label maps, from 1; None for later ones.
    """

    name: str
    group: str
    part: str = ""
    since: str = "v1"
    number: int | None = None


def _sided(name: str, sides: tuple[str, str] = SIDES) -> tuple[str, ...]:
    return tuple(f"{name}_{side}" for side in sides)


def _numbered(stem: str, numbers: range) -> tuple[str, ...]:
    return tuple(f"{stem}{number}" for number in numbers)


_VERTEBRAE = (
    *_numbered("vertebrae_L", range(5, 0, -1)),
    *_numbered("vertebrae_T", range(12, 0, -1)),
    *_numbered("vertebrae_C", range(7, 0, -1)),
)
_HEART = ("myocardium", "atrium_left", "ventricle_left", "atrium_right", "ventricle_right")

_V1: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("organs", "", ("spleen", "kidney_right", "kidney_left", "gallbladder", "liver")),
    ("gastrointestinal", "", ("stomach",)),
    ("vessels", "", ("aorta", "inferior_vena_cava", "portal_vein_and_splenic_vein")),
    ("organs", "", ("pancreas", "adrenal_gland_right", "adrenal_gland_left")),
    ("lungs", "", ("lung_upper_lobe_left", "lung_lower_lobe_left", "lung_upper_lobe_right")),
    ("lungs", "", ("lung_middle_lobe_right", "lung_lower_lobe_right")),
    ("bones", "vertebrae", _VERTEBRAE),
    ("gastrointestinal", "", ("esophagus",)),
    ("lungs", "", ("trachea",)),
    ("cardiac", "", tuple(f"heart_{part}" for part in _HEART)),
    ("vessels", "", ("pulmonary_artery",)),
    ("head", "", ("brain",)),
    ("vessels", "", (*_sided("iliac_artery"), *_sided("iliac_vena"))),
    ("gastrointestinal", "", ("small_bowel", "duodenum", "colon")),
    ("bones", "ribs", (*_numbered("rib_left_", range(1, 13)),)),
    ("bones", "ribs", (*_numbered("rib_right_", range(1, 13)),)),
    ("bones", "limbs and girdles", (*_sided("humerus"), *_sided("scapula"))),
    ("bones", "limbs and girdles", (*_sided("clavicula"), *_sided("femur"))),
    ("bones", "limbs and girdles", (*_sided("hip"), "sacrum")),
    ("head", "", ("face",)),
    ("muscles", "", (*_sided("gluteus_maximus"), *_sided("gluteus_medius"))),
    ("muscles", "", (*_sided("gluteus_minimus"), *_sided("autochthon"), *_sided("iliopsoas"))),
    ("organs", "", ("urinary_bladder",)),
)
"""In the order of TotalSegmentator v1's label numbers."""

_LATER: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("plus", "muscles", "", ("skeletal_muscle",)),
    ("plus", "fat", "", ("visceral_fat", "subcutaneous_fat")),
    ("v2", "head", "", ("skull",)),
    ("v2", "bones", "vertebrae", ("vertebrae_S1",)),
    ("v2", "bones", "thorax", ("sternum", "costal_cartilages")),
    ("v2", "organs", "", ("thyroid_gland", "prostate", *_sided("kidney_cyst"))),
    ("v2", "vessels", "", ("brachiocephalic_trunk", *_sided("brachiocephalic_vein"))),
    ("v2", "vessels", "", (*_sided("common_carotid_artery"), *_sided("subclavian_artery"))),
    ("v2", "vessels", "", ("pulmonary_vein", "superior_vena_cava")),
    ("v2", "cardiac", "", ("atrial_appendage_left", "heart")),
    ("v2", "spinal cord", "", ("spinal_cord",)),
)

RENAMED = {"torso_fat": "visceral_fat"}
"""What TotalSegmentator v2 calls differently."""

_NUMBERED = enumerate(
    ((name, group, part) for group, part, names in _V1 for name in names), start=1
)

STRUCTURES: tuple[Structure, ...] = (
    *(Structure(name, group, part, "v1", number) for number, (name, group, part) in _NUMBERED),
    *(
        Structure(name, group, part, since)
        for since, group, part, names in _LATER
        for name in names
    ),
)
"""v1's 104 in the order of their numbers, then the three of TotalSeg++, then those new in v2."""

_BY_NAME = {structure.name: structure for structure in STRUCTURES}


def structure_of(name: str) -> Structure:
    """The structure of that name, in any version's spelling; group `other` for an unknown one."""
    known = RENAMED.get(name, name)
    return _BY_NAME.get(known) or Structure(name, "other", since="")
